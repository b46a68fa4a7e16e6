#include "verify/row_stage.h"

#include <fmt/format.h>

#include "format/copy_binary.h"
#include "pg/copy_in.h"
#include "pg/copy_out.h"
#include "schema/quote.h"
#include "verify/verify_target.h"

namespace dbsync {

namespace {

constexpr std::size_t kPortion = 8 << 20;
constexpr char kTable[] = "pg_temp.dbsync_verify";

std::string column_list(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) out += (out.empty() ? "" : ", ") + quote_identifier(column);
  return out;
}

}  // namespace

// From a query, not LIKE: no NOT NULL of the table must stand in the way of a row
// that is to be compared.
RowStage::RowStage(PgConnection& connection, const QualifiedName& table, const ComparedColumns& compared,
                   const std::vector<std::string>& as_read, CopyFormat format)
    : connection_(connection),
      transaction_(connection),
      format_(format),
      in_sql_(fmt::format("COPY {} ({}) FROM STDIN{}", kTable, column_list(as_read),
                          format == CopyFormat::binary ? " WITH BINARY" : "")),
      out_sql_(copy_out_sql(compared, kTable)) {
  connection_.exec(fmt::format("CREATE TEMPORARY TABLE dbsync_verify ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA",
                               column_list(as_read), quote_name(table)));
}

void RowStage::put(std::span<const char> rows, const std::function<void(std::string_view)>& row) {
  pending_.append(rows.data(), rows.size());
  if (pending_.size() >= kPortion) give(row);
}

void RowStage::end(const std::function<void(std::string_view)>& row) {
  if (!pending_.empty()) give(row);
}

void RowStage::give(const std::function<void(std::string_view)>& row) {
  {
    CopyIn copy(connection_, in_sql_);
    if (format_ == CopyFormat::binary) copy.put({copy_binary::kHeader.data(), copy_binary::kHeader.size()});
    copy.put(pending_);
    if (format_ == CopyFormat::binary) copy.put({copy_binary::kTrailer.data(), copy_binary::kTrailer.size()});
    copy.finish();
  }
  pending_.clear();
  {
    CopyOut copy(connection_, out_sql_, true);
    while (const auto image = copy.next()) row(*image);
  }
  connection_.exec(fmt::format("TRUNCATE {}", kTable));
}

}  // namespace dbsync
