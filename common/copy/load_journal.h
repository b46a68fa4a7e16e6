// The journal of a copy: which tables it made and emptied, into which chunks it
// cut them, which of these are in and which steps after the load are done. It
// lives on the target, in the schema dbsync, and changes in the same transactions
// as what it tells about; so a copy that ended in any way can be resumed.
//
// A chunk is marked done by an update of its row that must find it not done.
// Two processes that load one chunk meet there, and only the first one commits:
// a killed run's last COMMIT may still be on its way when the next run starts.
//
// Threads: const members may be called by any thread, each with a connection of
// its own; the others belong to one.
// Errors: from the connection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "copy/chunk_sink.h"
#include "copy/copy_task.h"
#include "copy/journal_run.h"
#include "pg/connection.h"
#include "pg/together.h"

namespace dbsync {

// A session of the target that no program waits for any more.
struct LeftSession {
  std::int64_t pid = 0;
  std::string doing;  // the beginning of its statement
};

// A task that the journal does not know yet.
struct NewTable {
  int number = 0;  // LoadJournal::new_number
  const CopyTask* task = nullptr;
  bool created = false;
  bool owned = false;
  bool whole = false;  // it is not cut: its one chunk is listed at once
};

// How the last run of a key ended.
enum class RunEnd {
  none,        // there was none
  at_nothing,  // it had made and loaded nothing yet
  in_parts,    // what it made or loaded is not all
  well,
};

class LoadJournal {
 public:
  // Makes the schema and its tables when they are missing. ErrorKind::target
  // when the user may not.
  LoadJournal(PgConnection& connection, JournalKey key);

  // Sessions of an earlier run on the key that ended without them (it was killed, or the network
  // was cut) and are still at work on the target. For the holder of the task's lock: then there
  // is no other run that they could be of. Sends what open() asks to a PgPrefetch.
  std::vector<LeftSession> left_sessions();
  // Marks a session of the target as one of this run, for as long as it lives; beginning() its own.
  void claim(PgConnection& connection) const;

  // Reads what there is, or makes an empty entry for the key.
  EarlierRun open();
  // The entry alone: false when it is new. Part of open().
  bool enter();
  // What stands there now, by number, over another connection.
  std::map<int, JournalTable> read(PgConnection& connection) const;
  std::set<std::string> read_steps(PgConnection& connection, int task) const;
  // Notes that the run begins; for the connection of the constructor. It may be run twice.
  std::vector<PgQuery> beginning(const std::string& snapshot) const;
  // `tasks`: all of the run; `open_schema`: whether the answer to ask_open_schema() has a row.
  // A schema stays open when it was made for tables beside these.
  void finish(PgConnection& connection, const std::vector<CopyTask>& tasks, bool open_schema) const;
  PgQuery ask_open_schema() const;
  // The same of a run whose journal is not open; nothing when there is none.
  static void finish(PgConnection& connection, const JournalKey& key, const std::vector<CopyTask>& tasks);

  // That what the journal of the key knows was loaded is of an earlier beginning, and no part
  // of the one that begins now; until forget_anew(), when all of it is marked to be emptied.
  static void note_anew(PgConnection& connection, const JournalKey& key);
  static bool is_begun_anew(PgConnection& connection, const JournalKey& key);
  void forget_anew(PgConnection& connection) const;

  // That the run makes a schema, which the next one completes when this one does not end well.
  void note_schema(PgConnection& connection) const;
  static bool has_open_schema(PgConnection& connection, const JournalKey& key);

  // That rows break a rule, so that they will be mended by hand, or that none does.
  void note_rows_to_mend(PgConnection& connection, bool any) const;

  int new_number() { return next_task_++; }
  std::int64_t run() const { return run_; }  // its number, once opened

  // All of these write through the connection given, in its transaction when it
  // is in one.

  // Tasks from their start; in a transaction of its own when the connection is in none.
  void add_tables(PgConnection& connection, const std::vector<NewTable>& tables) const;
  // Its statements, when they are few enough to be held; else none.
  std::vector<PgQuery> adding(const std::vector<NewTable>& tables) const;
  std::vector<PgQuery> forgetting(const std::vector<int>& tasks) const;
  // Which relations the tables of these tasks are: oids by number, or as the server finds them
  // by their names; not Greenplum, whose segments do not join its catalogs.
  PgQuery note_relations(const std::map<int, std::uint32_t>& relations) const;
  PgQuery note_relations(const std::vector<int>& tasks) const;
  // Tasks of whose rows some were put into another file than the one that the target's table
  // has now: it was emptied, made again or written anew. Each chunk notes its file with its
  // mark; partitioned tables have none.
  std::set<int> rewritten(PgConnection& connection) const;
  PgQuery ask_rewritten() const;
  static std::set<int> rewritten(const PgResult& answer);
  // What is loaded was found to be right: it stands in the files of now.
  void note_files(PgConnection& connection) const;
  void forget_steps(PgConnection& connection, int task) const;
  void forget_step(PgConnection& connection, int task, const std::string& step) const;
  void set_planned(PgConnection& connection, int task) const;
  void add_chunk(PgConnection& connection, int task, int number, const Chunk& chunk) const;
  void forget_chunks(PgConnection& connection, int task) const;
  // False when another process has done it: roll back then.
  bool mark_done(PgConnection& connection, int task, int number, const LoadOutcome& outcome) const;
  // The same and COMMIT in one round trip. False: nothing was committed. Not for Greenplum,
  // which does not take the statement.
  bool mark_done_and_commit(PgConnection& connection, int task, int number, const LoadOutcome& outcome) const;
  // That a step of each of these tasks is done.
  PgQuery mark_step(const std::vector<int>& tasks, const std::string& step) const;
  // To be sent with the steps themselves, in one query and transaction.
  std::string mark_steps_sql(int task, const std::vector<std::string>& steps) const;

  // For a PgPrefetch: what constructor and find_run() ask, and has_open_schema().
  static std::vector<PgQuery> questions_of_start(PgConnection& connection, const JournalKey& key);
  static std::vector<PgQuery> questions_of_schema(PgConnection& connection, const JournalKey& key);
  // The number of the key's run, when there is one.
  static std::optional<std::int64_t> find_run(PgConnection& connection, const JournalKey& key);
  static RunEnd end_of(PgConnection& connection, const JournalKey& key);

  // For --cleanup: what it knows of the key, tables and schema when nothing else is in them.
  static void remove(PgConnection& connection, const JournalKey& key);

 private:
  void make_tables();
  bool add_run();
  std::vector<PgQuery> inserts(std::span<const NewTable> tables) const;
  static void finish(PgConnection& connection, std::int64_t run, const std::vector<CopyTask>& tasks, bool open_schema);
  // The parameters of the statement that marks a chunk.
  std::vector<std::optional<std::string>> mark(int task, int number, const LoadOutcome& outcome) const;
  std::string run_text() const { return std::to_string(run_); }

  PgConnection& connection_;
  JournalKey key_;
  bool none_found_ = false;  // by left_sessions()
  std::int64_t run_ = 0;     // constant once opened: read by all threads
  int next_task_ = 0;        // new_number is for one thread
};

}  // namespace dbsync
