#include "copy/target_sequences.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "embedded_sql.h"
#include "pg/together.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr int kCatalogOfSequencesSince = 100000;
constexpr std::size_t kMovesTogether = 100;  // each locks its table

// A value that the sequence has given already, or has to be taken for that, is the
// largest of the column and the one before the source's next.
std::string move_sql(const std::string& sequence, const QualifiedName& table, const std::string& column,
                     const std::string& limit, std::uint64_t next) {
  return fmt::format(
      "SELECT pg_catalog.setval({}, m.n) FROM (SELECT least(greatest(coalesce(max({}), 0)::numeric, {}), {})::bigint "
      "AS n FROM {}) AS m, "
      "{} AS s WHERE m.n >= s.last_value + CASE WHEN s.is_called THEN 1 ELSE 0 END",
      quote_literal(sequence), quote_identifier(column), next > 0 ? next - 1 : 0, limit, quote_name(table), sequence);
}

}  // namespace

void add_source_position(const CopyTask& task, std::map<QualifiedName, SourcePosition>& tables) {
  SourcePosition& position = tables[task.target];
  const Column* column = task.definition ? task.definition->identity_column() : nullptr;
  if (column != nullptr && task.definition->next_identity >= position.next)
    position = {column->name, task.definition->next_identity};
}

PgQuery question_of_sequences(const std::map<QualifiedName, SourcePosition>& tables) {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  for (const auto& [name, position] : tables) {
    schemas.push_back(name.schema);
    names.push_back(name.name);
  }
  return {sql::column_sequences, {array_text(schemas), array_text(names)}};
}

std::vector<std::string> move_sequences(PgConnection& connection,
                                        const std::map<QualifiedName, SourcePosition>& tables) {
  std::vector<std::string> notes;
  if (tables.empty() || connection.server_version() < kCatalogOfSequencesSince) return notes;
  const PgResult found = ask(connection, question_of_sequences(tables));
  std::size_t moved = 0;
  std::vector<PgQuery> moves;
  const auto move = [&] {
    for (const PgResult& done : exec_together(connection, std::exchange(moves, {})))
      moved += static_cast<std::size_t>(done.rows());
  };
  for (int row = 0; row < found.rows(); ++row) {
    const QualifiedName table{found.text(row, 0), found.text(row, 1)};
    const std::string column = found.text(row, 2);
    const QualifiedName sequence{found.text(row, 3), found.text(row, 4)};
    if (!found.boolean(row, 6) || !found.boolean(row, 7)) {
      notes.push_back(
          fmt::format("sequence {} of {} column {}: left as it is, since the role may not {}: GRANT {} TO the role of "
                      "[desc.pgsql], or setval() by hand",
                      sequence.display(), table.display(), column, found.boolean(row, 7) ? "set it" : "read the column",
                      found.boolean(row, 7) ? "SELECT, UPDATE ON SEQUENCE " + quote_name(sequence)
                                            : "SELECT ON " + quote_name(table)));
      log::warning("main", one_line(notes.back()));
      continue;
    }
    const SourcePosition& position = tables.at(table);
    const std::uint64_t next = position.column == column ? position.next : 0;
    moves.push_back({move_sql(quote_name(sequence), table, column, found.text(row, 5), next)});
    if (moves.size() == kMovesTogether) move();
  }
  if (!moves.empty()) move();
  if (moved > 0) log::info("main", fmt::format("{} sequences of columns of the target go on behind the rows", moved));
  return notes;
}

}  // namespace dbsync
