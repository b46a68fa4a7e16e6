#include "pgsql2pgsql/source/pg_chunk_reader.h"

#include <fmt/format.h>

#include "base/text.h"
#include "format/copy_text.h"

namespace dbsync {

bool PgChunkReader::read(CopyBuffer& buffer, TaskRejects*) {
  while (!buffer.full()) {
    try {
      const auto row = rows_->next();
      if (!row) return false;
      buffer.put_bytes(*row);
      ++row_;
      ++buffer.rows;
      if (buffer.log) log_row(buffer, *row);
    } catch (Error& error) {
      throw error.context(fmt::format("row {}", row_ + 1));
    }
  }
  return true;
}

// Rows are logged with a reject limit only, and those are read as text.
void PgChunkReader::log_row(CopyBuffer& buffer, std::string_view row) const {
  if (row.ends_with('\n')) row.remove_suffix(1);
  RowText values;
  for (const std::string& column : columns_) {
    const std::size_t tab = std::min(row.find('\t'), row.size());
    const std::string_view field = row.substr(0, tab);
    if (field == copy_text::kNull)
      values.emplace_back(column, std::nullopt);
    else
      values.emplace_back(column, copy_text::unescape(field));
    row.remove_prefix(std::min(tab + 1, row.size()));
  }
  buffer.log->ends.push_back(buffer.mark());
  buffer.log->numbers.push_back(row_);
  buffer.log->texts.push_back(std::move(values));
}

}  // namespace dbsync
