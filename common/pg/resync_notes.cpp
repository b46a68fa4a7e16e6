#include "pg/resync_notes.h"

#include <fmt/format.h>

#include "base/text.h"
#include "pg/bookkeeping.h"

namespace dbsync {

std::vector<std::string> resync_notes(PgConnection& connection) {
  std::vector<std::string> out;
  if (connection.exec("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'dbsync' AND tablename = 'apply_resync'")
          .rows() == 0)
    return out;
  const PgResult result = connection.exec(
      "SELECT r.task, pg_catalog.string_agg(r.schema_name || '.' || r.table_name, ', ' ORDER BY r.schema_name, "
      "r.table_name), coalesce(min(p.state), ''), coalesce(min(p.position), '') FROM dbsync.apply_resync r LEFT JOIN "
      "dbsync.apply_progress p ON p.task = r.task || $1 GROUP BY r.task ORDER BY r.task",
      {std::string(kResyncRowSuffix)});
  for (int row = 0; row < result.rows(); ++row) {
    const std::string state = result.text(row, 2);
    const std::string position = result.text(row, 3);
    const std::string phase = state.empty()          ? "to be copied"
                              : state == "following" ? fmt::format("copied; the changes up to {} are applied", position)
                                                     : fmt::format("rows as of {} are being copied", position);
    out.push_back(one_line(fmt::format("copied again, of the task {}: {}: {}; the other tables are followed beside it",
                                       result.text(row, 0), result.text(row, 1), phase)));
  }
  return out;
}

}  // namespace dbsync
