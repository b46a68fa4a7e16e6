#include "pgsql2pgsql/schema/extension_rows.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "pg/copy_in.h"
#include "pg/copy_out.h"
#include "pg/enforcement.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// "WHERE NOT builtin" as the condition alone; nothing for what is no WHERE clause.
std::optional<std::string> condition_of(const PgRelation& table) {
  constexpr std::string_view kWhere = "where";
  const std::string_view text = trim(*table.configuration);
  if (text.empty()) return std::string();
  if (!to_lower(std::string(text.substr(0, kWhere.size()))).starts_with(kWhere)) return std::nullopt;
  return std::string(trim(text.substr(kWhere.size())));
}

std::string rows_sql(const QualifiedName& table, const std::string& condition) {
  return fmt::format("ONLY {}{}", quote_name(table), condition.empty() ? "" : " WHERE " + condition);
}

using Rows = std::vector<std::string>;  // lines of a text COPY, sorted

Rows read_rows(PgConnection& connection, const std::string& columns, const std::string& from) {
  Rows out;
  CopyOut rows(connection, fmt::format("COPY (SELECT {} FROM {}) TO STDOUT", columns, from), false);
  while (const auto row = rows.next()) out.emplace_back(*row);
  std::sort(out.begin(), out.end());
  return out;
}

Rows without(const Rows& rows, const Rows& others) {
  Rows out;
  std::set_difference(rows.begin(), rows.end(), others.begin(), others.end(), std::back_inserter(out));
  return out;
}

// Tables to which a foreign key of another one refers go before that one.
std::vector<std::size_t> in_order_of_keys(PgConnection& source, const std::vector<const PgRelation*>& tables) {
  std::map<std::uint32_t, std::size_t> places;
  std::vector<std::string> oids;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    places[tables[i]->oid] = i;
    oids.push_back(std::to_string(tables[i]->oid));
  }
  const PgResult keys = source.exec(
      "SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1::oid[]) "
      "AND confrelid = ANY ($1::oid[]) AND conrelid <> confrelid",
      {array_text(oids)});
  std::vector<std::set<std::size_t>> needs(tables.size());
  const auto place = [&](int row, int column) {
    return places.at(static_cast<std::uint32_t>(keys.integer(row, column)));
  };
  for (int row = 0; row < keys.rows(); ++row) needs[place(row, 0)].insert(place(row, 1));
  std::vector<std::size_t> out;
  std::vector<bool> seen(tables.size());
  const auto visit = [&](const auto& self, std::size_t i) -> void {
    if (seen[i]) return;
    seen[i] = true;
    for (const std::size_t other : needs[i]) self(self, other);
    out.push_back(i);
  };
  for (std::size_t i = 0; i < tables.size(); ++i) visit(visit, i);
  return out;
}

// What is to be done with one table.
struct Change {
  std::size_t table = 0;
  std::string columns;
  bool empties = false;
  Rows rows;  // to be added
};

class Copying {
 public:
  Copying(PgConnection& source, PgConnection& target, const ExtensionRows::Rules& rules,
          const std::vector<CopyTask>& tasks, const std::vector<const PgRelation*>& tables)
      : source_(source), target_(target), rules_(rules), tasks_(tasks), tables_(tables), results_(tasks.size()) {}

  std::vector<TaskResult> run() {
    for (const std::size_t i : in_order_of_keys(source_, tables_)) {
      results_[i].status = TaskStatus::done;
      results_[i].chunks_done = 1;
      try {
        plan(i);
      } catch (const Error& error) {
        fail(i, error);
      }
    }
    if (!changes_.empty()) apply();
    return std::move(results_);
  }

 private:
  void fail(std::size_t i, Error error) {
    if (error.connection_lost() || !source_.usable() || !target_.usable()) throw error;
    if (error.sqlstate() == sqlstate::insufficient_privilege)
      error.hint(
          "the role needs SELECT on the source's table and SELECT, INSERT, DELETE on the target's, and USAGE on its "
          "schema");
    results_[i].chunks_done = 0;
    report_failure("schema", tasks_[i], error.context(tasks_[i].name), results_[i]);
  }

  Rows source_rows(std::size_t i, const std::string& columns) {
    source_.exec("SAVEPOINT dbsync_rows");  // an error must not cost the snapshot
    try {
      Rows out = read_rows(source_, columns, rows_sql(tables_[i]->name, tasks_[i].condition));
      source_.exec("RELEASE SAVEPOINT dbsync_rows");
      return out;
    } catch (const Error&) {
      if (source_.usable()) source_.exec("ROLLBACK TO SAVEPOINT dbsync_rows");
      throw;
    }
  }

  std::string columns_of(std::size_t i) {
    const auto target = find_table(target_, tasks_[i].target);
    if (!target) throw Error(ErrorKind::target, "the target's table is gone");
    std::vector<std::string> names;
    for (const PgColumn& column : tables_[i]->columns) {
      const auto found = std::find_if(target->columns.begin(), target->columns.end(),
                                      [&](const TargetColumn& c) { return c.name == column.name; });
      if (found == target->columns.end())
        throw Error(ErrorKind::target, fmt::format("the target's table of the extension {} has no column {}",
                                                   tables_[i]->extension, column.name))
            .hint(
                "both sides have different versions of it: ALTER EXTENSION … UPDATE on one of them, then run again "
                "with --truncate");
      if (!column.generated && !found->generated) names.push_back(quote_identifier(column.name));
    }
    return join(names, ", ");
  }

