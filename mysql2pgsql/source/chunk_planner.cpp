#include "mysql2pgsql/source/chunk_planner.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

// Chunks per worker and table: enough for all to end together.
constexpr std::uint64_t kChunksPerWorker = 8;
constexpr std::uint64_t kLeastChunkBytes = 4 << 20;
// More chunks than this help nobody, however large the table is.
constexpr std::uint64_t kMostChunks = 20000;
constexpr int kMostDigits = 37;  // of a key that is reckoned with as WideInt

bool is_whole_number(const MysqlColumn& column) {
  return is_integer_kind(column.type.kind) ||
         (column.type.kind == MysqlKind::decimal && column.type.scale == 0 && column.type.precision <= kMostDigits);
}

// Types whose values can be written as a literal that compares with the column
// exactly as the index orders it. Not: floating point (its text is rounded),
// ENUM and SET (ordered by number, compared by label), and what no index holds whole.
bool can_bound(const MysqlColumn& column) {
  switch (column.type.kind) {
    case MysqlKind::decimal:
    case MysqlKind::year:
    case MysqlKind::date:
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time:
    case MysqlKind::character:
    case MysqlKind::varchar:
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::uuid:
    case MysqlKind::inet4:
    case MysqlKind::inet6: return true;
    default: return is_integer_kind(column.type.kind);
  }
}

// Bytes and text are read as hexadecimal digits.
bool is_bytes(const MysqlColumn& column) {
  return column.type.kind == MysqlKind::binary || column.type.kind == MysqlKind::varbinary;
}

bool is_text(const MysqlColumn& column) {
  return column.type.kind == MysqlKind::character || column.type.kind == MysqlKind::varchar;
}

// How a key's value is selected, so that literal_of() loses nothing of it.
std::string exact_value(const MysqlColumn& column) {
  const std::string name = MysqlConnection::identifier(column.name);
  return is_bytes(column) || is_text(column) ? "HEX(" + name + ")" : name;
}

std::string literal_of(const MysqlColumn& column, const std::string& value) {
  if (is_bytes(column)) return "X'" + value + "'";
  if (is_text(column)) {
    // With the column's own character set and collation nothing is converted.
    const std::string& collation = column.type.collation;
    return fmt::format("_{} X'{}' COLLATE {}", collation.substr(0, collation.find('_')), value, collation);
  }
  if (is_integer_kind(column.type.kind) || column.type.kind == MysqlKind::decimal) return value;
  return MysqlConnection::literal(value);
}

ChunkKey key_of(const MysqlTable& table, const std::vector<std::string>& names) {
  ChunkKey key;
  for (const std::string& name : names) {
    const MysqlColumn* column = table.find_column(name);
    if (column == nullptr || column->nullable || !can_bound(*column)) return {};
    key.columns.push_back(column);
  }
  return key;
}

std::uint64_t to_number(const std::optional<std::string>& text) {
  const auto value = parse_wide(text.value_or(""));
  return value && *value > 0 ? static_cast<std::uint64_t>(*value) : 0;
}

// Wanted number of chunks of a part.
std::uint64_t chunk_count(std::uint64_t bytes, const ChunkSizes& sizes) {
  const std::uint64_t for_workers = bytes / (std::max(sizes.workers, 1U) * kChunksPerWorker);
  const std::uint64_t least = std::min(kLeastChunkBytes, sizes.bytes);
  const std::uint64_t size = std::clamp(for_workers, least, std::max(sizes.bytes, least));
  return std::clamp<std::uint64_t>(bytes / std::max<std::uint64_t>(size, 1), 1, kMostChunks);
}

}  // namespace

bool ChunkKey::single_number() const { return columns.size() == 1 && is_whole_number(*columns[0]); }

