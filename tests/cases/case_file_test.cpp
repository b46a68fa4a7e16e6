// The parser of .case files: mistakes are named with their line.
#include "tests/harness/case_file.h"

#include <gtest/gtest.h>

namespace dbsync::test {

namespace {

std::string error_of(const std::string& text) {
  try {
    parse_case(text, "x.case");
  } catch (const CaseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CaseFileTest, ReadsEverySection) {
  const CaseFile file = parse_case(
      "What it shows.\n\n== needs mariadb 10.7\n== source\nselect 1;\n== run\nmysql2pgsql -s \"a b\"\n"
      "== exit 4\n== stderr has\none\n\ntwo\n== check\nselect 2\n== rows\n1 | \\N | a\\|b\n\\e | \\s | \\\\\n",
      "x.case");
  EXPECT_EQ(file.description, "What it shows.");
  ASSERT_EQ(file.needs.size(), 1u);
  EXPECT_EQ(file.needs[0].version, (std::vector<int>{10, 7}));
  ASSERT_EQ(file.steps.size(), 3u);
  EXPECT_EQ(file.steps[0].text, "select 1;\n");
  EXPECT_EQ(file.steps[1].words, (std::vector<std::string>{"mysql2pgsql", "-s", "a b"}));
  EXPECT_EQ(file.steps[1].exit_code, 4);
  ASSERT_EQ(file.steps[1].output.size(), 2u);
  EXPECT_EQ(file.steps[1].output[1].line, 12);
  EXPECT_EQ(file.steps[2].rows, (Rows{{"1", std::nullopt, "a|b"}, {"", " ", "\\"}}));
}

TEST(CaseFileTest, NamesTheLineOfAMistake) {
  EXPECT_EQ(error_of("== run\nx\n"), "x.case:1: a case begins with a description");
  EXPECT_EQ(error_of("d\n== ran\nx\n"), "x.case:2: unknown heading \"== ran\"");
  EXPECT_EQ(error_of("d\n==run\n"), "x.case:2: a heading is written \"== name\"");
  EXPECT_EQ(error_of("d\n== run\n"), "x.case:2: the command line is missing");
  EXPECT_EQ(error_of("d\n== run\na 'b\n"), "x.case:2: the command line has an open quote");
  EXPECT_EQ(error_of("d\n== source\n== exit 1\n"), "x.case:3: \"== exit 1\" must follow a run");
  EXPECT_EQ(error_of("d\n== run\nx\n== exit one\n"), "x.case:4: one is not a number");
  EXPECT_EQ(error_of("d\n== run\nx\n== check\nselect 1\n"), "x.case:4: \"== check\" must be followed by \"== rows\"");
  EXPECT_EQ(error_of("d\n== run\nx\n== check\ns\n== rows\na\\b\n"), "x.case:7: unknown escape in \"a\\b\"");
  EXPECT_EQ(error_of("d\n== source\nselect 1\n"), "x.case:1: no == run");
}

}  // namespace

}  // namespace dbsync::test
