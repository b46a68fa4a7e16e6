// An application that writes to the database of sample_schema.h, with the tables of
// kWrittenTables more, in transactions of its own thread.
//
// Threads: the application's; pause() from any other.
#pragma once

#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace dbsync::test {

// Both servers take them.
inline constexpr char kWrittenTables[] =
    "create table item (id int primary key, c int, n int, foreign key (c) references child (id) on delete cascade);"
    "create table scratch (id int primary key, n int)";

// What all rows of a table are, in their order, on either side.
const std::vector<std::string>& written_rows();

class WriteLoad {
 public:
  using Session = std::function<void(const std::string&)>;  // runs statements, throws

  WriteLoad(std::function<Session()> connect, unsigned seed, bool truncates);
  ~WriteLoad() = default;
  WriteLoad(const WriteLoad&) = delete;
  WriteLoad& operator=(const WriteLoad&) = delete;

  // Nothing is written while the lock is held.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(mutex_); }

 private:
  void write(const Session& session);
  std::string transaction();
  int any(int most) { return 1 + static_cast<int>(random_() % static_cast<unsigned>(most)); }

  std::mt19937 random_;
  bool truncates_;
  int next_ = 100000;  // a key that was never used
  std::mutex mutex_;
  std::jthread thread_;
};

}  // namespace dbsync::test
