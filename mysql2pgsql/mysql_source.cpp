#include "mysql2pgsql/mysql_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "mysql2pgsql/mysql_cursor.h"
#include "mysql2pgsql/type_map.h"

namespace dbsync {

namespace {

const TargetColumn& target_column(const TargetTable& target, const std::string& name) {
  std::vector<std::string> names;
  for (const TargetColumn& column : target.columns) {
    if (column.name == name) return column;
    names.push_back(column.name);
  }
  Error error(ErrorKind::target, fmt::format("the target table {} has no column {}", target.name.display(), name));
  const std::string near = nearest_name(name, names);
  if (!near.empty())
    error.hint(fmt::format("it has a column {}; give the source's column that name in a table-list query", near));
  else
    error.hint("add the column to the target, or leave it out with a table-list query");
  throw error;
}

ColumnPlan plan_column(const ResultColumn& result, const std::string& name, const MysqlType& type,
                       const TargetTable& target, const ValuePolicies& policies) {
  const TargetColumn& column = target_column(target, name);
  if (column.generated)
    throw Error(ErrorKind::target, fmt::format("column {} of {} is generated on the target and takes no values",
                                               name, target.name.display()))
        .hint("leave the column out with a table-list query");
  ColumnPlan plan;
  plan.name = name;
  plan.source = type;
  plan.wire = result.wire;
  plan.target = column.type;
  plan.not_null = column.not_null;
  plan.policies = policies;
  if (type.kind == MysqlKind::unsupported)
    throw Error(ErrorKind::source, fmt::format("column {}: the type {} is not supported", name, type.text))
        .hint("leave the column out with a table-list query");
  if (const auto problem = unsafe_pair(type, column.type))
    throw Error(ErrorKind::target, fmt::format("column {}: {}", name, *problem))
        .hint("change the target column's type (mysql2pgsql -d shows a fitting one), or convert the value in a "
              "table-list query");
  return plan;
}

// A query and the target column of each of its result's columns.
struct Selection {
  std::string sql;
  std::vector<std::string> names;
};

// True for columns that the target computes itself: COPY must not name them.
bool is_generated(const TargetTable& target, const std::string& name) {
  for (const TargetColumn& column : target.columns)
    if (column.name == name) return column.generated;
  return false;
}

// A distributed target forwards a text row unparsed from its last distribution
// or partition key on, so these come first.
bool is_routing_column(const Table& table, const std::string& name) {
  const auto holds = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return table.distribution && (holds(table.distribution->columns) || (table.partitioning && holds(table.partitioning->columns)));
}

// Every column by name, in the catalog's order.
Selection select_whole_table(const MysqlTable& source, const Table& definition, const TargetTable& target) {
  Selection out;
  std::string columns;
  for (const bool routing : {true, false})
    for (std::size_t i = 0; i < source.columns.size(); ++i) {
      const std::string& name = definition.columns[i].name;
      if (is_routing_column(definition, name) != routing || is_generated(target, name)) continue;
      columns += (columns.empty() ? "" : ", ") + MysqlConnection::identifier(source.columns[i].name);
      out.names.push_back(name);
    }
  out.sql = fmt::format("SELECT {} FROM {}", columns, MysqlConnection::identifier(source.name));
  return out;
}

// Binary when every column has a binary form, unless the user or the dialect
// decides otherwise.
CopyFormat choose_format(const std::vector<ColumnPlan>& plans, const CopyTask& task, CopyFormatChoice choice,
                         const Dialect& dialect) {
  if (choice == CopyFormatChoice::text) return CopyFormat::text;
  if (choice == CopyFormatChoice::automatic && dialect.text_copy) return CopyFormat::text;
  for (const ColumnPlan& plan : plans) {
    if (binary_encoder(plan.source, plan.wire, plan.target) != nullptr) continue;
    log::info("source", fmt::format("{}: text COPY, since column {} ({} to {}) has no binary form", task.name,
                                    plan.name, plan.source.text, type_sql(plan.target)));
    return CopyFormat::text;
  }
  return CopyFormat::binary;
}

class MysqlChunkReader : public ChunkReader {
 public:
  MysqlChunkReader(std::unique_ptr<MysqlCursor> cursor, RowEncoder encoder, CopyFormat format)
      : cursor_(std::move(cursor)), encoder_(std::move(encoder)), format_(format) {
    for (const ColumnPlan& plan : encoder_.columns()) names_.push_back(plan.name);
    cursor_->execute();
  }

  const std::vector<std::string>& columns() const override { return names_; }
  CopyFormat format() const override { return format_; }

  bool read(CopyBuffer& buffer, TaskRejects* rejects) override {
    while (!buffer.full()) {
      if (!cursor_->fetch()) return false;
      ++row_;
      try {
        encoder_.encode(cursor_->values(), buffer);
      } catch (Error& error) {
        if (error.kind() != ErrorKind::data || rejects == nullptr) {
          error.context(fmt::format("row {}", row_));
          throw;
        }
        rejects->add(row_, encoder_.row_text(cursor_->values()), error);
        continue;
      }
      if (buffer.log) log_row(buffer);
    }
    return true;
  }

  std::vector<ChangedValues> changed_values() const override {
    std::vector<ChangedValues> out;
    for (const ColumnPlan& plan : encoder_.columns())
      if (plan.changed > 0) out.push_back({plan.name, plan.changed});
    return out;
  }

 private:
  void log_row(CopyBuffer& buffer) {
    buffer.log->ends.push_back(buffer.mark());
    buffer.log->numbers.push_back(row_);
    buffer.log->texts.push_back(encoder_.row_text(cursor_->values()));
  }

  std::unique_ptr<MysqlCursor> cursor_;
  RowEncoder encoder_;
  std::uint64_t row_ = 0;  // of the source, from 1
  CopyFormat format_;
  std::vector<std::string> names_;
};

class MysqlSession : public SourceSession {
 public:
  MysqlSession(const MysqlEndpoint& endpoint, const MysqlCatalog& catalog, const MapOptions& options,
               const ValuePolicies& policies)
      : connection_(endpoint), catalog_(catalog), options_(options), policies_(policies) {}

  std::unique_ptr<ChunkReader> open(const CopyTask& task, const TargetTable& target,
                                    CopyFormatChoice choice) override {
    Selection selection;
    if (task.query.empty())
      selection = select_whole_table(*catalog_.find_table(task.name), *task.definition, target);
    else
      selection.sql = task.query;
    auto cursor = std::make_unique<MysqlCursor>(connection_, selection.sql);
    if (!task.query.empty())
      for (const ResultColumn& column : cursor->columns()) selection.names.push_back(target_name(column.name, options_));
    const auto types = result_types(cursor->columns(), catalog_);
    std::vector<ColumnPlan> plans;
    for (std::size_t i = 0; i < types.size(); ++i)
      plans.push_back(plan_column(cursor->columns()[i], selection.names[i], types[i], target, policies_));
    const CopyFormat format = choose_format(plans, task, choice, options_.dialect);
    return std::make_unique<MysqlChunkReader>(std::move(cursor), RowEncoder(std::move(plans), format), format);
  }

  void cancel() noexcept override { connection_.cancel(); }

 private:
  MysqlConnection connection_;
  const MysqlCatalog& catalog_;
  const MapOptions& options_;
  const ValuePolicies& policies_;
};

}  // namespace

std::unique_ptr<SourceSession> MysqlSource::new_session() {
  return std::make_unique<MysqlSession>(endpoint_, catalog_, options_, policies_);
}

}  // namespace dbsync
