// Rows of random types and values: a row that is well-formed for COPY, or an
// Error of ErrorKind::data and a buffer as it was. Never anything else.
//
// Input: for each of up to 4 columns 6 bytes (source kind, wire, target kind,
// policies, two for length or scale), then the values.
#include <array>
#include <memory>
#include <vector>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/utf8.h"
#include "format/numeric.h"
#include "mysql2pgsql/row/row_encoder.h"
#include "mysql2pgsql/schema/type_map.h"
#include "tests/fuzz/pg_text.h"

namespace {

using dbsync::ColumnPlan;
using dbsync::CopyBuffer;
using dbsync::CopyFormat;
using dbsync::MysqlKind;
using dbsync::PgKind;
using dbsync::SourceValue;
using dbsync::Wire;
using dbsync::fuzz::check;
using dbsync::fuzz::Input;

// What the client library hands over for each kind (mysql_cursor.cpp).
Wire wire_of(MysqlKind kind, std::size_t choice) {
  if (dbsync::is_integer_kind(kind)) return static_cast<Wire>(choice % 8);
  switch (kind) {
    case MysqlKind::year: return Wire::u16;
    case MysqlKind::float4: return Wire::f32;
    case MysqlKind::float8: return Wire::f64;
    case MysqlKind::date:
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time: return Wire::temporal;
    default: return Wire::bytes;
  }
}

ColumnPlan column_of(Input& input) {
  ColumnPlan plan;
  plan.name = "c";
  plan.source.kind = static_cast<MysqlKind>(input.below(static_cast<std::size_t>(MysqlKind::unsupported)));
  plan.source.text = "some type";
  plan.wire = wire_of(plan.source.kind, input.take<std::uint8_t>());
  // Half of the columns get the target that the type map gives.
  const auto target = input.below(2 * (static_cast<std::size_t>(PgKind::other) + 1));
  const unsigned policies = input.take<std::uint8_t>();
  plan.policies = {static_cast<dbsync::ZeroDatePolicy>(policies % 3),
                   static_cast<dbsync::NulBytePolicy>(policies / 3 % 3),
                   static_cast<dbsync::InvalidUtf8Policy>(policies / 9 % 2)};
  plan.source.length = 1 + static_cast<std::int64_t>(input.below(64));
  plan.source.precision = 20;
  plan.source.scale = static_cast<int>(input.below(20));
  plan.target.kind = static_cast<PgKind>(target % (static_cast<std::size_t>(PgKind::other) + 1));
  if (target > static_cast<std::size_t>(PgKind::other))
    plan.target = dbsync::map_type(plan.source, dbsync::postgresql_dialect(16)).value();
  return plan;
}

// Keeps values where the encoders look for them. Byte values get a block of
// their own size, so that a read past their end is seen.
struct Storage {
  std::array<char, sizeof(dbsync::Temporal)> fixed{};
  std::unique_ptr<char[]> bytes;
};

dbsync::Temporal temporal_of(Input& input) {
  dbsync::Temporal t;
  const bool wild = input.below(4) == 0;
  t.year = wild ? input.take<std::int32_t>() : input.take<std::uint16_t>() % 10000;
  for (std::uint32_t* part : {&t.month, &t.day, &t.hour, &t.minute, &t.second})
    *part = wild ? input.take<std::uint32_t>() : input.take<std::uint8_t>() % 61;
  t.microsecond = input.take<std::uint32_t>();
  if (!wild) t.microsecond %= 1000000;
  t.negative = input.below(2) == 1;
  return t;
}

SourceValue value_of(const ColumnPlan& plan, Input& input, Storage& storage) {
  if (input.below(8) == 0) return {nullptr, 0, true};
  if (plan.wire == Wire::temporal) {
    const dbsync::Temporal t = temporal_of(input);
    std::memcpy(storage.fixed.data(), &t, sizeof t);
    return {storage.fixed.data(), 0, false};
  }
  if (plan.wire != Wire::bytes) {
    const auto v = input.take<std::uint64_t>();
    std::memcpy(storage.fixed.data(), &v, sizeof v);
    return {storage.fixed.data(), 0, false};
  }
  const std::string_view bytes = input.bytes(input.below(48));
  storage.bytes = std::make_unique<char[]>(bytes.size());
  std::memcpy(storage.bytes.get(), bytes.data(), bytes.size());
  return {storage.bytes.get(), bytes.size(), false};
}

// Bytes that the target's receive function wants; 0 when they vary.
std::size_t fixed_size(PgKind kind) {
  switch (kind) {
    case PgKind::boolean: return 1;
    case PgKind::int2: return 2;
    case PgKind::int4:
    case PgKind::float4:
    case PgKind::date: return 4;
    case PgKind::int8:
    case PgKind::float8:
    case PgKind::timestamp:
    case PgKind::timestamptz:
    case PgKind::time: return 8;
    case PgKind::interval:
    case PgKind::uuid: return 16;
    default: return 0;
  }
}

bool is_text(PgKind kind) {
  return kind == PgKind::text || kind == PgKind::varchar || kind == PgKind::bpchar || kind == PgKind::json ||
         kind == PgKind::enumeration;
}

void check_bit(std::string_view field) {
  dbsync::ByteReader reader(field, "bit");
  const auto bits = static_cast<std::size_t>(reader.i32());
  const std::string_view bytes = reader.rest();
  check(bits >= 1 && bytes.size() == (bits + 7) / 8, "as many bytes as the bits need");
  const std::size_t unused = bytes.size() * 8 - bits;
  check((static_cast<unsigned char>(bytes.back()) & ((1U << unused) - 1)) == 0, "unused bits are zero");
}

// ArrayType of array_recv with one dimension or none.
void check_array(std::string_view field, std::uint32_t oid, std::size_t element) {
  dbsync::ByteReader reader(field, "array");
  const auto dimensions = reader.u32();
  check(dimensions <= 1 && reader.u32() == 0 && reader.u32() == oid, "the head of an array");
  if (dimensions == 0) return reader.expect_end();
  const auto count = reader.u32();
  check(count > 0 && reader.u32() == 1, "elements from 1 on");
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto length = static_cast<std::size_t>(reader.i32());
    check(element == 0 || length == element, "the length of an element");
    reader.bytes(length);
  }
  reader.expect_end();
}

