#include "copy/table_loader.h"

#include <fmt/format.h>

#include "copy/copy_binary.h"
#include "pg/copy_in.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string copy_sql(const TargetTable& target, const ChunkReader& reader) {
  std::string columns;
  for (const auto& name : reader.columns()) columns += (columns.empty() ? "" : ", ") + quote_identifier(name);
  // The old option syntax is understood by every version and by Greenplum.
  return fmt::format("COPY {} ({}) FROM STDIN{}", quote_name(target.name), columns,
                     reader.format() == CopyFormat::binary ? " WITH BINARY" : "");
}

std::span<const char> bytes_of(std::string_view text) { return {text.data(), text.size()}; }

void send_all(ChunkReader& reader, CopyIn& copy, LoadOutcome& outcome, const LoadRequest& request,
              TaskProgress& progress, const std::stop_token& stop) {
  CopyBuffer buffer(request.buffer_bytes);
  if (reader.format() == CopyFormat::binary) copy.put(bytes_of(copy_binary::kHeader));
  for (bool more = true; more;) {
    more = reader.read(buffer);
    if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "stopped before its end; rolled back");
    copy.put(buffer.bytes());
    outcome.rows += buffer.rows;
    outcome.bytes += buffer.size();
    progress.rows.store(outcome.rows, std::memory_order_relaxed);
    progress.bytes.store(outcome.bytes, std::memory_order_relaxed);
    buffer.clear();
  }
  if (reader.format() == CopyFormat::binary) copy.put(bytes_of(copy_binary::kTrailer));
}

}  // namespace

LoadOutcome load_table(const LoadRequest& request, SourceSession& source, PgConnection& target,
                       TaskProgress& progress, const std::stop_token& stop) {
  LoadOutcome outcome;
  PgTransaction transaction(target);
  if (request.truncate_first) target.exec("TRUNCATE TABLE " + quote_name(request.target.name));
  const auto reader = source.open(request.task, request.target, request.format);
  outcome.format = reader->format();
  CopyIn copy(target, copy_sql(request.target, *reader));
  send_all(*reader, copy, outcome, request, progress, stop);
  const std::uint64_t counted = copy.finish();
  if (counted != outcome.rows)
    throw Error(ErrorKind::target, fmt::format("{} rows were sent, but the target counted {}; rolled back",
                                               outcome.rows, counted))
        .hint("a trigger or rule on the target table may drop rows");
  transaction.commit();
  outcome.changed = reader->changed_values();
  return outcome;
}

}  // namespace dbsync
