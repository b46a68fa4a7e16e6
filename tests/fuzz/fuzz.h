// What the fuzz targets share.
//
// A target is one file fuzz_<name>.cpp that defines LLVMFuzzerTestOneInput. It
// is built twice: with clang and libFuzzer (make fuzz), and with the project's
// compiler into the binary "replay" of make test (replay_main.cpp).
//
// A finding ends the process: check() prints what does not hold and aborts, an
// exception that the target does not expect ends in std::terminate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace dbsync::fuzz {

// The builtins give the caller's place; clang 14 has no std::source_location.
inline void check(bool holds, std::string_view what, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%d: does not hold: %.*s\n", file, line, static_cast<int>(what.size()), what.data());
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view{""} : std::string_view{reinterpret_cast<const char*>(data), size};
}

// Takes values off the front of an input; zeros when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(text_of(data, size)) {}

  bool empty() const { return rest_.empty(); }

  template <typename T>
  T take() {
    T value{};
    const std::size_t n = rest_.size() < sizeof value ? rest_.size() : sizeof value;
    std::memcpy(&value, rest_.data(), n);
    rest_.remove_prefix(n);
    return value;
  }

  // 0 … limit - 1.
  std::size_t below(std::size_t limit) { return take<std::uint8_t>() % limit; }

  std::string_view bytes(std::size_t n) {
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(out.size());
    return out;
  }

  // Up to a newline, which is consumed: keeps corpus files readable.
  std::string_view line() {
    const std::string_view out = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(out.size() < rest_.size() ? out.size() + 1 : out.size());
    return out;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace dbsync::fuzz
