// A query's result as text, in either server's spelling.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dbsync::test {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

// One line a row, values separated by " | ", NULL as \N; long values cut.
std::string show(const Rows& rows);

// Where two results differ, for a failure message: the first rows that do, and
// the row counts. "" when they are equal.
std::string difference(const Rows& expected, const Rows& actual);

}  // namespace dbsync::test
