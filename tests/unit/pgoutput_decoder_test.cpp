#include "pgsql2pgsql/follow/pgoutput_decoder.h"

#include <gtest/gtest.h>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "cdc/tuple.h"
#include "tests/unit/pgoutput_capture.h"

namespace dbsync {
namespace {

using test::captured;
using test::CapturedMessage;
using Kind = PgoutputMessage::Kind;
using OldRow = PgoutputMessage::OldRow;

PgoutputMessage decoded(const std::string& bytes) {
  PgoutputMessage message;
  decode_message(bytes, message);
  return message;
}

// NULL as "\N", unchanged as "\U".
std::string shown(std::string_view tuple) {
  std::vector<Value> values;
  read_tuple(tuple, values);
  std::string out;
  for (const Value& value : values) {
    if (!out.empty()) out += '|';
    if (value.kind == Value::Kind::null) out += "\\N";
    if (value.kind == Value::Kind::unchanged) out += "\\U";
    if (value.has_bytes()) out += value.bytes();
  }
  return out;
}

class CapturedPgoutput : public ::testing::TestWithParam<CapturedMessage> {};

TEST_P(CapturedPgoutput, CutAtEveryLengthThrows) {
  const std::string whole = test::from_hex(GetParam().hex);
  EXPECT_NO_THROW(decoded(whole));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(decoded(whole.substr(0, length)), DecodeError) << "cut at " << length;
}

TEST_P(CapturedPgoutput, BytesBehindTheEndThrow) {
  EXPECT_THROW(decoded(test::from_hex(GetParam().hex) + '\0'), DecodeError);
}

INSTANTIATE_TEST_SUITE_P(Pgoutput, CapturedPgoutput, ::testing::ValuesIn(test::kCapturedMessages),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(PgoutputDecoder, ReadsTheEndsOfATransaction) {
  const std::string begin_bytes = captured("begin");
  const PgoutputMessage begin = decoded(begin_bytes);
  EXPECT_EQ(begin.kind, Kind::begin);
  EXPECT_EQ(begin.lsn, 0x1929770U);
  EXPECT_EQ(begin.time, 0x30402EA6B025B);
  EXPECT_EQ(begin.xid, 732U);
  const std::string commit_bytes = captured("commit");
  const PgoutputMessage commit = decoded(commit_bytes);
  EXPECT_EQ(commit.kind, Kind::commit);
  EXPECT_EQ(commit.lsn, 0x1929770U);
  EXPECT_EQ(commit.end_lsn, 0x19297A0U);
  EXPECT_EQ(commit.time, begin.time);
}

TEST(PgoutputDecoder, ReadsARelation) {
  const std::string bytes = captured("relation");
  const PgoutputMessage message = decoded(bytes);
  EXPECT_EQ(message.kind, Kind::relation);
  const Relation& relation = message.relation;
  EXPECT_EQ(relation.id, 0x4007U);
  EXPECT_EQ(relation.name, (QualifiedName{"Odd schema", "Odd \"table"}));
  EXPECT_EQ(relation.identity, ReplicaIdentity::primary_key);
  ASSERT_EQ(relation.columns.size(), 4U);
  EXPECT_EQ(relation.columns[0], (RelationColumn{"id", true, 23, -1}));
  EXPECT_EQ(relation.columns[2], (RelationColumn{"feeling", false, 0x4003, -1}));
  const std::string full = captured("relation_full");
  const PgoutputMessage other = decoded(full);
  EXPECT_EQ(other.relation.identity, ReplicaIdentity::full);
  EXPECT_EQ(other.relation.columns[1], (RelationColumn{"b", true, 1700, 0x60006}));
}

TEST(PgoutputDecoder, ReadsAType) {
  const PgoutputMessage message = decoded(captured("type"));
  EXPECT_EQ(message.kind, Kind::type);
  EXPECT_EQ(message.id, 0x4003U);
  EXPECT_EQ(message.type_name, (QualifiedName{"public", "mood"}));
}

TEST(PgoutputDecoder, AnEmptySchemaIsPgCatalog) {
  std::string bytes = "Y";
  ByteWriter out(bytes);
  out.u32(1);
  out.c_string("");
  out.c_string("int4");
  EXPECT_EQ(decoded(bytes).type_name, (QualifiedName{"pg_catalog", "int4"}));
}

TEST(PgoutputDecoder, ReadsRowChanges) {
  const std::string insert = captured("insert_with_nulls");
  EXPECT_EQ(decoded(insert).kind, Kind::insert);
  EXPECT_EQ(decoded(insert).id, 0x4007U);
  EXPECT_EQ(shown(decoded(insert).new_tuple), "2|\\N|sad|\\N");

  const std::string update = captured("update");
  EXPECT_EQ(decoded(update).kind, Kind::update);
  EXPECT_EQ(decoded(update).old_row, OldRow::none);
  EXPECT_EQ(shown(decoded(update).new_tuple), "1|uno|glad|\\U");

  const std::string key = captured("update_of_the_key");
  EXPECT_EQ(decoded(key).old_row, OldRow::key);
  EXPECT_EQ(shown(decoded(key).old_tuple), "2|\\N|\\N|\\N");
  EXPECT_EQ(shown(decoded(key).new_tuple), "3|\\N|sad|\\N");

  const std::string full = captured("update_full");
  EXPECT_EQ(decoded(full).old_row, OldRow::full);
  EXPECT_EQ(shown(decoded(full).old_tuple), "1|1.50");
  EXPECT_EQ(shown(decoded(full).new_tuple), "1|2.00");

  const std::string remove = captured("delete_full");
  EXPECT_EQ(decoded(remove).kind, Kind::remove);
  EXPECT_EQ(decoded(remove).old_row, OldRow::full);
  EXPECT_EQ(shown(decoded(remove).old_tuple), "\\N|\\N");
}

TEST(PgoutputDecoder, ReadsBinaryValues) {
  const std::string bytes = captured("insert_binary");
  const PgoutputMessage message = decoded(bytes);
  std::vector<Value> values;
  read_tuple(message.new_tuple, values);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].kind, Value::Kind::binary);
  EXPECT_EQ(values[0].bytes(), std::string_view("\0\0\0\1", 4));
  EXPECT_EQ(values[1].size, 12U);
}

TEST(PgoutputDecoder, AMessageUsedAgainForgetsTheOldRow) {
  PgoutputMessage message;
  const std::string update = captured("update_full");
  decode_message(update, message);
  const std::string insert = captured("insert");
  decode_message(insert, message);
  EXPECT_EQ(message.old_row, OldRow::none);
  EXPECT_TRUE(message.old_tuple.empty());
}

TEST(PgoutputDecoder, ReadsATruncate) {
  const PgoutputMessage message = decoded(captured("truncate"));
  EXPECT_EQ(message.kind, Kind::truncate);
  EXPECT_TRUE(message.cascade);
  EXPECT_TRUE(message.restart_identity);
  EXPECT_EQ(message.ids, (std::vector<std::uint32_t>{0x4007, 0x400E}));
}

TEST(PgoutputDecoder, RefusesWhatIsNotInTheGrammar) {
  for (const char* hex : {"53000002dc01", "00", "49000040074b0000", "44000040074e0000", "55000040074f00004b0000",
                          "49000040074effff", "49000040074e000174ffffffff", "49000040074e000178", "54ffffffff00",
                          "4301000000000192977000000000019297a000030402ea6b025b", "520000400e700066007a0000"})
    EXPECT_THROW(decoded(test::from_hex(hex)), DecodeError) << hex;
}

std::string data_frame(std::string_view payload) {
  std::string bytes = "w";
  ByteWriter out(bytes);
  out.u64(0x10);
  out.u64(0x20);
  out.i64(0x30);
  out.bytes(payload);
  return bytes;
}

TEST(PgoutputDecoder, ReadsFrames) {
  const std::string bytes = data_frame("Bxyz");
  const PgoutputFrame frame = decode_frame(bytes);
  EXPECT_EQ(frame.kind, PgoutputFrame::Kind::data);
  EXPECT_EQ(frame.end, 0x20U);
  EXPECT_EQ(frame.payload, "Bxyz");

  std::string alive = "k";
  ByteWriter out(alive);
  out.u64(0x40);
  out.i64(0x50);
  out.u8(1);
  EXPECT_EQ(decode_frame(alive).kind, PgoutputFrame::Kind::keepalive);
  EXPECT_EQ(decode_frame(alive).end, 0x40U);
  EXPECT_TRUE(decode_frame(alive).reply_requested);
  for (std::size_t length = 0; length < alive.size(); ++length)
    EXPECT_THROW(decode_frame(alive.substr(0, length)), DecodeError) << length;
  for (std::size_t length = 0; length < data_frame("").size(); ++length)
    EXPECT_THROW(decode_frame(bytes.substr(0, length)), DecodeError) << length;
  EXPECT_THROW(decode_frame(alive + "x"), DecodeError);
  EXPECT_THROW(decode_frame("x"), DecodeError);
}

}  // namespace
}  // namespace dbsync
