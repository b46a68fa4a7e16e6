#include "pgsql2pgsql/schema/after_copy.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "pg/sqlstate.h"
#include "pgsql2pgsql/schema/mapped_tables.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::size_t kSequencesAtOnce = 200;
constexpr std::int64_t kLargeObjectPiece = 1 << 20;

// Of the tables of the run, and of the tops of their partition trees.
std::set<QualifiedName> owners_in(const SelectedTables& selected, const PgCatalog& catalog) {
  std::set<QualifiedName> out;
  for (const PgRelation* table : selected.tables) {
    out.insert(table->name);
    out.insert(catalog.root_of(*table).name);
  }
  return out;
}

bool wanted(const PgSequence& sequence, const PgCatalog& catalog, const SelectedTables& selected,
            const std::set<QualifiedName>& owners) {
  if (const PgRelation* owner = catalog.find(sequence.table);
      owner != nullptr &&
      std::find(owner->excluded.begin(), owner->excluded.end(), sequence.column) != owner->excluded.end())
    return false;
  if (selected.whole_database) return true;
  return !sequence.column.empty() && owners.contains(sequence.table);
}

// The position as of now: last_value and is_called of the sequence itself.
std::string position_sql(const std::vector<const PgSequence*>& sequences, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i)
    out += fmt::format("{}SELECT {} AS n, last_value::text, is_called::text FROM {}", i == from ? "" : " UNION ALL ", i,
                       quote_name(sequences[i]->name));
  return out + " ORDER BY n";
}

// The column whose sequence it is on the target; empty when it is no column's.
std::pair<QualifiedName, std::string> target_column(const PgSequence& sequence, const PgCatalog& catalog,
                                                    const SchemaMap& map) {
  if (sequence.column.empty()) return {};
  const PgRelation* owner = catalog.find(sequence.table);
  if (owner == nullptr) return {map.of(sequence.table), sequence.column};
  const PgColumn* column = owner->find_column(sequence.column);
  return {target_of(*owner, map), column == nullptr ? sequence.column : column->target_name()};
}

// The target's sequence as regclass, NULL when there is none.
std::string target_sequence_sql(const PgSequence& sequence, const PgCatalog& catalog, const SchemaMap& map) {
  const std::string by_name = fmt::format("to_regclass({})", quote_literal(quote_name(map.of(sequence.name))));
  const auto [table, column] = target_column(sequence, catalog, map);
  if (column.empty()) return by_name;
  // A column may own several: an identity's, and an older one that filled it before.
  return fmt::format(
      "coalesce((SELECT d.objid::pg_catalog.regclass FROM pg_catalog.pg_depend d "
      "JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S' "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
      "WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = d.classid AND d.deptype IN "
      "('a', 'i') "
      "AND d.refobjid = to_regclass({}) AND a.attname = {} AND NOT a.attisdropped "
      "ORDER BY coalesce(d.objid = {}, false) DESC, d.deptype = 'i' DESC LIMIT 1), {})",
      quote_literal(quote_name(table)), quote_literal(column), by_name, by_name);
}

// What set_sequences keeps over its parts.
struct SequenceRun {
  PgConnection& source;
  PgConnection& target;
  const PgCatalog& catalog;
  const SchemaMap& map;
  bool never_back = false;
  // Several tables may have become one: its sequence stands behind all of theirs.
  std::map<std::pair<QualifiedName, std::string>, std::int64_t> highest = {};
  std::vector<std::string> notes = {};
  std::vector<Error>& problems;
};

// Nothing when a position is out of a sequence's bounds; of one alone, with a problem.
std::optional<PgResult> attempt(SequenceRun& run, const std::string& sql) {
  try {
    return run.target.exec(sql);
  } catch (Error& error) {
    if (error.sqlstate() != sqlstate::numeric_value_out_of_range) throw;
    if (sql.find(" UNION ALL ") == std::string::npos)
      run.problems.push_back(error.hint(
          "widen the sequence on the target (ALTER SEQUENCE … MAXVALUE …) and set its position with setval"));
    return std::nullopt;
  }
}

