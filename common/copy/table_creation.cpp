#include "copy/table_creation.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "pg/catalog.h"
#include "pg/hints.h"
#include "schema/ddl_writer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// Each table and each partition locks itself, its sequences, types, TOAST table and that
// one's index, and the server has room for 64 locks a connection as it comes.
constexpr std::size_t kRelationsAtOnce = 100;
constexpr std::size_t kBytesAtOnce = 1024 * 1024;

std::size_t relations_of(const Table& table) {
  return 1 + (table.partitioning ? table.partitioning->partitions.size() : 0);
}

}  // namespace

void TableCreation::make_schema(const std::string& schema) {
  if (schema.empty() || schemas_.contains(schema)) return;
  if (!schema_exists(target_, schema)) target_.exec("CREATE SCHEMA " + quote_identifier(schema));
  schemas_.insert(schema);
}

std::string TableCreation::statements_of(const TableToMake& table) const {
  std::string out;
  for (const auto& statement : create_table_sql(*table.task->definition, dialect_)) out += statement + ";\n";
  return out;
}

void TableCreation::note(const std::vector<const TableToMake*>& tables) {
  if (journal_ == nullptr) return;
  std::vector<NewTable> entries;
  for (const TableToMake* table : tables) entries.push_back(*table->entry);
  journal_->add_tables(target_, entries);
  if (!noted_) journal_->note_schema(target_);
}

std::vector<bool> TableCreation::make_together(const std::vector<TableToMake>& tables) {
  std::vector<bool> made(tables.size());
  Batch batch;
  const auto end_batch = [&](std::size_t next) {
    // A table alone is left to make(), which tells best why it could not be made; one with
    // partitions is many statements.
    if (batch.relations > 1 && make_batch(batch))
      std::fill_n(made.begin() + static_cast<std::ptrdiff_t>(next - batch.tables.size()), batch.tables.size(), true);
    batch = {};
  };
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string statements = statements_of(tables[i]);
    const std::size_t relations = relations_of(*tables[i].task->definition);
    if (batch.relations + relations > kRelationsAtOnce || batch.sql.size() + statements.size() > kBytesAtOnce)
      end_batch(i);
    batch.tables.push_back(&tables[i]);
    batch.sql += statements;
    batch.relations += relations;
  }
  end_batch(tables.size());
  return made;
}

bool TableCreation::make_batch(const Batch& batch) {
  try {
    for (const TableToMake* table : batch.tables) make_schema(table->task->target.schema);
    PgTransaction transaction(target_, PgTransaction::BegunElsewhere{});
    target_.exec("BEGIN;\n" + batch.sql);
    note(batch.tables);
    transaction.commit();
    noted_ = true;
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    log::debug("main", fmt::format("{} tables could not be created together, so one by one: {}", batch.tables.size(),
                                   error.what()));
    return false;
  }
  for (const TableToMake* table : batch.tables)
    log::info("main", fmt::format("{}: created", table->task->target.display()));
  return true;
}

void TableCreation::make(const TableToMake& table) {
  const QualifiedName& name = table.task->target;
  try {
    make_schema(name.schema);
    PgTransaction transaction(target_);
    for (const auto& statement : create_table_sql(*table.task->definition, dialect_)) target_.exec(statement);
    note({&table});
    transaction.commit();
    noted_ = true;
  } catch (Error& error) {
    add_hint(error, PgStep::create, quote_name(name));
    throw;
  }
  log::info("main", fmt::format("{}: created", name.display()));
}

}  // namespace dbsync
