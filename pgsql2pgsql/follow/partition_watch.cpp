#include "pgsql2pgsql/follow/partition_watch.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cdc/drift_hint.h"
#include "embedded_sql.h"
#include "pg/catalog.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

struct Leaf {
  QualifiedName root;  // of a table that is no partition: itself
  std::int64_t oid = 0;
  QualifiedName name;
  std::int64_t file = 0;   // relfilenode: another one after TRUNCATE, and after VACUUM FULL
  std::string constraint;  // on the columns of the root
  char watch = 'l';        // 'l', 'u', 't': see source_leaves.sql

  bool plain_table() const { return root == name; }
};

// The columns that both queries begin with.
Leaf leaf_at(const PgResult& result, int row) {
  return {.root = {result.text(row, 0), result.text(row, 1)},
          .oid = result.integer(row, 2),
          .name = {result.text(row, 3), result.text(row, 4)},
          .file = result.integer(row, 5),
          .constraint = result.text(row, 6)};
}

std::vector<Leaf> leaves_of(PgConnection& source, const std::vector<KnownTable>& tables) {
  std::vector<std::uint32_t> oids;
  for (const KnownTable& table : tables) oids.push_back(table.oid);
  const PgResult result = source.exec(sql::source_leaves, {fmt::format("{{{}}}", fmt::join(oids, ","))});
  std::vector<Leaf> out;
  for (int row = 0; row < result.rows(); ++row) {
    out.push_back(leaf_at(result, row));
    out.back().watch = result.value(row, 7).front();
  }
  return out;
}

std::vector<Leaf> known_leaves(PgConnection& target, const std::string& task) {
  const PgResult result = target.exec(
      "SELECT schema_name, table_name, leaf_oid, leaf_schema, leaf_name, file, bounds FROM dbsync.apply_partitions "
      "WHERE task = $1",
      {task});
  std::vector<Leaf> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back(leaf_at(result, row));
  return out;
}

void forget(PgConnection& target, const std::string& task, const Leaf& leaf) {
  target.exec_often("DELETE FROM dbsync.apply_partitions WHERE task = $1 AND leaf_oid = $2::bigint",
                    {task, std::to_string(leaf.oid)});
}

void remember(PgConnection& target, const std::string& task, const Leaf& leaf) {
  forget(target, task, leaf);
  target.exec_often("INSERT INTO dbsync.apply_partitions VALUES ($1, $2, $3, $4::bigint, $5, $6, $7::bigint, $8)",
                    {task, leaf.root.schema, leaf.root.name, std::to_string(leaf.oid), leaf.name.schema, leaf.name.name,
                     std::to_string(leaf.file), leaf.constraint});
}

// Where a partition's rows are on the target.
class Place {
 public:
  Place(PgConnection& target, const Leaf& leaf, const SchemaMap& map) : target_(target) {
    root_ = map.of(leaf.root);
    const QualifiedName name = map.of(leaf.name);
    if (leaf.plain_table()) {
      if (find_table(target, name)) part_ = name;
      return;
    }
    const PgResult parts = target.exec(sql::source_partitions, {root_.schema, root_.name});
    for (int row = 0; row < parts.rows(); ++row)
      if (parts.value(row, 0) == name.schema && parts.value(row, 1) == name.name) part_ = name;
    // The constraint of a hash partition holds the source's oids.
    if (!part_ && !leaf.constraint.empty() && leaf.constraint.find("satisfies_hash_partition") == std::string::npos &&
        find_table(target, root_))
      condition_ = leaf.constraint;
  }

  bool known() const { return part_ || !condition_.empty(); }
  bool own_table() const { return part_.has_value(); }
  std::string root_sql() const { return quote_name(root_); }
  std::string part_sql() const { return quote_name(*part_); }
  std::int64_t rows() const { return target_.exec("SELECT count(*) FROM " + from(), {}).integer(0, 0); }
  std::string empty_sql() const { return part_ ? "TRUNCATE " + part_sql() : "DELETE FROM " + from(); }

