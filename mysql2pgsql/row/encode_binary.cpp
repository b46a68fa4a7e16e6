// Encoders for COPY BINARY: each writes what the target type's receive function
// reads (PostgreSQL source, src/backend/utils/adt: int2recv, numeric_recv,
// timestamp_recv, interval_recv, bit_recv, inet_recv, uuid_recv, array_recv).
#include <arpa/inet.h>

#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "format/copy_binary.h"
#include "format/numeric.h"
#include "mysql2pgsql/row/encode_value.h"
#include "schema/type_oid.h"

namespace dbsync {

namespace {

using namespace copy_binary;

// -infinity of date and timestamp.
constexpr std::int32_t kDateMinusInfinity = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kTimestampMinusInfinity = std::numeric_limits<std::int64_t>::min();

// ------------------------------------------------------------------ numbers

template <typename To, typename From>
To narrowed(const ColumnPlan& plan, From v) {
  if (!std::in_range<To>(v))
    bad_value(plan, fmt::format("{}", v), "is outside the range of the target type " + type_sql(plan.target));
  return static_cast<To>(v);
}

template <typename T, PgKind Kind>
void encode_integer(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const T v = load<T>(value);
  if constexpr (Kind == PgKind::int2) {
    put_int2(out, narrowed<std::int16_t>(plan, v));
  } else if constexpr (Kind == PgKind::int4) {
    put_int4(out, narrowed<std::int32_t>(plan, v));
  } else if constexpr (Kind == PgKind::int8) {
    put_int8(out, narrowed<std::int64_t>(plan, v));
  } else if constexpr (Kind == PgKind::boolean) {
    if (v != 0 && v != 1) bad_value(plan, fmt::format("{}", v), "is neither 0 nor 1, as the boolean target needs");
    put_int1(out, static_cast<std::uint8_t>(v));
  } else {
    const bool negative = std::cmp_less(v, 0);
    const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
    const std::size_t mark = begin_field(out);
    out.advance(encode_numeric(magnitude, negative, out.reserve(numeric_bound(20))));
    end_field(out, mark);
  }
}

template <typename T>
EncodeFn integer_encoder(PgKind kind) {
  switch (kind) {
    case PgKind::int2: return encode_integer<T, PgKind::int2>;
    case PgKind::int4: return encode_integer<T, PgKind::int4>;
    case PgKind::int8: return encode_integer<T, PgKind::int8>;
    case PgKind::boolean: return encode_integer<T, PgKind::boolean>;
    case PgKind::numeric: return encode_integer<T, PgKind::numeric>;
    default: return nullptr;
  }
}

EncodeFn integer_encoder(Wire wire, PgKind kind) {
  switch (wire) {
    case Wire::i8: return integer_encoder<std::int8_t>(kind);
    case Wire::u8: return integer_encoder<std::uint8_t>(kind);
    case Wire::i16: return integer_encoder<std::int16_t>(kind);
    case Wire::u16: return integer_encoder<std::uint16_t>(kind);
    case Wire::i32: return integer_encoder<std::int32_t>(kind);
    case Wire::u32: return integer_encoder<std::uint32_t>(kind);
    case Wire::i64: return integer_encoder<std::int64_t>(kind);
    case Wire::u64: return integer_encoder<std::uint64_t>(kind);
    default: return nullptr;
  }
}

void encode_float4(ColumnPlan&, const SourceValue& value, CopyBuffer& out) { put_float4(out, load<float>(value)); }
void encode_float8(ColumnPlan&, const SourceValue& value, CopyBuffer& out) { put_float8(out, load<double>(value)); }

void encode_decimal(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const std::size_t mark = begin_field(out);
  const std::size_t n = encode_numeric(value.bytes(), out.reserve(numeric_bound(value.length)));
  if (n == 0) bad_value(plan, value.bytes(), "is not a decimal number");
  out.advance(n);
  end_field(out, mark);
}

// ---------------------------------------------------------- dates and times

void encode_date(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto t = load<Temporal>(value);
  if (check_date(plan, t))
    put_int4(out, pg_date(t.year, t.month, t.day));
  else if (plan.policies.zero_date == ZeroDatePolicy::minus_infinity)
    put_int4(out, kDateMinusInfinity);
  else
    put_null(out);
}

void encode_timestamp(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto t = load<Temporal>(value);
  if (check_datetime(plan, t))
    put_int8(out, pg_timestamp(datetime_of(t)));
  else if (plan.policies.zero_date == ZeroDatePolicy::minus_infinity)
    put_int8(out, kTimestampMinusInfinity);
  else
    put_null(out);
}

void encode_interval(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto t = load<Temporal>(value);
  check_time(plan, t);
  const std::int64_t micros = pg_time(t.hour, t.minute, t.second, t.microsecond);
  char* p = out.reserve(20);
  store_be32(p, 16);
  store_be64(p + 4, static_cast<std::uint64_t>(t.negative ? -micros : micros));
  store_be64(p + 12, 0);  // days and months
  out.advance(20);
}

void encode_time(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto t = load<Temporal>(value);
  check_time(plan, t);
  const std::int64_t micros = pg_time(t.hour, t.minute, t.second, t.microsecond);
  if ((t.negative && micros != 0) || micros > kMicrosPerDay)
    bad_value(plan, fmt::format("{}{:02}:{:02}:{:02}", t.negative ? "-" : "", t.hour, t.minute, t.second),
              "is outside 00:00:00 to 24:00:00, all that the target type time holds",
              "an interval column holds every MySQL TIME");
  put_int8(out, micros);
}

// ---------------------------------------------------------- text and binary

void encode_bytes(ColumnPlan&, const SourceValue& value, CopyBuffer& out) { put_bytes(out, value.bytes()); }

void encode_text(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  std::string scratch;  // stays empty, and so unallocated, for clean values
  put_bytes(out, checked_text(plan, value.bytes(), scratch));
}

void encode_jsonb(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  std::string scratch;
  const std::string_view text = checked_text(plan, value.bytes(), scratch);
  const std::size_t mark = begin_field(out);
  out.put_byte(1);  // version of the binary form
  out.put_bytes(text);
  end_field(out, mark);
}

void encode_text_array(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  std::string scratch;
  const std::string_view set = checked_text(plan, value.bytes(), scratch);
  std::uint32_t count = 0;
  for_each_label(set, [&](std::string_view) { ++count; });
  const std::size_t mark = begin_field(out);
  const auto put_u32 = [&](std::uint32_t v) {
    store_be32(out.reserve(4), v);
    out.advance(4);
  };
  put_u32(count > 0 ? 1 : 0);  // dimensions
  put_u32(0);                  // no NULLs
  put_u32(oid::text);
  if (count > 0) {
    put_u32(count);
    put_u32(1);  // lower bound
  }
  for_each_label(set, [&](std::string_view label) { put_bytes(out, label); });
  end_field(out, mark);
}

void encode_float4_array(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const auto count = static_cast<std::uint32_t>(vector_bytes(plan, value).size() / 4);
  const std::array<std::uint32_t, 5> header{count > 0 ? 1U : 0U, 0, oid::float4, count, 1};
  const std::size_t mark = begin_field(out);
  for (std::size_t i = 0; i < (count > 0 ? 5U : 3U); ++i) {
    store_be32(out.reserve(4), header[i]);
    out.advance(4);
  }
  for (std::size_t i = 0; i < count; ++i) {
    float v = 0;
    std::memcpy(&v, value.data + 4 * i, 4);
    put_float4(out, v);
  }
  end_field(out, mark);
}

// ---------------------------------------------------------------- the others

// MySQL aligns the bits at the right of its bytes, PostgreSQL at the left.
void encode_bit(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const std::uint64_t right = bit_string_of(plan, value);
  const auto bits = static_cast<unsigned>(plan.source.length);
  const std::uint64_t v = right << (64 - bits);
  const unsigned bytes = (bits + 7) / 8;
  char* p = out.reserve(16);
  store_be32(p, 4 + bytes);
  store_be32(p + 4, bits);
  store_be64(p + 8, v);
  out.advance(8 + bytes);
}

void encode_bit_boolean(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const std::uint64_t v = bits_of(plan, value);
  if (v > 1) bad_value(plan, std::to_string(v), "is neither 0 nor 1, as the boolean target needs");
  put_int1(out, static_cast<std::uint8_t>(v));
}

void encode_bit_int8(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  put_int8(out, narrowed<std::int64_t>(plan, bits_of(plan, value)));
}

void encode_geometry(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const std::size_t mark = begin_field(out);
  put_ewkb(plan, value.bytes(), out);
  end_field(out, mark);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void encode_uuid_text(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  std::array<char, 16> uuid{};
  std::size_t digits = 0;
  for (const char c : value.bytes()) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0 || digits == 32) bad_value(plan, value.bytes(), "is not a UUID");
    uuid[digits / 2] = static_cast<char>(uuid[digits / 2] << 4 | digit);
    ++digits;
  }
  if (digits != 32) bad_value(plan, value.bytes(), "is not a UUID");
  put_bytes(out, {uuid.data(), uuid.size()});
}

void encode_uuid_bytes(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  put_bytes(out, uuid_bytes(plan, value));
}

// inet_recv: family (2 = IPv4, 3 = IPv6), prefix length, is_cidr, length, bytes.
void encode_inet(ColumnPlan& plan, const SourceValue& value, CopyBuffer& out) {
  const bool v4 = plan.source.kind == MysqlKind::inet4;
  const std::string text(value.bytes());
  std::array<char, 16> address{};
  if (inet_pton(v4 ? AF_INET : AF_INET6, text.c_str(), address.data()) != 1)
    bad_value(plan, value.bytes(), "is not an internet address");
  const std::size_t mark = begin_field(out);
  out.put_byte(v4 ? 2 : 3);
  out.put_byte(static_cast<char>(v4 ? 32 : 128));
  out.put_byte(0);
  out.put_byte(v4 ? 4 : 16);
  out.put_bytes({address.data(), v4 ? 4U : 16U});
  end_field(out, mark);
}

// ------------------------------------------------------------------- choice

EncodeFn temporal_encoder(MysqlKind source, PgKind target) {
  if (source == MysqlKind::time) {
    if (target == PgKind::interval) return encode_interval;
    return target == PgKind::time ? encode_time : nullptr;
  }
  if (target == PgKind::timestamp || target == PgKind::timestamptz) return encode_timestamp;
  return source == MysqlKind::date && target == PgKind::date ? encode_date : nullptr;
}

EncodeFn character_encoder(MysqlKind source, PgKind target) {
  switch (target) {
    case PgKind::text:
    case PgKind::varchar:
    case PgKind::bpchar:
    case PgKind::json:
    case PgKind::enumeration: return encode_text;
    case PgKind::jsonb: return encode_jsonb;
    case PgKind::bytea: return encode_bytes;
    case PgKind::text_array: return source == MysqlKind::set ? encode_text_array : nullptr;
    default: return nullptr;
  }
}

EncodeFn bytes_encoder(PgKind target) {
  switch (target) {
    case PgKind::bytea: return encode_bytes;
    case PgKind::text:
    case PgKind::varchar:
    case PgKind::bpchar:
    case PgKind::json: return encode_text;
    case PgKind::uuid: return encode_uuid_bytes;
    default: return nullptr;
  }
}

EncodeFn bit_encoder(PgKind target) {
  switch (target) {
    case PgKind::bit:
    case PgKind::varbit: return encode_bit;
    case PgKind::boolean: return encode_bit_boolean;
    case PgKind::int8: return encode_bit_int8;
    default: return nullptr;
  }
}

bool is_text_kind(PgKind kind) { return kind == PgKind::text || kind == PgKind::varchar || kind == PgKind::bpchar; }

}  // namespace

