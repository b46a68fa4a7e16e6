#include "copy/step_proof.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "copy/guard_journal.h"
#include "copy/post_steps.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "schema/name_arrays.h"

namespace dbsync {

namespace {

using Object = std::pair<QualifiedName, std::string>;  // of a table, its name

std::vector<DdlUnit> units_of(const CopyTask& task, const Dialect& dialect) {
  std::vector<DdlUnit> out;
  const auto add = [&](const std::vector<DdlUnit>& units) { out.insert(out.end(), units.begin(), units.end()); };
  if (task.post_load) {
    for (const auto* units : {&task.post_load->indexes, &task.post_load->finish, &task.post_load->foreign_keys})
      add(*units);
  } else if (task.definition) {
    add(index_units(*task.definition, dialect));
    add(finish_units(*task.definition, dialect, {}));
    add(foreign_key_units(*task.definition, dialect));
  }
  return out;
}

std::set<Object> objects_of(PgConnection& target, const std::set<QualifiedName>& tables) {
  const NameArrays arrays = name_arrays(tables);
  const PgResult found = target.exec(sql::table_objects, {arrays.schemas, arrays.tables});
  std::set<Object> out;
  for (int row = 0; row < found.rows(); ++row)
    out.insert({{found.text(row, 0), found.text(row, 1)}, found.text(row, 2)});
  return out;
}

bool forget(PgConnection& target, const LoadJournal& journal, const DdlUnit& unit, PreparedTask& prepared) {
  bool any = false;
  for (const std::string& statement : unit.statements) {
    const std::string step = step_of(unit, statement);
    if (prepared.steps.erase(step) == 0) continue;
    journal.forget_step(target, prepared.journal, step);
    any = true;
  }
  return any;
}

// Statistics and positions of sequences are those of the rows.
bool begins_anew(const PreparedTask& task) {
  return std::none_of(task.chunks.begin(), task.chunks.end(), [](const JournalChunk& chunk) { return chunk.done; });
}

}  // namespace

void forget_lost_steps(PgConnection& target, const LoadJournal& journal, const Dialect& dialect,
                       const JobResult& result, std::vector<PreparedTask>& prepared) {
  const auto to_prove = [&](std::size_t i) {
    return !prepared[i].steps.empty() && (result.results[i].created || result.tasks[i].post_load);
  };
  std::set<QualifiedName> tables;
  for (std::size_t i = 0; i < prepared.size(); ++i)
    if (to_prove(i)) tables.insert(result.tasks[i].target);
  if (tables.empty()) return;
  std::set<Object> there = objects_of(target, tables);
  for (const GuardRecord& record : GuardJournal(journal.run()).read(target)) there.insert({record.table, record.name});
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (!to_prove(i)) continue;
    const CopyTask& task = result.tasks[i];
    for (const DdlUnit& unit : units_of(task, dialect)) {
      const bool gone = !unit.object.empty() && !there.contains({task.target, unit.object});
      const bool of_rows = unit.object.empty() && begins_anew(prepared[i]);
      if ((gone || of_rows) && forget(target, journal, unit, prepared[i]) && gone)
        log::info("main", fmt::format("{}: {}: an earlier run made it and it is gone, so it is made again", task.name,
                                      unit.what));
    }
  }
}

}  // namespace dbsync
