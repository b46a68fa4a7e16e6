// What a server of PostgreSQL sends, put together: each message has a type, a length, and
// fields in network order.
//
// Threads: as any value. Errors: none.
// Source: PostgreSQL manual, "Message Data Types", "Message Formats".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dbsync {

class RelayMessages {
 public:
  void begin(char type) {
    bytes_ += type;
    start_ = bytes_.size();
    put_int32(0);
  }
  void end() {
    const auto size = static_cast<std::uint32_t>(bytes_.size() - start_);
    for (std::size_t i = 0; i < 4; ++i) bytes_[start_ + i] = static_cast<char>(size >> (24 - 8 * i));
  }
  void put_int16(int value) {
    bytes_ += static_cast<char>(static_cast<unsigned>(value) >> 8);
    bytes_ += static_cast<char>(value);
  }
  void put_int32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift);
  }
  void put_char(char value) { bytes_ += value; }
  void put_text(std::string_view text) { (bytes_ += text) += '\0'; }
  void put_bytes(const char* data, std::size_t size) { bytes_.append(data, size); }

  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
  std::size_t start_ = 0;
};

}  // namespace dbsync
