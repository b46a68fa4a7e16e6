#include "pg/copy_context.h"

#include <gtest/gtest.h>

namespace dbsync {
namespace {

struct Context {
  const char* text;
  const char* column;
};

class CopyContext : public testing::TestWithParam<Context> {};

TEST_P(CopyContext, NamesTheColumn) { EXPECT_EQ(column_of_copy_context(GetParam().text), GetParam().column); }

// As PostgreSQL 12 to 18 write them.
INSTANTIATE_TEST_SUITE_P(
    Texts, CopyContext,
    testing::Values(Context{"COPY t, line 1, column v: \"abcdef\"", "v"}, Context{"COPY t, line 1, column v", "v"},
                    Context{"COPY t, line 12, column two words: \"1: \"x\"\"", "two words"},
                    Context{"COPY t, line 1, column v: null input", "v"},
                    Context{"COPY t, line 1: \"1\tx, line 1, column no\"", ""}, Context{"COPY t, line 1", ""},
                    Context{"COPY a, line b, line 3, column v", ""}, Context{"COPY t, line , column v", ""},
                    Context{"PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 2, column v: \"x\"", "v"},
                    Context{"PL/pgSQL function f() line 3 at RAISE", ""}, Context{"", ""}));

}  // namespace
}  // namespace dbsync
