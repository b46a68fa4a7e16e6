#include "cdc/other_task.h"

#include <fmt/format.h>

#include "cdc/known_tables.h"
#include "schema/name_arrays.h"

namespace dbsync {

namespace {

std::vector<OtherTask> tasks_with(PgConnection& target, const std::string& task,
                                  const std::vector<QualifiedName>& tables) {
  const NameArrays names = name_arrays(tables);
  const PgResult found = target.exec(
      "SELECT p.task, coalesce(s.system_identifier, ''), p.position, (pg_catalog.min(ARRAY[t.schema_name, "
      "t.table_name]))[1], (pg_catalog.min(ARRAY[t.schema_name, t.table_name]))[2], pg_catalog.count(*) "
      "FROM dbsync.apply_progress p JOIN dbsync.apply_tables t ON t.task = p.task "
      "JOIN (SELECT pg_catalog.unnest($2::text[]) AS schema_name, pg_catalog.unnest($3::text[]) AS table_name) w "
      "ON w.schema_name = t.schema_name AND w.table_name = t.table_name "
      "LEFT JOIN dbsync.apply_source s ON s.task = p.task WHERE p.task <> $1 GROUP BY 1, 2, 3 ORDER BY 1",
      {task, names.schemas, names.tables});
  std::vector<OtherTask> out;
  for (int row = 0; row < found.rows(); ++row)
    out.push_back({.name = found.text(row, 0),
                   .source = found.text(row, 1),
                   .position = found.text(row, 2),
                   .table = {found.text(row, 3), found.text(row, 4)},
                   .tables = found.integer(row, 5)});
  return out;
}

}  // namespace

void refuse_second_task(PgConnection& target, const std::string& task, const std::vector<QualifiedName>& tables,
                        const std::function<bool(const OtherTask&)>& same_source) {
  if (!known_tables_exist(target)) return;
  for (const OtherTask& other : tasks_with(target, task, tables)) {
    if (!same_source(other)) continue;
    throw Error(
        ErrorKind::config,
        fmt::format("the task {} follows {}{} of this source into this target, up to {}; another task, {}, "
                    "would begin now, and what that one has not applied would never come",
                    other.name, other.table.display(),
                    other.tables > 1 ? fmt::format(" and {} more", other.tables - 1) : "", other.position, task))
        .hint(fmt::format(
            "a task is named after the addresses of both sides: write them in my.cfg as when it began, or go on with "
            "task = \"{}\" in [local.pgsql]; with that line, too, --cleanup ends it",
            other.name));
  }
}

}  // namespace dbsync