EncodeFn binary_encoder(const MysqlType& source, Wire wire, const PgType& target) {
  switch (source.kind) {
    case MysqlKind::tinyint:
    case MysqlKind::smallint:
    case MysqlKind::mediumint:
    case MysqlKind::integer:
    case MysqlKind::bigint:
    case MysqlKind::year: return integer_encoder(wire, target.kind);
    case MysqlKind::decimal: return target.kind == PgKind::numeric ? encode_decimal : nullptr;
    case MysqlKind::float4: return target.kind == PgKind::float4 ? encode_float4 : nullptr;
    case MysqlKind::float8: return target.kind == PgKind::float8 ? encode_float8 : nullptr;
    case MysqlKind::date:
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time: return temporal_encoder(source.kind, target.kind);
    case MysqlKind::character:
    case MysqlKind::varchar:
    case MysqlKind::text:
    case MysqlKind::enumeration:
    case MysqlKind::set:
    case MysqlKind::json: return character_encoder(source.kind, target.kind);
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::blob: return bytes_encoder(target.kind);
    case MysqlKind::bit: return bit_encoder(target.kind);
    case MysqlKind::geometry:
      return target.kind == PgKind::bytea || target.kind == PgKind::geometry ? encode_geometry : nullptr;
    case MysqlKind::uuid:
      if (is_text_kind(target.kind)) return encode_text;
      return target.kind == PgKind::uuid ? encode_uuid_text : nullptr;
    case MysqlKind::inet4:
    case MysqlKind::inet6:
      if (is_text_kind(target.kind)) return encode_text;
      return target.kind == PgKind::inet ? encode_inet : nullptr;
    case MysqlKind::vector:
      if (target.kind == PgKind::bytea) return bytes_encoder(target.kind);
      return target.kind == PgKind::float4_array ? encode_float4_array : nullptr;
    case MysqlKind::unsupported: return nullptr;
  }
  return nullptr;
}

}  // namespace dbsync
