// What a target of another kind lacks of a column: its type becomes text, a default that it
// cannot compute is left out, each with a note. A table is never lost for it.
//
// Where the target can be asked, it decides; else what is known of its dialect. Threads
// and errors: as the connection.
#pragma once

#include <string>
#include <string_view>

#include "pg/connection.h"
#include "schema/dialect.h"
#include "schema/table.h"

namespace dbsync {

// Behind what the column's note says already.
void add_note(Column& column, std::string_view note);

class Lacking {
 public:
  // `target`: null = it cannot be asked.
  Lacking(const Dialect& dialect, PgConnection* target) : dialect_(dialect), target_(target) {}

  // `what`: a type made in the source's database, as "the enum public.mood", for the note.
  void fit_users_type(Column& column, std::string_view what, const std::string& extension) const;
  // A type of the server, of a version that the target may not have come to.
  void fit_type(Column& column) const;
  // After the type. `needs_users`: it names something made in the source's database.
  void fit_default(Column& column, bool needs_users) const;
  // What an identity column has that a serial has not.
  void fit_identity(Column& column) const;

 private:
  bool has_type(const std::string& type) const;
  bool can_compute(const std::string& expression) const;

  const Dialect& dialect_;
  PgConnection* target_;
};

}  // namespace dbsync
