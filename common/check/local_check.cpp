#include "check/local_check.h"

#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

#include "base/spill_directory.h"
#include "base/text.h"

namespace dbsync {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kScarce = std::uint64_t{100} << 20;

// The directory itself, or the nearest one above it that is there: what is
// missing below it will be made.
fs::path nearest_directory(fs::path path) {
  std::error_code ignored;
  path = fs::absolute(path, ignored);
  while (!fs::exists(path, ignored) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  return path;
}

void check_directory(const std::string& subject, const fs::path& directory, const std::string& remedy,
                     CheckFindings& findings) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored))
    return findings.failed(ErrorKind::usage, subject, fmt::format("{} is not a directory", directory.string()), remedy);
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    return findings.failed(ErrorKind::usage, subject, fmt::format("{} cannot be written to", directory.string()),
                           remedy);
  const auto free = free_space(directory.string());
  if (free && *free < kScarce)
    return findings.warning(subject, fmt::format("only {} free in {}", format_bytes(*free), directory.string()),
                            remedy);
  findings.passed(subject,
                  fmt::format("{}{}", directory.string(), free ? fmt::format(", {} free", format_bytes(*free)) : ""));
}

void check_file(const std::string& subject, const std::string& path, const std::string& remedy,
                CheckFindings& findings) {
  if (path.empty()) return;
  std::error_code ignored;
  const fs::path file = fs::absolute(path, ignored);
  if (!fs::exists(file, ignored))
    check_directory(subject, file.parent_path(), remedy, findings);
  else if (access(file.c_str(), W_OK) != 0 || fs::is_directory(file, ignored))
    findings.failed(ErrorKind::usage, subject, fmt::format("{} cannot be written to", file.string()), remedy);
  else
    findings.passed(subject, file.string());
}

}  // namespace

std::optional<std::uint64_t> free_space(const std::string& directory) {
  std::error_code problem;
  const fs::space_info space = fs::space(directory, problem);
  if (problem) return std::nullopt;
  return space.available;
}

void check_local_files(const Options& options, const Config& config, bool follow, CheckFindings& findings) {
  check_file("report", options.report_path, "choose another file for --report", findings);
  check_file("verify report", options.verify_report, "choose another file for --verify-report", findings);
  if (config.reject_limit > 0)
    check_directory("set-aside rows", nearest_directory(config.reject_directory),
                    "check reject_directory of [desc.pgsql]", findings);
  if (follow)
    check_directory("large transactions", spill_directory(config.follow.spill_directory),
                    "check spill_directory of [follow]", findings);
}

}  // namespace dbsync