// The primary key when there is one: reading by another index would look every
// row up on its own.
ChunkKey chunk_key(const MysqlTable& table) {
  if (!table.primary_key.empty()) return table.primary_key_of_prefix ? ChunkKey{} : key_of(table, table.primary_key);
  for (const MysqlIndex& index : table.indexes) {
    if (!index.unique || index.type != "BTREE") continue;
    std::vector<std::string> names;
    bool whole = true;
    for (const MysqlIndexPart& part : index.parts) {
      whole = whole && !part.column.empty() && part.prefix < 0 && !part.descending;
      names.push_back(part.column);
    }
    if (!whole) continue;
    if (ChunkKey key = key_of(table, names); !key.columns.empty()) return key;
  }
  return {};
}

struct ChunkPlanner::Part {
  std::string from;        // FROM item, for probes
  std::string chunk_from;  // the same, "" for the table itself
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;

  std::uint64_t row_bytes() const { return std::max<std::uint64_t>(bytes / std::max<std::uint64_t>(rows, 1), 1); }
};

ChunkPlanner::ChunkPlanner(MysqlConnection& connection, const MysqlTable& table, const ChunkSizes& sizes,
                           const Emit& emit)
    : connection_(connection), table_(table), sizes_(sizes), emit_(emit), key_(chunk_key(table)) {
  for (const MysqlColumn* column : key_.columns) columns_.push_back(MysqlConnection::identifier(column->name));
  emit_columns_ = columns_;
}

void ChunkPlanner::plan_table() {
  for (const Part& part : parts()) plan_part(part);
}

void ChunkPlanner::plan_query(const std::string& column) {
  emit_columns_ = {MysqlConnection::identifier(column)};
  nulls_first_ = true;
  plan_numbers({MysqlConnection::identifier(table_.name), {}, table_.estimated_rows, table_.estimated_bytes});
}

std::vector<ChunkPlanner::Part> ChunkPlanner::parts() {
  const std::string name = MysqlConnection::identifier(table_.name);
  if (!table_.partitioning) return {{name, {}, table_.estimated_rows, table_.estimated_bytes}};
  // A read of the table pins its partitions until the snapshot ends; the catalog
  // was read before.
  connection_.query(fmt::format("SELECT 1 FROM {} LIMIT 1", name));
  std::vector<Part> out;
  for (const auto& row : connection_.query(
           fmt::format("SELECT PARTITION_NAME, SUM(TABLE_ROWS), SUM(DATA_LENGTH) FROM information_schema.PARTITIONS "
                       "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {} AND PARTITION_NAME IS NOT NULL "
                       "GROUP BY PARTITION_NAME ORDER BY MIN(PARTITION_ORDINAL_POSITION)",
                       MysqlConnection::literal(table_.name)))) {
    Part part;
    part.from = fmt::format("{} PARTITION ({})", name, MysqlConnection::identifier(row[0].value_or("")));
    part.chunk_from = part.from;
    part.rows = to_number(row[1]);
    part.bytes = to_number(row[2]);
    out.push_back(std::move(part));
  }
  if (out.empty()) out.push_back({name, {}, table_.estimated_rows, table_.estimated_bytes});
  return out;
}

void ChunkPlanner::plan_part(const Part& part) {
  if (key_.columns.empty() || part.bytes <= sizes_.bytes)
    emit_range(part, {}, {}, 1);
  else if (key_.single_number())
    plan_numbers(part);
  else
    plan_keys(part);
}

void ChunkPlanner::plan_numbers(const Part& part) {
  const auto row = connection_.query(fmt::format("SELECT MIN({0}), MAX({0}) FROM {1}", columns_[0], part.from)).at(0);
  const auto least = parse_wide(row[0].value_or(""));
  const auto most = parse_wide(row[1].value_or(""));
  std::vector<WideInt> bounds;
  if (least && most && *least < *most) bounds = number_bounds(part, *least, *most);
  KeyBound from;
  for (const WideInt bound : bounds) {
    KeyBound to{wide_text(bound)};
    emit_range(part, from, to, bounds.size() + 1);
    from = std::move(to);
  }
  emit_range(part, from, {}, bounds.size() + 1);
}

