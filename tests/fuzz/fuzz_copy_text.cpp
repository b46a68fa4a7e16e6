// The text form of COPY: what is escaped reads back, by this project and by
// PostgreSQL's rules.
#include "format/copy_text.h"
#include "tests/fuzz/pg_text.h"

namespace {

using dbsync::CopyBuffer;
using dbsync::fuzz::check;
using dbsync::fuzz::read_bytea;
using dbsync::fuzz::read_copy_field;

std::string_view written(const CopyBuffer& buffer) { return {buffer.bytes().data(), buffer.size()}; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dbsync::fuzz::text_of(data, size);
  CopyBuffer out(16);
  dbsync::copy_text::put_escaped(out, text);
  check(dbsync::copy_text::unescape(written(out)) == text, "unescape undoes put_escaped");
  check(read_copy_field(written(out)) == std::string(text), "PostgreSQL reads what was escaped");
  out.clear();
  dbsync::copy_text::put_bytea(out, text);
  const auto field = read_copy_field(written(out));
  check(field && read_bytea(*field) == text, "PostgreSQL reads the bytes");
  dbsync::copy_text::unescape(text);
  return 0;
}
