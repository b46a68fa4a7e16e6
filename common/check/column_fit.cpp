#include "check/column_fit.h"

namespace dbsync {

namespace {

constexpr int kAllDigits = 6;  // of a second

bool is_text(PgKind kind) { return kind == PgKind::text || kind == PgKind::varchar || kind == PgKind::bpchar; }

bool is_time(PgKind kind) {
  return kind == PgKind::time || kind == PgKind::timestamp || kind == PgKind::timestamptz || kind == PgKind::interval;
}

// Decimal digits before the point of the integer types; 0 for others.
int integer_digits(PgKind kind) {
  switch (kind) {
    case PgKind::int2: return 5;
    case PgKind::int4: return 10;
    case PgKind::int8: return 19;
    default: return 0;
  }
}

ColumnFit fits_if(bool fits) { return fits ? ColumnFit::fits : ColumnFit::narrower; }

// -1: no limit.
bool length_fits(int wanted, int there) { return there < 0 || (wanted >= 0 && wanted <= there); }

ColumnFit numeric_fit(const PgType& wanted, const PgType& there) {
  if (there.length < 0) return ColumnFit::fits;
  const int digits = integer_digits(wanted.kind);
  if (digits > 0) return fits_if(digits <= there.length - there.scale);
  if (wanted.kind != PgKind::numeric) return ColumnFit::different;
  if (wanted.length < 0) return ColumnFit::narrower;
  return fits_if(wanted.scale <= there.scale && wanted.length - wanted.scale <= there.length - there.scale);
}

ColumnFit number_fit(const PgType& wanted, const PgType& there) {
  if (there.kind == PgKind::numeric) return numeric_fit(wanted, there);
  const int have = integer_digits(there.kind);
  const int need = integer_digits(wanted.kind);
  if (have > 0 && need > 0) return fits_if(need <= have);
  if (have > 0 && wanted.kind == PgKind::numeric && wanted.scale == 0)
    return fits_if(wanted.length >= 0 && wanted.length < have);
  if (there.kind == PgKind::float8 && wanted.kind == PgKind::float4) return ColumnFit::fits;
  if (there.kind == PgKind::float4 && wanted.kind == PgKind::float8) return ColumnFit::narrower;
  return ColumnFit::different;
}

bool is_number(PgKind kind) {
  return integer_digits(kind) > 0 || kind == PgKind::numeric || kind == PgKind::float4 || kind == PgKind::float8;
}

ColumnFit same_kind_fit(const PgType& wanted, const PgType& there) {
  if (wanted.kind == PgKind::numeric) return numeric_fit(wanted, there);
  if (is_time(wanted.kind)) {
    const int need = wanted.length < 0 ? kAllDigits : wanted.length;
    return fits_if(there.length < 0 || need <= there.length);
  }
  if (wanted.kind == PgKind::bit) return wanted.length == there.length ? ColumnFit::fits : ColumnFit::different;
  if (wanted.kind == PgKind::other) return wanted.name == there.name ? ColumnFit::fits : ColumnFit::different;
  return fits_if(length_fits(wanted.length, there.length));
}

}  // namespace

ColumnFit column_fit(const PgType& wanted, const PgType& there) {
  if (wanted.kind == there.kind) return same_kind_fit(wanted, there);
  if (is_number(wanted.kind) && is_number(there.kind)) return number_fit(wanted, there);
  if (is_text(there.kind)) {
    // Everything has a text form, though not every one a known length.
    if (there.length < 0) return ColumnFit::fits;
    return is_text(wanted.kind) ? fits_if(length_fits(wanted.length, there.length)) : ColumnFit::narrower;
  }
  const auto is = [&](PgKind from, PgKind to) { return wanted.kind == from && there.kind == to; };
  if (is(PgKind::json, PgKind::jsonb) || is(PgKind::jsonb, PgKind::json)) return ColumnFit::fits;
  if (is(PgKind::bit, PgKind::varbit)) return fits_if(length_fits(wanted.length, there.length));
  return ColumnFit::different;
}

}  // namespace dbsync
