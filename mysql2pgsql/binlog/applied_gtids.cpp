#include "mysql2pgsql/binlog/applied_gtids.h"

#include <fmt/format.h>

#include "base/error.h"

namespace dbsync {

bool AppliedGtids::pass(std::string_view gtid) {
  if (!set_ || gtid.empty()) return false;
  if (!set_->of_mariadb()) return set_->contains(gtid);
  if (ahead_.empty()) return false;
  const GtidSet one(gtid);
  if (!one.of_mariadb()) return false;
  const auto& [domain, last] = *one.domains().begin();
  const auto found = ahead_.find(domain);
  if (found == ahead_.end()) return false;
  const GtidSet::Last awaited = found->second;
  if (last == awaited) {
    ahead_.erase(found);
    return true;
  }
  if (last.server != awaited.server || last.number < awaited.number) return true;
  throw Error(
      ErrorKind::source,
      fmt::format("the source's binlog has {} where {}-{}-{} should come before, which the target has: it lacks "
                  "that transaction",
                  gtid, domain, awaited.server, awaited.number))
      .hint(
          "its history is another one than the target's: connect to a server that has that transaction, or begin anew "
          "with --restart");
}

}  // namespace dbsync
