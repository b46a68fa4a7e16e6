#include "verify/verify_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "pg/table_errors.h"

namespace dbsync {

namespace {

constexpr std::size_t kBuckets = 65536;
constexpr std::size_t kBucketsOfSmallTables = 1024;
constexpr std::uint64_t kSmallTable = 1 << 20;

// Where binary rows would be alike.
void plan_digest(WorkerSession& worker, VerifyTable& table) {
  const bool exact =
      std::all_of(table.source_parts.begin(), table.source_parts.end(), [](const SourcePart& p) { return p.exact; });
  if (exact && !table.compared.columns.empty())
    table.digest = digest_sql(table.compared, send_functions(worker.target(), table.compared));
}

// The columns that all tasks of the table have.
void plan_columns(const VerifyPlanRequest& request, WorkerSession& worker, VerifyTable& table) {
  table.source_parts.clear();
  table.compared = {};
  table.verdict.notes.clear();
  std::vector<std::string> names;
  std::vector<std::string> left_out;
  for (const std::size_t task : table.tasks) {
    const RowShape shape = worker.source().shape(request.tasks[task], table.target);
    const auto has = [](const std::vector<std::string>& all, const std::string& name) {
      return std::find(all.begin(), all.end(), name) != all.end();
    };
    if (task == table.tasks.front()) names = shape.columns;
    for (const std::string& name : shape.columns)
      if (!has(names, name) && !has(left_out, name)) left_out.push_back(name);
    std::erase_if(names, [&](const std::string& name) {
      if (has(shape.columns, name)) return false;
      left_out.push_back(name);
      return true;
    });
    const ChunkSizes sizes{request.options.chunk_bytes, request.options.workers};
    worker.source().plan_chunks(request.tasks[task], sizes, [&](Chunk chunk) {
      table.source_parts.push_back({task, std::move(chunk), shape.exact});
    });
  }
  for (const std::string& name : names)
    table.compared.columns.push_back(required_column(table.target, name, table.verdict.target.display()));
  read_as_text_where_needed(worker.target(), table.compared);
  if (!left_out.empty())
    table.verdict.notes.push_back(fmt::format(
        "not compared, since not all of the lines that feed the table have them: {}", join(left_out, ", ")));
}

// The target may have no keys yet; then those of the source name the rows.
void plan_key(const VerifyPlanRequest& request, WorkerSession& worker, VerifyTable& table) {
  const auto names = table.compared.names();
  auto key = key_of(worker.target(), table.verdict.target, names);
  const auto& definition = request.tasks[table.tasks.front()].definition;
  if (key.empty() && definition) key = definition->primary_key.columns;
  for (const std::string& column : key) {
    const auto found = std::find(names.begin(), names.end(), column);
    if (found == names.end()) {
      table.compared.key.clear();
      return;
    }
    table.compared.key.push_back(static_cast<std::size_t>(found - names.begin()));
  }
}

}  // namespace

void plan_table(const VerifyPlanRequest& request, WorkerSession& worker, VerifyTable& table) {
  const auto target = find_table(worker.target(), table.verdict.target);
  if (!target) throw no_such_table(table.verdict.target).hint("load it first, or name the right schema with -s");
  table.target = *target;
  // What the target has computed itself is to be what the source holds: nothing
  // is written here, so these columns are like all others.
  for (TargetColumn& column : table.target.columns) column.generated = false;
  plan_columns(request, worker, table);
  plan_key(request, worker, table);
  table.target_parts = parts_of(worker.target(), table.target, request.options.chunk_bytes);
  if (const std::string& condition = request.tasks[table.tasks.front()].condition; !condition.empty())
    for (TargetPart& part : table.target_parts) part.predicate = both_conditions(part.predicate, condition);
  table.buckets = table.estimated_bytes > 0 && table.estimated_bytes < kSmallTable ? kBucketsOfSmallTables : kBuckets;
  if (request.digests) plan_digest(worker, table);
}

}  // namespace dbsync
