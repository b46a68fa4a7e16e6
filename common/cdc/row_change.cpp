#include "cdc/row_change.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/hex.h"
#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

constexpr std::size_t kLongestValueShown = 60;

bool same_value(const Value& a, const Value& b) { return a.kind == b.kind && a.bytes() == b.bytes(); }

std::string shown(const Value& value, std::uint32_t type) {
  constexpr std::uint32_t kInt2 = 21, kInt4 = 23, kInt8 = 20;
  if (value.kind == Value::Kind::null) return "NULL";
  if (!value.has_bytes()) return "(unchanged)";
  if (value.kind == Value::Kind::binary && (type == kInt2 || type == kInt4 || type == kInt8)) {
    std::uint64_t number = 0;
    for (const char c : value.bytes()) number = number << 8 | static_cast<unsigned char>(c);
    const unsigned unused = 64 - 8 * value.size;
    return std::to_string(static_cast<std::int64_t>(number << unused) >> unused);
  }
  const std::string_view bytes = value.bytes();
  if (valid_text_prefix(bytes) == bytes.size()) {
    const std::string_view cut = utf8_truncate(bytes, kLongestValueShown);
    return one_line(cut) + (cut.size() < bytes.size() ? "..." : "");
  }
  return "\\x" + to_hex(bytes.substr(0, kLongestValueShown / 2)) + (bytes.size() > kLongestValueShown / 2 ? "..." : "");
}

// As the target writes the type. Its text, when the connection allows it.
std::optional<std::string> written(const Value& value, std::uint32_t type, PgConnection* connection) {
  if (connection == nullptr || value.kind != Value::Kind::binary || !connection->idle_in_transaction())
    return std::nullopt;
  connection->exec("SAVEPOINT dbsync_shown");
  std::optional<std::string> out;
  try {
    out = connection->exec_binary("SELECT pg_catalog.format('%s', $1)", {{type, value.bytes()}}).text(0, 0);
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    connection->exec("ROLLBACK TO SAVEPOINT dbsync_shown");
  }
  connection->exec("RELEASE SAVEPOINT dbsync_shown");
  return out;
}

std::string shown(const Value& value, const ApplyPlan& plan, std::size_t column, PgConnection* connection) {
  const auto text = written(value, plan.type_of(column), connection);
  if (!text) return shown(value, plan.relation().columns[column].type_oid);
  return shown({text->data(), static_cast<std::uint32_t>(text->size()), Value::Kind::text}, 0);
}

}  // namespace

void RowChange::read(const Change& change, const ApplyPlan& plan) {
  key_changed = false;
  always_changed = false;
  whole = true;
  if (change.kind == ChangeKind::remove) {
    read_tuple(change.old_tuple, old_row);
    row = old_row;
    return;
  }
  read_tuple(change.new_tuple, row);
  if (change.kind == ChangeKind::insert) return;
  if (change.old_image == OldImage::none) {
    old_row = row;
  } else {
    read_tuple(change.old_tuple, old_row);
  }
  // The old image holds values that the new one leaves out as unchanged.
  if (change.old_image == OldImage::full)
    for (std::size_t i = 0; i < row.size(); ++i)
      if (row[i].kind == Value::Kind::unchanged) row[i] = old_row[i];
  for (const std::size_t i : plan.key()) {
    if (row[i].kind == Value::Kind::unchanged) row[i] = old_row[i];
    if (row[i].kind == Value::Kind::unchanged)
      throw Error(ErrorKind::data, fmt::format("an UPDATE of {} does not tell its key column {}",
                                               plan.relation().name.display(), plan.relation().columns[i].name))
          .hint("set REPLICA IDENTITY FULL for the table on the source, or shorten the key's values");
    if (!same_value(row[i], old_row[i])) key_changed = true;
  }
  always_changed = change.old_image == OldImage::full &&
                   std::any_of(plan.checked().begin(), plan.checked().end(),
                               [this](std::size_t i) { return !same_value(row[i], old_row[i]); });
  whole = std::none_of(plan.written().begin(), plan.written().end(),
                       [this](std::size_t i) { return row[i].kind == Value::Kind::unchanged; });
}

std::string key_text(const ApplyPlan& plan, const Value* row, PgConnection* connection) {
  const auto& columns = plan.key().empty() ? plan.written() : plan.key();
  std::vector<std::string> parts;
  for (const std::size_t i : columns)
    parts.push_back(fmt::format("{} = {}", plan.relation().columns[i].name, shown(row[i], plan, i, connection)));
  return join(parts, ", ");
}

}  // namespace dbsync
