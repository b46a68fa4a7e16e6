#include "base/shutdown.h"

#include <pthread.h>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <string>

#include "base/cancellation.h"
#include "base/log.h"
#include "base/network.h"
#include "base/subprocess.h"

namespace dbsync {

namespace {

constexpr int kStopWaiting = SIGUSR2;  // sent by the destructor to its own thread
constexpr timespec kDrainTime{2, 0};
constexpr timespec kCancelTime{3, 0};  // for servers to answer that they have cancelled
constexpr timespec kEndTime{5, 0};     // for the program to come to its end without them
constexpr std::chrono::milliseconds kRequestsTime{1000};
constexpr int kExitStatus = 130;

std::atomic<bool> asked_to_stop = false;
std::atomic<bool> cancelled = false;
std::atomic<bool> given_up = false;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, kStopWaiting);
  return set;
}

// The next signal, or -1 when none has come in this time.
int next_signal(const timespec& patience) {
  const sigset_t set = handled_signals();
  siginfo_t info{};
  int signal = 0;
  do signal = sigtimedwait(&set, &info, &patience);
  while (signal < 0 && errno == EINTR);
  return signal;
}

}  // namespace

bool stop_asked() { return asked_to_stop; }
bool statements_cancelled() { return cancelled; }
bool connections_given_up() { return given_up; }

Shutdown::Shutdown() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { wait_for_signals(); });
}

Shutdown::~Shutdown() {
  pthread_kill(thread_.native_handle(), kStopWaiting);
  thread_.join();
  cancellation::wait_for_requests(kRequestsTime);
}

void Shutdown::wait_for_signals() {
  const sigset_t set = handled_signals();
  siginfo_t info{};
  int signal = 0;
  do signal = sigwaitinfo(&set, &info);
  while (signal < 0);
  if (signal == kStopWaiting) return;
  log::warning("main", std::string(signal == SIGINT ? "interrupted" : "terminated") +
                           ": stopping at the next buffer; once more cancels at once");
  asked_to_stop = true;
  drain_.request_stop();

  signal = next_signal(kDrainTime);
  if (signal == kStopWaiting) return;
  log::warning("main", signal < 0 ? "still busy after 2 s: cancelling what runs on the servers"
                                  : "second signal: cancelling what runs on the servers");
  cancelled = true;
  // A server that cannot be reached keeps a request to cancel waiting.
  cancellation::in_background([cancel = cancel_]() mutable { cancel.request_stop(); });
  cancellation::cancel_all();

  if (next_signal(kCancelTime) == kStopWaiting) return;
  log::warning("main", "a server does not answer: giving up the connections");
  given_up = true;
  network::cut_all();

  if (next_signal(kEndTime) == kStopWaiting) return;
  // What is left stands still in a library. As after SIGKILL nothing is half done.
  log::error("main", "ended without waiting for a server that cannot be reached; what was committed stays");
  log::set_status_area({});
  end_children();
  ::_exit(kExitStatus);
}

}  // namespace dbsync
