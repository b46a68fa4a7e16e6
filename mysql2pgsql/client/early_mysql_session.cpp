#include "mysql2pgsql/client/early_mysql_session.h"

#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

namespace dbsync {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kFresh{10};

struct Opening {
  std::future<std::unique_ptr<MysqlConnection>> session;
  Clock::time_point since = Clock::now();
};

std::mutex mutex;
std::optional<Opening> opening;  // the object's

std::unique_ptr<MysqlConnection> another(const MysqlEndpoint& endpoint) {
  return std::make_unique<MysqlConnection>(endpoint, MysqlConnection::ForDefinitions{});
}

std::optional<Opening> take_opening() {
  const std::lock_guard lock(mutex);
  return std::exchange(opening, std::nullopt);
}

}  // namespace

EarlyMysqlSession::EarlyMysqlSession(const MysqlEndpoint& endpoint) {
  const std::lock_guard lock(mutex);
  opening.emplace();
  opening->session = std::async(std::launch::async | std::launch::deferred, [endpoint] { return another(endpoint); });
}

EarlyMysqlSession::~EarlyMysqlSession() { take_opening(); }

// A failure is told, not tried again: too many wrong passwords lock an account.
std::unique_ptr<MysqlConnection> EarlyMysqlSession::take(const MysqlEndpoint& endpoint) {
  auto one = take_opening();
  if (!one) return another(endpoint);
  auto session = one->session.get();
  return Clock::now() - one->since < kFresh ? std::move(session) : another(endpoint);
}

}  // namespace dbsync
