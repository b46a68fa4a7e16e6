// Which transactions of a log are applied already, asked of each in the log's order.
//
// MySQL's sets tell by themselves. MariaDB's name the last transaction of each domain: of a
// domain whose last one comes behind the place where the log is read from, all are applied up
// to that one.
//
// Value; a copy for each reader of the log. Errors: ErrorKind::source. Threads: one.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "mysql2pgsql/binlog/gtid_set.h"

namespace dbsync {

// Domains of MariaDB whose last applied transaction is still to come.
using DomainsAhead = std::map<std::uint32_t, GtidSet::Last>;

class AppliedGtids {
 public:
  AppliedGtids() = default;  // none is
  AppliedGtids(std::shared_ptr<const GtidSet> set, DomainsAhead ahead)
      : set_(std::move(set)), ahead_(std::move(ahead)) {}

  // The next transaction of the log; "" = it has no GTID.
  bool pass(std::string_view gtid);

 private:
  std::shared_ptr<const GtidSet> set_;
  DomainsAhead ahead_;
};

}  // namespace dbsync
