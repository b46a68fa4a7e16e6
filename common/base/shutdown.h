// SIGINT and SIGTERM as stop tokens.
//
// The first signal asks to drain: workers stop at the next buffer. A second
// one, or two seconds, cancels hard: statements under way are cancelled on the
// servers, those of all sessions (base/cancellation.h) and what hangs on cancel_token()
// by std::stop_callback, called in threads of their own. A third one, or three seconds
// more, cuts the connections, so that nothing waits for a server any more; after
// another five the process ends with 130 as it stands, for what waits within a library.
//
// Construct it in main before any other thread: it blocks the signals for all
// later threads and takes them in a thread of its own. SIGPIPE is ignored, so
// that a closed socket is an error code. One per process.
#pragma once

#include <stop_token>
#include <thread>

namespace dbsync {

class Shutdown {
 public:
  Shutdown();
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  // As the first signal does.
  void drain() { drain_.request_stop(); }
  std::stop_token drain_token() const { return drain_.get_token(); }
  std::stop_token cancel_token() const { return cancel_.get_token(); }

 private:
  void wait_for_signals();

  std::stop_source drain_;
  std::stop_source cancel_;
  std::thread thread_;
};

// Whether a signal asked the process to stop; any thread.
bool stop_asked();
// Whether that has cancelled statements, or cut connections: what fails then is
// ErrorKind::interrupted (base/interruption.h).
bool statements_cancelled();
bool connections_given_up();

}  // namespace dbsync
