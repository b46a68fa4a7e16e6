// Cutting a table by ranges of its key: pure arithmetic and SQL texts.
//
// A chunk is a half-open range of the key, [from, to). The first one has no
// lower and the last one no upper bound, so that ranges side by side hold every
// row once, whatever keys there are.
//
// Threads: no shared state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

// Wide enough for signed and unsigned 64-bit keys, and for DECIMAL(37,0).
__extension__ typedef __int128 WideInt;

std::string wide_text(WideInt value);
// Nothing unless the text is a whole number that fits.
std::optional<WideInt> parse_wide(std::string_view text);

// Inner bounds, ascending, that cut [least, most] into about `chunks` equal
// parts; the last quarter is cut finer, for workers to end together.
std::vector<WideInt> even_bounds(WideInt least, WideInt most, std::uint64_t chunks);

// What the bisection asks of the server.
struct KeyProbes {
  // About how many rows have a key in [from, to].
  std::function<std::uint64_t(WideInt from, WideInt to)> rows;
  // The smallest key >= from, the largest key <= to; nothing when there is none.
  std::function<std::optional<WideInt>(WideInt from)> next;
  std::function<std::optional<WideInt>(WideInt to)> previous;
};

// The same for keys with gaps: halves ranges until each holds about `rows` rows
// or a single key, and passes over gaps.
std::vector<WideInt> bisected_bounds(WideInt least, WideInt most, std::uint64_t rows, const KeyProbes& probes);

// One bound of a range: a value per key column, as SQL literals; empty = open.
using KeyBound = std::vector<std::string>;

// "(a > 1 OR (a = 1 AND b >= 2)) AND …" over quoted column names; "" when both
// bounds are open. Comparison is the server's, under each column's collation.
std::string range_predicate(const std::vector<std::string>& columns, const KeyBound& from, const KeyBound& to);

}  // namespace dbsync
