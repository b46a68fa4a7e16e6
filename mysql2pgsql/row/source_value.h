// One value of a source row as the client library hands it over, and how it is
// laid out. Encoders read these; they know nothing of the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dbsync {

// Layout of SourceValue::data: a native integer or floating-point number, a
// Temporal, or bytes.
enum class Wire : std::uint8_t { i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, temporal, bytes };

// DATE, DATETIME, TIMESTAMP and TIME. TIME uses hour up to 838 and negative.
struct Temporal {
  std::int32_t year = 0;
  std::uint32_t month = 0;
  std::uint32_t day = 0;
  std::uint32_t hour = 0;
  std::uint32_t minute = 0;
  std::uint32_t second = 0;
  std::uint32_t microsecond = 0;
  bool negative = false;
};

struct SourceValue {
  const char* data = nullptr;  // valid until the next row is fetched
  std::size_t length = 0;      // bytes only
  bool is_null = false;

  std::string_view bytes() const { return {data, length}; }
};

}  // namespace dbsync
