#include "cdc/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/spill_directory.h"

namespace dbsync {

namespace {

Error failed(const char* doing, const std::string& directory, int reason) {
  return Error(ErrorKind::usage, fmt::format("{} a temporary file in {}: {}", doing, directory, std::strerror(reason)))
      .hint(
          "a large transaction is kept there until it is applied: make room, or name a directory that has it "
          "(spill_directory in [follow], or TMPDIR); the same command then goes on");
}

}  // namespace

SpillFile::SpillFile(const std::string& directory) : directory_(spill_directory(directory)) {
  fd_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd_ >= 0) return;
  // Some file systems have no O_TMPFILE.
  std::string path = directory_ + "/dbsync-spill-XXXXXX";
  fd_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd_ < 0) throw failed("cannot create", directory_, errno);
  ::unlink(path.c_str());
}

SpillFile::~SpillFile() {
  if (fd_ >= 0) ::close(fd_);
}

void SpillFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw failed("cannot write to", directory_, n < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    size_ += static_cast<std::uint64_t>(n);
  }
}

void SpillFile::read(std::uint64_t offset, std::size_t most, std::string& out) const {
  out.resize(offset >= size_ ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(most, size_ - offset)));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw failed("cannot read from", directory_, n < 0 ? errno : EIO);
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace dbsync
