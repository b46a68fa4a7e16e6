// The sessions of this process on servers of PostgreSQL.
//
// One list per process. Threads: any.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct pg_cancel;

namespace dbsync::own_sessions {

// From PQgetCancel(), owned from here on; `role` and `backend` of the session. Cancelled
// with all others (base/cancellation.h).
void enter(pg_cancel* handle, const std::string& role, int backend);
void leave(pg_cancel* handle) noexcept;

// Backends on the server that is the `role`, as an array literal: {4711,4712}.
std::string backends(const std::string& role);

}  // namespace dbsync::own_sessions
