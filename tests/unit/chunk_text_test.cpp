// What the journal tells of chunks is run on the source only when a planner of ours
// can have written it.
#include "copy/chunk_text.h"

#include <gtest/gtest.h>

#include "mysql2pgsql/source/key_range.h"
#include "pg/block_ranges.h"

namespace dbsync {

namespace {

bool takes(const std::string& predicate, const std::string& from = {}) {
  return is_planned_chunk({from, predicate, 0});
}

TEST(ChunkText, TakesWhatThePlannersWrite) {
  EXPECT_TRUE(takes(""));
  EXPECT_TRUE(takes("", "`t``x` PARTITION (`p 0`)"));
  EXPECT_TRUE(takes("(`id` < 5 OR `id` IS NULL)"));
  for (const std::string& text : ranges_between("ctid", {"'(12,0)'::tid", "'(24,0)'::pg_catalog.tid"}))
    EXPECT_TRUE(takes(text)) << text;
  for (const std::string& text : ranges_between("\"I d\"\"\"", {"-9223372036854775808", "7"}))
    EXPECT_TRUE(takes(text)) << text;
  EXPECT_TRUE(takes(range_predicate({"`a`", "`b ' \\`", "`c`"}, {"1.5", "_utf8mb4 X'00C3' COLLATE utf8mb4_bin", "X''"},
                                    {"-2", "'2020-01-01 10:00:00.5'", "'fe80::1'"})));
}

TEST(ChunkText, TakesNothingElse) {
  for (const char* text : {"1 = 1",
                           "id >= evil()",
                           "id >= (SELECT 1)",
                           "id >= 1; DROP TABLE t",
                           "id >= 1 -- x",
                           "id >= 1 /* x */",
                           "id >= 1 /*! or 1 */",
                           "id >= 'a'' OR evil()'",
                           "id >= 'a\\' OR evil() OR 'b'",
                           "id >= 1 UNION SELECT 2",
                           "evil() >= 1",
                           "evil(1)",
                           "(id >= 1",
                           "id >= 1)",
                           "id >= 1 OR",
                           "id",
                           "id IS NOT",
                           "`id",
                           "id >= 1::regclass",
                           "id >= 'x'::regproc",
                           "id >= X'00' COLLATE evil()",
                           "id >= _utf8 evil()",
                           "id >= @@version",
                           "id >= $$a$$",
                           "id >= E'a'",
                           "id >= 1e5x",
                           "a.b >= 1",
                           "id >= tid",
                           "select >= 1 from t"})
    EXPECT_FALSE(takes(text)) << text;
  for (const char* text :
       {"secret", "`t`", "(SELECT 1)", "`t` PARTITION (`p`), other", "`t` PARTITION (p)", "`t` PARTITION (`p`) JOIN x"})
    EXPECT_FALSE(takes("", text)) << text;
  EXPECT_FALSE(takes(std::string(100000, '(') + "a = 1"));
}

}  // namespace

}  // namespace dbsync