void check_inet(std::string_view field) {
  const bool v4 = field.size() == 8 && field.starts_with(std::string_view("\2\x20\0\4", 4));
  const bool v6 = field.size() == 20 && field.starts_with(std::string_view("\3\x80\0\x10", 4));
  check(v4 || v6, "an internet address");
}

void check_field(const ColumnPlan& plan, std::string_view field) {
  const PgKind kind = plan.target.kind;
  if (const std::size_t size = fixed_size(kind); size != 0) check(field.size() == size, "a value of fixed size");
  if (kind == PgKind::numeric) check(!dbsync::decode_numeric(field).empty(), "a numeric");
  if (is_text(kind)) check(dbsync::valid_text_prefix(field) == field.size(), "text without NUL in UTF-8");
  if (kind == PgKind::jsonb) check(field.starts_with('\1'), "the version of jsonb");
  if (kind == PgKind::bit || kind == PgKind::varbit) check_bit(field);
  if (kind == PgKind::inet) check_inet(field);
  if (kind == PgKind::text_array) check_array(field, 25, 0);
  if (kind == PgKind::float4_array) check_array(field, 700, 4);
}

// Nothing for NULL, which a policy may have made.
std::vector<bool> read_binary(const std::vector<ColumnPlan>& plans, std::string_view row) {
  std::vector<bool> nulls;
  dbsync::ByteReader reader(row, "row");
  check(static_cast<std::size_t>(reader.i16()) == plans.size(), "the number of fields");
  for (const ColumnPlan& plan : plans) {
    const std::int32_t length = reader.i32();
    check(length >= -1, "a length");
    nulls.push_back(length == -1);
    if (length >= 0) check_field(plan, reader.bytes(static_cast<std::size_t>(length)));
  }
  reader.expect_end();
  return nulls;
}

std::vector<bool> read_text(const std::vector<ColumnPlan>& plans, std::string_view row) {
  const auto fields = dbsync::fuzz::split_copy_row(row);
  check(fields.size() == plans.size(), "the number of fields");
  std::vector<bool> nulls;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto text = dbsync::fuzz::read_copy_field(fields[i]);
    nulls.push_back(!text);
    if (!text) continue;
    check(dbsync::valid_text_prefix(*text) == text->size(), "text without NUL in UTF-8");
    if (plans[i].target.kind == PgKind::bytea && plans[i].wire == Wire::bytes &&
        plans[i].source.kind == MysqlKind::blob)
      dbsync::fuzz::read_bytea(*text);
  }
  return nulls;
}

void check_nulls(const std::vector<ColumnPlan>& plans, const std::vector<SourceValue>& row,
                 const std::vector<bool>& nulls) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].is_null) check(nulls[i], "NULL stays NULL");
    if (!row[i].is_null && nulls[i])
      check(plans[i].wire == Wire::temporal && plans[i].changed > 0, "only a bad date becomes NULL, and is counted");
  }
}

void encode(const std::vector<ColumnPlan>& plans, const std::vector<SourceValue>& row, CopyFormat format) {
  for (const ColumnPlan& plan : plans)
    if (format == CopyFormat::binary && dbsync::binary_encoder(plan.source, plan.wire, plan.target) == nullptr) return;
  dbsync::RowEncoder encoder(plans, format);
  CopyBuffer out(16);
  out.put_bytes("before");
  try {
    encoder.encode(row.data(), out);
  } catch (const dbsync::Error& error) {
    check(error.kind() == dbsync::ErrorKind::data, "an error about data");
    check(out.size() == 6 && out.rows == 0, "the buffer is as it was");
    return;
  }
  check(out.rows == 1, "the row is counted");
  std::string_view bytes(out.bytes().data(), out.size());
  check(bytes.starts_with("before"), "earlier rows are untouched");
  bytes.remove_prefix(6);
  const bool binary = format == CopyFormat::binary;
  check_nulls(encoder.columns(), row, binary ? read_binary(plans, bytes) : read_text(plans, bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  std::vector<ColumnPlan> plans(1 + input.below(4));
  for (ColumnPlan& plan : plans) plan = column_of(input);
  std::vector<Storage> storage(plans.size());
  std::vector<SourceValue> row;
  for (std::size_t i = 0; i < plans.size(); ++i) row.push_back(value_of(plans[i], input, storage[i]));
  encode(plans, row, CopyFormat::binary);
  encode(plans, row, CopyFormat::text);
  return 0;
}
