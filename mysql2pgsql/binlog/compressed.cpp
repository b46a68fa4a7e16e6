#include "mysql2pgsql/binlog/compressed.h"

#include <zlib.h>

#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

namespace {

constexpr std::uint64_t kLongest = std::uint64_t{1} << 30;
// zlib packs no better than that (zlib's technical details, "Maximum Compression Factor"): room
// for more, which a few bytes may ask for, is not even taken.
constexpr std::uint64_t kBestFactor = 1032;
constexpr std::uint8_t kCompressed = 0x80, kRaw = 0x08;

// `window`: MAX_WBITS for zlib streams, its negative for raw ones.
void inflate_all(std::string_view packed, std::uint64_t length, int window, const LittleReader& in, std::string& out) {
  if (length > kLongest) in.fail("more than 1 GiB of compressed data");
  if (length / kBestFactor > packed.size()) in.fail("a length that compressed data cannot have");
  out.resize(static_cast<std::size_t>(length));
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  // zlib refuses a null pointer even for nothing.
  char nothing = 0;
  stream.next_out = reinterpret_cast<Bytef*>(length > 0 ? out.data() : &nothing);
  stream.avail_out = static_cast<uInt>(length);
  if (inflateInit2(&stream, window) != Z_OK) throw std::bad_alloc();
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.total_out == length && stream.avail_in == 0;
  inflateEnd(&stream);
  if (!whole) in.fail("compressed data that cannot be inflated");
}

std::uint64_t plain_length(LittleReader& in, std::uint8_t header) {
  const std::size_t n = header & 0x07;
  if (n < 1 || n > 4) in.fail("an unknown form of compressed data");
  return in.be(n);
}

}  // namespace

void inflate_event(std::string_view bytes, std::string_view what, std::string& out) {
  LittleReader in(bytes, what);
  const std::uint8_t header = in.u8();
  if ((header & 0xF0) != kCompressed) in.fail("an unknown compression algorithm");
  const std::uint64_t length = plain_length(in, header);
  inflate_all(in.rest(), length, MAX_WBITS, in, out);
}

std::string_view inflate_column(std::string_view bytes, std::string& out) {
  if (bytes.empty()) return {};
  LittleReader in(bytes, "compressed column");
  const std::uint8_t header = in.u8();
  if (header == 0) return in.rest();
  if ((header & 0xF0) != kCompressed) in.fail("an unknown compression algorithm");
  const std::uint64_t length = plain_length(in, header);
  inflate_all(in.rest(), length, (header & kRaw) != 0 ? -MAX_WBITS : MAX_WBITS, in, out);
  return out;
}

}  // namespace dbsync