std::vector<WideInt> ChunkPlanner::number_bounds(const Part& part, WideInt least, WideInt most) {
  const std::uint64_t chunks = chunk_count(part.bytes, sizes_);
  // With every second key in use no part can hold more than twice its share.
  const bool dense = (most - least) / 2 <= static_cast<WideInt>(part.rows);
  if (dense) return even_bounds(least, most, chunks);
  return bisected_bounds(least, most, part.rows / chunks, probes(part));
}

KeyProbes ChunkPlanner::probes(const Part& part) {
  const std::string& column = columns_[0];
  return {[this, &part](WideInt from, WideInt to) { return estimate(part, from, to); },
          [this, &part, column](WideInt from) {
            return number(fmt::format("SELECT MIN({0}) FROM {1} WHERE {0} >= {2}", column, part.from, wide_text(from)));
          },
          [this, &part, column](WideInt to) {
            return number(fmt::format("SELECT MAX({0}) FROM {1} WHERE {0} <= {2}", column, part.from, wide_text(to)));
          }};
}

std::optional<WideInt> ChunkPlanner::number(const std::string& sql) {
  return parse_wide(connection_.query(sql).at(0).at(0).value_or(""));
}

std::uint64_t ChunkPlanner::estimate(const Part& part, WideInt from, WideInt to) {
  const auto plan =
      connection_.query(fmt::format("EXPLAIN FORMAT=TRADITIONAL SELECT {0} FROM {1} WHERE {0} >= {2} AND {0} <= {3}",
                                    columns_[0], part.from, wide_text(from), wide_text(to)));
  // MySQL 5.7 and newer have two columns more, one of them before "rows".
  const auto& row = plan.at(0);
  return to_number(row.at(row.size() > 10 ? 9 : 8));
}

// Each n-th key begins a chunk; a chunk goes out as soon as its end is known.
void ChunkPlanner::plan_keys(const Part& part) {
  const std::uint64_t chunks = chunk_count(part.bytes, sizes_);
  const std::uint64_t rows = std::max<std::uint64_t>(part.rows / chunks, 1);
  KeyBound from;
  for (;;) {
    const auto next = read_bound(part, from, rows);
    if (next.empty()) break;
    emit_range(part, from, next[0], chunks);
    from = next[0];
  }
  emit_range(part, from, {}, chunks);
}

// The key `rows` rows after one; nothing when the part ends before.
std::vector<KeyBound> ChunkPlanner::read_bound(const Part& part, const KeyBound& after, std::uint64_t rows) {
  std::vector<std::string> values;
  for (const MysqlColumn* column : key_.columns) values.push_back(exact_value(*column));
  const std::string where = range_predicate(columns_, after, {});
  std::vector<KeyBound> out;
  for (const auto& row :
       connection_.query(fmt::format("SELECT {} FROM {}{} ORDER BY {} LIMIT {}, 1", join(values, ", "), part.from,
                                     where.empty() ? "" : " WHERE " + where, join(columns_, ", "), rows))) {
    KeyBound& bound = out.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) bound.push_back(literal_of(*key_.columns[i], row[i].value_or("")));
  }
  return out;
}

void ChunkPlanner::emit_range(const Part& part, const KeyBound& from, const KeyBound& to, std::uint64_t chunks) {
  Chunk chunk;
  chunk.from = part.chunk_from;
  chunk.predicate = range_predicate(emit_columns_, from, to);
  // An outer join may have put NULL where the table has a key.
  if (nulls_first_ && from.empty() && !to.empty())
    chunk.predicate = fmt::format("({} OR {} IS NULL)", chunk.predicate, emit_columns_[0]);
  chunk.estimated_bytes = std::max<std::uint64_t>(part.bytes / std::max<std::uint64_t>(chunks, 1), 1);
  emit_(std::move(chunk));
}

}  // namespace dbsync
