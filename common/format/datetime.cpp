#include "format/datetime.h"

namespace dbsync {

namespace {

char* put_digits(char* out, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

char* put_clock(char* out, unsigned minute, unsigned second, unsigned microsecond) {
  *out++ = ':';
  out = put_digits(out, minute, 2);
  *out++ = ':';
  out = put_digits(out, second, 2);
  if (microsecond != 0) {
    *out++ = '.';
    out = put_digits(out, microsecond, 6);
  }
  return out;
}

}  // namespace

bool valid_date(int year, unsigned month, unsigned day) {
  constexpr unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  if (day <= days[month - 1]) return true;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && day == 29 && leap;
}

char* format_date(char* out, int year, unsigned month, unsigned day) {
  out = put_digits(out, static_cast<unsigned>(year), 4);
  *out++ = '-';
  out = put_digits(out, month, 2);
  *out++ = '-';
  return put_digits(out, day, 2);
}

char* format_datetime(char* out, const DateTime& t) {
  out = format_date(out, t.year, t.month, t.day);
  *out++ = ' ';
  out = put_digits(out, t.hour, 2);
  return put_clock(out, t.minute, t.second, t.microsecond);
}

namespace {

char* put_era(char* out, int year) {
  if (year > 0) return out;
  *out++ = ' ';
  *out++ = 'B';
  *out++ = 'C';
  return out;
}

int year_of_era(int year) { return year < 1 ? 1 - year : year; }

}  // namespace

char* format_pg_date(char* out, int year, unsigned month, unsigned day) {
  return put_era(format_date(out, year_of_era(year), month, day), year);
}

char* format_pg_datetime(char* out, const DateTime& t) {
  DateTime of_era = t;
  of_era.year = year_of_era(t.year);
  return put_era(format_datetime(out, of_era), t.year);
}

char* format_time(char* out, bool negative, unsigned hours, unsigned minute, unsigned second, unsigned microsecond) {
  if (negative) *out++ = '-';
  out = put_digits(out, hours, hours < 100 ? 2 : 3);
  return put_clock(out, minute, second, microsecond);
}

}  // namespace dbsync
