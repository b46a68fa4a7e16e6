#include "verify/verify_report.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/output_file.h"
#include "base/text.h"

namespace dbsync {

namespace {

std::string line(const std::string& name, const std::string& source, const std::string& target,
                 const std::string& seconds, std::string_view result) {
  return fmt::format("{} {:>15} {:>15} {:>9}  {}\n", name, source, target, seconds, result);
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
    for (const std::string& note : table.notes) out += fmt::format("{}: {}\n", one_line(table.name), one_line(note));
    if (table.differs() && rows_named(table) < rows_of(table))
      out += fmt::format("{}: {} of the rows that differ are named, the others only counted\n", one_line(table.name),
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
  std::vector<std::string> names;
  for (const TableVerdict& table : result.tables) names.push_back(table.name);
  names.insert(names.end(), {"compared", "total"});
  names = aligned(names);
  std::string out = "\n" + line(names[names.size() - 2], "source rows", "target rows", "seconds", "result");
  std::uint64_t source = 0;
  std::uint64_t target = 0;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < result.tables.size(); ++i) {
    const TableVerdict& table = result.tables[i];
    const bool compared = !table.error && !table.interrupted;
    out += line(names[i], compared ? format_count(table.source_rows) : "-",
                compared ? format_count(table.target_rows) : "-", fmt::format("{:.2f}", table.seconds),
                verdict_text(table));
    source += compared ? table.source_rows : 0;
    target += compared ? table.target_rows : 0;
    failed += compared ? 0 : 1;
  }
  const std::size_t different = result.different();
  out += line(names.back(), format_count(source), format_count(target), fmt::format("{:.2f}", result.seconds),
              fmt::format("{} same{}{}", result.tables.size() - different - failed,
                          different > 0 ? fmt::format(", {} different", different) : "",
                          failed > 0 ? fmt::format(", {} not compared", failed) : ""));
  return out + remarks(result);
}

nlohmann::json verification_json(const VerifyResult& result) {
  nlohmann::json out{
      {"seconds", result.seconds}, {"exit_status", result.exit_status()}, {"tables", nlohmann::json::array()}};
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
  const bool any =
      std::any_of(result.tables.begin(), result.tables.end(), [](const auto& t) { return !t.findings.empty(); });
  std::error_code ignored;
  if (!any && !std::filesystem::exists(path, ignored)) return false;
  std::string lines;
  for (const TableVerdict& table : result.tables)
    for (const Finding& finding : table.findings)
      lines += finding_json(table, finding).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  if (const std::error_code error = replace_file(path, lines, Readers::owner))
    throw Error(ErrorKind::usage, fmt::format("cannot write {}: {}", path, error.message()))
        .hint("the comparison itself is done; its result stands in the summary");
  return any;
}

}  // namespace dbsync
