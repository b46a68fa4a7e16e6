#include "status/metrics.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "tests/harness/exposition.h"

namespace dbsync {
namespace {

using test::Exposition;

TEST(Metrics, TextHoldsTheFiguresAndEscapesLabels) {
  metrics::Figures figures;
  figures.program = "pgsql2pgsql";
  figures.version = "1";
  figures.task = "a \"b\"\\\nc";
  figures.started = 1000;
  figures.updated = 1002.5;
  Exposition begun(metrics::text(figures));
  EXPECT_EQ(begun.label("dbsync_info", "task"), figures.task);
  EXPECT_EQ(begun.value("dbsync_running"), 1);
  EXPECT_EQ(begun.value("dbsync_elapsed_seconds"), 2.5);
  EXPECT_FALSE(begun.has("dbsync_exit_status"));
  EXPECT_FALSE(begun.has("dbsync_copied_rows"));
  EXPECT_FALSE(begun.has("dbsync_follow_lag_bytes"));

  figures.exit_status = 5;
  figures.copy.emplace().rows = 18446744073709551615U;
  figures.copy->tables = {{"done", 3}};
  figures.follow.emplace().lag_seconds = 1e-7;
  figures.retained_bytes = 9;
  Exposition ended(metrics::text(figures));
  EXPECT_EQ(ended.value("dbsync_running"), 0);
  EXPECT_EQ(ended.value("dbsync_exit_status"), 5);
  EXPECT_EQ(ended.value("dbsync_copied_rows"), 18446744073709551615.0);
  EXPECT_EQ(ended.value("dbsync_tables", "state", "done"), 3);
  EXPECT_EQ(ended.value("dbsync_tables", "state", "failed"), 0);
  EXPECT_EQ(ended.value("dbsync_follow_lag_seconds"), 1e-7);
  EXPECT_EQ(ended.value("dbsync_retained_wal_bytes"), 9);
}

// The reader of the tests itself: what is wrong must not pass.
TEST(Metrics, TheReaderOfTheTestsIsStrict) {
  const std::string good = "# HELP a b\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\n";
  EXPECT_EQ(Exposition(good).value("a", "x", "2"), 2);
  for (const char* bad : {"# HELP a b\n# TYPE a gauge\na 1", "a 1\n", "# TYPE a gauge\na 1\n", "# HELP a b\na 1\n",
                          "# HELP a b\n# TYPE a gauge\n", "# HELP a b\n# TYPE a gauge\na{x=\"1} 1\n",
                          "# HELP a b\n# TYPE a gauge\na{x=\"\\q\"} 1\n", "# HELP a b\n# TYPE a gauge\na 1\na 1\n",
                          "# HELP a b\n# TYPE a counter\na 1\n", "# HELP a b\n# TYPE a gauge\na one\n",
                          "# HELP a b\n# TYPE a gauge\na{x=\"1\"x=\"1\"} 1\n", "# HELP a b\n# TYPE a gauge\n1a 1\n"})
    EXPECT_THROW(Exposition{bad}, std::runtime_error) << bad;
}

TEST(Columns, WideCharactersAndEscapesCount) {
  EXPECT_EQ(display_columns("abc"), 3u);
  EXPECT_EQ(display_columns("\xc3\xa4\xe6\xbc\xa2"), 3u);
  EXPECT_EQ(display_columns("\x1b[1mab\x1b[0m"), 2u);
  EXPECT_EQ(fit_columns("a\xe6\xbc\xa2"
                        "b",
                        2),
            "a");
  EXPECT_EQ(fit_columns("a\xe6\xbc\xa2"
                        "b",
                        3),
            "a\xe6\xbc\xa2");
  EXPECT_EQ(fit_columns("ab", 9), "ab");
}

}  // namespace
}  // namespace dbsync
