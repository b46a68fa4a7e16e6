// Relations and row images made by hand, for tests of the apply engine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_writer.h"
#include "cdc/apply_plan.h"
#include "cdc/relation.h"
#include "cdc/target_relation.h"

namespace dbsync::test {

constexpr std::uint32_t kInt4Oid = 23;
constexpr std::uint32_t kInt4ArrayOid = 1007;
constexpr std::uint32_t kTextOid = 25;
constexpr std::uint32_t kTextArrayOid = 1009;

// A value of a row image: text, NULL, or unchanged.
struct Field {
  enum class Kind { value, null, unchanged };
  Kind kind = Kind::null;
  std::string text = {};

  friend auto operator<=>(const Field&, const Field&) = default;
};

inline Field field(std::string text) { return {Field::Kind::value, std::move(text)}; }
inline Field field(int number) { return field(std::to_string(number)); }
inline Field unchanged() { return {Field::Kind::unchanged}; }

using Fields = std::vector<Field>;

// int4 or text.
inline RelationColumn column_of(const std::string& name, std::uint32_t type, bool key) {
  RelationColumn out;
  out.name = name;
  out.type_oid = type;
  out.key = key;
  return out;
}

inline TargetColumnInfo target_column_of(const std::string& name, std::uint32_t type) {
  TargetColumnInfo out;
  out.name = name;
  out.type_oid = type;
  out.array_oid = type == kInt4Oid ? kInt4ArrayOid : kTextArrayOid;
  out.type_sql = out.declared_sql = type == kInt4Oid ? "integer" : "text";
  return out;
}

// The bytes of a tuple; with `relation` in the types' binary form.
inline std::string tuple_of(const Fields& fields, const Relation* binary = nullptr) {
  std::string out;
  ByteWriter writer(out);
  writer.i16(static_cast<std::int16_t>(fields.size()));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& value = fields[i];
    if (value.kind != Field::Kind::value) {
      writer.u8(value.kind == Field::Kind::null ? 'n' : 'u');
      continue;
    }
    writer.u8(binary != nullptr ? 'b' : 't');
    if (binary != nullptr && binary->columns[i].type_oid == kInt4Oid) {
      writer.i32(4);
      writer.i32(std::stoi(value.text));
    } else {
      writer.i32(static_cast<std::int32_t>(value.text.size()));
      writer.bytes(value.text);
    }
  }
  return out;
}

// Views of `fields`, which must outlive them.
inline std::vector<Value> values_of(const Fields& fields) {
  std::vector<Value> out;
  for (const Field& value : fields) {
    Value& made = out.emplace_back();
    if (value.kind == Field::Kind::unchanged) made.kind = Value::Kind::unchanged;
    if (value.kind == Field::Kind::value)
      made = {value.text.data(), static_cast<std::uint32_t>(value.text.size()), Value::Kind::text};
  }
  return out;
}

inline Field field_of(const Value& value) {
  if (value.kind == Value::Kind::unchanged) return unchanged();
  return value.has_bytes() ? field(std::string(value.bytes())) : Field{};
}

}  // namespace dbsync::test
