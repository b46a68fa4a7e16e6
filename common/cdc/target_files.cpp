#include "cdc/target_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pg/relation_questions.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kPartitionsSince = 100000;
constexpr std::size_t kTablesOfAQuery = 100;

// In a database that was restored from a dump all oids are others.
constexpr char kFiles[] =
    "SELECT schema_name, table_name, table_oid, part_oid, part_schema, part_name, file, rows FROM dbsync.apply_files "
    "WHERE task = $1 AND (books = 'dbsync.apply_tables'::pg_catalog.regclass::pg_catalog.oid::bigint) = {}";
const std::string kKnown = fmt::format(kFiles, true);
const std::string kBeforeRestore = fmt::format(kFiles, false);

std::string text_of(RowsSeen rows) { return {static_cast<char>(rows)}; }

KnownFiles known_of(const PgResult& result) {
  KnownFiles out;
  for (int row = 0; row < result.rows(); ++row) {
    TargetFiles& table = out[{result.text(row, 0), result.text(row, 1)}];
    table.table = static_cast<std::uint32_t>(result.integer(row, 2));
    TargetFile file{.oid = static_cast<std::uint32_t>(result.integer(row, 3)),
                    .name = {result.text(row, 4), result.text(row, 5)},
                    .file = result.integer(row, 6),
                    .rows = static_cast<RowsSeen>(result.value(row, 7).front())};
    const auto place = file.oid == table.table ? table.files.begin() : table.files.end();
    table.files.insert(place, std::move(file));
  }
  return out;
}

std::string array_of(const std::set<std::uint32_t>& oids) { return fmt::format("{{{}}}", fmt::join(oids, ",")); }

}  // namespace

const TargetFile* TargetFiles::find(std::uint32_t oid) const {
  const auto found = std::find_if(files.begin(), files.end(), [&](const TargetFile& file) { return file.oid == oid; });
  return found == files.end() ? nullptr : &*found;
}

bool TargetFiles::same_files(const TargetFiles& other) const {
  const auto as_here = [&](const TargetFile& file) {
    const TargetFile* same = find(file.oid);
    return same != nullptr && same->file == file.file;
  };
  return table == other.table && files.size() == other.files.size() &&
         std::all_of(other.files.begin(), other.files.end(), as_here);
}

PgQuery question_of_target_files(const PgConnection& target, const std::vector<FollowedTarget>& tables) {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  std::vector<std::string> oids;
  for (const FollowedTarget& table : tables) {
    schemas.push_back(table.name.schema);
    names.push_back(table.name.name);
    oids.push_back(std::to_string(table.oid));
  }
  const bool trees = target.server_version() >= kPartitionsSince;
  return {trees ? sql::target_files : sql::target_files_flat,
          {std::to_string(tables.size()), array_text(schemas), array_text(names), array_text(oids)}};
}

std::vector<TargetFiles> read_target_files(PgConnection& target, const std::vector<FollowedTarget>& tables) {
  std::vector<TargetFiles> out(tables.size());
  if (tables.empty()) return out;
  const PgResult result = ask(target, question_of_target_files(target, tables));
  for (int row = 0; row < result.rows(); ++row) {
    TargetFiles& table = out.at(static_cast<std::size_t>(result.integer(row, 0) - 1));
    table.table = static_cast<std::uint32_t>(result.integer(row, 1));
    table.files.push_back({.oid = static_cast<std::uint32_t>(result.integer(row, 2)),
                           .name = {result.text(row, 3), result.text(row, 4)},
                           .file = result.integer(row, 5),
                           .rows = result.boolean(row, 6) ? RowsSeen::some : RowsSeen::never});
  }
  return out;
}

PgQuery question_of_known_files(const std::string& task) { return {kKnown, {task}}; }

PgQuery question_of_known_files(const std::string& task, const QualifiedName& source) {
  return {kKnown + " AND schema_name = $2 AND table_name = $3", {task, source.schema, source.name}};
}

KnownFiles read_known_files(PgConnection& target, const std::string& task) {
  return known_of(ask(target, question_of_known_files(task)));
}

KnownFiles read_files_before_restore(PgConnection& target, const std::string& task) {
  return known_of(target.exec(kBeforeRestore, {task}));
}

std::optional<TargetFiles> find_known_files(PgConnection& target, const std::string& task,
                                            const QualifiedName& source) {
  KnownFiles found = known_of(ask(target, question_of_known_files(task, source)));
  return found.empty() ? std::nullopt : std::optional(std::move(found.begin()->second));
}

