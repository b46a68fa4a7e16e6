// Dates and times between MySQL's fields and PostgreSQL's binary forms.
//
// PostgreSQL (datatype/timestamp.h): date = int32 days since 2000-01-01,
// timestamp = int64 microseconds since 2000-01-01 00:00:00, time = int64
// microseconds since midnight, interval = int64 microseconds, int32 days, int32
// months. All proleptic Gregorian, as MySQL's are.
//
// Pure functions; validity is checked by the caller with valid_date().
#pragma once

#include <cstdint>

namespace dbsync {

struct DateTime {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned microsecond = 0;
};

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// Year 0..9999 and a day that the month has. MySQL stores 0000-00-00, partial
// zeros and (ALLOW_INVALID_DATES) days up to 31 in every month: not valid here.
// The days of the year 0 are dates: PostgreSQL's year 1 BC. That is a leap year;
// MySQL takes its 29 February for an impossible date, but may hold it.
bool valid_date(int year, unsigned month, unsigned day);

// Days since 2000-01-01; year >= 0. Howard Hinnant's days_from_civil
// (https://howardhinnant.github.io/date_algorithms.html), other epoch.
constexpr std::int32_t pg_date(int year, unsigned month, unsigned day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (month + (month > 2 ? 0U - 3U : 9U)) + 2) / 5 + day - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int32_t>(doe) - 719468 - 10957;
}

constexpr std::int64_t pg_time(unsigned hour, unsigned minute, unsigned second, unsigned microsecond) {
  return ((static_cast<std::int64_t>(hour) * 60 + minute) * 60 + second) * kMicrosPerSecond + microsecond;
}

constexpr std::int64_t pg_timestamp(const DateTime& t) {
  return pg_date(t.year, t.month, t.day) * kMicrosPerDay + pg_time(t.hour, t.minute, t.second, t.microsecond);
}

// Text forms, for text COPY: "YYYY-MM-DD", "YYYY-MM-DD HH:MM:SS[.ffffff]",
// "[-]HHH:MM:SS[.ffffff]". Each returns the end; the buffer holds 40 bytes.
char* format_date(char* out, int year, unsigned month, unsigned day);
char* format_datetime(char* out, const DateTime& t);
// The same as PostgreSQL reads it: the year 0 as 0001 with BC behind.
char* format_pg_date(char* out, int year, unsigned month, unsigned day);
char* format_pg_datetime(char* out, const DateTime& t);
char* format_time(char* out, bool negative, unsigned hours, unsigned minute, unsigned second, unsigned microsecond);

}  // namespace dbsync
