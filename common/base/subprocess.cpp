#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"

extern char** environ;

namespace dbsync {

namespace {

Error system_error(const std::string& what, int code) {
  return Error(ErrorKind::internal, fmt::format("{}: {}", what, std::strerror(code)));
}

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw system_error("pipe", errno);
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write_end() { close_end(1); }

  // False at the end of the data.
  bool read_some(std::string& into) const {
    char chunk[65536];
    const ssize_t n = ::read(ends_[0], chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) return true;
    if (n > 0) into.append(chunk, static_cast<std::size_t>(n));
    return n > 0;
  }

 private:
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

  std::array<int, 2> ends_{-1, -1};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : added)
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    if (!replaced) out.emplace_back(text);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

// Those that run now, for end_children().
struct Children {
  std::mutex mutex;
  std::vector<pid_t> pids;
};

Children& children() {
  static Children all;
  return all;
}

int wait_for_child(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) throw system_error("waitpid", errno);
  const std::lock_guard lock(children().mutex);
  std::erase(children().pids, pid);
  return status;
}

pid_t start(const std::vector<std::string>& argv, const std::vector<std::pair<std::string, std::string>>& env,
            const Pipe& out, const Pipe& err) {
  std::vector<std::string> words = argv;
  std::vector<std::string> variables = merged_environment(env);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), 2);
  // Our threads block the signals that Shutdown takes and ignore SIGPIPE; the
  // child shall not.
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int code =
      ::posix_spawnp(&pid, words[0].c_str(), &actions, &attributes, pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) throw system_error("cannot start " + argv[0], code);
  const std::lock_guard lock(children().mutex);
  children().pids.push_back(pid);
  return pid;
}

void read_both(const Pipe& out, const Pipe& err, ProgramOutput& result) {
  std::array<pollfd, 2> fds{pollfd{out.read_end(), POLLIN, 0}, pollfd{err.read_end(), POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (::poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw system_error("poll", errno);
    }
    if (fds[0].revents != 0 && !out.read_some(result.out)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !err.read_some(result.err)) fds[1].fd = -1;
  }
}

}  // namespace

ProgramOutput run_program_to_end(const std::vector<std::string>& argv,
                                 const std::vector<std::pair<std::string, std::string>>& env,
                                 const std::stop_token& stop) {
  ProgramOutput result;
  Pipe out;
  Pipe err;
  const pid_t pid = start(argv, env, out, err);
  out.close_write_end();
  err.close_write_end();
  {
    const std::stop_callback terminate(stop, [pid] { ::kill(pid, SIGTERM); });
    read_both(out, err, result);
  }
  const int status = wait_for_child(pid);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

void end_children() noexcept {
  const std::lock_guard lock(children().mutex);
  for (const pid_t pid : children().pids) ::kill(pid, SIGTERM);
}

}  // namespace dbsync