void write_known_files(PgConnection& target, const std::string& task, const KnownFiles& files) {
  // An array per column.
  std::map<int, std::vector<std::string>> columns;
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  for (const auto& [source, table] : files) {
    schemas.push_back(source.schema);
    names.push_back(source.name);
    for (const TargetFile& file : table.files) {
      columns[2].push_back(source.schema);
      columns[3].push_back(source.name);
      columns[4].push_back(std::to_string(table.table));
      columns[5].push_back(std::to_string(file.oid));
      columns[6].push_back(file.name.schema);
      columns[7].push_back(file.name.name);
      columns[8].push_back(std::to_string(file.file));
      columns[9].push_back(text_of(file.rows));
    }
  }
  target.exec(
      "DELETE FROM dbsync.apply_files WHERE task = $1 AND (schema_name, table_name) IN (SELECT unnest($2::text[]), "
      "unnest($3::text[]))",
      {task, array_text(schemas), array_text(names)});
  if (columns.empty()) return;
  std::vector<std::optional<std::string>> parameters{task};
  for (const auto& [number, values] : columns) parameters.emplace_back(array_text(values));
  target.exec(
      "INSERT INTO dbsync.apply_files (task, schema_name, table_name, table_oid, part_oid, part_schema, part_name, "
      "file, rows, books) SELECT $1, unnest($2::text[]), unnest($3::text[]), unnest($4::bigint[]), "
      "unnest($5::bigint[]), unnest($6::text[]), unnest($7::text[]), unnest($8::bigint[]), unnest($9::text[]), "
      "'dbsync.apply_tables'::pg_catalog.regclass::pg_catalog.oid::bigint",
      parameters);
}

PgQuery note_of_rows(const std::string& task, const std::set<std::uint32_t>& tables, RowsSeen rows) {
  return {
      "UPDATE dbsync.apply_files SET rows = $3 WHERE task = $1 AND table_oid = ANY ($2::bigint[]) AND part_oid = "
      "table_oid AND rows <> $3",
      {task, array_of(tables), text_of(rows)}};
}

PgQuery note_of_filled_leaves(const std::string& task, const std::set<std::uint32_t>& tables) {
  return {
      "UPDATE dbsync.apply_files AS f SET rows = 'r' FROM pg_catalog.pg_class c WHERE f.task = $1 AND f.table_oid = "
      "ANY "
      "($2::bigint[]) AND f.part_oid <> f.table_oid AND f.rows <> 'r' AND c.oid = f.part_oid::pg_catalog.oid AND "
      "c.relfilenode::bigint = f.file AND pg_catalog.pg_relation_size(c.oid) > 0",
      {task, array_of(tables)}};
}

void note_emptied(PgConnection& target, const std::string& task, const std::set<std::uint32_t>& tables) {
  if (tables.empty()) return;
  target.exec(
      "UPDATE dbsync.apply_files AS f SET file = c.relfilenode::bigint, rows = CASE WHEN f.part_oid <> f.table_oid "
      "THEN 'n' "
      "WHEN f.rows = 'n' THEN 'n' ELSE 'e' END FROM pg_catalog.pg_class c WHERE f.task = $1 AND f.table_oid = ANY "
      "($2::bigint[]) AND c.oid = f.part_oid::pg_catalog.oid",
      {task, array_of(tables)});
}

void forget_known_files(PgConnection& target, const std::string& task, const QualifiedName& source) {
  target.exec("DELETE FROM dbsync.apply_files WHERE task = $1 AND schema_name = $2 AND table_name = $3",
              {task, source.schema, source.name});
}

std::vector<PgQuery> notes_of_look(const std::string& task) {
  return {{"DELETE FROM dbsync.apply_looked WHERE task = $1", {task}},
          {"INSERT INTO dbsync.apply_looked (task, changes) SELECT task, changes FROM dbsync.apply_progress WHERE "
           "task = $1",
           {task}}};
}

void write_looked(PgConnection& target, const std::string& task) { exec_together(target, notes_of_look(task)); }

PgQuery question_of_look(const std::string& task) {
  return {
      "SELECT 1 FROM dbsync.apply_looked l JOIN dbsync.apply_progress p ON p.task = l.task AND p.changes = l.changes "
      "WHERE l.task = $1",
      {task}};
}

bool looked_since_changes(PgConnection& target, const std::string& task) {
  return ask(target, question_of_look(task)).rows() > 0;
}

std::vector<PgQuery> questions_of_rows(const PgConnection& target, const std::vector<TargetFile>& tables) {
  // Greenplum before 7 keeps the partitions of an ordinary table as its children.
  const bool children = !target.parameter("gp_server_version").empty();
  std::vector<PgQuery> out;
  for (std::size_t from = 0; from < tables.size(); from += kTablesOfAQuery) {
    std::vector<std::string> queries;
    for (std::size_t i = from; i < std::min(tables.size(), from + kTablesOfAQuery); ++i)
      queries.push_back(number_if_filled_sql(i, tables[i].name, tables[i].file != 0 && !children));
    out.push_back({join(queries, " UNION ALL ")});
  }
  return out;
}

std::vector<bool> rows_held(const std::vector<PgResult>& answers, std::size_t tables) {
  std::vector<bool> out(tables, false);
  for (const PgResult& answer : answers)
    for (int row = 0; row < answer.rows(); ++row) out.at(static_cast<std::size_t>(answer.integer(row, 0))) = true;
  return out;
}

std::vector<bool> hold_rows(PgConnection& target, const std::vector<TargetFile>& tables) {
  return rows_held(exec_together(target, questions_of_rows(target, tables)), tables.size());
}

}  // namespace dbsync
