// Dates and times against a calendar that counts days one month at a time.
//
// Input: int32 year, then uint32 month, day, hour, minute, second, microsecond,
// one byte for the sign.
#include <array>
#include <vector>

#include "format/datetime.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::fuzz::check;

constexpr int kLastYear = 9999;

bool leap(int year) { return (year % 4 == 0) != ((year % 100 == 0) != (year % 400 == 0)); }

int days_in(int year, int month) {
  if (month == 2) return leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days before each month since 0000-01-01.
const std::vector<int>& days_before() {
  static const std::vector<int> table = [] {
    std::vector<int> out{0};
    for (int year = 0; year <= kLastYear; ++year)
      for (int month = 1; month <= 12; ++month) out.push_back(out.back() + days_in(year, month));
    return out;
  }();
  return table;
}

int slow_pg_date(int year, unsigned month, unsigned day) {
  const auto before = [](int y, unsigned m) { return days_before()[static_cast<std::size_t>(y) * 12 + m - 1]; };
  return before(year, month) + static_cast<int>(day) - 1 - before(2000, 1);
}

std::string text_of(char* (*format)(char*, const dbsync::DateTime&), const dbsync::DateTime& t) {
  std::array<char, 41> out{};
  out.back() = '\x5A';
  char* end = format(out.data(), t);
  check(end <= out.data() + 40 && out.back() == '\x5A', "40 bytes are enough");
  return {out.data(), end};
}

std::string clock_text(const dbsync::DateTime& t) {
  std::array<char, 80> out{};
  std::snprintf(out.data(), out.size(), "%02u:%02u:%02u", t.hour, t.minute, t.second);
  std::string text = out.data();
  if (t.microsecond == 0) return text;
  std::snprintf(out.data(), out.size(), ".%06u", t.microsecond);
  return text + out.data();
}

std::string date_text(const dbsync::DateTime& t) {
  std::array<char, 80> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02u", t.year, t.month, t.day);
  return out.data();
}

// MySQL's ranges: a date's parts may be zero, 02-31 is possible, a TIME has up
// to 838 hours.
dbsync::DateTime within_mysql(const dbsync::DateTime& t) {
  return {static_cast<int>(static_cast<unsigned>(t.year) % 10000),
          t.month % 13,
          t.day % 32,
          t.hour % 839,
          t.minute % 60,
          t.second % 60,
          t.microsecond % 1000000};
}

void check_forms(const dbsync::DateTime& t, bool negative) {
  using dbsync::DateTime;
  const std::string date =
      text_of([](char* out, const DateTime& v) { return dbsync::format_date(out, v.year, v.month, v.day); }, t);
  check(date == date_text(t), "the text of a date");
  DateTime moment = t;
  moment.hour %= 24;
  check(text_of(dbsync::format_datetime, moment) == date_text(t) + " " + clock_text(moment), "the text of a datetime");
  const auto plus = [](char* out, const DateTime& v) {
    return dbsync::format_time(out, false, v.hour, v.minute, v.second, v.microsecond);
  };
  const auto minus = [](char* out, const DateTime& v) {
    return dbsync::format_time(out, true, v.hour, v.minute, v.second, v.microsecond);
  };
  check(text_of(negative ? +minus : +plus, t) == (negative ? "-" : "") + clock_text(t), "the text of a time");
  if (!dbsync::valid_date(t.year, t.month, t.day)) return;
  const int days = slow_pg_date(t.year, t.month, t.day);
  check(dbsync::pg_date(t.year, t.month, t.day) == days, "the day's number");
  const std::int64_t seconds = days * std::int64_t{86400} + moment.hour * 3600 + moment.minute * 60 + moment.second;
  check(dbsync::pg_timestamp(moment) == seconds * 1000000 + moment.microsecond, "the timestamp's number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsync::fuzz::Input input(data, size);
  dbsync::DateTime t;
  t.year = input.take<std::int32_t>();
  for (unsigned* part : {&t.month, &t.day, &t.hour, &t.minute, &t.second, &t.microsecond})
    *part = input.take<std::uint32_t>();
  const bool known = t.year >= 0 && t.year <= kLastYear && t.month >= 1 && t.month <= 12 && t.day >= 1;
  const bool valid = known && t.day <= static_cast<unsigned>(days_in(t.year, static_cast<int>(t.month)));
  check(dbsync::valid_date(t.year, t.month, t.day) == valid, "which dates are valid");
  check_forms(within_mysql(t), input.below(2) == 1);
  return 0;
}
