#include "base/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace dbsync {

namespace {

constexpr int kPatienceMilliseconds = 5000;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kForAll = 0644;  // less the process's mask

std::error_code last_error() { return {errno, std::generic_category()}; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  std::error_code close() { return ::close(std::exchange(fd_, -1)) == 0 ? std::error_code() : last_error(); }

 private:
  int fd_;
};

std::error_code write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      if (::poll(&ready, 1, kPatienceMilliseconds) == 0) return std::make_error_code(std::errc::timed_out);
    } else if (errno != EINTR) {
      return last_error();
    }
  }
  return {};
}

std::error_code write_in_place(const std::string& path, std::string_view content, int flags) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags));
  if (!file.open()) return last_error();
  if (const auto error = write_all(file.get(), content)) return error;
  return file.close();
}

// A new file beside `path`, which must not be there: nobody else's is written to.
std::error_code write_beside(const std::string& path, std::string_view content, const struct stat* before,
                             Readers readers) {
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  ::unlink(temporary.c_str());  // of a process that had our number and was killed
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                         readers == Readers::all ? kForAll : kOwnerOnly));
  if (!file.open()) return last_error();
  std::error_code error = write_all(file.get(), content);
  if (!error && before != nullptr && ::fchmod(file.get(), before->st_mode & 0777) != 0) error = last_error();
  // Only root may, and only root needs it.
  if (!error && before != nullptr && before->st_uid != ::geteuid() &&
      ::fchown(file.get(), before->st_uid, before->st_gid) != 0)
    error = ::geteuid() == 0 ? last_error() : std::error_code();
  if (const auto closed = file.close(); closed && !error) error = closed;
  if (!error && ::rename(temporary.c_str(), path.c_str()) != 0) error = last_error();
  if (error) ::unlink(temporary.c_str());
  return error;
}

bool is_link(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 && S_ISLNK(facts.st_mode);
}

}  // namespace

std::error_code replace_file(const std::string& path, std::string_view content, Readers readers) {
  struct stat facts {};
  const bool there = ::stat(path.c_str(), &facts) == 0;
  if (!there && errno != ENOENT) return last_error();
  if (there && !S_ISREG(facts.st_mode)) return write_in_place(path, content, 0);
  std::string real = path;
  if (is_link(path)) {
    if (readers == Readers::owner || !there) return std::make_error_code(std::errc::too_many_symbolic_link_levels);
    std::error_code error;
    real = std::filesystem::canonical(path, error).string();
    if (error) return error;
  }
  const auto error = write_beside(real, content, there ? &facts : nullptr, readers);
  // The file may be written, but not its directory.
  if (there && error == std::errc::permission_denied) return write_in_place(real, content, O_TRUNC | O_NOFOLLOW);
  return error;
}

std::error_code append_private(const std::string& path, std::string_view content) {
  Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, kOwnerOnly));
  if (!file.open()) return last_error();
  if (const auto error = write_all(file.get(), content)) return error;
  return file.close();
}

}  // namespace dbsync
