#include "mysql2pgsql/binlog/json_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "format/datetime.h"
#include "mysql2pgsql/binlog/image_decimal.h"
#include "mysql2pgsql/binlog/json_value.h"
#include "mysql2pgsql/binlog/table_map.h"
#include "mysql2pgsql/row/source_value.h"

namespace dbsync {

namespace {

constexpr unsigned kDeepest = 101;   // the server's own limit is 100
constexpr std::size_t kGrowth = 16;  // no binary form is shorter than its text by more

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

std::uint64_t variable_length(LittleReader& in) {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const std::uint8_t byte = in.u8();
    length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return length;
  }
  in.fail("a length that is none");
}

// What lies `offset` bytes behind the container's start.
std::string_view behind(std::string_view whole, std::uint64_t offset) {
  LittleReader in(whole, "JSON value");
  in.bytes(offset);
  return in.rest();
}

// Small values stand in the entry itself.
bool is_inlined(JsonType type, std::size_t width) {
  return type == JsonType::literal || type == JsonType::i16 || type == JsonType::u16 ||
         (width == 4 && (type == JsonType::i32 || type == JsonType::u32));
}

}  // namespace

JsonValue json_document(std::string_view binary) {
  LittleReader in(binary, "JSON value");
  const auto type = static_cast<JsonType>(in.u8());
  return {type, in.rest()};
}

JsonMembers::JsonMembers(const JsonValue& container)
    : object_(container.is_object()),
      width_(container.type == JsonType::small_object || container.type == JsonType::small_array ? 2 : 4),
      keys_({}, "JSON value"),
      values_(container.bytes, "JSON value") {
  left_ = values_.le(width_);
  whole_ = LittleReader(container.bytes, "JSON value").bytes(values_.le(width_));
  keys_ = values_ = LittleReader(behind(whole_, 2 * width_), "JSON value");
  if (object_) values_.bytes(left_ * (width_ + 2));
}

bool JsonMembers::next(JsonMember& out) {
  if (left_ == 0) return false;
  --left_;
  if (object_) {
    const std::uint64_t offset = keys_.le(width_);
    out.key = LittleReader(behind(whole_, offset), "JSON value").bytes(keys_.u16());
  }
  out.value.type = static_cast<JsonType>(values_.u8());
  out.value.bytes = values_.bytes(width_);
  if (!is_inlined(out.value.type, width_))
    out.value.bytes = behind(whole_, LittleReader(out.value.bytes, "JSON value").le(width_));
  return true;
}

JsonPrinter::JsonPrinter(std::string& out, std::size_t binary_size)
    : out_(out), longest_(out.size() + kGrowth * binary_size + 64) {}

void JsonPrinter::quoted(std::string_view text) { put_quoted(text, out_); }

void JsonPrinter::value(const JsonValue& value, unsigned depth) {
  LittleReader in(value.bytes, "JSON value");
  if (depth > kDeepest) in.fail("JSON that is nested too deep");
  if (out_.size() > longest_) in.fail("JSON whose values lie over each other");
  switch (value.type) {
    case JsonType::small_object:
    case JsonType::large_object:
    case JsonType::small_array:
    case JsonType::large_array: return container(value, depth);
    case JsonType::literal: return literal(in, in.u8());
    case JsonType::i16: return plain(std::to_string(static_cast<std::int16_t>(in.u16())));
    case JsonType::u16: return plain(std::to_string(in.u16()));
    case JsonType::i32: return plain(std::to_string(static_cast<std::int32_t>(in.u32())));
    case JsonType::u32: return plain(std::to_string(in.u32()));
    case JsonType::i64: return plain(std::to_string(static_cast<std::int64_t>(in.u64())));
    case JsonType::u64: return plain(std::to_string(in.u64()));
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

void JsonPrinter::literal(const LittleReader& in, std::uint64_t value) {
  if (value > 2) in.fail("an unknown JSON literal");
  constexpr std::array<std::string_view, 3> kNames{"null", "true", "false"};
  out_ += kNames[value];
}

void JsonPrinter::container(const JsonValue& container, unsigned depth) {
  const bool object = container.is_object();
  out_ += object ? '{' : '[';
  bool first = true;
  JsonMembers members(container);
  for (JsonMember member; members.next(member);) {
    if (!std::exchange(first, false)) out_ += ", ";
    if (object) {
      put_quoted(member.key, out_);
      out_ += ": ";
    }
    value(member.value, depth + 1);
  }
  out_ += object ? '}' : ']';
}

void JsonPrinter::opaque(LittleReader in) {
  const auto type = static_cast<ImageType>(in.u8());
  const std::string_view bytes = in.bytes(variable_length(in));
  switch (type) {
    case ImageType::newdecimal: return decimal(bytes);
    case ImageType::date:
    case ImageType::time:
    case ImageType::datetime:
    case ImageType::timestamp: return temporal(static_cast<std::uint8_t>(type), bytes);
    default:
      out_ += fmt::format("\"base64:type{}:", static_cast<unsigned>(type));
      put_base64(bytes, out_);
      out_ += '"';
  }
}

void JsonPrinter::decimal(std::string_view bytes) {
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
void JsonPrinter::temporal(std::uint8_t column_type, std::string_view bytes) {
  const auto type = static_cast<ImageType>(column_type);
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
    text = fmt::format("{}{:02}:{:02}:{:02}.{:06}", negative ? "-" : "", hms >> 12 & 0x3FF, hms >> 6 & 0x3F, hms & 0x3F,
                       micros);
  } else {
    text = fmt::format("{:04}-{:02}-{:02}", (day >> 5) / 13, (day >> 5) % 13, day & 31);
    if (type != ImageType::date)
      text += fmt::format(" {:02}:{:02}:{:02}.{:06}", clock >> 12, clock >> 6 & 0x3F, clock & 0x3F, micros);
  }
  out_ += '"' + text + '"';
}

void json_text(std::string_view binary, std::string& out) {
  out.clear();
  if (binary.empty()) {  // what an ALTER TABLE made of a row without a value
    out = "null";
    return;
  }
  JsonPrinter(out, binary.size()).value(json_document(binary), 1);
}

}  // namespace dbsync
