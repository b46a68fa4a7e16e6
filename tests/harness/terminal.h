// A program on a terminal of its own: stderr is a pseudo terminal whose bytes are
// kept and can be shown as a screen would.
//
// Threads: one, beside the reader of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/harness/process.h"

namespace dbsync::test {

// The part of a terminal that the display uses: lines that wrap and scroll, CR, LF,
// moving up, clearing to the end; colours are counted and ignored. Anything else is
// an error of the program.
class Screen {
 public:
  Screen(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows), lines_(1) {}

  void feed(std::string_view bytes);

  // Everything that was ever above, then the screen; blanks at line ends removed.
  std::vector<std::string> lines() const;
  std::size_t colours() const { return colours_; }
  const std::string& complaint() const { return complaint_; }

 private:
  void put(std::string_view character);
  void line_feed();
  std::size_t escape(std::string_view bytes);

  std::size_t columns_;
  std::size_t rows_;
  std::vector<std::vector<std::string>> lines_;  // cells; all that ever were
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::size_t colours_ = 0;
  std::string complaint_;
};

class TerminalProgram {
 public:
  // stdout is /dev/null. `env`: TERM is xterm unless it is given.
  TerminalProgram(const std::vector<std::string>& args, const std::filesystem::path& directory, unsigned columns,
                  unsigned rows, std::map<std::string, std::string> env = {});
  ~TerminalProgram();  // kills and waits
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  std::string output() const;
  void signal(int number) const;
  void resize(unsigned columns, unsigned rows) const;
  // The exit status, 128 + signal when a signal ended it.
  int wait(std::chrono::seconds limit = std::chrono::seconds(120));

 private:
  pid_t pid_ = -1;
  int master_ = -1;
  bool reaped_ = false;
  mutable std::mutex mutex_;  // guards output_
  std::string output_;
  std::thread reader_;
};

}  // namespace dbsync::test
