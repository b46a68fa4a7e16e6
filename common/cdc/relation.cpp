#include "cdc/relation.h"

#include <algorithm>

namespace dbsync {

bool same_columns(const Relation& a, const Relation& b) {
  const auto same = [](const RelationColumn& x, const RelationColumn& y) {
    return x.name == y.name && x.number == y.number && x.type_oid == y.type_oid && x.typmod == y.typmod;
  };
  return std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), same);
}

}  // namespace dbsync
