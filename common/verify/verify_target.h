// The target's side of a comparison: what there is to read, and reading it.
//
// All sessions see one moment where the server can export a snapshot. They are
// read-only, but for the one that stages rows (row_stage.h).
//
// Threads: as PgConnection. Errors: of the connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pg/catalog.h"
#include "pg/connection.h"
#include "pg/copy_out.h"
#include "schema/dialect.h"
#include "verify/row_image.h"

namespace dbsync {

// A part of a target table that one worker reads: a leaf of its partition tree,
// or a range of its blocks.
struct TargetPart {
  QualifiedName table;
  bool only = false;      // ONLY before its name
  std::string predicate;  // "" = all of it
};

// Parts that together hold every row of the table once. `bytes`: wanted size of a
// part; 0 = tables are not cut.
std::vector<TargetPart> parts_of(PgConnection& connection, const TargetTable& table, std::uint64_t bytes);

// The columns of the table's primary key, else of a unique key that is never
// NULL, among those in `compared`; empty when it has none.
std::vector<std::string> key_of(PgConnection& connection, const QualifiedName& table,
                                const std::vector<std::string>& compared);

// The sessions of the target that compare.
class TargetSnapshot {
 public:
  TargetSnapshot(std::string conninfo, std::string application_name);

  // For the catalog; holds the snapshot.
  PgConnection& control() { return *control_; }
  const Dialect& dialect() const { return dialect_; }

  // A session on the snapshot. Any thread.
  std::unique_ptr<PgConnection> session() const;
  // One that may write, outside of the snapshot. Any thread.
  std::unique_ptr<PgConnection> writer() const;
  // One that reads, outside of the snapshot: an error does not end it.
  std::unique_ptr<PgConnection> reader() const;

 private:
  std::string conninfo_;
  std::string application_name_;
  std::unique_ptr<PgConnection> control_;
  Dialect dialect_;
  std::string snapshot_;  // "" = each session has its own
};

// Columns whose types have no binary output (aclitem, seg, users' base types, and
// what is made of such) come to be texts: the server could not send them.
void read_as_text_where_needed(PgConnection& connection, ComparedColumns& compared);

// COPY of the columns in binary. `from`: a table or what stands for it.
std::string copy_out_sql(const ComparedColumns& compared, const std::string& from);

std::string sql_of(const TargetPart& part);  // "ONLY t WHERE …"

}  // namespace dbsync
