#include "copy/segment_rejects.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/hex.h"
#include "format/copy_text.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// Each segment of such a table has all of its rows.
bool is_replicated(PgConnection& target, const QualifiedName& table) {
  const PgResult result =
      target.exec("SELECT 1 FROM pg_catalog.gp_distribution_policy WHERE localoid = $1::regclass AND policytype = 'r'",
                  {quote_name(table)});
  return result.rows() > 0;
}

}  // namespace

std::string segment_reject_clause(std::uint64_t rows) {
  constexpr std::uint64_t most = 2147483647;  // an int of the server; 2 is its least
  return fmt::format(" LOG ERRORS SEGMENT REJECT LIMIT {} ROWS", std::clamp<std::uint64_t>(rows, 1, most - 1) + 1);
}

std::string error_log_sql(const QualifiedName& table) {
  return fmt::format(
      "SELECT cmdtime, COALESCE(linenum, 0), errmsg, rawdata, encode(rawbytes, 'hex') FROM gp_read_error_log({}) "
      "WHERE cmdtime >= $1::timestamptz",
      quote_literal(quote_name(table)));
}

std::string bad_rows_at_first_sql(std::uint64_t rows) {
  constexpr std::uint64_t kUsual = 1000;
  constexpr std::uint64_t most = 2147483647;
  return fmt::format(
      "SELECT pg_catalog.set_config(name, '{}', true) FROM pg_catalog.pg_settings WHERE name = "
      "'gp_initial_bad_row_limit'",
      std::clamp<std::uint64_t>(rows, kUsual, most - 1) + 1);
}

std::vector<ErrorLogEntry> new_entries(const std::vector<ErrorLogEntry>& before, std::vector<ErrorLogEntry> after,
                                       bool replicated) {
  using Key = std::tuple<std::string, std::uint64_t, std::string>;
  std::map<Key, std::size_t> old;
  for (const ErrorLogEntry& entry : before) ++old[{entry.when, entry.line, entry.message}];
  std::set<std::pair<std::uint64_t, std::string>> seen;
  std::vector<ErrorLogEntry> out;
  for (ErrorLogEntry& entry : after) {
    const auto known = old.find({entry.when, entry.line, entry.message});
    if (known != old.end() && known->second > 0) {
      --known->second;
      continue;
    }
    if (replicated && !seen.insert({entry.line, entry.row}).second) continue;
    out.push_back(std::move(entry));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return out;
}

std::string column_of_log_message(const std::string& message, const std::vector<std::string>& columns) {
  std::string longest;
  for (const std::string& column : columns)
    if (message.ends_with(", column " + column) && column.size() > longest.size()) longest = column;
  return longest;
}

RowText row_of_log(const std::string& row, const std::vector<std::string>& columns) {
  std::vector<std::string_view> fields;
  const std::string_view text = row;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t tab = std::min(text.find('\t', from), text.size());
    fields.push_back(text.substr(from, tab - from));
    from = tab + 1;
  }
  if (fields.size() != columns.size()) return {{"row", row}};
  RowText out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto& [name, value] = out.emplace_back(columns[i], std::nullopt);
    if (fields[i] != copy_text::kNull) value = copy_text::unescape(fields[i]);
  }
  return out;
}

std::uint64_t row_of_line(std::uint64_t line, const std::vector<std::uint64_t>& left_out) {
  for (const std::uint64_t row : left_out)
    if (row <= line) ++line;
  return line;
}

void check_segment_count(std::uint64_t sent, std::uint64_t counted, std::uint64_t logged) {
  // The coordinator leaves out of its count what it rejects itself, and counts
  // what the segments reject.
  if (counted <= sent && counted + logged >= sent) return;
  throw Error(ErrorKind::target,
              fmt::format("{} rows were sent, but the target counted {} and logged {} as rejected; rolled back", sent,
                          counted, logged))
      .hint("a trigger or rule on the target table may drop rows, or something else loads into it at the same time");
}

// The clocks of segments may be behind the coordinator's: entries of an hour before are
// told apart by being there already.
SegmentRejects::SegmentRejects(PgConnection& target, const QualifiedName& table, SegmentLog& log,
                               bool may_be_replicated)
    : target_(target), table_(table), log_(log), replicated_(may_be_replicated && is_replicated(target, table)) {
  if (log_.since.empty())
    log_.since = target_.exec("SELECT pg_catalog.clock_timestamp() - interval '1 hour'").text(0, 0);
  if (!log_.known) log_.entries = read();
  log_.known = false;  // unless this COPY goes well
}

std::vector<ErrorLogEntry> SegmentRejects::read() const {
  const PgResult result = target_.exec(error_log_sql(table_), {log_.since});
  std::vector<ErrorLogEntry> out;
  for (int i = 0; i < result.rows(); ++i)
    out.push_back({result.text(i, 0), static_cast<std::uint64_t>(result.integer(i, 1)), result.text(i, 2),
                   result.is_null(i, 3) ? from_hex(result.value(i, 4)) : result.text(i, 3)});
  return out;
}

std::uint64_t SegmentRejects::collect(std::uint64_t sent, std::uint64_t counted,
                                      const std::vector<std::string>& columns, TaskRejects& rejects) {
  std::vector<ErrorLogEntry> now = read();
  const auto entries = new_entries(log_.entries, now, replicated_);
  check_segment_count(sent, counted, entries.size());
  const std::vector<std::uint64_t> left_out = rejects.rows();
  for (const ErrorLogEntry& entry : entries) {
    Error reason(ErrorKind::data, entry.message);
    reason.column(column_of_log_message(entry.message, columns));
    rejects.add(row_of_line(entry.line, left_out), row_of_log(entry.row, columns), reason);
  }
  log_.entries = std::move(now);
  log_.known = true;
  return entries.size();
}

}  // namespace dbsync
