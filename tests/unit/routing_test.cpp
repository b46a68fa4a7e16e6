#include "pg/routing.h"

#include <gtest/gtest.h>

namespace dbsync {
namespace {

using Names = std::vector<std::string>;

Names ordered(const Names& columns, const Names& routing) {
  Names out;
  for (const std::size_t place : routing_first(columns, routing)) out.push_back(columns[place]);
  return out;
}

TEST(Routing, ItsColumnsComeFirstAndTheOthersStayAsTheyAre) {
  EXPECT_EQ(ordered({"a", "b", "c", "d"}, {"d", "b"}), (Names{"b", "d", "a", "c"}));
  EXPECT_EQ(ordered({"a", "b"}, {}), (Names{"a", "b"}));
  EXPECT_EQ(ordered({"a", "b"}, {"left out"}), (Names{"a", "b"}));
  EXPECT_EQ(ordered({}, {"a"}), Names{});
}

TEST(Routing, TextIsCheaperWhereFewColumnsAreTakenApart) {
  Names wide;
  for (char c = 'a'; c < 'q'; ++c) wide.emplace_back(1, c);  // 16
  EXPECT_TRUE(text_is_cheaper(wide, {})) << "nothing is looked at";
  EXPECT_TRUE(text_is_cheaper(wide, {"a"}));
  EXPECT_TRUE(text_is_cheaper(wide, {"a", "b", "e"})) << "4 of 15 behind the first";
  EXPECT_FALSE(text_is_cheaper(wide, {"f"}));
  EXPECT_FALSE(text_is_cheaper(wide, {"p"}));
  EXPECT_TRUE(text_is_cheaper({"a"}, {"a"}));
  EXPECT_FALSE(text_is_cheaper({"a", "b"}, {"a", "b"}));
}

TEST(Routing, IsAskedForAsEachServerKeepsIt) {
  const auto asks = [](const Dialect& dialect, const char* what) {
    return routing_sql(dialect).find(what) != std::string::npos;
  };
  EXPECT_TRUE(asks(greenplum_dialect(5), "ANY (d.attrnums)"));
  EXPECT_TRUE(asks(greenplum_dialect(6), "ANY (d.distkey)"));
  EXPECT_TRUE(asks(greenplum_dialect(6), "pg_catalog.pg_partition p WHERE p.parrelid = c.oid"));
  EXPECT_TRUE(asks(greenplum_dialect(7), "pg_catalog.pg_partition_tree(c.oid)"));
  EXPECT_TRUE(asks(cloudberry_dialect(1), "pg_catalog.pg_partition_tree(c.oid)"));
  EXPECT_TRUE(asks(cloudberry_dialect(1), "ANY (d.distkey)"));
}

}  // namespace
}  // namespace dbsync
