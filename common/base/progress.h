// Tells the user now and then how far a job is: a display at the bottom of a
// terminal, a log line every few seconds elsewhere.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace dbsync {

// What a job can say about itself. Called from the reporter's thread.
struct ProgressSource {
  // One line for a log.
  std::function<std::string()> line;
  // Several lines for a terminal of this width, none wider.
  std::function<std::string(unsigned width)> display;
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

// Raw text on stderr, for a closing summary: not a log line.
void print_to_user(const std::string& text);

}  // namespace dbsync
