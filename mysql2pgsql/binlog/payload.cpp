#include "mysql2pgsql/binlog/payload.h"

#include <zstd.h>

#include <algorithm>

#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

namespace {

constexpr std::string_view kWhat = "TRANSACTION_PAYLOAD event";
constexpr std::uint32_t kLongestEvent = std::uint32_t{1} << 30;
constexpr std::uint64_t kZstd = 0, kNotCompressed = 255;

}  // namespace

struct PayloadReader::Stream {
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> zstd{ZSTD_createDStream()};
  std::size_t read = 0;  // of the packed bytes
};

PayloadReader::PayloadReader(const BinlogEvent& event) {
  LittleReader in(event.body, kWhat);
  std::uint64_t compression = kNotCompressed;
  std::uint64_t size = 0;
  bool told = false;
  for (std::uint64_t kind = in.lenenc(); kind != 0; kind = in.lenenc()) {
    LittleReader field(in.bytes(in.lenenc()), kWhat);
    if (kind == 1) {
      size = field.lenenc();
      told = true;
    } else if (kind == 2) {
      compression = field.lenenc();
    } else if (kind == 3) {
      left_ = field.lenenc();
    }
  }
  packed_ = in.rest();
  if (told && packed_.size() != size) in.fail("another size than the event tells");
  if (compression == kNotCompressed) {
    plain_ = packed_;
    left_ = 0;
    return;
  }
  if (compression != kZstd) in.fail("an unknown compression");
  stream_ = std::make_unique<Stream>();
  if (!stream_->zstd) throw std::bad_alloc();
  ZSTD_initDStream(stream_->zstd.get());
}

PayloadReader::~PayloadReader() = default;

// Makes sure of `wanted` bytes behind used_.
void PayloadReader::fill(std::size_t wanted) {
  if (plain_.size() - used_ >= wanted) return;
  plain_.erase(0, used_);
  used_ = 0;
  const LittleReader in(packed_, kWhat);
  if (!stream_ || wanted - plain_.size() > left_) in.fail("it ends within an event");
  const std::size_t piece = ZSTD_DStreamOutSize();
  while (plain_.size() < wanted) {
    const std::size_t before = plain_.size();
    // Twice of what is there at most: a size of an event is not trusted before its bytes come.
    const std::size_t more = std::max(piece, std::min(wanted - before, before));
    plain_.resize(before + static_cast<std::size_t>(std::min<std::uint64_t>(left_, more)));
    ZSTD_outBuffer out{plain_.data() + before, plain_.size() - before, 0};
    ZSTD_inBuffer from{packed_.data(), packed_.size(), stream_->read};
    const std::size_t status = ZSTD_decompressStream(stream_->zstd.get(), &out, &from);
    if (ZSTD_isError(status)) in.fail("it cannot be inflated");
    plain_.resize(before + out.pos);
    left_ -= out.pos;
    if (out.pos == 0 && from.pos == stream_->read) in.fail("it ends too early");
    stream_->read = from.pos;
  }
}

std::string_view PayloadReader::next() {
  if (used_ == plain_.size() && left_ == 0) return {};
  constexpr std::size_t kSizeAt = 9;
  fill(kEventHeaderBytes);
  const std::uint32_t size = LittleReader(std::string_view(plain_).substr(used_ + kSizeAt, 4), kWhat).u32();
  if (size < kEventHeaderBytes || size > kLongestEvent)
    LittleReader(packed_, kWhat).fail("an impossible size of an event");
  fill(size);
  const std::string_view event = std::string_view(plain_).substr(used_, size);
  used_ += size;
  return event;
}

}  // namespace dbsync
