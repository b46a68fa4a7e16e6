#include "mysql2pgsql/binlog/json_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "format/datetime.h"
#include "mysql2pgsql/binlog/image_decimal.h"
#include "mysql2pgsql/binlog/little_reader.h"
#include "mysql2pgsql/binlog/table_map.h"
#include "mysql2pgsql/row/source_value.h"

namespace dbsync {

namespace {

constexpr unsigned kDeepest = 101;   // the server's own limit is 100
constexpr std::size_t kGrowth = 16;  // no binary form is shorter than its text by more

enum class JsonType : std::uint8_t {
  small_object = 0,
  large_object = 1,
  small_array = 2,
  large_array = 3,
  literal = 4,
  i16 = 5,
  u16 = 6,
  i32 = 7,
  u32 = 8,
  i64 = 9,
  u64 = 10,
  number = 11,
  string = 12,
  opaque = 15,
};

void put_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        else
          out += c;
    }
  }
  out += '"';
}

// As my_gcvt() with room for MAX_DOUBLE_STR_LENGTH writes it: the shortest digits that
// read back the same, and an exponent only where the number is long without one.
void put_double(double value, std::string& out) {
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  if (text.starts_with('-')) {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  if (digits.size() > 1) digits.erase(1, 1);
  int exponent = 0;
  std::string_view power = text.substr(e + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  const int count = static_cast<int>(digits.size());
  const bool fixed = (exponent >= -15 && exponent <= 14) || (exponent == 15 && count > 16);
  if (!fixed) {
    out += digits[0];
    if (count > 1) out += "." + digits.substr(1);
    out += fmt::format("e{}", exponent);
    return;
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
    return;
  }
  const int whole = exponent + 1;
  if (count <= whole) {
    out += digits;
    out.append(static_cast<std::size_t>(whole - count), '0');
    out += ".0";  // a double stays one
  } else {
    out += digits.substr(0, static_cast<std::size_t>(whole)) + "." + digits.substr(static_cast<std::size_t>(whole));
  }
}

void put_base64(std::string_view bytes, std::string& out) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U; };
    const std::uint32_t group = at(0) << 16 | at(1) << 8 | at(2);
    for (unsigned k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kAlphabet[group >> (18 - 6 * k) & 0x3F];
  }
}

class JsonPrinter {
 public:
  JsonPrinter(std::string& out, std::size_t binary_size) : out_(out), longest_(kGrowth * binary_size + 64) {}

  void value(JsonType type, LittleReader in, unsigned depth) {
    if (depth > kDeepest) in.fail("JSON that is nested too deep");
    if (out_.size() > longest_) in.fail("JSON whose values lie over each other");
    switch (type) {
      case JsonType::small_object: return container(in, true, 2, depth);
      case JsonType::large_object: return container(in, true, 4, depth);
      case JsonType::small_array: return container(in, false, 2, depth);
      case JsonType::large_array: return container(in, false, 4, depth);
      case JsonType::literal: return literal(in, in.u8());
      case JsonType::i16: return integer(static_cast<std::int16_t>(in.u16()));
      case JsonType::u16: return integer(in.u16());
      case JsonType::i32: return integer(static_cast<std::int32_t>(in.u32()));
      case JsonType::u32: return integer(in.u32());
      case JsonType::i64: return integer(static_cast<std::int64_t>(in.u64()));
      case JsonType::u64: return integer(in.u64());
      case JsonType::number: {
        const double number = std::bit_cast<double>(in.u64());
        if (!std::isfinite(number)) in.fail("a JSON number that is none");
        return put_double(number, out_);
      }
      case JsonType::string: return put_quoted(in.bytes(variable_length(in)), out_);
      case JsonType::opaque: return opaque(in);
    }
    in.fail("an unknown type of a JSON value");
  }

 private:
  template <typename T>
  void integer(T value) {
    out_ += std::to_string(value);
  }

  void literal(const LittleReader& in, std::uint64_t value) {
    if (value > 2) in.fail("an unknown JSON literal");
    constexpr std::array<std::string_view, 3> kNames{"null", "true", "false"};
    out_ += kNames[value];
  }

