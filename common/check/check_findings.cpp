#include "check/check_findings.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

constexpr std::size_t kMostTableWarnings = 10;  // log lines of a load

const char* grade_word(CheckFinding::Grade grade) {
  switch (grade) {
    case CheckFinding::Grade::passed: return "passed";
    case CheckFinding::Grade::warning: return "warning";
    case CheckFinding::Grade::failed: return "failed";
  }
  return "failed";
}

std::string with_remedy(const CheckFinding& finding) {
  return finding.subject + ": " + finding.message + (finding.remedy.empty() ? "" : "; " + finding.remedy);
}

}  // namespace

void CheckFindings::passed(std::string subject, std::string message) {
  findings_.push_back({.grade = CheckFinding::Grade::passed,
                       .reach = CheckFinding::Reach::run,
                       .subject = std::move(subject),
                       .message = std::move(message)});
}

void CheckFindings::warning(std::string subject, std::string message, std::string remedy, CheckFinding::Reach reach) {
  findings_.push_back({.grade = CheckFinding::Grade::warning,
                       .reach = reach,
                       .subject = std::move(subject),
                       .message = std::move(message),
                       .remedy = std::move(remedy)});
}

void CheckFindings::failed(ErrorKind kind, std::string subject, std::string message, std::string remedy,
                           CheckFinding::Reach reach) {
  findings_.push_back({.grade = CheckFinding::Grade::failed,
                       .reach = reach,
                       .subject = std::move(subject),
                       .message = std::move(message),
                       .remedy = std::move(remedy),
                       .kind = kind});
}

void CheckFindings::failed(std::string subject, const Error& error, CheckFinding::Reach reach) {
  failed(error.kind(), std::move(subject), error.what(), error.hint(), reach);
}

std::size_t CheckFindings::count(CheckFinding::Grade grade) const {
  return static_cast<std::size_t>(
      std::count_if(findings_.begin(), findings_.end(), [&](const CheckFinding& f) { return f.grade == grade; }));
}

int CheckFindings::exit_status() const {
  for (const CheckFinding& finding : findings_)
    if (finding.grade == CheckFinding::Grade::failed) return exit_code(finding.kind);
  return 0;
}

std::string CheckFindings::text() const {
  std::vector<std::string> subjects;
  for (const CheckFinding& finding : findings_) subjects.push_back(finding.subject);
  subjects = aligned(subjects);
  std::string out;
  for (std::size_t i = 0; i < findings_.size(); ++i) {
    const CheckFinding& finding = findings_[i];
    out += fmt::format("{:<9}{}  {}\n", grade_word(finding.grade), subjects[i], one_line(finding.message));
    if (finding.remedy.empty()) continue;
    out += fmt::format("{:{}}  do: {}\n", "", 9 + display_columns(subjects[i]), one_line(finding.remedy));
  }
  return out + fmt::format("\n{} passed, {} warnings, {} failed\n", count(CheckFinding::Grade::passed),
                           count(CheckFinding::Grade::warning), count(CheckFinding::Grade::failed));
}

std::string CheckFindings::json() const {
  nlohmann::json out{{"exit_status", exit_status()},
                     {"passed", count(CheckFinding::Grade::passed)},
                     {"warnings", count(CheckFinding::Grade::warning)},
                     {"failed", count(CheckFinding::Grade::failed)},
                     {"findings", nlohmann::json::array()}};
  for (const CheckFinding& finding : findings_) {
    nlohmann::json entry{{"result", grade_word(finding.grade)},
                         {"subject", finding.subject},
                         {"message", finding.message},
                         {"remedy", nullptr}};
    if (!finding.remedy.empty()) entry["remedy"] = finding.remedy;
    if (finding.grade == CheckFinding::Grade::failed) entry["exit_status"] = exit_code(finding.kind);
    out["findings"].push_back(std::move(entry));
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// A thousand tables with a trigger each would hide everything else.
void CheckFindings::log_warnings() const {
  std::size_t of_tables = 0;
  for (const CheckFinding& finding : findings_) {
    if (finding.grade != CheckFinding::Grade::warning) continue;
    if (finding.reach == CheckFinding::Reach::table && ++of_tables > kMostTableWarnings) continue;
    log::warning("check", with_remedy(finding));
  }
  if (of_tables > kMostTableWarnings)
    log::warning("check",
                 fmt::format("{} more warnings about tables; --check prints all", of_tables - kMostTableWarnings));
}

void CheckFindings::log_and_stop() const {
  log_warnings();
  const CheckFinding* first = nullptr;
  for (const CheckFinding& finding : findings_) {
    if (finding.grade != CheckFinding::Grade::failed || finding.reach == CheckFinding::Reach::table) continue;
    if (first == nullptr)
      first = &finding;
    else
      log::error("check", with_remedy(finding));
  }
  if (first == nullptr) return;
  Error error(first->kind, fmt::format("{}: {}", first->subject, first->message));
  throw error.hint(first->remedy.empty() ? "--check prints all that was found" : first->remedy);
}

}  // namespace dbsync
