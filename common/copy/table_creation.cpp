#include "copy/table_creation.h"

#include <fmt/format.h>

#include "base/log.h"
#include "pg/catalog.h"
#include "pg/hints.h"
#include "schema/ddl_writer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// Each table locks itself, its sequences, types, TOAST table and that one's index, and the
// server has room for 64 locks a connection as it comes.
constexpr std::size_t kTablesAtOnce = 100;
constexpr std::size_t kBytesAtOnce = 1024 * 1024;

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
}

std::vector<bool> TableCreation::make_together(const std::vector<TableToMake>& tables) {
  std::vector<bool> made(tables.size());
  for (std::size_t from = 0; from < tables.size();) {
    std::vector<const TableToMake*> batch;
    for (std::size_t bytes = 0; from + batch.size() < tables.size() && batch.size() < kTablesAtOnce;) {
      const TableToMake& next = tables[from + batch.size()];
      bytes += statements_of(next).size();
      if (bytes > kBytesAtOnce && !batch.empty()) break;
      batch.push_back(&next);
    }
    if (batch.size() > 1 && make_batch(batch))
      for (std::size_t i = 0; i < batch.size(); ++i) made[from + i] = true;
    from += batch.size();
  }
  return made;
}

bool TableCreation::make_batch(const std::vector<const TableToMake*>& batch) {
  try {
    std::string sql = "BEGIN;\n";
    for (const TableToMake* table : batch) {
      make_schema(table->task->target.schema);
      sql += statements_of(*table);
    }
    PgTransaction transaction(target_, PgTransaction::BegunElsewhere{});
    target_.exec(sql);
    note(batch);
    transaction.commit();
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    log::debug("main",
               fmt::format("{} tables could not be created together, so one by one: {}", batch.size(), error.what()));
    return false;
  }
  for (const TableToMake* table : batch) log::info("main", fmt::format("{}: created", table->task->target.display()));
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
  } catch (Error& error) {
    add_hint(error, PgStep::create, quote_name(name));
    throw;
  }
  log::info("main", fmt::format("{}: created", name.display()));
}

}  // namespace dbsync