 private:
  std::string from() const { return part_ ? part_sql() : root_sql() + " WHERE " + condition_; }

  PgConnection& target_;
  QualifiedName root_;
  std::optional<QualifiedName> part_;
  std::string condition_;
};

std::string shown(const QualifiedName& name) { return display_name(name); }

// Both tables may have them in another order.
std::string columns_of(PgConnection& source, const Leaf& leaf) {
  return source
      .exec(
          "SELECT coalesce(string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum), '') FROM "
          "pg_catalog.pg_attribute a "
          "WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND "
          "coalesce(row_to_json(a)->>'attgenerated', '') = ''",
          {std::to_string(leaf.oid)})
      .text(0, 0);
}

// Rows that were there before the table became a partition.
std::int64_t attached_rows(PgConnection& source, const Leaf& leaf) {
  return source
      .exec(fmt::format(
                "SELECT count(*) FROM ONLY {} t WHERE pg_catalog.age(t.xmin) >= (SELECT pg_catalog.age(i.xmin) FROM "
                "pg_catalog.pg_inherits i WHERE i.inhrelid = {})",
                quote_name(leaf.name), leaf.oid),
            {})
      .integer(0, 0);
}

void compare_new(PgConnection& source, const Leaf& leaf, const Place& place) {
  const std::int64_t rows = attached_rows(source, leaf);
  if (rows == 0 || !place.known()) return;
  const std::int64_t there = place.rows();
  if (there >= rows) return;
  const std::string columns = columns_of(source, leaf);
  throw Error(ErrorKind::target,
              fmt::format("{} became a partition of {} on the source with {} rows that are not among the changes; the "
                          "target has {} there",
                          shown(leaf.name), shown(leaf.root), rows, there))
      .hint(fmt::format("copy them: psql SOURCE -c 'COPY {0} ({2}) TO STDOUT' | psql TARGET -c 'COPY {1} ({2}) FROM "
                        "STDIN'; then start "
                        "again",
                        quote_name(leaf.name), place.own_table() ? place.part_sql() : place.root_sql(), columns));
}

std::string when_emptied(const Leaf& leaf, const Place& place) {
  return fmt::format("when it was emptied, run on the target: {}; else {}; then start again", place.empty_sql(),
                     copy_again(leaf.root));
}

void compare_file(PgConnection& source, const Leaf& leaf, const Place& place) {
  if (!place.known()) return;
  const std::int64_t there = place.rows();
  const std::int64_t rows = source.exec("SELECT count(*) FROM ONLY " + quote_name(leaf.name), {}).integer(0, 0);
  if (there <= rows) return;
  if (leaf.plain_table())
    throw Error(ErrorKind::target,
                fmt::format("{} was emptied or written anew on the source, where it has {} rows; the target has {}. A "
                            "source before PostgreSQL 11 does not send TRUNCATE",
                            shown(leaf.name), rows, there))
        .hint(when_emptied(leaf, place));
  throw Error(ErrorKind::target,
              fmt::format("the partition {} of {} was emptied or written anew on the source, where it has {} rows; the "
                          "target has {}. The TRUNCATE of a partition is not among the changes",
                          shown(leaf.name), shown(leaf.root), rows, there))
      .hint(when_emptied(leaf, place));
}

void compare_gone(PgConnection& source, const Leaf& leaf, const Place& place) {
  if (!place.known() || place.rows() == 0) return;
  const bool detached =
      source.exec("SELECT 1 FROM pg_catalog.pg_class WHERE oid = $1::oid", {std::to_string(leaf.oid)}).rows() > 0;
  const std::string statement =
      !place.own_table() ? place.empty_sql()
      : detached         ? fmt::format("ALTER TABLE {} DETACH PARTITION {}", place.root_sql(), place.part_sql())
                         : "DROP TABLE " + place.part_sql();
  throw Error(ErrorKind::target,
              fmt::format("the partition {} of {} was {} on the source; the target still has its rows",
                          shown(leaf.name), shown(leaf.root), detached ? "detached" : "dropped"))
      .hint(run_on_target({statement}));
}

