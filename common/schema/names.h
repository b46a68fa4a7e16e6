// Patterns over names, and names on the target: at most 63 bytes (NAMEDATALEN - 1), unique per schema.
//
// A longer name keeps its beginning and gets a hash of the whole, so that the
// same source always gives the same target.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "schema/table.h"

namespace dbsync {

// * stands for any text and ? for any character, as in a shell.
bool matches_glob(std::string_view pattern, std::string_view text);

// schema.table or table (of any schema), with * and ?.
bool matches_pattern(std::string_view pattern, const QualifiedName& name);

// How well the table of a rule, a name or a pattern, fits a table: 3 by its full name, 2 by
// its bare one, 1 as a pattern, 0 not at all.
int rule_fit(std::string_view rule, const QualifiedName& table);

inline constexpr std::size_t kMaxNameBytes = 63;

// "orders_01 -> public.orders", or the source's name alone when the target's is the
// same but for the schema. For messages.
std::string source_and_target(const std::string& source, const QualifiedName& target);
std::string source_and_target(const std::string& source, const std::string& target);

// The name itself when it fits.
std::string shorten_name(std::string_view name);

// The name that the server gives the sequence of an identity column (`what`: seq) or the
// constraint of NOT NULL (not_null; PostgreSQL 18), when it is free.
std::string usual_name(std::string_view table, std::string_view column, std::string_view what);

// A name that the target has already.
struct TakenName {
  enum class Kind { table, relation, type, function };

  QualifiedName name;
  std::string owner;  // the table that it belongs to (an index's, a sequence's, …); its own for what stands alone
  Kind kind = Kind::relation;
};

// Tables, indexes, sequences and types of one schema share one set of names;
// constraints of one table have another.
class NameSet {
 public:
  // Shortened and made unique by a number at its end. `owner`: the table that it is
  // for, "" for none.
  std::string claim(std::string_view name, std::string_view owner = {});
  // Whether claim would give the name as it is.
  bool is_free(const std::string& name, std::string_view owner) const;
  // What the target has belongs to `owner`: for that table alone the name is free.
  void reserve(const std::string& name, const std::string& owner) { reserved_.emplace(name, owner); }

 private:
  std::set<std::string> names_;
  std::map<std::string, std::string> reserved_;
};

}  // namespace dbsync
