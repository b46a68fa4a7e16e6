// What is said about tables of the target that cannot be loaded, by loads, checks,
// comparisons and following alike. Constant data and pure functions, any thread.
#pragma once

#include <fmt/format.h>

#include "base/error.h"
#include "schema/table.h"

namespace dbsync {

inline constexpr char kOtherPlaceHint[] = "rename it, or send the rows elsewhere with -s SCHEMA or a table-list line";
inline constexpr char kCreateHint[] = "create it with --create, or by hand from what -d prints";
inline constexpr char kNotEmptyHint[] = "--truncate empties it first, --append adds the rows to those that are there";

inline Error not_a_table(const QualifiedName& name) {
  return Error(ErrorKind::target, fmt::format("{} is on the target, but is not a table", name.display()));
}

inline Error no_such_table(const QualifiedName& name) {
  return Error(ErrorKind::target, fmt::format("the target has no table {}", name.display()));
}

}  // namespace dbsync