// Before 13 a publication names the leaves, and none that is made later is in it.
[[noreturn]] void refuse_unpublished(PgConnection& source, const FollowTask& task, const Leaf& leaf,
                                     const SchemaMap& map) {
  const std::string name = quote_name(leaf.name);
  const std::string columns = columns_of(source, leaf);
  throw Error(ErrorKind::target,
              fmt::format("{} became a partition of {} on the source and is not in the publication {}, so its rows and "
                          "changes do not come",
                          shown(leaf.name), shown(leaf.root), task.publication))
      .hint(fmt::format("make it on the target, then publish it and copy its rows at one moment: psql -q SOURCE -c "
                        "'BEGIN; LOCK TABLE {0} "
                        "IN EXCLUSIVE MODE; ALTER PUBLICATION {1} ADD TABLE ONLY {0}; COPY {0} ({2}) TO STDOUT; "
                        "COMMIT' | psql TARGET -c "
                        "'COPY {3} ({2}) FROM STDIN'; then start again",
                        name, quote_identifier(task.publication), columns, quote_name(map.of(leaf.name))));
}

}  // namespace

void record_partitions(PgConnection& source, PgConnection& target, const std::string& task,
                       const std::vector<KnownTable>& tables) {
  target.exec("DELETE FROM dbsync.apply_partitions WHERE task = $1", {task});
  record_partitions_again(source, target, task, tables);
}

void record_partitions_again(PgConnection& source, PgConnection& target, const std::string& task,
                             const std::vector<KnownTable>& tables) {
  if (source.server_version() < 100000) return;
  for (const Leaf& leaf : known_leaves(target, task))
    if (std::any_of(tables.begin(), tables.end(), [&](const KnownTable& table) { return table.name == leaf.root; }))
      forget(target, task, leaf);
  for (const Leaf& leaf : leaves_of(source, tables)) remember(target, task, leaf);
}

void compare_partitions(PgConnection& source, PgConnection& target, const FollowTask& task, const SchemaMap& map) {
  const auto tables = read_known_tables(target, task.name);
  const auto now = leaves_of(source, tables);
  const auto known = known_leaves(target, task.name);
  const auto published = [&](const QualifiedName& name) {
    return std::any_of(tables.begin(), tables.end(), [&](const KnownTable& table) { return table.name == name; });
  };
  for (const Leaf& leaf : known) {
    const auto same = [&](const Leaf& other) {
      return other.oid == leaf.oid || (other.root == leaf.root && other.constraint == leaf.constraint);
    };
    if (std::any_of(now.begin(), now.end(), [&](const Leaf& other) { return other.oid == leaf.oid; })) continue;
    // Another one has its place.
    if (!leaf.plain_table() && published(leaf.root) && std::none_of(now.begin(), now.end(), same))
      compare_gone(source, leaf, Place(target, leaf, map));
    forget(target, task.name, leaf);
  }
  for (const Leaf& leaf : now) {
    const auto before =
        std::find_if(known.begin(), known.end(), [&](const Leaf& other) { return other.oid == leaf.oid; });
    if (before != known.end() && before->file == leaf.file && before->name == leaf.name &&
        before->constraint == leaf.constraint)
      continue;
    // Where some were not published to begin with, only a part of the tree was chosen.
    if (leaf.watch == 'u' &&
        std::none_of(known.begin(), known.end(), [&](const Leaf& other) { return other.root == leaf.root; }))
      refuse_unpublished(source, task, leaf, map);
    const Place place(target, leaf, map);
    if (leaf.watch == 'l' && before == known.end())
      compare_new(source, leaf, place);
    else if (leaf.watch != 'u' && before != known.end() && before->file != leaf.file)
      compare_file(source, leaf, place);
    remember(target, task.name, leaf);
  }
}

}  // namespace dbsync
