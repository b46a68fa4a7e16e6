#include "format/datetime.h"

#include <gtest/gtest.h>

#include <string>

namespace dbsync {
namespace {

TEST(PgDate, CountsDaysFrom2000) {
  EXPECT_EQ(pg_date(2000, 1, 1), 0);
  EXPECT_EQ(pg_date(2000, 3, 1), 60);  // a leap year
  EXPECT_EQ(pg_date(1999, 12, 31), -1);
  EXPECT_EQ(pg_date(1970, 1, 1), -10957);
  EXPECT_EQ(pg_date(0, 1, 1), -730485);  // SELECT '0001-01-01 BC'::date - '2000-01-01'
  EXPECT_EQ(pg_date(1, 1, 1), -730119);  // SELECT '0001-01-01'::date - '2000-01-01'
  EXPECT_EQ(pg_date(9999, 12, 31), 2921939);
}

TEST(PgDate, EveryDayFollowsTheOneBefore) {
  std::int32_t expected = pg_date(1, 1, 1);
  for (int year = 1; year <= 9999; ++year)
    for (unsigned month = 1; month <= 12; ++month)
      for (unsigned day = 1; valid_date(year, month, day); ++day, ++expected)
        ASSERT_EQ(pg_date(year, month, day), expected) << year << '-' << month << '-' << day;
}

TEST(ValidDate, KnowsTheCalendar) {
  EXPECT_TRUE(valid_date(2024, 2, 29));
  EXPECT_TRUE(valid_date(2000, 2, 29));
  EXPECT_FALSE(valid_date(1900, 2, 29));
  EXPECT_FALSE(valid_date(2020, 2, 30));
  EXPECT_FALSE(valid_date(2020, 4, 31));
  EXPECT_FALSE(valid_date(0, 0, 0));
  EXPECT_TRUE(valid_date(0, 1, 1));
  EXPECT_TRUE(valid_date(0, 2, 29));
  EXPECT_FALSE(valid_date(0, 0, 1));
  EXPECT_FALSE(valid_date(0, 1, 0));
  EXPECT_FALSE(valid_date(-1, 1, 1));
  EXPECT_FALSE(valid_date(2020, 0, 10));
  EXPECT_FALSE(valid_date(2020, 10, 0));
  EXPECT_FALSE(valid_date(2020, 13, 1));
  EXPECT_TRUE(valid_date(9, 1, 1));  // years below 1000 are dates, too
}

TEST(PgTimestamp, CountsMicroseconds) {
  EXPECT_EQ(pg_timestamp({2000, 1, 1, 0, 0, 0, 1}), 1);
  EXPECT_EQ(pg_timestamp({1999, 12, 31, 23, 59, 59, 999999}), -1);
  EXPECT_EQ(pg_timestamp({2038, 1, 19, 3, 14, 7, 0}), 1200798847LL * 1000000);
}

std::string text(char* (*format)(char*, const DateTime&), const DateTime& t) {
  char buffer[40];
  return {buffer, format(buffer, t)};
}

TEST(FormatDateTime, WritesIsoForms) {
  EXPECT_EQ(text(format_datetime, {9, 1, 2, 3, 4, 5, 0}), "0009-01-02 03:04:05");
  EXPECT_EQ(text(format_pg_datetime, {9, 1, 2, 3, 4, 5, 0}), "0009-01-02 03:04:05");
  EXPECT_EQ(text(format_datetime, {0, 1, 2, 3, 4, 5, 0}), "0000-01-02 03:04:05");
  EXPECT_EQ(text(format_pg_datetime, {0, 12, 31, 23, 59, 59, 999999}), "0001-12-31 23:59:59.999999 BC");
  EXPECT_EQ(text(format_datetime, {2020, 12, 31, 23, 59, 59, 120000}), "2020-12-31 23:59:59.120000");
}

TEST(FormatTime, ReachesBeyondADay) {
  char buffer[40];
  EXPECT_EQ(std::string(buffer, format_time(buffer, true, 838, 59, 59, 999999)), "-838:59:59.999999");
  EXPECT_EQ(std::string(buffer, format_time(buffer, true, 0, 0, 0, 500000)), "-00:00:00.500000");
  EXPECT_EQ(std::string(buffer, format_time(buffer, false, 7, 8, 9, 0)), "07:08:09");
}

}  // namespace
}  // namespace dbsync
