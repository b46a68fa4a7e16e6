#include "mysql2pgsql/row/row_encoder.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "copy/reject_log.h"
#include "format/numeric.h"

namespace dbsync {
namespace {

using std::string_literals::operator""s;

std::string_view bytes_of(const CopyBuffer& buffer) { return {buffer.bytes().data(), buffer.size()}; }

template <typename T>
SourceValue native(const T& v) {
  return {reinterpret_cast<const char*>(&v), sizeof v, false};
}
SourceValue text(std::string_view v) { return {v.data(), v.size(), false}; }

ColumnPlan column(const MysqlType& source, Wire wire, PgKind target) {
  ColumnPlan plan;
  plan.name = "c";
  plan.source = source;
  plan.wire = wire;
  plan.target = {target};
  return plan;
}

MysqlType type(std::string_view data_type, std::string_view column_type) {
  return parse_mysql_type(data_type, column_type);
}

// The field of a one-column row, without the row's field count.
std::string binary(ColumnPlan plan, const SourceValue& value) {
  RowEncoder encoder({std::move(plan)}, CopyFormat::binary);
  CopyBuffer out(1024);
  encoder.encode(&value, out);
  return std::string(bytes_of(out).substr(2));
}

std::string text_form(ColumnPlan plan, const SourceValue& value) {
  RowEncoder encoder({std::move(plan)}, CopyFormat::text);
  CopyBuffer out(1024);
  encoder.encode(&value, out);
  std::string row(bytes_of(out));
  EXPECT_EQ(row.back(), '\n');
  row.pop_back();
  return row;
}

TEST(RowEncoder, WritesFieldCountNullsAndValues) {
  RowEncoder encoder({column(type("int", "int(11)"), Wire::i32, PgKind::int4),
                      column(type("varchar", "varchar(5)"), Wire::bytes, PgKind::varchar)},
                     CopyFormat::binary);
  CopyBuffer out(1024);
  const std::int32_t v = -2;
  const SourceValue row[] = {native(v), {nullptr, 0, true}};
  encoder.encode(row, out);
  EXPECT_EQ(bytes_of(out), "\0\2\0\0\0\4\xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF"s);
  EXPECT_EQ(out.rows, 1U);
}

TEST(RowEncoder, TextRowsAreTabSeparated) {
  RowEncoder encoder({column(type("int", "int(11)"), Wire::i32, PgKind::int4),
                      column(type("varchar", "varchar(5)"), Wire::bytes, PgKind::varchar),
                      column(type("varchar", "varchar(5)"), Wire::bytes, PgKind::varchar)},
                     CopyFormat::text);
  CopyBuffer out(1024);
  const std::int32_t v = -2;
  const SourceValue row[] = {native(v), {nullptr, 0, true}, text("C:\\dir\ta\nb")};
  encoder.encode(row, out);
  EXPECT_EQ(bytes_of(out), "-2\t\\N\tC:\\\\dir\\ta\\nb\n");
}

TEST(Integers, AreWidenedAndRangeChecked) {
  const std::uint32_t big = 4294967295U;
  EXPECT_EQ(binary(column(type("int", "int(10) unsigned"), Wire::u32, PgKind::int8), native(big)),
            "\0\0\0\x08\0\0\0\0\xFF\xFF\xFF\xFF"s);
  EXPECT_THROW(binary(column(type("int", "int(10) unsigned"), Wire::u32, PgKind::int4), native(big)), Error);
  const std::int8_t minus = -128;
  EXPECT_EQ(binary(column(type("tinyint", "tinyint(4)"), Wire::i8, PgKind::int2), native(minus)), "\0\0\0\2\xFF\x80"s);
  EXPECT_EQ(text_form(column(type("tinyint", "tinyint(4)"), Wire::i8, PgKind::int2), native(minus)), "-128");
}

TEST(Integers, UnsignedBigintBecomesNumeric) {
  const std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  const auto field = binary(column(type("bigint", "bigint(20) unsigned"), Wire::u64, PgKind::numeric), native(max));
  EXPECT_EQ(decode_numeric(field.substr(4)), "18446744073709551615");
  const std::int64_t min = std::numeric_limits<std::int64_t>::min();
  const auto negative = binary(column(type("bigint", "bigint(20)"), Wire::i64, PgKind::numeric), native(min));
  EXPECT_EQ(decode_numeric(negative.substr(4)), "-9223372036854775808");
}

TEST(Integers, BooleanTakesOnlyZeroAndOne) {
  const std::int8_t one = 1;
  const std::int8_t two = 2;
  const auto plan = column(type("tinyint", "tinyint(1)"), Wire::i8, PgKind::boolean);
  EXPECT_EQ(binary(plan, native(one)), "\0\0\0\1\1"s);
  EXPECT_THROW(binary(plan, native(two)), Error);
}

TEST(Floats, KeepEveryDigit) {
  const float f = 16777217.0F / 3;
  EXPECT_EQ(std::stof(text_form(column(type("float", "float"), Wire::f32, PgKind::float4), native(f))), f);
  const double d = 5e-324;
  EXPECT_EQ(binary(column(type("double", "double"), Wire::f64, PgKind::float8), native(d)),
            "\0\0\0\x08\0\0\0\0\0\0\0\1"s);
  const double zero = -0.0;
  EXPECT_EQ(text_form(column(type("double", "double"), Wire::f64, PgKind::float8), native(zero)), "-0");
}

TEST(Dates, ZeroDatesFollowThePolicyAndAreCounted) {
  Temporal zero;
  auto plan = column(type("date", "date"), Wire::temporal, PgKind::date);
  EXPECT_EQ(binary(plan, native(zero)), "\xFF\xFF\xFF\xFF"s);
  EXPECT_EQ(text_form(plan, native(zero)), "\\N");
  plan.policies.zero_date = ZeroDatePolicy::minus_infinity;
  EXPECT_EQ(binary(plan, native(zero)), "\0\0\0\4\x80\0\0\0"s);
  EXPECT_EQ(text_form(plan, native(zero)), "-infinity");
  plan.policies.zero_date = ZeroDatePolicy::error;
  EXPECT_THROW(binary(plan, native(zero)), Error);

  RowEncoder encoder({column(type("datetime", "datetime"), Wire::temporal, PgKind::timestamp)}, CopyFormat::binary);
  CopyBuffer out(1024);
  const Temporal impossible{2020, 2, 30, 1, 2, 3, 0, false};
  const Temporal fine{2020, 2, 29, 1, 2, 3, 0, false};
  for (const Temporal& t : {zero, fine, impossible}) {
    const SourceValue value = native(t);
    encoder.encode(&value, out);
  }
  EXPECT_EQ(encoder.columns()[0].changed, 2U);
  EXPECT_EQ(out.rows, 3U);
}

TEST(Times, BecomeIntervalsWithTheirSign) {
  const Temporal half{0, 0, 0, 0, 0, 0, 500000, true};
  const auto plan = column(type("time", "time(6)"), Wire::temporal, PgKind::interval);
  EXPECT_EQ(binary(plan, native(half)), "\0\0\0\x10\xFF\xFF\xFF\xFF\xFF\xF8\x5E\xE0\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(text_form(plan, native(half)), "-00:00:00.500000");
  const Temporal long_time{0, 0, 0, 838, 59, 59, 0, false};
  EXPECT_THROW(binary(column(type("time", "time"), Wire::temporal, PgKind::time), native(long_time)), Error);
}

// No server sends such fields; a malformed row must not become another time.
TEST(Times, OutsideOfTheClockAreRefusedInBothFormats) {
  const auto datetime = column(type("datetime", "datetime(6)"), Wire::temporal, PgKind::timestamp);
  for (const auto& [hour, minute, second, micros] : std::vector<std::array<std::uint32_t, 4>>{
           {24, 0, 0, 0}, {0, 60, 0, 0}, {0, 0, 60, 0}, {0, 0, 0, 1000000}, {4294967295U, 0, 0, 0}}) {
    Temporal t;
    t.year = 2020;
    t.month = 1;
    t.day = 1;
    t.hour = hour;
    t.minute = minute;
    t.second = second;
    t.microsecond = micros;
    EXPECT_THROW(binary(datetime, native(t)), Error) << hour;
    EXPECT_THROW(text_form(datetime, native(t)), Error) << hour;
  }
}

TEST(Text, NulAndInvalidUtf8FollowThePolicies) {
  const std::string nul = "a\0b"s;
  const std::string invalid =
      "a\xFF"
      "b";
  auto plan = column(type("varchar", "varchar(20)"), Wire::bytes, PgKind::varchar);
  EXPECT_THROW(binary(plan, text(nul)), Error);
  EXPECT_THROW(binary(plan, text(invalid)), Error);
  plan.policies.nul_byte = NulBytePolicy::strip;
  EXPECT_EQ(binary(plan, text(nul)), "\0\0\0\2ab"s);
  plan.policies.nul_byte = NulBytePolicy::replace;
  EXPECT_EQ(binary(plan, text(nul)),
            "\0\0\0\5a\xEF\xBF\xBD"
            "b"s);
  EXPECT_THROW(binary(plan, text(invalid)), Error);
  plan.policies.invalid_utf8 = InvalidUtf8Policy::replace;
  EXPECT_EQ(text_form(plan, text(invalid)),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Text, ABadRowLeavesTheBufferAsItWas) {
  RowEncoder encoder({column(type("int", "int"), Wire::i32, PgKind::int4),
                      column(type("varchar", "varchar(20)"), Wire::bytes, PgKind::varchar)},
                     CopyFormat::binary);
  CopyBuffer out(1024);
  const std::int32_t v = 1;
  const std::string nul = "a\0b"s;
  const SourceValue bad[] = {native(v), text(nul)};
  const SourceValue good[] = {native(v), text("ab")};
  encoder.encode(good, out);
  const std::string before(bytes_of(out));
  try {
    encoder.encode(bad, out);
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find("column c (varchar(20))"), std::string::npos) << error.what();
    EXPECT_NE(error.hint(), "");
  }
  EXPECT_EQ(bytes_of(out), before);
  EXPECT_EQ(out.rows, 1U);
}

struct LargeRow {
  const char* what;
  CopyFormat format;
  PgKind target;
  std::string value;
};

// With a limit of 100 bytes instead of the 1 GiB of PostgreSQL.
class RowLimit : public testing::TestWithParam<LargeRow> {};

TEST_P(RowLimit, ALargerRowIsABadRowAndTheBufferStays) {
  const LargeRow& large = GetParam();
  const bool bytes = large.target == PgKind::bytea;
  const auto source = bytes ? type("longblob", "longblob") : type("longtext", "longtext");
  RowEncoder encoder({column(source, Wire::bytes, large.target), column(source, Wire::bytes, large.target)},
                     large.format, 100);
  CopyBuffer out(1024);
  const SourceValue fits[] = {text("a"), text(std::string_view(large.value).substr(0, 10))};
  encoder.encode(fits, out);
  const std::string before(bytes_of(out));
  const SourceValue row[] = {text(large.value), text(large.value)};
  try {
    encoder.encode(row, out);
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(error.message().find("more than PostgreSQL can take in one row"), std::string::npos) << error.what();
    EXPECT_NE(error.hint(), "");
  }
  EXPECT_EQ(bytes_of(out), before);
  EXPECT_EQ(out.rows, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Values, RowLimit,
    testing::Values(LargeRow{"sum_binary", CopyFormat::binary, PgKind::text, std::string(51, 'x')},
                    LargeRow{"sum_text", CopyFormat::text, PgKind::text, std::string(51, 'x')},
                    LargeRow{"one_value", CopyFormat::binary, PgKind::bytea, std::string(500, 'x')},
                    LargeRow{"bytea_counts_double", CopyFormat::text, PgKind::bytea, std::string(26, 'x')},
                    LargeRow{"escapes_count_double", CopyFormat::text, PgKind::text, std::string(26, '\n')}),
    [](const auto& large) { return std::string(large.param.what); });

// A row as large as the limit allows is sent: 2 for the number of fields, 4 for
// each length.
TEST(RowLimitOfBinary, TheLargestRowFits) {
  const auto plan = column(type("longtext", "longtext"), Wire::bytes, PgKind::text);
  RowEncoder encoder({plan}, CopyFormat::binary, 100);
  CopyBuffer out(1024);
  const std::string largest(94, 'x');
  const SourceValue value = text(largest);
  encoder.encode(&value, out);
  EXPECT_EQ(out.size(), 100U);
  const std::string larger(95, 'x');
  const SourceValue too_large = text(larger);
  EXPECT_THROW(encoder.encode(&too_large, out), Error);
}

// With a budget such a row goes into the file, and never as a whole: no more than
// 1 MiB of each value.
TEST(RowLimitOfBinary, ALargerRowIsSetAsideCut) {
  const auto directory = std::filesystem::temp_directory_path() / ("dbsync-large-row-" + std::to_string(getpid()));
  std::filesystem::remove_all(directory);
  const auto letters = column(type("longtext", "longtext"), Wire::bytes, PgKind::text);
  const auto bytes = column(type("longblob", "longblob"), Wire::bytes, PgKind::bytea);
  RowEncoder encoder({letters, bytes}, CopyFormat::binary, 100);
  const std::string large = std::string((3 << 20) - 1, 'x') + "é";
  const SourceValue row[] = {text(large), text(large)};
  RejectBudget budget(1, directory.string());
  TaskRejects rejects(budget, {"public", "t"}, "t", {});
  CopyBuffer out(1024);
  try {
    encoder.encode(row, out);
    FAIL() << "no exception";
  } catch (const Error& error) {
    const RowText values = encoder.row_text(row);
    EXPECT_LE(values[0].second->text.size() + values[1].second->text.size(), 4 * kKeptBytes);
    rejects.add(7, values, error);
  }
  rejects.keep();
  std::ifstream file(directory / "public.t.jsonl");
  const auto line = nlohmann::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  std::filesystem::remove_all(directory);
  EXPECT_EQ(line.at("row"), 7);
  EXPECT_NE(line.at("reason").get<std::string>().find("more than PostgreSQL can take in one row"), std::string::npos);
  EXPECT_EQ(line.at("values").at("c").at("bytes"), 2 + 2 * large.size());  // the last of the two columns c
}

TEST(RowText, IsCutBetweenCharactersAndKeepsItsLength) {
  const auto letters = column(type("longtext", "longtext"), Wire::bytes, PgKind::text);
  RowEncoder encoder({letters}, CopyFormat::binary);
  const std::string large = std::string(kKeptBytes - 1, 'x') + "é and more";
  const SourceValue value = text(large);
  const RowText cut = encoder.row_text(&value);
  EXPECT_EQ(cut[0].second->text.size(), kKeptBytes - 1);
  EXPECT_EQ(cut[0].second->bytes, large.size());
  const SourceValue small = text("\xFF");
  EXPECT_EQ(encoder.row_text(&small)[0].second, ValueText("\xFF"));
}

TEST(RowLimitOfPostgres, LeavesTheServerRoomBelowOneGigabyte) {
  EXPECT_LT(kMaxRowBytes, std::size_t{1} << 30);
  EXPECT_GT(kMaxRowBytes, std::size_t{1000} << 20);
}

TEST(Bytes, BinaryIsWhole) {
  const std::string blob = "\0\1\xFF\\\t"s;
  const auto plan = column(type("blob", "blob"), Wire::bytes, PgKind::bytea);
  EXPECT_EQ(binary(plan, text(blob)), "\0\0\0\5"s + blob);
  EXPECT_EQ(text_form(plan, text(blob)), "\\\\x0001ff5c09");
}

TEST(Bits, MoveFromTheRightToTheLeft) {
  const std::string bits = "\x01\x05"s;  // 1 0000 0101
  const auto plan = column(type("bit", "bit(9)"), Wire::bytes, PgKind::bit);
  EXPECT_EQ(binary(plan, text(bits)), "\0\0\0\6\0\0\0\x09\x82\x80"s);
  EXPECT_EQ(text_form(plan, text(bits)), "100000101");
}

// More bits than the type has: only a malformed row can hold them.
TEST(Bits, OutsideOfTheTypeAreRefusedInBothFormats) {
  const std::string nine = "\x01\x05"s;
  for (const int length : {0, 65, 8}) {
    auto plan = column(type("bit", "bit(9)"), Wire::bytes, PgKind::bit);
    plan.source.length = length;
    EXPECT_THROW(binary(plan, text(nine)), Error) << length;
    EXPECT_THROW(text_form(plan, text(nine)), Error) << length;
  }
}

TEST(Sets, BecomeTextOrArrays) {
  const auto set = type("set", "set('a','b c')");
  EXPECT_EQ(text_form(column(set, Wire::bytes, PgKind::text_array), text("a,b c")), "{\"a\",\"b c\"}");
  EXPECT_EQ(text_form(column(set, Wire::bytes, PgKind::text_array), text("")), "{}");
  EXPECT_EQ(binary(column(set, Wire::bytes, PgKind::text_array), text("")), "\0\0\0\x0C\0\0\0\0\0\0\0\0\0\0\0\x19"s);
  EXPECT_EQ(binary(column(set, Wire::bytes, PgKind::text), text("a,b c")), "\0\0\0\5a,b c"s);
}

TEST(Geometries, KeepTheirSrid) {
  const std::string wkb = "\1\1\0\0\0" + std::string(16, 'x');
  const std::string srid0 = "\0\0\0\0"s + "\1\1\0\0\0"s + std::string(16, 'x');
  const std::string srid4326 = "\xE6\x10\0\0"s + "\1\1\0\0\0"s + std::string(16, 'x');
  const auto plan = column(type("point", "point"), Wire::bytes, PgKind::bytea);
  EXPECT_EQ(binary(plan, text(srid0)), "\0\0\0\x15\1\1\0\0\0"s + std::string(16, 'x'));
  EXPECT_EQ(binary(plan, text(srid4326)), "\0\0\0\x19\1\1\0\0\x20\xE6\x10\0\0"s + std::string(16, 'x'));
  EXPECT_THROW(binary(plan, text("\0\0\0"s)), Error);
}

TEST(Addresses, BecomeUuidAndInet) {
  EXPECT_EQ(
      binary(column(type("uuid", "uuid"), Wire::bytes, PgKind::uuid), text("00112233-4455-6677-8899-aabbccddeeff")),
      "\0\0\0\x10\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"s);
  EXPECT_THROW(binary(column(type("uuid", "uuid"), Wire::bytes, PgKind::uuid), text("00112233")), Error);
  EXPECT_EQ(binary(column(type("inet4", "inet4"), Wire::bytes, PgKind::inet), text("10.0.0.1")),
            "\0\0\0\x08\2\x20\0\4\x0A\0\0\1"s);
}

TEST(Vectors, BecomeArrays) {
  const float v[] = {1.5F, -2.0F};
  const auto plan = column(type("vector", "vector(2)"), Wire::bytes, PgKind::float4_array);
  EXPECT_EQ(text_form(plan, text({reinterpret_cast<const char*>(v), sizeof v})), "{1.5,-2}");
  EXPECT_THROW(binary(plan, text("abc")), Error);
}

struct Pair {
  const char* data_type;
  const char* column_type;
  PgType target;
  bool safe;
};

class UnsafePair : public testing::TestWithParam<Pair> {};

TEST_P(UnsafePair, IsNamedBeforeARowIsSent) {
  const Pair& p = GetParam();
  EXPECT_EQ(!unsafe_pair(type(p.data_type, p.column_type), p.target).has_value(), p.safe) << p.column_type;
}

INSTANTIATE_TEST_SUITE_P(Types, UnsafePair,
                         testing::Values(Pair{"decimal", "decimal(10,2)", {PgKind::numeric, 10, 2}, true},
                                         Pair{"decimal", "decimal(10,2)", {PgKind::numeric, 10, 1}, false},
                                         Pair{"decimal", "decimal(10,2)", {PgKind::numeric}, true},
                                         Pair{"decimal", "decimal(10,2)", {PgKind::float8}, false},
                                         Pair{"datetime", "datetime", {PgKind::date}, false},
                                         Pair{"datetime", "datetime(6)", {PgKind::timestamp, 0}, false},
                                         Pair{"datetime", "datetime(3)", {PgKind::timestamp}, true},
                                         Pair{"time", "time(6)", {PgKind::interval, 3}, false},
                                         Pair{"double", "double", {PgKind::float4}, false},
                                         Pair{"int", "int(11)", {PgKind::int8}, true},
                                         Pair{"bigint", "bigint", {PgKind::float8}, false}));

}  // namespace
}  // namespace dbsync
