#include "run/task_choice.h"

#include <algorithm>

#include <fmt/format.h>

#include "cdc/known_tables.h"
#include "schema/names.h"

namespace dbsync {

std::string choice_of(const RunRequest& request, const std::vector<std::string>& include,
                      const std::vector<std::string>& exclude) {
  std::string out;
  const auto add = [&](const char* option, std::vector<std::string> patterns) {
    std::sort(patterns.begin(), patterns.end());
    for (const std::string& pattern : patterns) out += fmt::format("{}{} {}", out.empty() ? "" : " ", option, pattern);
  };
  add("--include", include);
  add("--exclude", exclude);
  std::vector<std::string> lines;
  for (const TableListEntry& entry : request.list)
    lines.push_back(QualifiedName{entry.schema, entry.table}.display() +
                    (entry.query.empty() ? "" : " : " + entry.query));
  add("-l", lines);
  if (!request.options.schema.empty()) add("-s", {request.options.schema});
  return out.empty() ? "all tables" : out;
}

// Neither more nor fewer tables would be followed than those of the beginning.
void refuse_other_choice(PgConnection& target, const std::string& task, const std::string& choice) {
  const auto begun = read_choice(target, task);
  if (!begun) return write_choice(target, task, choice);  // begun before this was kept
  if (*begun == choice) return;
  throw Error(ErrorKind::config,
              fmt::format("the tables of the task {} were chosen when it began ({}); this run chooses others ({})",
                          task, *begun, choice))
      .hint(
          "repeat the choice of the beginning; or --restart, which copies anew; or give other tables a task of their "
          "own (task in [local.pgsql])");
}

}  // namespace dbsync
