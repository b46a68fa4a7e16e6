// The binlog files of a server, read from a directory: for what a server can no longer
// send, and for tests.
//
// Errors: ErrorKind::source naming the file, for what is no binlog, is encrypted, is cut
// short, or is missing between two others. Threads: one.
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

  // The ends of the files base.NNNNNN, oldest first; at least one.
  static std::vector<Position> list(const std::string& directory, const std::string& base);

 private:
  void open(const std::string& name, std::uint64_t offset);
  std::string_view begin_file();
  void prove_whole(const BinlogEvent& format) const;
  bool read_event();
  bool next_file();
  std::string_view rotate_to(const std::string& name, std::uint64_t offset);

  std::string directory_;
  std::string name_;        // of the open file
  std::string base_;        // of the names
  std::uint64_t seek_ = 4;  // where to go on behind the file's FORMAT_DESCRIPTION
  std::ifstream file_;
  std::string event_;
  std::string before_;  // the file before, when it ended without saying so
  bool ended_ = true;   // the last event says that the file ends there
  BinlogChecksum checksum_ = BinlogChecksum::none;
  enum class Step { rotate, format, events } step_ = Step::rotate;
};

// "mysql-bin" of mysql-bin.000001.
inline std::string base_of(const Position& position) { return position.file.substr(0, position.file.rfind('.')); }

}  // namespace dbsync
