// Which tables of the target hold the rows of followed tables, and in which files these
// stand; kept on the target with the task (dbsync.apply_files).
//
// A table that is dropped and made again has another oid; one that is emptied by TRUNCATE
// or written anew (VACUUM FULL, CLUSTER, some forms of ALTER TABLE) has another file. The
// task's own TRUNCATE is noted in its transaction. A row per leaf of a partition tree, and
// one for the table itself. Before PostgreSQL 10, and on Greenplum before 7, only the table
// itself.
//
// Threads: as the connection. Errors: ErrorKind::target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "pg/together.h"
#include "schema/table.h"

namespace dbsync {

// Where the changes of a table of the source go.
struct FollowedTarget {
  QualifiedName source;   // under which they come
  QualifiedName name;     // of the target's table
  std::uint32_t oid = 0;  // of that table when it is known by it, whatever its name; 0 = by the name
  std::uint32_t id = 0;   // the source's number for its table; 0 = it has none that stays
};

// What is known of the rows in a table: none were put into it yet; some were; some were, and
// it was found empty behind the task's own changes. Of a leaf: whether it has pages.
enum class RowsSeen : char { never = 'n', some = 'r', none = 'e' };

struct TargetFile {
  std::uint32_t oid = 0;
  QualifiedName name;
  std::int64_t file = 0;  // 0 = it has no storage of its own
  RowsSeen rows = RowsSeen::never;
};

struct TargetFiles {
  std::uint32_t table = 0;        // 0 = there is none
  std::vector<TargetFile> files;  // of the table itself, then of its leaves

  bool partitioned() const { return files.size() > 1 || (!files.empty() && files[0].file == 0); }
  const TargetFile* find(std::uint32_t oid) const;
  bool same_files(const TargetFiles& other) const;
};

using KnownFiles = std::map<QualifiedName, TargetFiles>;  // by the source's table

// As the functions below ask, for PgPrefetch.
PgQuery question_of_target_files(const PgConnection& target, const std::vector<FollowedTarget>& tables);
PgQuery question_of_known_files(const std::string& task);
PgQuery question_of_known_files(const std::string& task, const QualifiedName& source);
PgQuery question_of_look(const std::string& task);

// As the target has them now, one for each of `tables`. What is known of rows is that of leaves.
std::vector<TargetFiles> read_target_files(PgConnection& target, const std::vector<FollowedTarget>& tables);

// As the task knows them.
KnownFiles read_known_files(PgConnection& target, const std::string& task);
// What was known in the database from which this one was restored as a whole: names, and
// whether there were rows; oids and files mean nothing here.
KnownFiles read_files_before_restore(PgConnection& target, const std::string& task);
std::optional<TargetFiles> find_known_files(PgConnection& target, const std::string& task, const QualifiedName& source);
// In place of what was known of these tables.
void write_known_files(PgConnection& target, const std::string& task, const KnownFiles& files);
// Statements to be run: what is known of these tables' own rows; which of their leaves have
// got pages since they were written down.
PgQuery note_of_rows(const std::string& task, const std::set<std::uint32_t>& tables, RowsSeen rows);
PgQuery note_of_filled_leaves(const std::string& task, const std::set<std::uint32_t>& tables);
// The task has emptied these tables itself, in the caller's transaction.
void note_emptied(PgConnection& target, const std::string& task, const std::set<std::uint32_t>& tables);
void forget_known_files(PgConnection& target, const std::string& task, const QualifiedName& source);

// That all which is known of rows holds now, for as long as the task applies nothing.
std::vector<PgQuery> notes_of_look(const std::string& task);  // statements, of one transaction
void write_looked(PgConnection& target, const std::string& task);
bool looked_since_changes(PgConnection& target, const std::string& task);

// Whether each has a row.
std::vector<bool> hold_rows(PgConnection& target, const std::vector<TargetFile>& tables);
// The same as queries, and what their answers say of so many `tables`.
std::vector<PgQuery> questions_of_rows(const PgConnection& target, const std::vector<TargetFile>& tables);
std::vector<bool> rows_held(const std::vector<PgResult>& answers, std::size_t tables);

}  // namespace dbsync
