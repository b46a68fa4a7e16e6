#include "pg/own_sessions.h"

#include <map>
#include <mutex>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/cancellation.h"

namespace dbsync::own_sessions {

namespace {

struct Session {
  std::string role;
  int backend = 0;
  cancellation::Registration cancelled;
};

struct Registry {
  std::mutex mutex;
  std::map<const pg_cancel*, Session> sessions;
};

Registry& registry() {
  static Registry* const all = std::make_unique<Registry>().release();  // as base/cancellation.cpp has it
  return *all;
}

}  // namespace

void enter(pg_cancel* handle, const std::string& role, int backend) {
  if (handle == nullptr) return;
  const std::shared_ptr<pg_cancel> owned(handle, PQfreeCancel);
  const auto cancel = [owned] {
    char reason[256];
    PQcancel(owned.get(), reason, sizeof reason);
  };
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.sessions[handle] = {role, backend, cancellation::Registration(cancel)};
}

void leave(pg_cancel* handle) noexcept {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.sessions.erase(handle);
}

std::string backends(const std::string& role) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::string out;
  for (const auto& [handle, session] : all.sessions)
    if (session.role == role) out += fmt::format("{}{}", out.empty() ? "" : ",", session.backend);
  return "{" + out + "}";
}

}  // namespace dbsync::own_sessions
