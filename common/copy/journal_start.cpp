#include "copy/journal_start.h"

#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/text.h"
#include "pg/prefetch.h"
#include "pg/sqlstate.h"

namespace dbsync {

namespace {

std::string found_earlier(const EarlierRun& earlier) {
  std::size_t loaded = 0;
  std::size_t parts = 0;
  for (const auto& [key, table] : earlier.tables) {
    if (table.loaded())
      ++loaded;
    else if (table.chunks_done() > 0)
      ++parts;
  }
  return fmt::format("an earlier run, started {} UTC, {}: {} of its {} tables are loaded, {} in parts", earlier.started,
                     earlier.finished ? "ended well" : "did not end well", loaded, earlier.tables.size(), parts);
}

// A backend does not notice that its client is gone while it builds an index, and would
// collide with what this run does.
void end_left_sessions(PgConnection& control, LoadJournal& journal, const std::stop_token& stop,
                       std::optional<PgPrefetch>& ahead) {
  constexpr double kPause = 0.2;    // seconds
  constexpr double kPatience = 15;  // until they are ended
  constexpr double kMost = 45;
  bool said = false;
  bool ended = false;
  for (double waited = 0;; waited += kPause) {
    const auto left = journal.left_sessions();
    if (left.empty()) return;
    ahead.reset();  // what they do is to be seen
    std::string pids;
    for (const LeftSession& session : left)
      pids += fmt::format("{}{} ({})", pids.empty() ? "" : ", ", session.pid, one_line(session.doing));
    if (waited > kMost)
      throw Error(ErrorKind::target, "sessions of an earlier run are still at work on the target: " + pids)
          .hint("wait for them, or end them with pg_terminate_backend()");
    if (waited >= kPatience && !std::exchange(ended, true)) {
      log::warning("main", "sessions of an earlier run, which ended without them, are ended now: " + pids);
      for (const LeftSession& session : left)
        control.exec("SELECT pg_catalog.pg_terminate_backend($1::int)", {std::to_string(session.pid)});
    } else if (waited >= 3 * kPause && !std::exchange(said, true)) {
      log::info("main", "waiting for sessions of an earlier run, which ended without them: " + pids);
    }
    if (!wait_for(kPause, stop)) throw Error(ErrorKind::interrupted, "interrupted; nothing was copied");
  }
}

// Says what there is of an earlier run, and what this one will do about it.
JournalState take_journal(PgConnection& control, LoadJournal& journal, const JobOptions& options,
                          const std::stop_token& stop, std::optional<PgPrefetch>& ahead) {
  end_left_sessions(control, journal, stop, ahead);
  JournalState state{&journal, journal.open()};
  if (state.earlier.tables.empty()) {
    if (options.start != StartMode::fresh)
      log::info("main", "there is no earlier run to go on with; starting from the beginning");
    return state;
  }
  if (options.start == StartMode::fresh && state.earlier.finished) return state;
  log::info("main",
            fmt::format("{}; {}", found_earlier(state.earlier),
                        options.start == StartMode::resume    ? "loading what is missing"
                        : options.start == StartMode::restart ? "starting over"
                                                              : "--resume would go on with it, --restart start over"));
  if (options.start == StartMode::resume && !state.earlier.snapshot.empty() && !options.keep)
    log::warning("main",
                 fmt::format("the earlier run's snapshot ({}) is gone: rows that changed since may be of either "
                             "moment",
                             state.earlier.snapshot));
  return state;
}

}  // namespace

// Without permission for a schema of our own there is no resume, but a load.
JournalState open_journal(PgConnection& control, const JobOptions& options, const std::stop_token& stop,
                          std::optional<LoadJournal>& journal) {
  std::optional<PgPrefetch> ahead;
  try {
    ahead.emplace(control, LoadJournal::questions_of_start(control, options.journal_key));
    journal.emplace(control, options.journal_key);
  } catch (const Error& error) {
    if (error.connection_lost() || error.sqlstate() != sqlstate::insufficient_privilege) throw;
    if (options.start != StartMode::fresh)
      throw Error(ErrorKind::target, fmt::format("there is no journal to resume from: {}", error.what()))
          .hint("grant CREATE on the target database, or load the tables again with --truncate");
    log::warning("main",
                 fmt::format("this run cannot be resumed, since the user may not create the schema dbsync on the "
                             "target: {}",
                             error.what()));
    return {};
  }
  return take_journal(control, *journal, options, stop, ahead);
}

}  // namespace dbsync
