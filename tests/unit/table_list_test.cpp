#include "config/table_list.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "tests/unit/config_test_support.h"

namespace dbsync {
namespace {

using test::caught;
using test::expect_contains;

struct LineCase {
  std::string line;
  const char* table;
  std::string query;
};

void PrintTo(const LineCase& c, std::ostream* out) { *out << c.line.substr(0, 60); }

class TableListLine : public testing::TestWithParam<LineCase> {};

TEST_P(TableListLine, Parses) {
  const auto entries = parse_table_list(GetParam().line, "tab_list.txt");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].table, GetParam().table);
  EXPECT_EQ(entries[0].query, GetParam().query);
  EXPECT_EQ(entries[0].line, 1);
}

const std::string kLongQuery = "select '" + std::string(100000, 'x') + "'";

INSTANTIATE_TEST_SUITE_P(
    All, TableListLine,
    testing::Values(LineCase{"table3", "table3", ""}, LineCase{"  table3\t", "table3", ""},
                    LineCase{"table3\r\n", "table3", ""}, LineCase{"table2 :", "table2", ""},
                    LineCase{"table2:", "table2", ""}, LineCase{"table2 : ;", "table2", ""},
                    LineCase{"table2;", "table2", ""}, LineCase{"\"table2\" ;", "table2", ""},
                    LineCase{"\xEF\xBB\xBFtable1", "table1", ""},
                    LineCase{"table1 : select * from table_big where column1 < '2016-08-05'", "table1",
                             "select * from table_big where column1 < '2016-08-05'"},
                    LineCase{"table4:select 1", "table4", "select 1"}, LineCase{"t : select 1 ; ", "t", "select 1"},
                    LineCase{"t : select ';'", "t", "select ';'"},
                    LineCase{"t : select '10:30:00' # c", "t", "select '10:30:00' # c"},
                    LineCase{"t : select \"a\" from `b`", "t", "select \"a\" from `b`"},
                    LineCase{"\"a:b\" : select 1", "a:b", "select 1"}, LineCase{"\"a.b\"", "a.b", ""},
                    LineCase{"\" a b \":", " a b ", ""}, LineCase{"\"a\"\"b\"", "a\"b", ""},
                    LineCase{"`a``b` : q", "a`b", "q"}, LineCase{"`a\"b`", "a\"b", ""}, LineCase{"\"#t\"", "#t", ""},
                    LineCase{"a-b$1", "a-b$1", ""},
                    LineCase{"\xE8\xA1\xA8 : select '\xF0\x9F\x98\x80'", "\xE8\xA1\xA8", "select '\xF0\x9F\x98\x80'"},
                    LineCase{"t : " + kLongQuery, "t", kLongQuery}));

TEST(TableList, SampleOfTheManual) {
  const auto entries = parse_table_list(
      "# tables of the shop\r\n"
      "table1 : select * from table_big where column1 < '2016-08-05'\r\n"
      "table2 : \r\n"
      "\r\n"
      "   # indented comment\r\n"
      "table3\r\n"
      "table4: select column1, column2 from tableX where column1 != 10\r\n"
      "table1: select * from table_big where column1 >= '2016-08-05'",
      "tab_list.txt");
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0].line, 2);
  EXPECT_EQ(entries[1].table, "table2");
  EXPECT_EQ(entries[2].line, 6);
  EXPECT_EQ(entries[4].table, "table1");
  EXPECT_EQ(entries[4].query, "select * from table_big where column1 >= '2016-08-05'");
  EXPECT_EQ(entries[4].line, 8);
}

struct RefusedCase {
  std::string text;
  int line;
  const char* message;
};

void PrintTo(const RefusedCase& c, std::ostream* out) { *out << c.message; }

class TableListRefused : public testing::TestWithParam<RefusedCase> {};

TEST_P(TableListRefused, NamesFileAndLine) {
  const Error error = caught([] { parse_table_list(GetParam().text, "dir/tab_list.txt"); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_TRUE(error.message().starts_with("dir/tab_list.txt line " + std::to_string(GetParam().line) + ": "))
      << error.message();
  expect_contains(error.message(), GetParam().message);
  EXPECT_FALSE(error.hint().empty());
}

INSTANTIATE_TEST_SUITE_P(All, TableListRefused,
                         testing::Values(RefusedCase{"a\n : select 1\n", 2, "the table name is missing"},
                                         RefusedCase{"\"\" : select 1\n", 1, "the table name is missing"},
                                         RefusedCase{";\n", 1, "the table name is missing"},
                                         RefusedCase{"a\n\"b\n", 2, "the table name has no closing \""},
                                         RefusedCase{"`b : select 1\n", 1, "the table name has no closing `"},
                                         RefusedCase{"\"a\"\"\n", 1, "the table name has no closing \""},
                                         RefusedCase{"\"a\" b : select 1\n", 1, "text after the quoted table name a"},
                                         RefusedCase{"\"a\".\"b\"\n", 1, "text after the quoted table name a"},
                                         RefusedCase{"a select 1\n", 1, "the table name holds a blank"},
                                         RefusedCase{"a b : select 1\n", 1, "the table name holds a blank"},
                                         RefusedCase{"a\"b\n", 1, "the table name a\"b holds a quote"},
                                         RefusedCase{"shop.a\n", 1, "the table name shop.a holds a dot"},
                                         RefusedCase{std::string("a\nb\0c\n", 6), 2, "a NUL byte at byte 2"},
                                         RefusedCase{"a : select '\xE9'\n", 1, "invalid UTF-8 at byte 13"},
                                         RefusedCase{"# caf\xE9\na\n", 1, "invalid UTF-8 at byte 6"},
                                         RefusedCase{"", 1, "ends without naming a table"},
                                         RefusedCase{"\n# nothing\n", 2, "ends without naming a table"},
                                         RefusedCase{"a\nb\n\"a\" :\n", 3,
                                                     "table a is listed a second time, first in line 1"}));

TEST(TableList, ReadsAFile) {
  const std::string path = testing::TempDir() + "dbsync_table_list_test.txt";
  std::ofstream(path) << "t : " << kLongQuery << '\n';
  const auto entries = read_table_list(path);
  std::remove(path.c_str());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].query, kLongQuery);
}

TEST(TableList, MissingFile) {
  const Error error = caught([] { read_table_list("no/such/list"); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.message(), "cannot read the table list no/such/list: No such file or directory");
  expect_contains(error.hint(), "-l");
}

}  // namespace
}  // namespace dbsync
