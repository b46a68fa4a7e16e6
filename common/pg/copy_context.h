// What the CONTEXT of a server's error tells about a COPY. Data exceptions of a
// COPY have no column field in the protocol; the text has:
//
//   COPY orders, line 7, column name: "abc"
//   COPY orders, line 7, column name
//
// Source: CopyFromErrorCallback of PostgreSQL's copyfrom.c. Pure.
#pragma once

#include <string>
#include <string_view>

namespace dbsync {

// The column's name; "" when the context names none, or is in another language.
std::string column_of_copy_context(std::string_view context);

}  // namespace dbsync
