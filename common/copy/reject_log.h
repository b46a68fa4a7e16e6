// Rows that are set aside instead of failing their table.
//
// With a limit of N (ignore_copy_error_count_each_table) a target table may lose
// N rows to a file, <directory>/<schema>.<table>.jsonl, one JSON object a line:
// table, source (the task), row (number in its task), key, column, reason, values. The N+1st fails
// the table. Rows of a task that fails are not written.
//
// Threads: one RejectBudget is shared by the tasks of a table; a TaskRejects
// belongs to one worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/row_text.h"
#include "schema/table.h"

namespace dbsync {

// An entry of the log that a target keeps of the rows it has set aside (segment_rejects.h).
struct ErrorLogEntry {
  std::string when;        // as the server prints it
  std::uint64_t line = 0;  // of the COPY, from 1
  std::string message;
  std::string row;  // as it was sent, without its newline

  friend bool operator==(const ErrorLogEntry&, const ErrorLogEntry&) = default;
};

// What such a log is known to hold for one table.
struct SegmentLog {
  std::string since;  // older entries do not count; "" = not asked yet
  bool known = false;
  std::vector<ErrorLogEntry> entries = {};
};

class RejectBudget {
 public:
  RejectBudget(std::uint64_t limit, std::string directory) : limit_(limit), directory_(std::move(directory)) {}

  std::uint64_t limit() const { return limit_; }

  // Counts one more row against a table; false when its limit is used up.
  bool take(const QualifiedName& table);
  // Gives back what a rolled-back task took.
  void give_back(const QualifiedName& table, std::uint64_t rows);

  // Held by the one task of a table that may load now; for targets whose log of
  // rejects does not tell the tasks apart.
  std::unique_lock<std::mutex> alone(const QualifiedName& table);
  // While that is held.
  SegmentLog& log_of(const QualifiedName& table);

  // Appends the lines to the table's file. Errors: ErrorKind::target.
  void write(const QualifiedName& table, const std::string& lines);

  std::string path_of(const QualifiedName& table) const;

 private:
  const std::uint64_t limit_;
  const std::string directory_;
  std::mutex mutex_;  // guards used_, loading_, logs_ and the files
  std::map<QualifiedName, std::uint64_t> used_;
  std::map<QualifiedName, std::mutex> loading_;
  std::map<QualifiedName, SegmentLog> logs_;
};

// The rows that one task set aside.
class TaskRejects {
 public:
  TaskRejects(RejectBudget& budget, QualifiedName table, std::string source, std::vector<std::string> key)
      : budget_(budget), table_(std::move(table)), source_(std::move(source)), key_(std::move(key)) {}
  ~TaskRejects();
  TaskRejects(const TaskRejects&) = delete;
  TaskRejects& operator=(const TaskRejects&) = delete;

  // Throws `reason` with a hint when the limit is used up.
  void add(std::uint64_t row, const RowText& values, const Error& reason);

  // Writes them, just before the task commits: a line too many after a failed
  // commit is better than a row that is nowhere.
  void keep();

  std::uint64_t count() const { return rows_.size(); }
  // Their numbers, in the order of the calls of add().
  const std::vector<std::uint64_t>& rows() const { return rows_; }

 private:
  RejectBudget& budget_;
  QualifiedName table_;
  std::string source_;
  std::vector<std::string> key_;
  std::string lines_;
  std::vector<std::uint64_t> rows_;
  bool kept_ = false;
};

}  // namespace dbsync
