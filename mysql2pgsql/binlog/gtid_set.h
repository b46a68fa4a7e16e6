// Sets of GTIDs, as the servers write them:
//   MySQL    3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5:7:tag:1-3, UUID:1   transactions, in intervals
//   MariaDB  0-1-24,5-2-3   of each domain the last transaction; domain, server, number
//
// Pure. Errors: ErrorKind::source quoting the text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dbsync {

class GtidSet {
 public:
  GtidSet() = default;
  explicit GtidSet(std::string_view text);

  // One transaction, which is the last one of its domain.
  void add(std::string_view gtid);
  // Always false of MariaDB's, whose numbers need not rise: see applied_gtids.h.
  bool contains(std::string_view gtid) const;
  bool empty() const { return sources_.empty() && domains_.empty(); }
  bool of_mariadb() const { return !domains_.empty(); }
  std::string text() const;

  struct Last {
    std::uint32_t server = 0;
    std::uint64_t number = 0;

    friend bool operator==(const Last&, const Last&) = default;
  };
  const std::map<std::uint32_t, Last>& domains() const { return domains_; }

 private:
  using Intervals = std::map<std::uint64_t, std::uint64_t>;  // first, last

  void add_mariadb(std::string_view gtid);
  void add_source(std::string_view text);
  static void insert(Intervals& to, std::uint64_t first, std::uint64_t last);

  std::map<std::string, Intervals, std::less<>> sources_;  // by UUID, with a tag: UUID:tag
  std::map<std::uint32_t, Last> domains_;
};

}  // namespace dbsync
