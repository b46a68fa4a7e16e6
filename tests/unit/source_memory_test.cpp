// What a task keeps of its source's answers.
#include "mysql2pgsql/binlog/source_memory.h"

#include <gtest/gtest.h>

#include "base/byte_reader.h"

namespace dbsync::test {

namespace {

// Two answers: one of a row with a NULL, one without rows.
const std::string kKept = std::string("\x01\x01\x1a\x8a\x01\x00", 6) + std::string("\x05\0\0\0bin:4", 9) +
                          std::string("\x01\0\0\0a\x01\0\0\0\x02\0\0\0\xFF\xFF\xFF\xFF\x02\0\0\0\xC3\xA9", 23) +
                          std::string("\x01\0\0\0b\0\0\0\0", 9);

}  // namespace

TEST(SourceMemory, AnswersWhatWasKept) {
  SourceMemory memory(kKept);
  EXPECT_TRUE(memory.is_mariadb());
  EXPECT_EQ(memory.version_number(), 100890U);
  EXPECT_EQ(memory.accepted, "bin:4");
  const std::vector<SourceQueries::Row> expected{{std::nullopt, "\u00e9"}};
  EXPECT_EQ(memory.query("a"), expected);
  EXPECT_TRUE(memory.query("b").empty());
  EXPECT_THROW(memory.query("c"), Error);
  EXPECT_EQ(memory.bytes(), kKept);
}

TEST(SourceMemory, RefusesBytesThatAreCutShort) {
  const std::size_t answers[] = {15, 38};  // where one may end
  for (std::size_t size = 0; size < kKept.size(); ++size)
    if (size != answers[0] && size != answers[1]) {
      EXPECT_THROW(SourceMemory(std::string_view(kKept).substr(0, size)), DecodeError) << size;
    }
}

}  // namespace dbsync::test
