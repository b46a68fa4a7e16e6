// How PgSession cuts tables; see pg_session.h.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"
#include "pg/block_ranges.h"
#include "pgsql2pgsql/source/pg_session.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr double kInOrder = 0.9;  // pg_stats.correlation from which a range of keys is a range of blocks
constexpr std::uint64_t kMostChunks = 10000;

// Rows outside of what the statistics know are in the first or the last chunk.
void emit_ranges(std::vector<std::string> predicates, std::uint64_t bytes, const std::function<void(Chunk)>& emit) {
  const std::uint64_t each = bytes / predicates.size();
  for (std::string& predicate : predicates) emit({{}, std::move(predicate), each});
}

// "{1,2,3}", an array of integers as text.
std::vector<std::string> array_elements(std::string_view text) {
  std::vector<std::string> out;
  if (text.size() < 2) return out;
  text = text.substr(1, text.size() - 2);
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    out.emplace_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

}  // namespace

void PgSession::plan_chunks(const CopyTask& task, const ChunkSizes& sizes, const std::function<void(Chunk)>& emit) {
  if (task.query.empty() && sizes.bytes > 0) {
    const PgRelation& relation = relation_of(task);
    if (facts_.dialect.distributed) {
      if (relation.bytes <= sizes.bytes || !plan_by_segment(relation, emit)) emit(Chunk{});
      return;
    }
    const std::uint64_t chunks = std::min((relation.bytes + sizes.bytes - 1) / sizes.bytes, kMostChunks);
    const bool cut =
        chunks > 1 && (connection_->server_version() >= kTidRangeScans ? plan_by_ctid(relation, chunks, emit)
                                                                       : plan_by_key(relation, chunks, emit));
    if (cut) return;
  }
  emit(Chunk{});
}

// Rows that were inserted since the snapshot may lie behind the last block
// counted, and need not be seen.
bool PgSession::plan_by_ctid(const PgRelation& relation, std::uint64_t chunks, const std::function<void(Chunk)>& emit) {
  auto ranges = block_ranges(*connection_, relation.oid, chunks);
  if (ranges.empty()) return false;
  emit_ranges(std::move(ranges), relation.bytes, emit);
  return true;
}

// Each segment reads its own rows; of a replicated table every one has them all.
bool PgSession::plan_by_segment(const PgRelation& relation, const std::function<void(Chunk)>& emit) {
  const auto places = facts_.segments.find(relation.oid);
  if (places == facts_.segments.end() || places->second.distribution->kind == Distribution::Kind::replicated)
    return false;
  const PgResult segments = connection_->exec(
      "SELECT DISTINCT content FROM pg_catalog.gp_segment_configuration WHERE content >= 0 ORDER BY content");
  if (segments.rows() < 2) return false;
  std::vector<std::string> predicates;
  for (int row = 0; row < segments.rows(); ++row)
    predicates.push_back("gp_segment_id = " + std::to_string(segments.integer(row, 0)));
  emit_ranges(std::move(predicates), relation.bytes, emit);
  return true;
}

// The key's histogram has bounds with about as many rows between each two.
bool PgSession::plan_by_key(const PgRelation& relation, std::uint64_t chunks, const std::function<void(Chunk)>& emit) {
  const PgResult key = connection_->exec(
      "SELECT a.attname, s.histogram_bounds::text, s.correlation FROM pg_catalog.pg_index i "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
      "JOIN pg_catalog.pg_stats s ON s.schemaname = $2 AND s.tablename = $3 AND s.attname = a.attname AND NOT "
      "s.inherited "
      "WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indnatts = 1 AND i.indpred IS NULL AND "
      "a.attnotnull "
      "AND a.atttypid IN (20, 21, 23) AND s.histogram_bounds IS NOT NULL ORDER BY i.indisprimary DESC LIMIT 1",
      {std::to_string(relation.oid), relation.name.schema, relation.name.name});
  double correlation = 0;
  if (key.rows() > 0) {
    const std::string_view text = key.value(0, 2);
    std::from_chars(text.data(), text.data() + text.size(), correlation);
  }
  if (std::abs(correlation) < kInOrder) {
    log::debug("source", fmt::format("{}: not cut, since no integer key with statistics orders its rows",
                                     relation.name.display()));
    return false;
  }
  const std::vector<std::string> histogram = array_elements(key.value(0, 1));
  chunks = std::min<std::uint64_t>(chunks, histogram.size() - 1);
  std::vector<std::string> bounds;
  for (std::uint64_t i = 1; i < chunks; ++i) bounds.push_back(histogram[(histogram.size() - 1) * i / chunks]);
  if (bounds.empty()) return false;
  emit_ranges(ranges_between(quote_identifier(key.text(0, 0)), bounds), relation.bytes, emit);
  return true;
}

}  // namespace dbsync
