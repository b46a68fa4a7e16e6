// CopyBuffer: whole encoded rows on their way to COPY FROM STDIN, the unit that
// is handed from an encoder to a target.
//
// It grows as needed and never shrinks below its working size; a giant row's
// memory is given back by clear(). Bytes are written through raw pointers so
// that a value costs neither an allocation nor a bounds check per byte.
//
// Ownership: owns its bytes. Threads: one at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "format/row_text.h"

namespace dbsync {

enum class CopyFormat { binary, text };

class CopyBuffer {
 public:
  explicit CopyBuffer(std::size_t working_size);
  ~CopyBuffer();
  CopyBuffer(const CopyBuffer&) = delete;
  CopyBuffer& operator=(const CopyBuffer&) = delete;

  std::span<const char> bytes() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  std::size_t working_size() const { return working_size_; }
  // True when it should be sent before another row is added.
  bool full() const { return size_ >= working_size_; }

  // Rows in the buffer and the number (from 0) of the first one in its task.
  std::uint64_t rows = 0;
  std::uint64_t first_row = 0;
  // Set by a loader that must be able to tell the rows apart.
  std::optional<RowLog> log;

  // Empties it and moves first_row on.
  void clear();

  // Room for n bytes at the end; the caller writes at the returned pointer and
  // then calls advance() with what it used (<= n).
  char* reserve(std::size_t n) {
    if (capacity_ - size_ < n) grow(n);
    return data_ + size_;
  }
  void advance(std::size_t n) { size_ += n; }

  // Position for later patching or for dropping a row that turned out bad.
  std::size_t mark() const { return size_; }
  void truncate(std::size_t mark) { size_ = mark; }
  char* at(std::size_t mark) { return data_ + mark; }

  void put_byte(char c) {
    *reserve(1) = c;
    ++size_;
  }
  void put_bytes(std::string_view bytes) {
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  void grow(std::size_t n);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t working_size_;
};

// Big-endian stores (network order, as the COPY binary format wants).
inline void store_be16(char* p, std::uint16_t v) {
  v = __builtin_bswap16(v);
  std::memcpy(p, &v, sizeof v);
}
inline void store_be32(char* p, std::uint32_t v) {
  v = __builtin_bswap32(v);
  std::memcpy(p, &v, sizeof v);
}
inline void store_be64(char* p, std::uint64_t v) {
  v = __builtin_bswap64(v);
  std::memcpy(p, &v, sizeof v);
}
static_assert(std::endian::native == std::endian::little, "the stores above assume a little-endian machine");

}  // namespace dbsync
