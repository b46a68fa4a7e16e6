// The tables that are followed, and what reading their rows needs of the source.
//
// Owns the tables; RowTuples and the stream point at them. Errors: those of the query.
// Threads: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mysql2pgsql/binlog/cascades.h"
#include "mysql2pgsql/binlog/charset_table.h"
#include "mysql2pgsql/binlog/followed_table.h"

namespace dbsync {

class BinlogTables {
 public:
  // `query`: on the source, for its character sets.
  explicit BinlogTables(SourceQuery query) : query_(std::move(query)) {}
  BinlogTables(const BinlogTables&) = delete;
  BinlogTables& operator=(const BinlogTables&) = delete;

  FollowedTable& add(FollowedTable table);
  // Before it is described.
  void add_name(const std::string& db, const std::string& table) {
    FollowedTable named;
    named.db = db;
    named.name = table;
    add(std::move(named));
  }
  // Before it is known what its rows mean for others, whose foreign keys act.
  void add_parent_name(const std::string& db, const std::string& table) {
    parents_.emplace(to_lower(db), to_lower(table));
  }
  // One that is described; null: its changes are not taken.
  FollowedTable* find(std::string_view db, std::string_view table);
  // As a statement names it, whatever the case.
  FollowedTable* find_named(const std::string& db, const std::string& table);
  // The keys of its rows are read, since foreign keys act on other tables.
  bool reads_keys_of(const std::string& db, const std::string& table) const;
  bool follows(const std::string& db, const std::string& table);  // or reads its keys, as far as names tell
  bool follows_db(const std::string& db) const;

  std::shared_ptr<const CharsetTable> charset(const std::string& name);
  // Those of the columns that are followed, and of statements: nothing of them is asked later.
  void load_charsets();
  // A statement of a client with this collation, in UTF-8.
  std::string_view utf8(std::string_view statement, std::uint16_t collation, std::string& scratch);

  void add_cascade(const std::string& db, const std::string& table, CascadePlan plan) {
    cascades_[{db, table}].push_back(std::move(plan));
  }
  // Foreign keys that act in a way that cannot be followed, with the reason.
  std::vector<std::string> cascades_to_stop_at() const;
  // Null: rows of the table may be deleted without others.
  const std::vector<CascadePlan>* cascades_of(std::string_view db, std::string_view table) const {
    const auto found = cascades_.find({std::string(db), std::string(table)});
    return found == cascades_.end() ? nullptr : &found->second;
  }

  const std::map<std::string, std::map<std::string, std::unique_ptr<FollowedTable>, std::less<>>, std::less<>>& all()
      const {
    return tables_;
  }

 private:
  void load_collations();

  SourceQuery query_;
  std::map<std::string, std::map<std::string, std::unique_ptr<FollowedTable>, std::less<>>, std::less<>>
      tables_;  // by database, name
  std::map<std::string, std::shared_ptr<const CharsetTable>> charsets_;
  std::map<std::uint16_t, std::string> collations_;
  std::map<std::pair<std::string, std::string>, std::vector<CascadePlan>> cascades_;
  std::set<std::pair<std::string, std::string>> parents_;  // by names in lower case
};

}  // namespace dbsync
