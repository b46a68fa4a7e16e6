// What a later run's choice of tables and the tables that its task follows differ in.
// A task's tables are those of its beginning: what is new on the source, became a logged
// table or is chosen by other options now is not among them.
//
// Errors: of the connections. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cdc/known_tables.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "pg/connection.h"
#include "pgsql2pgsql/schema/copy_plan.h"
#include "pgsql2pgsql/schema/pg_catalog.h"

namespace dbsync {

class ChoiceWatch {
 public:
  // All must outlive it.
  ChoiceWatch(const Options& options, const Config& config, const std::vector<TableListEntry>& list)
      : options_(options), config_(config), list_(list) {}

  // A sentence for each difference; reads the source's catalog.
  std::vector<std::string> differences(PgConnection& source, const std::vector<KnownTable>& followed);

  // As differences() asks, for PgPrefetch: first, and by the answers to these, which are kept
  // for it.
  static std::vector<PgQuery> first_questions(const PgConnection& source);
  std::vector<PgQuery> next_questions(PgConnection& source);

 private:
  // The tables point into the catalog.
  struct Choice {
    PgCatalog catalog;
    SelectedTables selected;
  };
  std::unique_ptr<Choice> read(PgConnection& source) const;

  const Options& options_;
  const Config& config_;
  const std::vector<TableListEntry>& list_;
  std::unique_ptr<Choice> ahead_;
};

}  // namespace dbsync
