#include "base/shutdown.h"

#include <pthread.h>

#include <csignal>
#include <cerrno>
#include <ctime>
#include <string>

#include "base/log.h"

namespace dbsync {

namespace {

constexpr int kStopWaiting = SIGUSR2;  // sent by the destructor to its own thread
constexpr timespec kDrainTime{10, 0};

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, kStopWaiting);
  return set;
}

}  // namespace

Shutdown::Shutdown() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { wait_for_signals(); });
}

Shutdown::~Shutdown() {
  pthread_kill(thread_.native_handle(), kStopWaiting);
  thread_.join();
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
  drain_.request_stop();

  do signal = sigtimedwait(&set, &info, &kDrainTime);
  while (signal < 0 && errno == EINTR);
  if (signal == kStopWaiting) return;
  log::warning("main", signal < 0 ? "still busy after 10 s: cancelling what runs on the servers"
                                  : "second signal: cancelling what runs on the servers");
  cancel_.request_stop();

  do signal = sigwaitinfo(&set, &info);
  while (signal != kStopWaiting);
}

}  // namespace dbsync
