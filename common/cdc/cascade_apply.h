// Does on the target what foreign keys have done on the source (cascade.h): rows that refer
// to a key go, get NULL or the new key, and so on from table to table.
//
// The order is the source's: what was changed before must be written. Rows are found by the
// values of their columns; that none is found is no error.
// Within the caller's transaction, out of pipeline mode. Errors: ErrorKind::target. Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cdc/cascade.h"
#include "cdc/change.h"
#include "cdc/tuple.h"
#include "pg/connection.h"

namespace dbsync {

class CascadeApply {
 public:
  // `change`: of a relation with a cascade.
  void apply(PgConnection& target, const Change& change);

 private:
  using Key = std::vector<std::optional<std::string>>;
  // Keys of rows, with the edges that refer to them.
  struct Next {
    const CascadeEdge* edge = nullptr;
    Key old_key;
    Key new_key;
  };

  void removed(PgConnection& target, const CascadeEdge& edge, const Key& key, unsigned depth);
  void updated(PgConnection& target, const CascadeEdge& edge, const Key& old_key, const Key& new_key, unsigned depth);
  void remove_rows(PgConnection& target, const CascadeEdge& edge, const Key& key, unsigned depth);
  void set_columns(PgConnection& target, const CascadeEdge& edge, const Key& old_key, const Key& new_key,
                   unsigned depth);
  std::vector<Next> rows_whose_key_changes(PgConnection& target, const CascadeEdge& edge, const Key& old_key,
                                           const Key& new_key) const;
  const std::vector<CascadeEdge>& edges_of(const QualifiedName& table) const;

  const CascadeGraph* graph_ = nullptr;
  std::vector<Value> values_;
};

}  // namespace dbsync
