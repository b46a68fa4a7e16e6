#include "verify/finding.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/hex.h"
#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

constexpr std::size_t kKeptBeginning = 16 << 10;
constexpr std::size_t kShownCharacters = 200;
constexpr std::size_t kShownBefore = 20;  // of long values, before the place where they differ

bool is_bytes(const TargetColumn& column) { return column.type.kind == PgKind::bytea; }

bool is_text(const TargetColumn& column) {
  const PgKind kind = column.type.kind;
  return kind == PgKind::text || kind == PgKind::varchar || kind == PgKind::bpchar || kind == PgKind::json;
}

std::string hex(std::string_view bytes) { return "\\x" + to_hex(bytes); }

// Where two long values of one column begin to differ, less a few bytes; 0 when
// that is near their beginning or not known.
std::size_t shown_from(const KeptValue& a, const KeptValue& b) {
  const auto both = std::min(a.beginning.size(), b.beginning.size());
  std::size_t at = 0;
  while (at < both && a.beginning[at] == b.beginning[at]) ++at;
  return at < kShownCharacters / 2 ? 0 : at - kShownBefore;
}

std::string_view character_start(std::string_view text, std::size_t from) {
  while (from > 0 && from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) --from;
  return text.substr(std::min(from, text.size()));
}

std::string shown(const std::optional<std::string>& value) { return value ? "\"" + one_line(*value) + "\"" : "NULL"; }

std::string list_of(const std::vector<NamedValue>& values) {
  std::string out;
  for (const auto& [name, value] : values) out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", name, shown(value));
  return out;
}

}  // namespace

std::string_view kind_word(FindingKind kind) {
  return kind == FindingKind::missing ? "missing" : kind == FindingKind::extra ? "extra" : "different";
}

KeptRow kept_row(RowImage& image, std::size_t columns) {
  KeptRow out(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    const std::string_view bytes = image.field(i).bytes();
    out[i].null = image.field(i).length < 0;
    out[i].bytes = bytes.size();
    out[i].beginning = bytes.substr(0, kKeptBeginning);
    out[i].hash = image.field_hash(i);
  }
  return out;
}

std::string describe(const Finding& finding) {
  const std::string rows = finding.rows > 1 ? fmt::format("{} rows, ", format_count(finding.rows)) : "";
  if (finding.kind != FindingKind::different) {
    const auto& values = finding.kind == FindingKind::missing ? finding.source : finding.target;
    return rows + list_of(finding.key.empty() ? values : finding.key);
  }
  std::string out = rows + list_of(finding.key) + ":";
  for (std::size_t i = 0; i < finding.columns.size(); ++i)
    out += fmt::format("{} {} is {} on the source, {} on the target", i > 0 ? ";" : "", finding.columns[i],
                       shown(finding.source[i].second), shown(finding.target[i].second));
  return out;
}

// The server turns the binary form into text, so that every type looks as psql
// shows it. What it does not take is shown as bytes.
std::string ValueWriter::text(const TargetColumn& column, const KeptValue& value, std::size_t from) {
  std::string_view bytes = value.beginning;
  const bool cut = value.bytes > bytes.size();
  std::string out;
  if (is_bytes(column)) {
    out = hex(bytes.substr(std::min(from, bytes.size()), kShownCharacters / 2));
  } else if (is_text(column)) {
    out = utf8_truncate(character_start(bytes, from), kShownCharacters);
  } else if (cut) {
    return fmt::format("({} bytes)", value.bytes);
  } else {
    try {
      const PgResult result = connection_.exec_binary(
          fmt::format("SELECT pg_catalog.left($1::pg_catalog.text, {})", kShownCharacters), {{column.type_oid, bytes}});
      out = result.text(0, 0);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      return hex(bytes.substr(0, kShownCharacters / 2));
    }
    return out;
  }
  const bool shortened = from > 0 || value.bytes > (is_bytes(column) ? kShownCharacters / 2 : kShownCharacters);
  if (!shortened) return out;
  return fmt::format("{}{} ({} bytes{})", from > 0 ? "…" : "", out, value.bytes,
                     from > 0 ? fmt::format(", shown from byte {}", from + 1) : "");
}

std::vector<NamedValue> ValueWriter::texts(const KeptRow& row, const std::vector<std::size_t>& columns,
                                           std::size_t from) {
  std::vector<NamedValue> out;
  for (const std::size_t i : columns) {
    auto& [name, value] = out.emplace_back(compared_.columns[i].name, std::nullopt);
    if (!row[i].null) value = text(compared_.columns[i], row[i], from);
  }
  return out;
}

Finding ValueWriter::finding(const HashPair& pair, const KeptRow* source, const KeptRow* target) {
  Finding out{pair.kind, pair.rows, {}, {}, {}, {}};
  std::vector<std::size_t> all(compared_.columns.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (const KeptRow* any = source != nullptr ? source : target; any != nullptr) out.key = texts(*any, compared_.key, 0);
  if (source == nullptr || target == nullptr) {
    if (source != nullptr) out.source = texts(*source, all, 0);
    if (target != nullptr) out.target = texts(*target, all, 0);
    return out;
  }
  for (const std::size_t i : all) {
    if ((*source)[i].null == (*target)[i].null && (*source)[i].hash == (*target)[i].hash) continue;
    const std::size_t from = shown_from((*source)[i], (*target)[i]);
    out.columns.push_back(compared_.columns[i].name);
    out.source.push_back(texts(*source, {i}, from).front());
    out.target.push_back(texts(*target, {i}, from).front());
  }
  return out;
}

}  // namespace dbsync
