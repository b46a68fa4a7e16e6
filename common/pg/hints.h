// What to do about an error of a PostgreSQL server: one table of SQLSTATE × what was
// being done -> a sentence, for both programs.
//
// Pure. Threads: any.
//
// Source of the codes: PostgreSQL manual, appendix "Error Codes".
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace dbsync {

// What was being done when the server refused it.
enum class PgStep {
  any,  // on the target, not known more closely
  connect,
  read,    // anything on the source
  create,  // CREATE TABLE and what goes with it
  load,    // COPY into a table
  build,   // an index, a primary key, a check, NOT NULL, a sequence
  foreign_key,
  follow  // applying a change of the source
};

struct PgHint {
  std::string text;       // "" = nothing is known
  bool for_step = false;  // for this very step, not for all
};

// `message`: the server's, with its detail and context. `table`: of the target, quoted,
// and `column`, plain: they fill the statements in; "" where they are not known.
PgHint pg_hint(std::string_view sqlstate, std::string_view message, PgStep step, std::string_view table = {},
               std::string_view column = {});

// Gives an error of the target the hint for what was being done, unless the program has
// put one there that knows more. Errors of the source keep theirs.
void add_hint(Error& error, PgStep step, std::string_view table = {});

}  // namespace dbsync
