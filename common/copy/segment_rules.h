// [distribution] and [greenplum] of my.cfg: how a distributed target spreads and stores
// the tables that are made.
//
//   [distribution]  table = column, column | randomly | replicated
//   [greenplum]     storage, compresstype, compresslevel; table.storage = … for some
//
// A target table is named with or without its schema; * and ? make it a pattern. Full
// names go before bare ones, these before patterns, patterns in the order of the file.
//
// Plain values, any thread.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

class SegmentRules {
 public:
  explicit SegmentRules(const Config& config);

  // Sets the table's distribution, when a rule names it, and its storage; nothing for
  // targets of one machine. What the source said of them stays where no rule speaks.
  // Errors: ErrorKind::config for a distribution that the table cannot have.
  void apply(Table& table, const Dialect& dialect) const;

  // One warning for each rule whose table is not among `targets`, the tables of the run
  // and the others that could have been meant.
  std::vector<std::string> idle(const std::vector<QualifiedName>& targets) const;

 private:
  struct Rule {
    std::string table;  // name or pattern
    std::string value;
    std::string where;  // "my.cfg line 9: [distribution] orders", for messages
  };
  using Rules = std::vector<Rule>;

  static const Rule* best(const Rules& rules, const QualifiedName& table);
  static Distribution distribution(const Rule& rule, const Table& table);
  void set_storage(Table& table) const;

  Rules distributions_;
  Rules storages_;
  Rules compressions_;
  Rules levels_;
  std::string storage_;  // of the tables without a rule; "" = the server's
  std::string compression_;
  std::string level_;
};

}  // namespace dbsync
