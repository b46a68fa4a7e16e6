// The built-in types whose binary form is the same in every database, so that values may
// go from one server to another as they are.
//
// Source: the send functions in PostgreSQL's src/backend/utils/adt, versions 10 to 18; the
// numbers of built-in types never change. Constant data, any thread.
#pragma once

#include <cstdint>

namespace dbsync {

// Rows that are copied.
bool stable_binary(std::uint32_t type_oid);

// Values of changes, which become parameters of statements, too. Fewer than those of
// rows: not interval (infinite from 17 on only, and a stream has one form for all its
// rows), "char" and name (their sizes and escapes), nor what one server may not know.
bool followed_in_binary(std::uint32_t type_oid);

}  // namespace dbsync