void set_some(SequenceRun& run, const std::vector<const PgSequence*>& sequences, std::size_t from, std::size_t to) {
  const PgResult positions = run.source.exec(position_sql(sequences, from, to));
  std::string sql;
  for (int row = 0; row < positions.rows(); ++row) {
    const PgSequence& sequence = *sequences[static_cast<std::size_t>(positions.integer(row, 0))];
    std::int64_t position = positions.integer(row, 1);
    bool behind = false;
    if (const auto column = target_column(sequence, run.catalog, run.map); !column.second.empty()) {
      std::int64_t& highest = run.highest.emplace(column, position).first->second;
      behind = highest > position;
      position = highest = std::max(highest, position);
    }
    const std::string called = behind ? "true" : positions.text(row, 2);
    const std::string set =
        run.never_back ? fmt::format(
                             "pg_catalog.setval(s, greatest({0}, coalesce(pg_catalog.pg_sequence_last_value(s), {0})), "
                             "coalesce(pg_catalog.pg_sequence_last_value(s) > {0}, false) OR {1})",
                             position, called)
                       : fmt::format("pg_catalog.setval(s, {}, {})", position, called);
    sql += fmt::format("{}SELECT {} AS n, CASE WHEN s IS NOT NULL THEN {} END FROM (SELECT {} AS s) AS q",
                       sql.empty() ? "" : " UNION ALL ", positions.integer(row, 0), set,
                       target_sequence_sql(sequence, run.catalog, run.map));
  }
  if (sql.empty()) return;
  const std::optional<PgResult> set = attempt(run, sql);
  if (!set && to - from > 1)  // one of them is out of its bounds: the others are still set
    for (std::size_t i = from; i < to; ++i) set_some(run, sequences, i, i + 1);
  else if (!set)
    run.problems.back().context("sequence " + display_name(sequences[from]->name));
  if (!set) return;
  const PgResult& result = *set;
  for (int row = 0; row < result.rows(); ++row)
    if (result.is_null(row, 1))
      run.notes.push_back(fmt::format("sequence {}: the target has none of that name, so its position was not set",
                                      display_name(sequences[static_cast<std::size_t>(result.integer(row, 0))]->name)));
}

class LargeObjectCopy {
 public:
  LargeObjectCopy(PgConnection& source, PgConnection& target, bool replace)
      : source_(source), target_(target), replace_(replace) {}

  // One object and its first piece come in one round trip each.
  void copy(const std::string& oid, const std::optional<std::string>& comment) {
    std::int64_t offset = 0;
    for (bool first = true;; first = false) {
      const PgResult piece = source_.exec("SELECT lo_get($1::oid, $2::bigint, $3::int)",
                                          {oid, std::to_string(offset), std::to_string(kLargeObjectPiece)});
      const std::string hex = piece.text(0, 0);  // \x…
      const std::int64_t bytes = (static_cast<std::int64_t>(hex.size()) - 2) / 2;
      if (first)
        begin(oid, hex);
      else if (bytes > 0)
        target_.exec("SELECT lo_put($1::oid, $2::bigint, $3::bytea)", {oid, std::to_string(offset), hex});
      count_.bytes += static_cast<std::uint64_t>(bytes);
      offset += bytes;
      if (bytes < kLargeObjectPiece) break;
    }
    if (comment) target_.exec(fmt::format("COMMENT ON LARGE OBJECT {} IS {}", oid, quote_literal(*comment)));
    ++count_.objects;
  }

  const LargeObjectCount& count() const { return count_; }

