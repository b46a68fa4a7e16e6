// Runs programs and tells what they did.
//
// Output goes through unlinked temporary files: no pipe can fill up and block a
// program, and a background run's output can be read at any time. Children are
// killed when the test binary dies.
//
// Threads: one Program belongs to one thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dbsync::test {

struct RunOptions {
  std::map<std::string, std::string> env;  // added to the environment
  std::filesystem::path cwd;               // "" = as the test binary
  std::string stdin_text;
  std::filesystem::path stdin_file;   // instead of stdin_text
  std::chrono::seconds timeout{180};  // killed then, and the test fails
};

struct RunResult {
  std::string command;  // as a shell would take it
  int exit_code = -1;   // 128 + signal when a signal ended it
  bool timed_out = false;
  std::string out;
  std::string err;
  long peak_rss_kib = 0;
  double seconds = 0;

  // Everything about the run, for `<<` behind an assertion.
  std::string describe() const;
};

class Program {
 public:
  // args[0]: mysql2pgsql or pgsql2pgsql (found in $DBSYNC_BIN, default bin), a
  // path, or a program of PATH.
  Program(const std::vector<std::string>& args, const RunOptions& options = {});
  ~Program();  // kills and waits
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number) const;
  // What it has written to stderr so far.
  std::string err_so_far() const;
  // The arguments as other users of the machine see them.
  std::string command_line_in_proc() const;
  RunResult wait();

 private:
  bool reap(int options);
  void sample_memory();

  std::string command_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point deadline_;
  long own_rss_kib_ = 0;
  long sampled_kib_ = 0;
  int out_ = -1;
  int err_ = -1;
  pid_t pid_ = -1;
  bool reaped_ = false;
  RunResult result_;
};

RunResult run_program(const std::vector<std::string>& args, const RunOptions& options = {});

// The path of one of the project's programs; a failure names what is missing.
std::string program_path(const std::string& name);

// The last run of one of the project's programs, for failure reports; "" when
// there was none since the last reset.
std::string last_run_report();
void reset_last_run();

// True when the programs are built with a sanitizer: their memory use and speed
// say nothing then.
bool sanitized();

}  // namespace dbsync::test
