#include "tests/harness/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/files.h"

extern char** environ;

namespace dbsync::test {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

namespace {

std::string last_run;

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// A file without a name, closed in children unless it becomes their 0, 1 or 2.
int temporary_file() {
  std::string pattern = (fs::temp_directory_path() / "dbsync-out-XXXXXX").string();
  const int fd = mkostemp(pattern.data(), O_CLOEXEC);
  if (fd < 0) throw_errno("cannot make " + pattern);
  unlink(pattern.c_str());
  return fd;
}

std::string read_all(int fd) {
  std::string out;
  char buffer[65536];
  off_t offset = 0;
  for (ssize_t n; (n = pread(fd, buffer, sizeof buffer, offset)) > 0; offset += n)
    out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

int open_stdin(const RunOptions& options) {
  if (!options.stdin_text.empty()) {
    const int fd = temporary_file();
    const auto size = static_cast<ssize_t>(options.stdin_text.size());
    if (pwrite(fd, options.stdin_text.data(), options.stdin_text.size(), 0) != size) throw_errno("cannot write stdin");
    return fd;
  }
  const std::string path = options.stdin_file.empty() ? "/dev/null" : options.stdin_file.string();
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw_errno("cannot read " + path);
  return fd;
}

bool plain_word(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:") ==
             std::string::npos;
}

std::string shell_line(const std::vector<std::string>& args) {
  std::string out;
  for (const auto& arg : args) {
    if (!out.empty()) out += ' ';
    out += plain_word(arg) ? arg : "'" + arg + "'";
  }
  return out;
}

bool is_ours(const std::string& name) { return name == "mysql2pgsql" || name == "pgsql2pgsql"; }

std::vector<std::string> environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) out.push_back(text);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// A line "VmHWM:   1234 kB" of /proc/PID/status.
long status_kib(const std::string& pid, const std::string& key) {
  std::ifstream file("/proc/" + pid + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return std::strtol(line.c_str() + key.size(), nullptr, 10);
  return 0;
}

// After fork, in the child: only async-signal-safe calls from here on.
[[noreturn]] void become(const char* file, char* const* argv, char* const* envp, const char* cwd, const int (&fds)[3]) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int i = 0; i < 3; ++i) dup2(fds[i], i);
  if (*cwd != '\0' && chdir(cwd) != 0) _exit(126);
  execvpe(file, argv, envp);
  dprintf(2, "cannot run %s: errno %d\n", file, errno);
  _exit(127);
}

}  // namespace

std::string RunResult::describe() const {
  return fmt::format("{}\nexit status {}{}, {:.2f} s, {} KiB\n--- stdout, last lines\n{}\n--- stderr, last lines\n{}\n",
                     command, exit_code, timed_out ? " (killed: timeout)" : "", seconds, peak_rss_kib,
                     last_lines(out, 20), last_lines(err, 40));
}

std::string program_path(const std::string& name) {
  const fs::path dir = env_or("DBSYNC_BIN", "bin");
  const fs::path path = (dir.is_absolute() ? dir : repo_root() / dir) / name;
  if (access(path.c_str(), X_OK) != 0) throw std::runtime_error(path.string() + " is not there: run make");
  return path.string();
}

Program::Program(const std::vector<std::string>& args, const RunOptions& options) : command_(shell_line(args)) {
  std::vector<std::string> argv_text = args;
  const std::string file = is_ours(args.at(0)) ? program_path(args[0]) : args[0];
  const std::string cwd = options.cwd.string();
  std::vector<std::string> env_text = environment(options.env);
  const auto argv = pointers(argv_text);
  const auto envp = pointers(env_text);

  const int in = open_stdin(options);
  out_ = temporary_file();
  err_ = temporary_file();
  own_rss_kib_ = status_kib("self", "VmRSS:");
  start_ = steady_clock::now();
  deadline_ = start_ + options.timeout * (sanitized() ? 5 : 1);
  pid_ = fork();
  if (pid_ == 0) become(file.c_str(), argv.data(), envp.data(), cwd.c_str(), {in, out_, err_});
  close(in);
  if (pid_ < 0) throw_errno("cannot fork");
}

Program::~Program() {
  if (!reaped_ && pid_ > 0) {
    kill(pid_, SIGKILL);
    reap(0);
  }
  close(out_);
  close(err_);
}

bool Program::running() { return !reap(WNOHANG); }

void Program::signal(int number) const {
  if (!reaped_) kill(pid_, number);
}

std::string Program::err_so_far() const { return read_all(err_); }

std::string Program::command_line_in_proc() const {
  std::string text = read_file("/proc/" + std::to_string(pid_) + "/cmdline");
  for (char& c : text)
    if (c == '\0') c = ' ';
  return text;
}

void Program::sample_memory() { sampled_kib_ = std::max(sampled_kib_, status_kib(std::to_string(pid_), "VmHWM:")); }

bool Program::reap(int options) {
  if (reaped_) return true;
  sample_memory();
  int status = 0;
  rusage usage{};
  if (wait4(pid_, &status, options, &usage) != pid_) return false;
  reaped_ = true;
  result_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result_.seconds = std::chrono::duration<double>(steady_clock::now() - start_).count();
  // The kernel counts what the child was before exec, a copy of this process;
  // when that was the larger part, the samples are all there is.
  result_.peak_rss_kib = usage.ru_maxrss > own_rss_kib_ ? usage.ru_maxrss : sampled_kib_;
  return true;
}

RunResult Program::wait() {
  while (!reap(WNOHANG)) {
    if (steady_clock::now() > deadline_ && !result_.timed_out) {
      result_.timed_out = true;
      kill(pid_, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  result_.command = command_;
  result_.out = read_all(out_);
  result_.err = read_all(err_);
  if (is_ours(command_.substr(0, command_.find(' ')))) last_run = result_.describe();
  if (result_.timed_out) ADD_FAILURE() << "killed after its time was over: " << result_.describe();
  return result_;
}

RunResult run_program(const std::vector<std::string>& args, const RunOptions& options) {
  return Program(args, options).wait();
}

std::string last_run_report() { return last_run; }
void reset_last_run() { last_run.clear(); }

bool sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return !env_or("DBSYNC_SANITIZER", "").empty() || env_or("DBSYNC_BIN", "bin").find("/san-") != std::string::npos;
#endif
}

}  // namespace dbsync::test
