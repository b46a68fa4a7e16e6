// Values within a document of MySQL's binary JSON (json_text.h has the form), for who looks
// into it.
//
// Pure; points into the bytes given. Errors: DecodeError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

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

struct JsonValue {
  JsonType type = JsonType::literal;
  std::string_view bytes;  // from its beginning on; there may be more behind it

  bool is_object() const { return type == JsonType::small_object || type == JsonType::large_object; }
  bool is_array() const { return type == JsonType::small_array || type == JsonType::large_array; }
};

// Of an object or, without keys, an array.
struct JsonMember {
  std::string_view key;
  JsonValue value;
};

// The value of a whole document.
JsonValue json_document(std::string_view binary);

// The members of an object or array, in their order.
class JsonMembers {
 public:
  explicit JsonMembers(const JsonValue& container);
  bool next(JsonMember& out);

 private:
  bool object_;
  std::size_t width_;  // of numbers
  std::uint64_t left_ = 0;
  std::string_view whole_;
  LittleReader keys_, values_;
};

// Writes values as the server prints them.
class JsonPrinter {
 public:
  // Appends to `out`. `binary_size`: of all that may be printed, which bounds it.
  JsonPrinter(std::string& out, std::size_t binary_size);

  void value(const JsonValue& value, unsigned depth);
  void quoted(std::string_view text);
  void plain(std::string_view text) { out_ += text; }

 private:
  void container(const JsonValue& value, unsigned depth);
  void literal(const LittleReader& in, std::uint64_t value);
  void opaque(LittleReader in);
  void decimal(std::string_view bytes);
  void temporal(std::uint8_t type, std::string_view bytes);

  std::string& out_;
  std::size_t longest_;
};

}  // namespace dbsync
