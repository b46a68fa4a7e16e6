#include "copy/target_preparer.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "schema/ddl_writer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

class Preparer {
 public:
  Preparer(PgConnection& target, const Dialect& dialect, const std::vector<CopyTask>& tasks, const JobOptions& options)
      : target_(target), dialect_(dialect), tasks_(tasks), options_(options) {
    for (const CopyTask& task : tasks_) ++uses_[task.target];
  }

  PreparedTask prepare(const CopyTask& task, TaskResult& result) {
    PreparedTask out;
    auto found = find_table(target_, task.target);
    if (!found) {
      if (!options_.create || !task.definition) throw missing_table(task);
      create(task);
      result.created = true;
      created_.insert(task.target);
      found = find_table(target_, task.target);
    }
    out.target = std::move(*found);
    if (task.query.empty() && !created_.contains(task.target)) out.truncate_first = settle_rows(task);
    return out;
  }

 private:
  Error missing_table(const CopyTask& task) {
    Error error(ErrorKind::target, fmt::format("the target has no table {}", task.target.display()));
    error.sqlstate("42P01");
    const auto similar = similar_tables(target_, task.target);
    if (!similar.empty())
      error.hint(fmt::format("there is {}; names are case-sensitive; -s chooses the schema", join(similar, ", ")));
    else
      error.hint("create it with --create, or by hand from what -d prints");
    return error;
  }

  void create(const CopyTask& task) {
    if (!task.target.schema.empty() && !schema_exists(target_, task.target.schema))
      target_.exec("CREATE SCHEMA " + quote_identifier(task.target.schema));
    PgTransaction transaction(target_);
    for (const auto& statement : create_table_sql(*task.definition, dialect_)) target_.exec(statement);
    transaction.commit();
    log::info("main", fmt::format("{}: created", task.target.display()));
  }

  // Rows that are there already: true when the worker shall truncate first.
  bool settle_rows(const CopyTask& task) {
    if (options_.mode == LoadMode::append) return false;
    if (options_.mode == LoadMode::truncate) {
      // With the COPY in one transaction when that is possible: nothing is lost
      // if the copy fails. A table that several tasks feed is emptied once, now.
      if (uses_[task.target] == 1) return true;
      if (emptied_.insert(task.target).second) truncate_table(target_, task.target);
      return false;
    }
    if (has_rows(target_, task.target))
      throw Error(ErrorKind::target, fmt::format("the target table {} is not empty", task.target.display()))
          .hint("--truncate empties it first, --append adds the rows to those that are there");
    return false;
  }

  PgConnection& target_;
  const Dialect& dialect_;
  const std::vector<CopyTask>& tasks_;
  const JobOptions& options_;
  std::map<QualifiedName, int> uses_;
  std::set<QualifiedName> created_;
  std::set<QualifiedName> emptied_;
};

}  // namespace

std::vector<PreparedTask> prepare_targets(PgConnection& target, const Dialect& dialect,
                                          const std::vector<CopyTask>& tasks, const JobOptions& options,
                                          std::vector<TaskResult>& results) {
  Preparer preparer(target, dialect, tasks, options);
  std::vector<PreparedTask> out(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (results[i].status == TaskStatus::failed) continue;
    try {
      out[i] = preparer.prepare(tasks[i], results[i]);
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      report_failure("main", tasks[i], error, results[i]);
    }
  }
  return out;
}

}  // namespace dbsync
