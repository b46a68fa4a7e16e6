// A target database that is backed up and restored as its operators do: as a copy of
// the database, or by pg_dump and pg_restore.
//
// No session stays open, so that the database can be dropped. Threads: one.
#pragma once

#include <string>

#include "tests/harness/files.h"
#include "tests/harness/rows.h"

namespace dbsync::test {

class OperatedTarget {
 public:
  OperatedTarget();
  ~OperatedTarget();
  OperatedTarget(const OperatedTarget&) = delete;
  OperatedTarget& operator=(const OperatedTarget&) = delete;

  std::string conninfo() const;
  Rows query(const std::string& sql) const;
  // pg_dump of one table, without rows.
  std::string definition(const std::string& table) const;

  // Other sessions are ended by all of these. make_anew: without a table.
  void make_anew();
  void back_up();
  bool has_backup() const { return backed_up_; }
  void restore_copy();
  void restore_dump();

 private:
  void drop(const std::string& database) const;

  std::string name_;
  TestDir dir_;
  bool backed_up_ = false;
};

}  // namespace dbsync::test
