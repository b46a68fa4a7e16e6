#include "verify/verify_report.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

std::string line(std::string_view name, std::size_t width, const std::string& source, const std::string& target,
                 const std::string& seconds, std::string_view result) {
  const std::size_t padding = width > utf8_length(name) ? width - utf8_length(name) : 0;
  return fmt::format("{}{:{}} {:>15} {:>15} {:>9}  {}\n", name, "", padding, source, target, seconds, result);
}

nlohmann::ordered_json values_json(const std::vector<NamedValue>& values) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const auto& [name, value] : values) {
    if (value)
      out[name] = *value;
    else
      out[name] = nullptr;
  }
  return out;
}

nlohmann::ordered_json finding_json(const TableVerdict& table, const Finding& finding) {
  nlohmann::ordered_json out{{"table", table.target.display()}, {"kind", kind_word(finding.kind)}};
  if (finding.rows > 1) out["rows"] = finding.rows;
  if (!finding.key.empty()) out["key"] = values_json(finding.key);
  if (finding.kind == FindingKind::different) out["columns"] = finding.columns;
  if (finding.kind != FindingKind::extra) out["source"] = values_json(finding.source);
  if (finding.kind != FindingKind::missing) out["target"] = values_json(finding.target);
  return out;
}

std::uint64_t rows_of(const TableVerdict& table) {
  return table.counts.missing + table.counts.extra + table.counts.different;
}

std::uint64_t rows_named(const TableVerdict& table) {
  std::uint64_t out = 0;
  for (const Finding& finding : table.findings) out += finding.rows;
  return out;
}

// What stands below the table.
std::string remarks(const VerifyResult& result) {
  std::string out;
  for (const TableVerdict& table : result.tables) {
    for (const std::string& note : table.notes) out += fmt::format("{}: {}\n", table.name, one_line(note));
    if (table.differs() && rows_named(table) < rows_of(table))
      out += fmt::format("{}: {} of the rows that differ are named, the others only counted\n", table.name,
                         format_count(rows_named(table)));
  }
  for (const TableVerdict& table : result.tables) {
    if (!table.error) continue;
    out += fmt::format("\n{}\n", one_line(table.error->what()));
    if (!table.error->hint().empty()) out += fmt::format("  HINT: {}\n", one_line(table.error->hint()));
  }
  return out.empty() ? out : "\n" + out;
}

}  // namespace

std::string summary_text(const VerifyResult& result) {
  std::size_t width = 5;
  for (const TableVerdict& table : result.tables) width = std::max(width, utf8_length(table.name));
  std::string out = "\n" + line("compared", width, "source rows", "target rows", "seconds", "result");
  std::uint64_t source = 0;
  std::uint64_t target = 0;
  std::size_t failed = 0;
  for (const TableVerdict& table : result.tables) {
    const bool compared = !table.error && !table.interrupted;
    out += line(table.name, width, compared ? format_count(table.source_rows) : "-",
                compared ? format_count(table.target_rows) : "-", fmt::format("{:.2f}", table.seconds), verdict_text(table));
    source += compared ? table.source_rows : 0;
    target += compared ? table.target_rows : 0;
    failed += compared ? 0 : 1;
  }
  const std::size_t different = result.different();
  out += line("total", width, format_count(source), format_count(target), fmt::format("{:.2f}", result.seconds),
              fmt::format("{} same{}{}", result.tables.size() - different - failed,
                          different > 0 ? fmt::format(", {} different", different) : "",
                          failed > 0 ? fmt::format(", {} not compared", failed) : ""));
  return out + remarks(result);
}

nlohmann::json verification_json(const VerifyResult& result) {
  nlohmann::json out{{"seconds", result.seconds}, {"exit_status", result.exit_status()}, {"tables", nlohmann::json::array()}};
  for (const TableVerdict& table : result.tables) {
    nlohmann::json entry{{"table", table.name},
                         {"target", table.target.display()},
                         {"result", table.error         ? "not compared"
                                    : table.interrupted ? "interrupted"
                                    : table.differs()   ? "different"
                                                        : "same"},
                         {"source_rows", table.source_rows},
                         {"target_rows", table.target_rows},
                         {"missing", table.counts.missing},
                         {"extra", table.counts.extra},
                         {"different", table.counts.different},
                         {"not_storable", table.unreadable},
                         {"counted_in_full", !table.at_least},
                         {"seconds", table.seconds}};
    if (!table.notes.empty()) entry["notes"] = table.notes;
    if (table.error) entry["error"] = table.error->what();
    out["tables"].push_back(std::move(entry));
  }
  return out;
}

bool write_findings(const std::string& path, const VerifyResult& result) {
  const bool any = std::any_of(result.tables.begin(), result.tables.end(), [](const auto& t) { return !t.findings.empty(); });
  std::error_code ignored;
  if (!any && !std::filesystem::exists(path, ignored)) return false;
  std::ofstream file(path, std::ios::trunc);
  for (const TableVerdict& table : result.tables)
    for (const Finding& finding : table.findings)
      file << finding_json(table, finding).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  file.flush();
  if (!file)
    throw Error(ErrorKind::usage, fmt::format("cannot write {}: {}", path, std::strerror(errno)))
        .hint("the comparison itself is done; its result stands in the summary");
  return any;
}

}  // namespace dbsync