  static std::uint64_t variable_length(LittleReader& in) {
    std::uint64_t length = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::uint8_t byte = in.u8();
      length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return length;
    }
    in.fail("a length that is none");
  }

  // A reader for what lies `offset` bytes behind the container's start.
  static LittleReader at(std::string_view whole, std::uint64_t offset) {
    LittleReader in(whole, "JSON value");
    in.bytes(offset);
    return in;
  }

  void container(LittleReader start, bool object, std::size_t width, unsigned depth) {
    LittleReader in = start;
    const LittleReader whole_of = start;
    const std::uint64_t count = in.le(width);
    const std::uint64_t size = in.le(width);
    LittleReader all = whole_of;
    const std::string_view whole = all.bytes(size);
    in = at(whole, 2 * width);
    LittleReader keys = in;
    if (object) in.bytes(count * (width + 2));
    out_ += object ? '{' : '[';
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ", ";
      if (object) {
        const std::uint64_t offset = keys.le(width);
        put_quoted(at(whole, offset).bytes(keys.u16()), out_);
        out_ += ": ";
      }
      const auto type = static_cast<JsonType>(in.u8());
      LittleReader entry(in.bytes(width), "JSON value");
      inlined_or_at(type, entry, whole, width, depth);
    }
    out_ += object ? '}' : ']';
  }

  // Small values stand in the entry itself.
  void inlined_or_at(JsonType type, LittleReader entry, std::string_view whole, std::size_t width, unsigned depth) {
    const bool inlined = type == JsonType::literal || type == JsonType::i16 || type == JsonType::u16 ||
                         (width == 4 && (type == JsonType::i32 || type == JsonType::u32));
    if (inlined) return value(type, entry, depth + 1);
    value(type, at(whole, entry.le(width)), depth + 1);
  }

  void opaque(LittleReader in) {
    const auto type = static_cast<ImageType>(in.u8());
    const std::string_view bytes = in.bytes(variable_length(in));
    switch (type) {
      case ImageType::newdecimal: return decimal(bytes);
      case ImageType::date:
      case ImageType::time:
      case ImageType::datetime:
      case ImageType::timestamp: return temporal(type, bytes);
      default:
        out_ += fmt::format("\"base64:type{}:", static_cast<unsigned>(type));
        put_base64(bytes, out_);
        out_ += '"';
    }
  }

  void decimal(std::string_view bytes) {
    LittleReader in(bytes, "JSON decimal");
    const unsigned precision = in.u8();
    const unsigned scale = in.u8();
    const std::size_t size = image_decimal_size(precision, scale);
    if (size == 0 || size != in.remaining()) in.fail("an impossible decimal");
    std::string text;
    if (!image_decimal_text(in.rest(), precision, scale, text)) in.fail("an impossible decimal");
    out_ += text;
  }

  // 8 bytes: year × 13 + month, day, hour, minute, second and µs as one number.
  void temporal(ImageType type, std::string_view bytes) {
    LittleReader in(bytes, "JSON date or time");
    const auto packed = static_cast<std::int64_t>(in.u64());
    in.expect_end();
    const bool negative = packed < 0;
    const auto v = negative ? 0 - static_cast<std::uint64_t>(packed) : static_cast<std::uint64_t>(packed);
    const auto micros = static_cast<unsigned>(v & 0xFFFFFF);
    const std::uint64_t clock = v >> 24 & 0x1FFFF;
    const std::uint64_t day = v >> 41;
    std::string text;
    if (type == ImageType::time) {
      const std::uint64_t hms = v >> 24;
      text = fmt::format("{}{:02}:{:02}:{:02}.{:06}", negative ? "-" : "", hms >> 12 & 0x3FF, hms >> 6 & 0x3F,
                         hms & 0x3F, micros);
    } else {
      text = fmt::format("{:04}-{:02}-{:02}", (day >> 5) / 13, (day >> 5) % 13, day & 31);
      if (type != ImageType::date)
        text += fmt::format(" {:02}:{:02}:{:02}.{:06}", clock >> 12, clock >> 6 & 0x3F, clock & 0x3F, micros);
    }
    out_ += '"' + text + '"';
  }

  std::string& out_;
  std::size_t longest_;
};

}  // namespace

void json_text(std::string_view binary, std::string& out) {
  out.clear();
  if (binary.empty()) {  // what an ALTER TABLE made of a row without a value
    out = "null";
    return;
  }
  LittleReader in(binary, "JSON value");
  const auto type = static_cast<JsonType>(in.u8());
  JsonPrinter(out, binary.size()).value(type, LittleReader(in.rest(), "JSON value"), 1);
}

}  // namespace dbsync
