// Whether a value's binary form may go from one server to another as it is.
//
// True for built-in types whose binary form is the same in all versions, when
// both columns have that type, and for enums, whose binary form is the label.
// Everything else goes as text. Constant data, any thread.
#pragma once

#include <cstdint>

#include "cdc/target_relation.h"

namespace dbsync {

bool stable_binary(std::uint32_t type_oid);

// `source_type`: as the source's description of the column says.
bool binary_fits(std::uint32_t source_type, const TargetColumnInfo& target);

}  // namespace dbsync
