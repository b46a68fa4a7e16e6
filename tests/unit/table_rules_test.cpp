#include "copy/table_rules.h"

#include <gtest/gtest.h>

#include "schema/shared_target.h"
#include "tests/unit/config_test_support.h"

namespace dbsync {
namespace {

using test::caught;
using test::expect_contains;

TableRules rules(const std::string& sections) {
  return TableRules(
      parse_config("[src.mysql]\nuser = u\ndb = d\n[desc.pgsql]\nconnect_string = \"dbname=t\"\n" + sections, "my.cfg",
                   Program::mysql2pgsql, true));
}

TEST(TableRules, FullNamesGoBeforeBareOnesAndTheseBeforePatterns) {
  const TableRules map =
      rules("[table_map]\n* = any\nt* = starts\norders = bare\ns.orders = full\na*.orders = never\n");
  EXPECT_EQ(map.target({"s", "orders"})->name, "full");
  EXPECT_EQ(map.target({"x", "orders"})->name, "bare");
  EXPECT_EQ(map.target({"x", "t1"})->name, "any") << "the first of the patterns";
  EXPECT_EQ(map.target({"x", "t1"})->schema, "");
  EXPECT_FALSE(rules("[table_map]\ns.* = t\n").target({"x", "orders"}));
}

TEST(TableRules, TargetsMayHaveASchemaAndQuotes) {
  const TableRules map = rules("[table_map]\na = \"x.y\"\nb = \"\"\"x.y\"\"\"\nc = \"\"\"p\"\"\"\"q\"\".r\"\n");
  EXPECT_EQ(*map.target({"", "a"}), (QualifiedName{"x", "y"}));
  EXPECT_EQ(*map.target({"", "b"}), (QualifiedName{"", "x.y"}));
  EXPECT_EQ(*map.target({"", "c"}), (QualifiedName{"p\"q", "r"}));
}

TEST(TableRules, ColumnsAreRenamedExcludedAndAdded) {
  const TableRules map = rules(
      "[column_map]\nt.a = b\n*.c = d\n[exclude_columns]\nt = x, y*\n* = z\n"
      "[origin_column]\nt = o\nu = o : here : there\n");
  EXPECT_EQ(map.column_name({"s", "t"}, "a"), "b");
  EXPECT_EQ(map.column_name({"s", "u"}, "a"), std::nullopt);
  EXPECT_EQ(map.column_name({"s", "u"}, "c"), "d");
  for (const char* column : {"x", "y1", "z"}) EXPECT_TRUE(map.excludes({"s", "t"}, column)) << column;
  EXPECT_FALSE(map.excludes({"s", "u"}, "x"));
  EXPECT_EQ(map.origin({"s", "t"})->value, "s.t");
  EXPECT_EQ(map.origin({"s", "u"})->value, "here : there");
  EXPECT_FALSE(map.origin({"s", "v"}));
}

TEST(TableRules, IdleOnesAreNamedWithWhatIsNear) {
  const TableRules map = rules(
      "[table_map]\nordres = x\norders = y\n[column_map]\norders.idd = i\norders.id = i\n"
      "[exclude_columns]\norders = id, none\n[origin_column]\nq* = o\n");
  const auto warnings = map.idle({{{"s", "orders"}, {"id"}}});
  ASSERT_EQ(warnings.size(), 4u);
  EXPECT_EQ(warnings[0], "my.cfg line 7: [table_map] ordres: the source has no such table, did you mean orders?");
  EXPECT_EQ(warnings[1], "my.cfg line 10: [column_map] orders.idd: there is no column idd");
  EXPECT_EQ(warnings[2], "my.cfg line 13: [exclude_columns] orders: there is no column none");
  EXPECT_EQ(warnings[3], "my.cfg line 15: [origin_column] q*: the source has no such table");
}

TEST(TableRules, ErrorsNameTheLine) {
  for (const char* bad : {"[table_map]\nt = \"\"\n", "[table_map]\nt = a.b.c\n", "[table_map]\nt = .b\n",
                          "[column_map]\nt = c\n", "[column_map]\nt. = c\n", "[column_map]\nt.c = \"\"\n",
                          "[exclude_columns]\nt = \",\"\n", "[origin_column]\nt = \": x\"\n"}) {
    const Error error = caught([&] { rules(bad); });
    EXPECT_EQ(error.kind(), ErrorKind::config) << bad;
    expect_contains(error.what(), "my.cfg line 7: [");
    EXPECT_FALSE(error.hint().empty()) << bad;
  }
  caught([] { rules("[table_map]\nt = " + std::string(64, 'x') + "\n"); });
}

Table shard() {
  Table table;
  for (const char* name : {"id", "v"}) {
    table.columns.emplace_back().name = name;
    table.columns.back().type = {PgKind::int4};
  }
  table.primary_key = {"p", {"id"}};
  table.indexes.push_back({"u", true, {}, {{"v", {}, false}}, {}});
  table.indexes.push_back({"i", false, {}, {{"v", {}, false}}, {}});
  table.checks.push_back({"c", "v > 0"});
  table.foreign_keys.push_back({"f", {"v"}, {"s", "t"}, {"id"}, {}, {}});
  return table;
}

TEST(SharedTarget, NamesAndOrderMayDiffer) {
  Table other = shard();
  std::swap(other.columns[0], other.columns[1]);
  other.primary_key.name = other.indexes[0].name = other.checks[0].name = other.foreign_keys[0].name = "other";
  other.indexes.pop_back();
  EXPECT_EQ(definition_difference(shard(), other), "");
  const Table sibling = as_sibling(shard(), other);
  EXPECT_EQ(sibling.columns[0].name, "v");
  EXPECT_EQ(sibling.indexes.size(), 2u);
  EXPECT_EQ(sibling.primary_key.name, "p");
}

TEST(SharedTarget, WhatRowsCouldNotLiveWithIsNamed) {
  const auto difference = [](auto change) {
    Table other = shard();
    change(other);
    const std::string text = definition_difference(shard(), other);
    EXPECT_EQ(text.empty(), definition_difference(other, shard()).empty());
    return text;
  };
  EXPECT_EQ(difference([](Table& t) { t.columns[1].type = {PgKind::int8}; }),
            "the column v is integer in the first and bigint in the second");
  EXPECT_EQ(difference([](Table& t) { t.columns[1].nullable = false; }),
            "the column v is integer in the first and integer NOT NULL in the second");
  EXPECT_EQ(difference([](Table& t) { t.columns.pop_back(); }), "only the first has the column v");
  EXPECT_EQ(difference([](Table& t) { t.columns.push_back(t.columns[0]), t.columns[2].name = "w"; }),
            "only the second has the column w");
  EXPECT_EQ(difference([](Table& t) { t.primary_key.columns = {}; }),
            "the primary key is (\"id\") in the first and none in the second");
  EXPECT_EQ(difference([](Table& t) { t.indexes[0].unique = false; }), "only the first has the unique key \"v\"");
  EXPECT_EQ(difference([](Table& t) { t.checks[0].condition_sql = "v > 1"; }), "only the first has the check v > 0");
  EXPECT_NE(difference([](Table& t) { t.foreign_keys.clear(); }).find("only the first has the foreign key"),
            std::string::npos);
  EXPECT_NE(difference([](Table& t) { t.partitioning = Partitioning{"HASH", {"id"}, {{"x", "FOR", {}, false}}}; }), "");
}

TEST(SharedTarget, OriginJoinsTheUniqueKeysOfSharedTablesOnly) {
  Table alone = shard();
  add_origin_column(alone, "o", false);
  EXPECT_EQ(alone.columns.back().name, "o");
  EXPECT_FALSE(alone.columns.back().nullable);
  EXPECT_EQ(alone.primary_key.columns.size(), 1u);
  Table shared = shard();
  add_origin_column(shared, "o", true);
  EXPECT_EQ(shared.primary_key.columns, (std::vector<std::string>{"id", "o"}));
  EXPECT_EQ(shared.indexes[0].keys.back().column, "o");
  EXPECT_EQ(shared.indexes[1].keys.size(), 1u) << "not unique";
}

}  // namespace
}  // namespace dbsync
