#include "status/run_status.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "schema/names.h"

namespace dbsync {

namespace {

std::string line(const std::string& what, const std::string& value) {
  return value.empty() ? "" : fmt::format("{:<14}{}\n", what, one_line(value));
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "" : fmt::format(" ({}%)", std::min<std::uint64_t>(100, part * 100 / whole));
}

// Of many tables those that somebody may want to look at: what failed, what is under way, and
// the largest.
std::vector<const TableStatus*> shown_tables(const std::vector<TableStatus>& tables) {
  constexpr std::size_t kMost = 50;
  std::vector<const TableStatus*> out;
  for (const TableStatus& table : tables) out.push_back(&table);
  if (out.size() <= kMost) return out;
  const auto order = [](const TableStatus* table) {
    const int state = table->state == "failed"        ? 0
                      : table->state == "interrupted" ? 1
                      : table->state == "running"     ? 2
                                                      : 3;
    return std::tuple(state, ~std::max(table->bytes, table->estimated_bytes));
  };
  std::stable_sort(out.begin(), out.end(), [&](const auto* a, const auto* b) { return order(a) < order(b); });
  out.resize(kMost);
  return out;
}

std::string tables_text(const std::vector<TableStatus>& tables) {
  const auto shown = shown_tables(tables);
  std::vector<std::string> names{"table"};
  for (const TableStatus* table : shown) names.push_back(source_and_target(table->name, table->target));
  names = aligned(names);
  std::string out = fmt::format("\n{} {:>15} {:>11}  {}\n", names.front(), "rows", "size", "state");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const TableStatus& table = *shown[i];
    out += fmt::format("{} {:>15} {:>11}  {}{}\n", names[i + 1], format_count(table.rows), format_bytes(table.bytes),
                       one_line(table.state), table.message.empty() ? "" : ": " + one_line(table.message));
  }
  if (shown.size() < tables.size())
    out += fmt::format("and {} more tables; --status --json tells of all of them\n",
                       format_count(tables.size() - shown.size()));
  return out;
}

std::string follow_text(const RunStatus& run) {
  const FollowStatus& follow = run.follow;
  std::string out;
  if (!follow.applied.empty()) {
    out += line("applied", fmt::format("{} transactions, up to {}{}", format_count(follow.transactions), follow.applied,
                                       follow.applied_time.empty() ? "" : ", committed " + follow.applied_time));
    out += line("behind", fmt::format("{}, {:.1f} s; the source is at {}", format_bytes(follow.lag_bytes),
                                      follow.lag_seconds, follow.source));
    if (follow.conflicts > 0) out += line("conflicts", format_count(follow.conflicts));
  }
  if (follow.retained_bytes > 0 || !follow.wal_status.empty())
    out += line("WAL kept", fmt::format("{} by the source{}", format_bytes(follow.retained_bytes),
                                        follow.wal_status.empty() ? "" : ", " + follow.wal_status));
  return out;
}

nlohmann::json or_null(const std::string& text) { return text.empty() ? nlohmann::json() : nlohmann::json(text); }

}  // namespace

std::string status_text(const std::optional<StatusReport>& report, const std::string& task) {
  if (!report) return fmt::format("no run of the task {} is recorded\n", task);
  const RunStatus& run = report->run;
  std::string out = line("task", run.task) + line("run", std::to_string(run.id)) + line("program", run.program) +
                    line("state", run.state) + line("source", run.source) + line("destination", run.destination) +
                    line("copy began", run.full_s_start) + line("copy ended", run.full_s_end) +
                    line("follows since", run.decoder_start) + line("last update", run.updated);
  out += follow_text(run);
  out += line("tables", fmt::format("{} of {} done{}", run.tables_done, run.tables,
                                    run.tables_failed > 0 ? fmt::format(", {} failed", run.tables_failed) : ""));
  out += line("rows", format_count(run.rows));
  out += line("size", format_bytes(run.bytes) + (run.state == "copying" ? share(run.bytes, run.estimated_bytes) : ""));
  out += line("after rows", steps_text(run.steps));
  out += line("workers", spent_text(run.spent));
  out += line("snapshot", run.snapshot);
  if (run.exit_status) out += line("exit status", std::to_string(*run.exit_status));
  out += line("message", run.message);
  if (!report->not_valid.empty()) {
    out +=
        "\nnot valid on the target: rows break them, or a run ended before it had looked at all (or the source has "
        "them so)\n";
    for (const ConstraintStatus& constraint : report->not_valid)
      out += fmt::format("  {}: {}\n", one_line(constraint.name), one_line(constraint.validate_sql));
  }
  if (!report->left.empty()) out += "\n";
  for (const std::string& table : report->left) out += one_line(table) + "\n";
  if (!report->resync.empty()) out += "\n";
  for (const std::string& tables : report->resync) out += one_line(tables) + "\n";
  return report->tables.empty() ? out : out + tables_text(report->tables);
}

std::string status_json(const std::optional<StatusReport>& report) {
  if (!report) return "null\n";
  const RunStatus& run = report->run;
  nlohmann::json out{{"id", run.id},
                     {"task", run.task},
                     {"program", run.program},
                     {"state", run.state},
                     {"source", run.source},
                     {"destination", run.destination},
                     {"full_s_start", or_null(run.full_s_start)},
                     {"full_s_end", or_null(run.full_s_end)},
                     {"decoder_start", or_null(run.decoder_start)},
                     {"apply_id", nullptr},
                     {"updated", or_null(run.updated)},
                     {"tables_total", run.tables},
                     {"tables_done", run.tables_done},
                     {"tables_failed", run.tables_failed},
                     {"rows", run.rows},
                     {"bytes", run.bytes},
                     {"estimated_bytes", run.estimated_bytes},
                     {"steps", steps_json(run.steps)},
                     {"worker_seconds", spent_json(run.spent)},
                     {"snapshot", or_null(run.snapshot)},
                     {"exit_status", nullptr},
                     {"message", or_null(run.message)},
                     {"tables", nlohmann::json::array()}};
  for (const ConstraintStatus& constraint : report->not_valid)
    out["not_valid"].push_back({{"constraint", constraint.name}, {"validate", constraint.validate_sql}});
  if (!report->left.empty()) out["not_followed"] = report->left;
  if (!report->resync.empty()) out["resync"] = report->resync;
  if (run.apply_id) out["apply_id"] = *run.apply_id;
  if (!run.decoder_start.empty())
    out["following"] = {{"applied_lsn", or_null(run.follow.applied)},
                        {"source_lsn", or_null(run.follow.source)},
                        {"applied_time", or_null(run.follow.applied_time)},
                        {"changes", run.follow.changes},
                        {"conflicts", run.follow.conflicts},
                        {"lag_bytes", run.follow.lag_bytes},
                        {"lag_seconds", run.follow.lag_seconds},
                        {"retained_wal", run.follow.retained_bytes},
                        {"wal_status", or_null(run.follow.wal_status)}};
  if (run.exit_status) out["exit_status"] = *run.exit_status;
  for (const TableStatus& table : report->tables)
    out["tables"].push_back({{"table", table.name},
                             {"target", table.target},
                             {"state", table.state},
                             {"rows", table.rows},
                             {"bytes", table.bytes},
                             {"estimated_bytes", table.estimated_bytes},
                             {"message", or_null(table.message)}});
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace dbsync
