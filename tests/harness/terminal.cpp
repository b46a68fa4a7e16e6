#include "tests/harness/terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

namespace dbsync::test {

namespace {

std::size_t bytes_of_character(unsigned char first) {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

}  // namespace

void Screen::line_feed() {
  ++row_;
  if (row_ == lines_.size()) lines_.emplace_back();
}

void Screen::put(std::string_view character) {
  if (column_ == columns_) {
    line_feed();
    column_ = 0;
  }
  auto& line = lines_[row_];
  if (line.size() <= column_) line.resize(column_ + 1, " ");
  line[column_++] = character;
}

// The length of the sequence.
std::size_t Screen::escape(std::string_view bytes) {
  std::size_t end = 2;
  while (end < bytes.size() && !(bytes[end] >= '@' && bytes[end] <= '~')) ++end;
  if (bytes.size() < 3 || bytes[1] != '[' || end == bytes.size()) {
    complaint_ += "an escape that is not a control sequence; ";
    return bytes.size();
  }
  const std::string_view argument = bytes.substr(2, end - 2);
  switch (bytes[end]) {
    case 'A': {
      const auto up = static_cast<std::size_t>(std::max(1, std::atoi(std::string(argument).c_str())));
      const std::size_t top = lines_.size() > rows_ ? lines_.size() - rows_ : 0;
      if (up > row_ - top) complaint_ += fmt::format("up {} from row {}; ", up, row_ - top);
      row_ -= std::min(up, row_ - top);
      break;
    }
    case 'J':
      lines_.resize(row_ + 1);
      lines_[row_].resize(std::min(lines_[row_].size(), column_));
      break;
    case 'm': ++colours_; break;
    default: complaint_ += fmt::format("the sequence {}{}; ", argument, bytes[end]);
  }
  return end + 1;
}

void Screen::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t length = 1;
    switch (bytes[0]) {
      case '\r': column_ = 0; break;
      case '\n': line_feed(); break;
      case '\x1b': length = escape(bytes); break;
      default:
        length = std::min(bytes_of_character(static_cast<unsigned char>(bytes[0])), bytes.size());
        put(bytes.substr(0, length));
    }
    bytes.remove_prefix(length);
  }
}

std::vector<std::string> Screen::lines() const {
  std::vector<std::string> out;
  for (const auto& line : lines_) {
    std::string& text = out.emplace_back();
    for (const std::string& cell : line) text += cell;
    while (text.ends_with(' ')) text.pop_back();
  }
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

TerminalProgram::TerminalProgram(const std::vector<std::string>& args, const std::filesystem::path& directory,
                                 unsigned columns, unsigned rows, std::map<std::string, std::string> env) {
  env.try_emplace("TERM", "xterm");
  const std::string program = program_path(args.at(0));
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  pid_ = forkpty(&master_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty failed");
  if (pid_ == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);  // may be ignored in the background
    unsetenv("NO_COLOR");
    for (const auto& [name, value] : env) setenv(name.c_str(), value.c_str(), 1);
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || chdir(directory.c_str()) != 0) _exit(127);
    std::vector<std::string> texts = args;
    std::vector<char*> argv;
    for (std::string& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  reader_ = std::thread([this] {
    char buffer[4096];
    // EIO is how a terminal says that nobody has it open any more.
    for (ssize_t n; (n = read(master_, buffer, sizeof buffer)) > 0;) {
      const std::lock_guard lock(mutex_);
      output_.append(buffer, static_cast<std::size_t>(n));
    }
  });
}

TerminalProgram::~TerminalProgram() {
  if (!reaped_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (reader_.joinable()) reader_.join();
  close(master_);
}

std::string TerminalProgram::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

void TerminalProgram::signal(int number) const { kill(pid_, number); }

void TerminalProgram::resize(unsigned columns, unsigned rows) const {
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  ioctl(master_, TIOCSWINSZ, &size);
}

int TerminalProgram::wait(std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (int status = 0;;) {
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      reaped_ = true;
      reader_.join();  // all that it wrote is there
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &status, 0);
      reaped_ = true;
      throw std::runtime_error("the program did not end; it wrote:\n" + output());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace dbsync::test