  void plan(std::size_t i) {
    Change change{i, columns_of(i), false, {}};
    if (change.columns.empty()) return;
    Rows wanted = source_rows(i, change.columns);
    const Rows there = read_rows(target_, change.columns, rows_sql(tasks_[i].target, tasks_[i].condition));
    results_[i].outcome.rows = wanted.size();
    for (const std::string& row : wanted) results_[i].outcome.bytes += row.size();
    const bool others = !without(there, wanted).empty();
    const bool made = !rules_.before.contains(tables_[i]->extension);
    change.empties = others && !rules_.adds && (rules_.replaces || made);
    if (others && !change.empties && !rules_.adds)
      throw Error(ErrorKind::target,
                  fmt::format("the target's table of the extension {} holds rows that the source has not",
                              tables_[i]->extension))
          .hint("--truncate replaces the rows that its users gave it, --append adds to them");
    change.rows = change.empties ? std::move(wanted) : without(wanted, there);
    if (change.empties || !change.rows.empty()) changes_.push_back(std::move(change));
  }

  void apply() {
    std::size_t at = changes_.front().table;
    try {
      const bool replica = may_set_replica_role(target_);
      PgTransaction transaction(target_);
      if (replica) target_.exec("SET LOCAL session_replication_role = replica");
      for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
        at = change->table;
        if (change->empties) target_.exec("DELETE FROM " + rows_sql(tasks_[at].target, tasks_[at].condition));
      }
      for (const Change& change : changes_) {
        at = change.table;
        add(change);
      }
      transaction.commit();
    } catch (const Error& error) {
      fail(at, error);
      for (const Change& change : changes_)
        if (change.table != at)
          fail(change.table, Error(error.kind(), "not done, since " + tasks_[at].name + " failed"));
    }
  }

  void add(const Change& change) {
    if (change.rows.empty()) return;
    CopyIn copy(target_,
                fmt::format("COPY {} ({}) FROM STDIN", quote_name(tasks_[change.table].target), change.columns));
    for (const std::string& row : change.rows) copy.put(row);
    if (const auto rows = copy.finish(); rows != change.rows.size())
      throw Error(ErrorKind::target,
                  fmt::format("{} rows were sent, but the target counted {}", change.rows.size(), rows));
  }

  PgConnection& source_;
  PgConnection& target_;
  const ExtensionRows::Rules& rules_;
  const std::vector<CopyTask>& tasks_;
  const std::vector<const PgRelation*>& tables_;
  std::vector<TaskResult> results_;
  std::vector<Change> changes_;
};

// Of a role that may not look, true: somebody who may should.
bool holds_rows(PgConnection& source, const PgRelation& table, const std::string& condition) {
  source.exec("SAVEPOINT dbsync_rows");
  try {
    const bool out = source.exec(fmt::format("SELECT 1 FROM {} LIMIT 1", rows_sql(table.name, condition))).rows() > 0;
    source.exec("RELEASE SAVEPOINT dbsync_rows");
    return out;
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    source.exec("ROLLBACK TO SAVEPOINT dbsync_rows");
    return true;
  }
}

}  // namespace

std::set<std::string> extensions_of(PgConnection& connection) {
  const PgResult result = connection.exec("SELECT extname FROM pg_catalog.pg_extension");
  std::set<std::string> out;
  for (int row = 0; row < result.rows(); ++row) out.insert(result.text(row, 0));
  return out;
}

void ExtensionRows::plan(PgConnection& source, PgConnection& target, std::vector<std::string>& notes) {
  if (tables_.empty()) return;
  std::map<std::pair<std::string, std::string>, std::vector<QualifiedName>> there;
  const PgResult result = target.exec(sql::extension_tables, {});
  for (int row = 0; row < result.rows(); ++row)
    there[{result.text(row, 0), result.text(row, 2)}].push_back({result.text(row, 1), result.text(row, 2)});
  for (const PgRelation* table : tables_) {
    const auto condition = condition_of(*table);
    const auto found = there.find({table->extension, table->name.name});
    if (!condition || found == there.end()) {
      if (holds_rows(source, *table, condition.value_or("")))
        notes.push_back(fmt::format(
            "{}: its rows were left out, since {}", display_name(table->name),
            condition ? fmt::format("the target does not have the extension {} with that table", table->extension)
                      : "nothing tells which of them are the users': " + one_line(*table->configuration)));
      continue;
    }
    CopyTask& task = tasks_.emplace_back();
    task.name = display_name(table->name);
    const auto same = std::find(found->second.begin(), found->second.end(), table->name);
    task.target = same == found->second.end() ? found->second.front() : *same;
    task.condition = *condition;
    found_.push_back(table);
  }
}

std::map<std::string, const PgRelation*> ExtensionRows::relations() const {
  std::map<std::string, const PgRelation*> out;
  for (std::size_t i = 0; i < tasks_.size(); ++i) out.emplace(tasks_[i].name, found_[i]);
  return out;
}

void ExtensionRows::copy(PgConnection& source, PgConnection& target, const Rules& rules, JobResult& result) const {
  if (tasks_.empty()) return;
  auto results = Copying(source, target, rules, tasks_, found_).run();
  result.tasks.insert(result.tasks.end(), tasks_.begin(), tasks_.end());
  result.results.insert(result.results.end(), std::make_move_iterator(results.begin()),
                        std::make_move_iterator(results.end()));
}

}  // namespace dbsync
