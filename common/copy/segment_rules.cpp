#include "copy/segment_rules.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "schema/distribution.h"
#include "schema/names.h"

namespace dbsync {

namespace {

constexpr char kHint[] = "write table = column, column, or table = randomly, or table = replicated";

Error bad_rule(const std::string& where, std::string_view what) {
  return Error(ErrorKind::config, fmt::format("{}: {}", where, what)).hint(kHint);
}

Storage storage_of(const std::string& kind, const std::string& compression, const std::string& level) {
  // Written out: gp_default_storage_options of the database may say something else.
  if (kind == "heap") return {"appendonly=false", false};
  Storage out{fmt::format("appendonly=true, orientation={}", kind == "ao_row" ? "row" : "column"), true};
  // A level alone would bring back zlib.
  if (compression == "none") return out;
  if (!compression.empty()) out.options_sql += ", compresstype=" + compression;
  if (!level.empty()) out.options_sql += ", compresslevel=" + level;
  return out;
}

void forget_storage(std::vector<Partition>& partitions) {
  for (Partition& partition : partitions) {
    partition.storage = {};
    forget_storage(partition.parts);
  }
}

// A rule is for the whole table: its partitions and columns, too, as far as we write them.
void note_source_storage(Table& table) {
  if (!table.storage.encodings.empty())
    table.notes.emplace_back("the ENCODING of its columns was left out: my.cfg says how it is stored");
  if (!table.partitioning) return;
  forget_storage(table.partitioning->partitions);
  if (table.partitioning->classic_clause_sql.find("appendonly=") != std::string::npos)
    table.notes.emplace_back("its partitions are stored as on the source, not as my.cfg says");
}

}  // namespace

SegmentRules::SegmentRules(const Config& config)
    : storage_(config.storage),
      compression_(config.compress_type),
      level_(config.compress_level == 0 ? std::string() : std::to_string(config.compress_level)) {
  const auto where = [&](std::string_view section, const IniEntry& entry) {
    return fmt::format("{} line {}: [{}] {}", config.path, entry.line, section, entry.key);
  };
  for (const IniEntry& entry : config.distribution_rules)
    distributions_.push_back({entry.key, entry.value, where("distribution", entry)});
  for (const IniEntry& entry : config.storage_rules) {
    const std::size_t dot = entry.key.rfind('.');
    const std::string_view setting = std::string_view(entry.key).substr(dot + 1);
    Rules& rules = setting == "storage" ? storages_ : setting == "compresstype" ? compressions_ : levels_;
    rules.push_back({entry.key.substr(0, dot), to_lower(entry.value), where("greenplum", entry)});
  }
}

const SegmentRules::Rule* SegmentRules::best(const Rules& rules, const QualifiedName& table) {
  const Rule* found = nullptr;
  int best_fit = 0;
  for (const Rule& rule : rules) {
    const int quality = rule_fit(rule.table, table);
    if (quality > best_fit) found = &rule;
    best_fit = std::max(best_fit, quality);
  }
  return found;
}

Distribution SegmentRules::distribution(const Rule& rule, const Table& table) {
  Distribution out;
  if (rule.value == "randomly") return out;
  if (rule.value == "replicated") {
    out.kind = Distribution::Kind::replicated;
    return out;
  }
  out.kind = Distribution::Kind::by_columns;
  for (std::size_t from = 0; from <= rule.value.size();) {
    const std::size_t comma = std::min(rule.value.find(',', from), rule.value.size());
    const std::string name(trim(std::string_view(rule.value).substr(from, comma - from)));
    const Column* const column = table.find_column(name);
    if (column == nullptr)
      throw bad_rule(rule.where, fmt::format("the table {} has no column {}", table.name.display(), name));
    if (!can_distribute_by(column->type))
      throw bad_rule(rule.where, fmt::format("{} of {} is {}, which has no hash to distribute by", name,
                                             table.name.display(), type_sql(column->type)));
    out.columns.push_back(name);
    from = comma + 1;
  }
  return out;
}

void SegmentRules::set_storage(Table& table) const {
  const Rule* const kind = best(storages_, table.name);
  const Rule* const compression = best(compressions_, table.name);
  const Rule* const level = best(levels_, table.name);
  const std::string storage = kind == nullptr ? storage_ : kind->value;
  if (storage.empty()) return;
  note_source_storage(table);
  // The usual level is of the usual compression: each has its own range.
  const std::string usual_level = compression == nullptr ? level_ : std::string();
  table.storage = storage_of(storage, compression == nullptr ? compression_ : compression->value,
                             level == nullptr ? usual_level : level->value);
}

void SegmentRules::apply(Table& table, const Dialect& dialect) const {
  if (!dialect.distributed) return;
  set_storage(table);
  if (const Rule* rule = best(distributions_, table.name)) table.distribution = distribution(*rule, table);
}

std::vector<std::string> SegmentRules::idle(const std::vector<QualifiedName>& targets) const {
  std::vector<std::string> names;
  for (const QualifiedName& target : targets) {
    names.push_back(target.name);
    names.push_back(target.display());
  }
  std::vector<std::string> out;
  for (const Rules* rules : {&distributions_, &storages_, &compressions_, &levels_})
    for (const Rule& rule : *rules) {
      if (std::any_of(targets.begin(), targets.end(),
                      [&](const QualifiedName& target) { return rule_fit(rule.table, target) > 0; }))
        continue;
      const std::string near = nearest_name(rule.table, names);
      out.push_back(fmt::format("{}: there is no such target table{}", rule.where,
                                near.empty() ? "" : fmt::format(", did you mean {}?", near)));
    }
  return out;
}

}  // namespace dbsync
