// Constraints of the target that are NOT VALID: in force for new rows, but of the rows
// that are there some break them, or nobody has looked. A run leaves a foreign key so
// when it ends before the key is checked, or when it does not hold.
//
// Threads: as the connection. Errors: of the connection.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/names.h"

namespace dbsync {

struct ConstraintNotValid {
  QualifiedName table;
  std::string name;
  bool foreign_key = false;

  std::string describe() const;      // "public.b: foreign key b_a_fkey"
  std::string validate_sql() const;  // ALTER TABLE … VALIDATE CONSTRAINT …

  friend bool operator==(const ConstraintNotValid&, const ConstraintNotValid&) = default;
};

// By table and name.
std::vector<ConstraintNotValid> constraints_not_valid(PgConnection& connection);

}  // namespace dbsync
