#include "pg/copy_out.h"

#include <utility>

#include <libpq-fe.h>

#include "base/byte_reader.h"
#include "format/copy_binary.h"

namespace dbsync {

namespace {

constexpr std::uint32_t kCriticalFlags = 0xFFFF0000U;

}  // namespace

void CopyOut::Free::operator()(char* message) const { PQfreemem(message); }

CopyOut::CopyOut(PgConnection& connection, std::string sql, bool binary)
    : connection_(connection), sql_(std::move(sql)), binary_(binary) {
  connection_.start_copy(sql_);
}

bool CopyOut::next_message(std::string_view& message) {
  char* bytes = nullptr;
  const int length = PQgetCopyData(connection_.raw(), &bytes, 0);
  message_.reset(bytes);
  if (length > 0) {
    message = {bytes, static_cast<std::size_t>(length)};
    return true;
  }
  if (length == -2) throw connection_.error_of(nullptr, sql_);
  read_outcome();
  return false;
}

// -1 of PQgetCopyData is no success yet: the server may have ended the COPY with
// an error, or the connection may be gone.
void CopyOut::read_outcome() {
  ended_ = true;
  std::optional<Error> failure;
  while (pg_result* raw = PQgetResult(connection_.raw())) {
    const PgResult result(raw);
    if (PQresultStatus(raw) != PGRES_COMMAND_OK && !failure) failure = connection_.error_of(raw, sql_);
    if (!connection_.usable()) break;
  }
  if (failure) throw *failure;
  if (!connection_.usable()) throw connection_.error_of(nullptr, sql_);
}

// The header shares its message with the first row, or with the trailer when
// there is no row; a server may also send it alone.
std::string_view CopyOut::without_header(std::string_view message) const {
  ByteReader reader(message, "header of a binary COPY");
  if (reader.bytes(copy_binary::kSignature.size()) != copy_binary::kSignature) reader.fail("the signature is wrong");
  if ((reader.u32() & kCriticalFlags) != 0) reader.fail("a flag is set that is not known");
  reader.bytes(reader.u32());  // header extension
  return reader.rest();
}

std::optional<std::string_view> CopyOut::next() {
  if (!std::exchange(started_, true)) connection_.await_copy(sql_);
  std::string_view message;
  while (!ended_ && next_message(message)) {
    if (!binary_) return message;
    if (!header_seen_) {
      header_seen_ = true;
      message = without_header(message);
      if (message.empty()) continue;
    }
    if (message != copy_binary::kTrailer) return message;
  }
  return std::nullopt;
}

}  // namespace dbsync
