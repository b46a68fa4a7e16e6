// A source table as its stream of changes describes it, and the row images that
// refer to it. A new description of the same table is a new Relation: one never
// changes after it was handed out.
//
// Plain values. Threads: immutable, shared between them by shared_ptr<const>.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cdc/cascade.h"
#include "schema/table.h"

namespace dbsync {

// Which columns of the old row come with an UPDATE or DELETE.
enum class ReplicaIdentity : char { primary_key = 'd', nothing = 'n', full = 'f', index = 'i' };

struct RelationColumn {
  std::string name;
  bool key = false;            // part of the replica identity
  std::uint32_t type_oid = 0;  // of the source; built-in types are the same everywhere
  std::int32_t typmod = -1;
  std::string type_name = {};  // quoted SQL name of a type that is not built in, when known
  int number = 0;              // as the source counts columns, dropped ones too; 0 = not known

  friend bool operator==(const RelationColumn&, const RelationColumn&) = default;
};

// What the values of its rows are: as the source has them, or made for the columns of
// the target; in binary form or as text.
enum class RelationValues : std::uint8_t { source_text, source_binary, target_text, target_binary };

struct Relation {
  std::uint32_t id = 0;  // the source's number for it
  QualifiedName name;
  ReplicaIdentity identity = ReplicaIdentity::primary_key;
  std::vector<RelationColumn> columns;
  RelationValues values = RelationValues::source_text;
  // The transaction that the description came with, where that tells whether it is from
  // before a change of the table; 0 = not told.
  std::uint32_t transaction = 0;
  // Set: this is no table, but what foreign keys do.
  std::shared_ptr<const Cascade> cascade = nullptr;

  friend bool operator==(const Relation&, const Relation&) = default;
};

// The same columns in the same places; whether they are part of a key does not count.
bool same_columns(const Relation& a, const Relation& b);

}  // namespace dbsync
