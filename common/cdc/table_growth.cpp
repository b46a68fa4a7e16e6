#include "cdc/table_growth.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// Of fewer rows no plan is bad.
constexpr std::int64_t kWorthIt = 1000;

double add_estimates(const PgResult& rows, std::vector<std::string>& oids) {
  double total = 0;
  oids.clear();
  for (int row = 0; row < rows.rows(); ++row) {
    total += std::max(0.0, std::strtod(rows.text(row, 1).c_str(), nullptr));
    oids.push_back(rows.text(row, 0));
  }
  return total;
}

// What the last ANALYZE has left, with all partitions.
double analyzed_rows(PgConnection& target, const QualifiedName& table) {
  std::vector<std::string> level;
  double total = add_estimates(target.exec("SELECT c.oid, c.reltuples FROM pg_catalog.pg_class c "
                                           "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                           "WHERE n.nspname = $1 AND c.relname = $2",
                                           {table.schema, table.name}),
                               level);
  while (!level.empty())
    total += add_estimates(target.exec("SELECT c.oid, c.reltuples FROM pg_catalog.pg_inherits i "
                                       "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
                                       "WHERE i.inhparent = ANY ($1::pg_catalog.oid[])",
                                       {array_text(level)}),
                           level);
  return total;
}

}  // namespace

void TableGrowth::committed() {
  for (const auto& [table, rows] : open_) sizes_[table].grown += rows;
  open_.clear();
}

void TableGrowth::analyze(PgConnection& target) {
  for (auto& [table, size] : sizes_) {
    if (size.grown < kWorthIt) continue;
    try {
      if (!size.known) size.known = analyzed_rows(target, table);
      if (static_cast<double>(size.grown) < *size.known) continue;
      target.exec("ANALYZE " + quote_name(table));
      log::debug("apply", fmt::format("{}: analyzed, since {} rows more are in it", table.display(), size.grown));
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      // Whoever stopped the task stopped this.
      if (error.sqlstate() == sqlstate::query_canceled) return;
      log::warning("apply", fmt::format("{}: has grown by {} rows and could not be analyzed, so plans may be bad until "
                                        "somebody does: {}",
                                        table.display(), size.grown, error.what()));
    }
    size.known = size.known.value_or(0) + static_cast<double>(size.grown);
    size.grown = 0;
  }
}

}  // namespace dbsync
