// Tells the user now and then how far a job is: a display at the bottom of a
// terminal, a log line every ten seconds elsewhere; nothing where the log is to
// show warnings only.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dbsync {

struct ProgressLine {
  std::string text;
  std::vector<std::pair<std::string_view, double>> numbers;  // the same, for programs
};

// What a job can say about itself. Called from the reporter's thread.
struct ProgressSource {
  // One line for a log; may be missing.
  std::function<ProgressLine()> line;
  // At most `rows` lines for a terminal of this width; longer ones are cut.
  std::function<std::vector<std::string>(unsigned rows)> display;
};

// Reports from construction to destruction, in a thread of its own.
class ProgressReporter {
 public:
  explicit ProgressReporter(ProgressSource source);
  ~ProgressReporter();
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

 private:
  ProgressSource source_;
  std::jthread thread_;
};

// Raw text on stderr, for a closing summary: not a log line, but with --log-format
// json one object.
void print_to_user(const std::string& text);

}  // namespace dbsync
