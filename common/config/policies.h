// What to do with values that PostgreSQL cannot hold, as chosen in [values] of
// my.cfg. Plain values.
#pragma once

namespace dbsync {

// Zero, partly zero and impossible dates (0000-00-00, 2020-00-10, 2020-02-30).
enum class ZeroDatePolicy { null_value, error, minus_infinity };
// NUL bytes in text.
enum class NulBytePolicy { error, strip, replace };
// Bytes in text that are not UTF-8.
enum class InvalidUtf8Policy { error, replace };

// Generated columns whose values may be others than PostgreSQL would compute: the
// source's rows are checked, they stay generated, or all hold the source's values.
enum class GeneratedColumns { check, keep, values };

// `error` makes the row a bad one: the table fails, or with a reject limit the
// row is set aside.
struct ValuePolicies {
  ZeroDatePolicy zero_date = ZeroDatePolicy::null_value;
  NulBytePolicy nul_byte = NulBytePolicy::error;
  InvalidUtf8Policy invalid_utf8 = InvalidUtf8Policy::error;
};

}  // namespace dbsync
