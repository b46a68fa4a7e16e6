// A temporary file without a name: it is gone when it is closed, whatever ends
// the process.
//
// Errors: ErrorKind::usage naming directory and the system's reason. Threads:
// one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dbsync {

class SpillFile {
 public:
  // In this directory; "" = TMPDIR, else /var/tmp.
  explicit SpillFile(const std::string& directory);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  void append(std::string_view bytes);
  // Forgets what is behind the first `size` bytes.
  void cut(std::uint64_t size) { size_ = size < size_ ? size : size_; }
  std::uint64_t size() const { return size_; }
  // Fills `out` with up to `most` bytes from `offset` on.
  void read(std::uint64_t offset, std::size_t most, std::string& out) const;

 private:
  std::string directory_;
  std::uint64_t size_ = 0;
  int fd_ = -1;
};

}  // namespace dbsync
