#include "verify/verify_verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"
#include "base/text.h"

namespace dbsync {

namespace {

constexpr std::size_t kNamedInLog = 5;

// Whole numbers by their value, anything else as text.
bool key_before(const Finding& a, const Finding& b) {
  const auto number = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  for (std::size_t i = 0; i < std::min(a.key.size(), b.key.size()); ++i) {
    const std::string left = a.key[i].second.value_or("");
    const std::string right = b.key[i].second.value_or("");
    if (left == right) continue;
    if (number(left) && number(right) && left.size() != right.size()) return left.size() < right.size();
    return left < right;
  }
  return false;
}

}  // namespace

void name_rows(const TargetSnapshot& snapshot, std::unique_ptr<PgConnection>& reader, VerifyTable& table) {
  if (table.pairs.empty() || table.failed()) return;
  try {
    if (!reader) reader = snapshot.reader();
    ValueWriter writer(*reader, table.compared);
    const auto kept = [&](const std::optional<Hash128>& hash) -> const KeptRow* {
      const auto found = hash ? table.kept.find(*hash) : table.kept.end();
      return found == table.kept.end() ? nullptr : &found->second;
    };
    for (const HashPair& pair : table.pairs) {
      const KeptRow* source = kept(pair.source);
      const KeptRow* target = kept(pair.target);
      if ((pair.source && source == nullptr) || (pair.target && target == nullptr)) continue;  // no room for it
      table.verdict.findings.push_back(writer.finding(pair, source, target));
    }
    std::stable_sort(table.verdict.findings.begin(), table.verdict.findings.end(), key_before);
  } catch (Error& error) {
    log::error("verify", error.context(table.verdict.name + ": rows that differ could not be named"));
  }
}

void log_verdict(const VerifyTable& table) {
  const TableVerdict& verdict = table.verdict;
  if (verdict.error || verdict.interrupted) return;
  if (!verdict.differs()) {
    log::info("verify", fmt::format("{}: {} rows, the same on both sides{}", verdict.name,
                                    format_count(verdict.source_rows), table.same ? ", by the servers' sums" : ""));
    return;
  }
  log::warning("verify", fmt::format("{}: {}", verdict.name, verdict_text(verdict)));
  for (std::size_t i = 0; i < std::min(verdict.findings.size(), kNamedInLog); ++i)
    log::warning("verify", fmt::format("{}: {}: {}", verdict.name, kind_word(verdict.findings[i].kind),
                                       describe(verdict.findings[i])));
}

std::size_t VerifyResult::different() const {
  return static_cast<std::size_t>(
      std::count_if(tables.begin(), tables.end(), [](const TableVerdict& t) { return t.differs(); }));
}

int VerifyResult::exit_status() const {
  for (const TableVerdict& table : tables)
    if (table.interrupted || (table.error && table.error->kind() == ErrorKind::interrupted))
      return exit_code(ErrorKind::interrupted);
  for (const TableVerdict& table : tables)
    if (table.error) return exit_code(table.error->kind());
  return different() > 0 ? exit_code(ErrorKind::data) : 0;
}

std::string verdict_text(const TableVerdict& verdict) {
  if (verdict.error) return "NOT COMPARED";
  if (verdict.interrupted) return "interrupted";
  if (!verdict.differs()) return "same";
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t rows, std::string_view what) {
    if (rows > 0) parts.push_back(fmt::format("{} {}", format_count(rows), what));
  };
  add(verdict.counts.missing, "missing");
  add(verdict.counts.extra, "extra");
  add(verdict.counts.different, "different");
  add(verdict.unreadable, "that the target cannot hold");
  return (verdict.at_least ? "at least " : "") + join(parts, ", ");
}

}  // namespace dbsync
