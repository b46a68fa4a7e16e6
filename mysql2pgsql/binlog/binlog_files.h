// The binlog files of a server, read from a directory: for what a server can no longer
// send, and for tests.
//
// Errors: ErrorKind::source naming the file, for what is no binlog, is encrypted, or is
// missing between two others. Threads: one.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "cdc/position.h"
#include "mysql2pgsql/binlog/event_source.h"

namespace dbsync {

class BinlogFiles : public EventSource {
 public:
  BinlogFiles(std::string directory, const Position& start);

  std::string_view read() override;
  BinlogChecksum checksum() const override { return checksum_; }
  void interrupt() noexcept override {}
  std::string describe() const override { return "binlog files in " + directory_; }

  // Where the last file ends.
  static Position end_of(const std::string& directory, const std::string& base);

 private:
  void open(const std::string& name, std::uint64_t offset);
  bool read_event();
  bool next_file();
  std::string_view rotate_to(const std::string& name, std::uint64_t offset);

  std::string directory_;
  std::string name_;        // of the open file
  std::uint64_t seek_ = 4;  // where to go on behind the file's FORMAT_DESCRIPTION
  std::ifstream file_;
  std::string event_;
  BinlogChecksum checksum_ = BinlogChecksum::none;
  enum class Step { rotate, format, events } step_ = Step::rotate;
};

}  // namespace dbsync
