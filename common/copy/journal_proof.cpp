#include "copy/journal_proof.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "pg/sqlstate.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kCountSeconds = 10;
constexpr char kWayOut[] =
    "--restart empties the tables of the run and loads them again; --cleanup forgets the earlier run, and "
    "--truncate then loads this one again";

// Nothing: that takes too long.
std::optional<std::uint64_t> count_rows(PgConnection& connection, const TargetTable& table) {
  PgTransaction transaction(connection);
  connection.exec(fmt::format("SET LOCAL statement_timeout = '{}s'", kCountSeconds));
  try {
    return static_cast<std::uint64_t>(
        connection.exec(fmt::format("SELECT count(*) FROM {}{}", table.only ? "ONLY " : "", quote_name(table.name)))
            .integer(0, 0));
  } catch (const Error& error) {
    if (error.sqlstate() != sqlstate::query_canceled) throw;
    return std::nullopt;
  }
}

}  // namespace

bool was_remade(const JournalTable& known, std::uint32_t relation) {
  return known.relation != 0 && relation != 0 && known.relation != relation;
}

Error remade_error(const QualifiedName& table) {
  return Error(ErrorKind::target,
               fmt::format("{} was dropped and made again since the earlier run loaded it", table.display()))
      .hint(kWayOut);
}

std::optional<Error> rewritten_error(PgConnection& connection, const TargetTable& table, std::uint64_t rows) {
  const auto there = find_table(connection, table.name) ? count_rows(connection, table) : 0;
  if (there && *there >= rows) return std::nullopt;
  return Error(ErrorKind::target,
               fmt::format("{} was emptied, made again or written anew by somebody else while rows were put into it: "
                           "{} were, and it holds {}",
                           table.name.display(), format_count(rows),
                           there ? format_count(*there) : "too many to be counted"))
      .hint(
          "--restart empties the tables of the run and loads them again; a task that follows loads this one again by "
          "the same command");
}

std::optional<Error> rows_differ(PgConnection& connection, const RowProof& proof) {
  const auto there = count_rows(connection, proof.table);
  if (!there) {
    log::warning(
        "main",
        fmt::format("{}: {} rows of the earlier run, which are too many to be counted again: --verify compares them",
                    proof.table.name.display(), format_count(proof.rows)));
    if (proof.rows == 0 || has_rows(connection, proof.table)) return std::nullopt;
    return Error(ErrorKind::target, fmt::format("{} is empty, and the earlier run loaded {} rows",
                                                proof.table.name.display(), format_count(proof.rows)))
        .hint(kWayOut);
  }
  if (*there == proof.rows || (*there > proof.rows && !proof.exact)) return std::nullopt;
  if (proof.mended && *there > 0) {
    log::warning("main", fmt::format("{} holds {} rows, and the earlier run loaded {}: taken for mended by hand",
                                     proof.table.name.display(), format_count(*there), format_count(proof.rows)));
    return std::nullopt;
  }
  return Error(ErrorKind::target,
               fmt::format("{} holds {} rows, and the earlier run loaded {}: it was changed since",
                           proof.table.name.display(), format_count(*there), format_count(proof.rows)))
      .hint(kWayOut);
}

}  // namespace dbsync
