// What to do about an error of a MySQL or MariaDB server or its client library: one table
// of error numbers, for every place that talks to the source.
//
// Pure. Threads: any.
//
// Source: MySQL manual "Server Error Message Reference" and "Client Error Message
// Reference"; MariaDB manual "Error Codes"; numbers of handlers: include/my_base.h;
// below 120 they are errno.
#pragma once

#include <string>
#include <string_view>

namespace dbsync {

// `message`: the server's; error 1030 and its like carry the engine's own number in it.
// "" = nothing is known.
std::string mysql_hint(unsigned code, std::string_view message);

}  // namespace dbsync
