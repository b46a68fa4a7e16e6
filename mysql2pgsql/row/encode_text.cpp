// Encoders for COPY in text form: each writes what the target type's input
// function reads. Used where the dialect wants text, and for target types whose
// binary form is not made here.
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "format/copy_text.h"
#include "mysql2pgsql/row/encode_value.h"

namespace dbsync {

namespace {

using namespace copy_text;

template <typename T>
void encode_number(ColumnPlan&, const SourceValue& value, CopyBuffer& out) {
  constexpr std::size_t longest = 40;
  char* p = out.reserve(longest);
  // Shortest form that reads back as the same number, for floating point too.
  const auto result = std::to_chars(p, p + longest, load<T>(value));
  out.advance(static_cast<std::size_t>(result.ptr - p));
}

EncodeFn number_encoder(Wire wire) {
  switch (wire) {
    case Wire::i8: return encode_number<std::int8_t>;
    case Wire::u8: return encode_number<std::uint8_t>;
    case Wire::i16: return encode_number<std::int16_t>;
    case Wire::u16: return encode_number<std::uint16_t>;
    case Wire::i32: return encode_number<std::int32_t>;
    case Wire::u32: return encode_number<std::uint32_t>;
    case Wire::i64: return encode_number<std::int64_t>;
    case Wire::u64: return encode_number<std::uint64_t>;
    case Wire::f32: return encode_number<float>;
    case Wire::f64: return encode_number<double>;
    case Wire::temporal:
    case Wire::bytes: return nullptr;
  }
  return nullptr;
}

template <bool WithTime>
void encode_date(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto t = load<Temporal>(value);
  if (WithTime ? !check_datetime(plan, t) : !check_date(plan, t)) {
    out.put_bytes(plan.policies.zero_date == ZeroDatePolicy::minus_infinity ? "-infinity" : kNull);
    return;
  }
  char* p = out.reserve(40);
  const PgKind kind = plan.target.kind;
  const bool of_era = kind == PgKind::date || kind == PgKind::timestamp || kind == PgKind::timestamptz;
  const auto text_of_datetime = of_era ? format_pg_datetime : format_datetime;
  const auto text_of_date = of_era ? format_pg_date : format_date;
  char* end = WithTime ? text_of_datetime(p, datetime_of(t)) : text_of_date(p, t.year, t.month, t.day);
  out.advance(static_cast<std::size_t>(end - p));
}

void encode_time(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto t = load<Temporal>(value);
  check_time(plan, t);
  char* p = out.reserve(40);
  char* end = format_time(p, t.negative, t.hour, t.minute, t.second, t.microsecond);
  out.advance(static_cast<std::size_t>(end - p));
}

void encode_text(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  std::string scratch;
  put_escaped(out, checked_text(plan, value.bytes(), scratch));
}

void encode_bytea(ColumnPlan&, const SourceValue& value, CopyBuffer& out) { put_bytea(out, value.bytes()); }

// Hex digits read as uuid and, with PostGIS, as geometry.
void put_hex(std::string_view bytes, CopyBuffer& out) {
  const std::size_t mark = out.mark();
  put_bytea(out, bytes);
  // Without the \\x in front.
  const std::size_t digits = out.mark() - mark - 3;
  std::memmove(out.at(mark), out.at(mark) + 3, digits);
  out.truncate(mark + digits);
}

void encode_uuid_bytes(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  put_hex(uuid_bytes(plan, value), out);
}

template <bool Bytea>
void encode_geometry(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  CopyBuffer ewkb(value.length + 16);
  put_ewkb(plan, value.bytes(), ewkb);
  const std::string_view bytes(ewkb.bytes().data(), ewkb.size());
  if (Bytea)
    put_bytea(out, bytes);
  else
    put_hex(bytes, out);
}

void encode_bit_string(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const std::uint64_t v = bit_string_of(plan, value);
  const auto bits = static_cast<std::size_t>(plan.source.length);
  char* p = out.reserve(bits);
  for (std::size_t i = 0; i < bits; ++i) p[i] = (v >> (bits - 1 - i) & 1) != 0 ? '1' : '0';
  out.advance(bits);
}

void encode_bit_number(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  char* p = out.reserve(24);
  out.advance(static_cast<std::size_t>(std::to_chars(p, p + 24, bits_of(plan, value)).ptr - p));
}

void encode_text_array(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  std::string scratch;
  put_escaped(out, array_literal(checked_text(plan, value.bytes(), scratch)));
}

// An array as {1,2}; pgvector writes and reads [1,2], as the source does.
void encode_vector(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  vector_bytes(plan, value);
  const bool array = plan.target.kind == PgKind::float4_array;
  out.put_byte(array ? '{' : '[');
  for (std::size_t i = 0; i < value.length; i += 4) {
    if (i > 0) out.put_byte(',');
    encode_number<float>(plan, {value.data + i, 4, false}, out);
  }
  out.put_byte(array ? '}' : ']');
}

EncodeFn bytes_encoder(PgKind target) {
  if (target == PgKind::bytea) return encode_bytea;
  return target == PgKind::uuid ? encode_uuid_bytes : encode_text;
}

EncodeFn bit_encoder(PgKind target) {
  return target == PgKind::bit || target == PgKind::varbit ? encode_bit_string : encode_bit_number;
}

}  // namespace

EncodeFn text_encoder(const MysqlType& source, Wire wire, const PgType& target) {
  if (const EncodeFn number = number_encoder(wire)) return number;
  switch (source.kind) {
    case MysqlKind::date: return encode_date<false>;
    case MysqlKind::datetime:
    case MysqlKind::timestamp: return encode_date<true>;
    case MysqlKind::time: return encode_time;
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::blob: return bytes_encoder(target.kind);
    case MysqlKind::bit: return bit_encoder(target.kind);
    case MysqlKind::geometry: return target.kind == PgKind::bytea ? encode_geometry<true> : encode_geometry<false>;
    case MysqlKind::vector: return target.kind == PgKind::bytea ? encode_bytea : encode_vector;
    case MysqlKind::set: return target.kind == PgKind::text_array ? encode_text_array : encode_text;
    default: return target.kind == PgKind::bytea ? encode_bytea : encode_text;
  }
}

}  // namespace dbsync