 private:
  void begin(const std::string& oid, const std::string& hex) {
    if (replace_)
      target_.exec("SELECT lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = $1::oid", {oid});
    try {
      target_.exec("SELECT lo_from_bytea($1::oid, $2::bytea)", {oid, hex});
    } catch (Error& error) {
      error.context("large object " + oid);
      if (error.sqlstate() == sqlstate::unique_violation || error.sqlstate() == sqlstate::duplicate_object)
        error.hint("the target has a large object of that number; --truncate replaces it");
      throw;
    }
  }

  PgConnection& source_;
  PgConnection& target_;
  bool replace_;
  LargeObjectCount count_;
};

}  // namespace

bool has_large_objects(PgConnection& connection) {
  return connection.exec("SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1", {}).rows() > 0;
}

std::vector<std::string> set_sequences(PgConnection& source, PgConnection& target, const PgCatalog& catalog,
                                       const SelectedTables& selected, const SchemaMap& map, bool never_back,
                                       std::vector<Error>& problems) {
  constexpr int kTellsSince = 100000;
  SequenceRun run{.source = source,
                  .target = target,
                  .catalog = catalog,
                  .map = map,
                  .never_back = never_back && target.server_version() >= kTellsSince,
                  .problems = problems};
  std::vector<const PgSequence*> sequences;
  const std::set<QualifiedName> owners = owners_in(selected, catalog);
  for (const PgSequence& sequence : catalog.sequences)
    if (wanted(sequence, catalog, selected, owners)) sequences.push_back(&sequence);
  for (std::size_t from = 0; from < sequences.size(); from += kSequencesAtOnce)
    set_some(run, sequences, from, std::min(from + kSequencesAtOnce, sequences.size()));
  return run.notes;
}

LargeObjectCount copy_large_objects(PgConnection& source, PgConnection& target, bool replace,
                                    const std::stop_token& stop) {
  LargeObjectCopy copy(source, target, replace);
  PgTransaction transaction(target);
  // Comments, too: pg_dump takes them for data, so the schema does not bring them.
  const PgResult objects = source.exec(
      "SELECT m.oid, pg_catalog.obj_description(m.oid, 'pg_largeobject') FROM pg_catalog.pg_largeobject_metadata m "
      "ORDER BY m.oid",
      {});
  for (int row = 0; row < objects.rows(); ++row) {
    if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted; no large object was kept");
    copy.copy(objects.text(row, 0), objects.is_null(row, 1) ? std::nullopt : std::optional(objects.text(row, 1)));
  }
  transaction.commit();
  return copy.count();
}

namespace {

std::vector<std::int64_t> large_objects(PgConnection& connection) {
  const PgResult result = connection.exec("SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.oid", {});
  std::vector<std::int64_t> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back(result.integer(row, 0));
  return out;
}

std::string note_of(const std::vector<std::int64_t>& objects, std::string_view text) {
  constexpr std::size_t kMostShown = 10;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < objects.size() && i < kMostShown; ++i) shown.push_back(std::to_string(objects[i]));
  return fmt::format("{} large objects {}: {}{}", objects.size(), text, join(shown, ", "),
                     objects.size() > kMostShown ? ", ..." : "");
}

}  // namespace

std::vector<std::string> large_objects_apart(PgConnection& source, PgConnection& target) {
  const auto here = large_objects(source);
  const auto there = large_objects(target);
  std::vector<std::string> out;
  std::vector<std::int64_t> apart;
  std::set_difference(here.begin(), here.end(), there.begin(), there.end(), std::back_inserter(apart));
  if (!apart.empty())
    out.push_back(
        note_of(apart,
                "of the source are not on the target, since they were made after the copy and following does not bring "
                "them (\\lo_export on the source, lo_from_bytea(number, …) on the target)"));
  apart.clear();
  std::set_difference(there.begin(), there.end(), here.begin(), here.end(), std::back_inserter(apart));
  if (!apart.empty() && !here.empty())
    out.push_back(note_of(apart, "of the target are not on the source (lo_unlink removes one)"));
  return out;
}

}  // namespace dbsync
