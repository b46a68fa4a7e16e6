// Whether a column of a type can have a default: the server refuses some when the table
// is made, and others with every row that takes them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/pg_type.h"

namespace dbsync {

// The literal of value `text` as SQL, as `number` where it was one; nothing when the
// type cannot hold it, or when that is not certain.
std::optional<std::string> default_literal(const std::string& text, bool number, const PgType& target);

}  // namespace dbsync
