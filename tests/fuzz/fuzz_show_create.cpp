// SHOW CREATE TABLE, and what is believed of it.
//
// Input: the whole text.
#include <string>

#include "base/utf8.h"
#include "mysql2pgsql/schema/show_create.h"
#include "mysql2pgsql/schema/shown_text.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::fuzz::check;

// Nothing may be in a piece that is not in the text.
void check_piece(std::string_view text, const std::string& piece) {
  if (piece.empty()) return;
  check(text.find(piece) != std::string_view::npos, "a piece of the text");
  check(dbsync::believed_expression("", piece, true) == piece, "MariaDB's is believed as it is");
  (void)dbsync::believed_expression(piece, piece, false);
  dbsync::MysqlType type;
  type.kind = dbsync::MysqlKind::varbinary;
  (void)dbsync::believed_literal(piece, type, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = dbsync::fuzz::text_of(data, size);
  const auto shown = dbsync::parse_show_create(text);
  if (!shown) return 0;
  for (const auto& [name, column] : shown->columns)
    for (const std::string* piece : {&column.default_sql, &column.generated, &column.check}) check_piece(text, *piece);
  for (const auto& [name, clause] : shown->checks) check_piece(text, clause);
  for (const auto& [name, parts] : shown->keys)
    for (const std::string& part : parts) check_piece(text, part);
  for (const auto& [name, values] : shown->partition_values) check_piece(text, values);
  return 0;
}
