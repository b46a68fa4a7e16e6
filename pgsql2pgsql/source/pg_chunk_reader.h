// The rows of one chunk as the source's COPY gives them: whole rows, unparsed.
//
// Owns the COPY; threads: that of the session.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "copy/snapshot_source.h"
#include "pg/copy_out.h"

namespace dbsync {

class PgChunkReader : public ChunkReader {
 public:
  PgChunkReader(std::unique_ptr<CopyOut> rows, std::vector<std::string> columns, CopyFormat format)
      : rows_(std::move(rows)), columns_(std::move(columns)), format_(format) {}

  const std::vector<std::string>& columns() const override { return columns_; }
  CopyFormat format() const override { return format_; }
  bool read(CopyBuffer& buffer, TaskRejects* rejects) override;
  std::vector<ChangedValues> changed_values() const override { return {}; }

 private:
  void log_row(CopyBuffer& buffer, std::string_view row) const;

  std::unique_ptr<CopyOut> rows_;
  std::vector<std::string> columns_;
  CopyFormat format_;
  std::uint64_t row_ = 0;
};

}  // namespace dbsync
