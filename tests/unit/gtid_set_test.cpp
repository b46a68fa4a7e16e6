// Sets of GTIDs, and which of them a position holds.
#include "mysql2pgsql/binlog/gtid_set.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "mysql2pgsql/binlog/applied_gtids.h"
#include "mysql2pgsql/binlog/gtid_tracker.h"

namespace dbsync::test {

namespace {

const std::string kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string kB = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string added(const std::string& set, std::initializer_list<std::string> gtids) {
  GtidSet out(set);
  for (const std::string& gtid : gtids) out.add(gtid);
  return out.text();
}

}  // namespace

TEST(GtidSet, ReadsWhatServersWrite) {
  EXPECT_EQ(GtidSet("").text(), "");
  EXPECT_EQ(GtidSet("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5:7,\n" + kB + ":3").text(), kA + ":1-5:7," + kB + ":3");
  EXPECT_EQ(GtidSet(kA + ":1-2:Nightly:1-3:5:other:1").text(), kA + ":1-2," + kA + ":nightly:1-3:5," + kA + ":other:1");
  EXPECT_EQ(GtidSet("5-2-3,0-1-24").text(), "0-1-24,5-2-3");
  EXPECT_TRUE(GtidSet("0-1-24").of_mariadb());
}

TEST(GtidSet, JoinsIntervals) {
  EXPECT_EQ(added("", {kA + ":1"}), kA + ":1");
  EXPECT_EQ(added(kA + ":1-5", {kA + ":6", kA + ":8", kA + ":7", kB + ":1"}), kA + ":1-8," + kB + ":1");
  EXPECT_EQ(added(kA + ":1-3:9-10", {kA + ":5", kA + ":2", kA + ":8", kA + ":4"}), kA + ":1-5:8-10");
  EXPECT_EQ(added(kA + ":1", {kA + ":tag:1", kA + ":tag:2"}), kA + ":1," + kA + ":tag:1-2");
  EXPECT_EQ(added("0-1-24,5-2-3", {"0-7-25", "9-1-1"}), "0-7-25,5-2-3,9-1-1");
}

TEST(GtidSet, ContainsTransactionsOfMysql) {
  const GtidSet set(kA + ":1-5:9:tag:2");
  for (const char* in : {":1", ":5", ":9", ":tag:2"}) EXPECT_TRUE(set.contains(kA + in)) << in;
  for (const char* out : {":6", ":10", ":tag:1", ":other:1"}) EXPECT_FALSE(set.contains(kA + out)) << out;
  EXPECT_FALSE(set.contains(kB + ":1"));
  EXPECT_FALSE(GtidSet("0-1-24").contains("0-1-24"));
}

TEST(GtidSet, RefusesWhatIsNone) {
  for (const char* text : {"x", "1-2", "0-1-x", "uuid:0", "uuid:5-4", "uuid:1-", ":",
                           "uuid:", "uuid:1-18446744073709551615", "4294967296-1-1", "0-4294967296-1"})
    EXPECT_THROW(GtidSet{text}, Error) << text;
  for (const char* gtid : {"uuid:0", "uuid:9223372036854775808", "uuid:", "0-1"})
    EXPECT_THROW(GtidSet().add(gtid), Error) << gtid;
}

TEST(AppliedGtids, OfMysqlAreThoseOfTheSet) {
  AppliedGtids applied(std::make_shared<const GtidSet>(kA + ":1-5"), {});
  EXPECT_TRUE(applied.pass(kA + ":5"));
  EXPECT_FALSE(applied.pass(kA + ":6"));
  EXPECT_FALSE(applied.pass(""));
  EXPECT_FALSE(AppliedGtids().pass(kA + ":5"));
}

// Numbers of a domain need not rise where several servers write it.
TEST(AppliedGtids, OfMariadbEndWithTheLastOneOfEachDomain) {
  AppliedGtids applied(std::make_shared<const GtidSet>("0-1-7,1-1-3,2-1-9"), {{0, {1, 7}}, {1, {1, 3}}});
  for (const char* in : {"0-1-6", "0-2-99", "1-1-3", "0-1-7"}) EXPECT_TRUE(applied.pass(in)) << in;
  for (const char* out : {"0-1-8", "0-2-6", "1-1-4", "2-1-10", "3-1-1", ""}) EXPECT_FALSE(applied.pass(out)) << out;
}

// All that it holds would be passed over, for ever.
TEST(AppliedGtids, DomainThatLacksItsLastOneIsRefused) {
  AppliedGtids applied(std::make_shared<const GtidSet>("0-1-7,1-1-3"), {{0, {1, 7}}});
  EXPECT_TRUE(applied.pass("0-1-6"));
  try {
    applied.pass("0-1-8");
    FAIL() << "it was passed over";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("0-1-8 where 0-1-7 should come"), std::string::npos) << error.message();
  }
}

TEST(GtidTracker, TellsWhatEndsAtAPosition) {
  GtidTracker tracker(GtidSet("0-1-5"));
  const auto at = [](const char* position) { return parse_position(position); };
  EXPECT_EQ(tracker.at(at("bin.000001:100")), "0-1-5");
  tracker.add(at("bin.000001:200"), "0-1-6");
  tracker.add(at("bin.000001:300"), "0-1-7");
  tracker.add(at("bin.000002:50"), "0-1-8");
  EXPECT_EQ(tracker.at(at("bin.000001:299")), "0-1-6");
  EXPECT_EQ(tracker.at(at("bin.000002:4")), "0-1-7");
  EXPECT_EQ(tracker.at(at("bin.000002:50")), "0-1-8");
}

// A group that is rolled back and applied one by one.
TEST(GtidTracker, TellsWhatEndsBeforeWhereItWasAsked) {
  GtidTracker tracker(GtidSet("a:1-5"));
  const auto at = [](const char* position) { return parse_position(position); };
  for (const auto& [position, gtid] : {std::pair("bin.000001:200", "a:6"), std::pair("bin.000001:300", "a:7"),
                                       std::pair("bin.000001:400", "a:8"), std::pair("bin.000001:500", "a:9")})
    tracker.add(at(position), gtid);
  EXPECT_EQ(tracker.at(at("bin.000001:300")), "a:1-7");
  tracker.settle(at("bin.000001:200"));
  EXPECT_EQ(tracker.at(at("bin.000001:500")), "a:1-9");
  EXPECT_EQ(tracker.at(at("bin.000001:200")), "a:1-6");
  EXPECT_EQ(tracker.at(at("bin.000001:300")), "a:1-7");
  tracker.settle(at("bin.000001:500"));
  EXPECT_EQ(tracker.at(at("bin.000001:300")), "a:1-7");
  EXPECT_EQ(tracker.at(at("bin.000001:500")), "a:1-9");
}

}  // namespace dbsync::test
