#include "pg/wait_watch.h"

#include <chrono>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/text.h"
#include "embedded_sql.h"
#include "pg/own_sessions.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr double kTick = 0.5;  // seconds
constexpr auto kFirstLook = 4s;
constexpr auto kInterval = 10s;
constexpr int kBlockersKnownSince = 90600;

}  // namespace

WaitWatch::WaitWatch(std::string conninfo, std::string pid, std::string what, std::function<void()> cancel,
                     std::stop_token stop)
    : conninfo_(std::move(conninfo)),
      what_(std::move(what)),
      pid_(std::move(pid)),
      cancel_(std::move(cancel)),
      stop_(std::move(stop)),
      thread_([this](const std::stop_token& done) { run(done); }) {}

WaitWatch::WaitWatch(std::string conninfo, std::string role, std::string what)
    : conninfo_(std::move(conninfo)),
      role_(std::move(role)),
      what_(std::move(what)),
      thread_([this](const std::stop_token& done) { run(done); }) {}

WaitWatch::WaitWatch(std::string conninfo, Children children, std::string what)
    : conninfo_(std::move(conninfo)),
      application_name_(std::move(children.application_name)),
      what_(std::move(what)),
      thread_([this](const std::stop_token& done) { run(done); }) {}

void WaitWatch::run(const std::stop_token& done) {
  auto next = Clock::now() + kFirstLook;
  while (wait_for(kTick, done)) {
    if (cancel_ && stop_.stop_requested()) cancel_();
    if (Clock::now() < next) continue;
    next = Clock::now() + kInterval;
    try {
      tell();
    } catch (const Error& error) {
      log::debug(role_, error.what());
      connection_.reset();
    }
  }
}

// As an array.
std::string WaitWatch::sessions() const {
  if (!pid_.empty()) return "{" + pid_ + "}";
  return application_name_.empty() ? own_sessions::backends(role_) : "{}";
}

void WaitWatch::tell() {
  if (!connection_) connection_ = std::make_unique<PgConnection>(conninfo_, role_, "pgsql2pgsql");
  const std::string watched = sessions();
  const PgResult result = connection_->exec(sql::blocking_sessions, {watched, application_name_});
  std::vector<std::string> blockers;
  for (int row = 0; row < result.rows(); ++row) blockers.push_back(one_line(result.text(row, 0)));
  if (blockers.empty()) return;
  log::warning(role_, fmt::format("{} waits for {}", what_, join(blockers, "; ")));
  // On the target locks go with each chunk.
  if (pid_.empty() && role_ == "source" && connection_->server_version() >= kBlockersKnownSince) untie();
}

void WaitWatch::untie() {
  const PgResult knots = connection_->exec(sql::knotted_sessions, {own_sessions::backends(role_), application_name_});
  for (int row = 0; row < knots.rows(); ++row) {
    log::error(role_,
               fmt::format("{}: process {} ({}) waits for a session of this run, and another session of it waits "
                           "behind that: neither would ever end, so what waits here is given up",
                           what_, knots.text(row, 1), one_line(knots.text(row, 2))));
    log::error(role_, fmt::format("HINT: let that statement end when this run has, or end it now: SELECT "
                                  "pg_cancel_backend({}); then run the same command again",
                                  knots.text(row, 1)));
    connection_->exec("SELECT pg_catalog.pg_cancel_backend($1::int)", {knots.text(row, 0)});
  }
}

}  // namespace dbsync
