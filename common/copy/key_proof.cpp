#include "copy/key_proof.h"

#include <fmt/format.h>

#include "base/text.h"
#include "copy/guard_journal.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

std::string what(const EnforcedKey& key) { return fmt::format("{}: foreign key {}", key.table.display(), key.name); }

// As the server says it of a key that it refuses.
std::optional<Error> count_orphans(PgConnection& connection, const EnforcedKey& key, bool valid) {
  const std::string count = connection.exec(orphans_sql(key)).text(0, 0);
  if (count == "0") return std::nullopt;
  const PgResult example = connection.exec(orphan_example_sql(key));
  std::string values = example.rows() > 0 ? one_line(example.text(0, 0)) : "";
  Error error(ErrorKind::data, fmt::format("{} rows; Key ({})=({}) is not present in table {} ({})", count, key.columns,
                                           values, key.referenced.display(), key.referenced_columns));
  error.context(what(key));
  return error.hint(
      valid ? "the rows are as they are on the source, and the key holds for new rows: mend these there or here"
            : fmt::format("the rows are as they are on the source, and the key holds for new rows: mend these there "
                          "or here, then ALTER TABLE {} VALIDATE CONSTRAINT {}",
                          quote_name(key.table), quote_identifier(key.name)));
}

// A key that stands for all rows, but compares ranges.
std::optional<Error> not_comparable(const EnforcedKey& key) {
  Error error(ErrorKind::target, "it could not be proved, since it has a PERIOD");
  return error.context(what(key)).hint("drop the key and add it again");
}

}  // namespace

std::optional<Error> prove_key(PgConnection& connection, const EnforcedKey& key, const GuardRecord* record,
                               const GuardJournal* journal) {
  try {
    if (record == nullptr || !record->valid) {
      if (key.period) return not_comparable(key);
      auto orphans = count_orphans(connection, key, key.valid);
      if (record != nullptr && !orphans) journal->forget(connection, *record);
      return orphans;
    }
    try {
      journal->validate(connection, *record, key);
      return std::nullopt;
    } catch (const Error& error) {
      if (error.sqlstate() != sqlstate::foreign_key_violation) throw;
      if (!key.period)
        if (auto orphans = count_orphans(connection, key, false)) return orphans;
      throw;
    }
  } catch (Error& error) {
    if (error.connection_lost()) throw;
    if (error.sqlstate() == sqlstate::insufficient_privilege && error.hint().empty())
      error.hint(fmt::format(
          "whether its rows refer to something is not known: GRANT SELECT ON {}, {} TO the role of [desc.pgsql], "
          "then run again with --resume",
          quote_name(key.table), quote_name(key.referenced)));
    return error.context(what(key));
  }
}

}  // namespace dbsync
