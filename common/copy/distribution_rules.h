// [distribution] of my.cfg: table = column, column | randomly | replicated.
//
// Pure. Errors: ErrorKind::config for a column that the table does not have.
#pragma once

#include <string>
#include <vector>

#include "config/ini_file.h"
#include "schema/table.h"

namespace dbsync {

// Sets table.distribution when a rule names the table, with or without its schema.
void apply_distribution_rules(const std::vector<IniEntry>& rules, const std::string& config_path, Table& table);

// One warning for each rule whose table is not among `targets`, the tables of the run
// and the others that could have been meant.
std::vector<std::string> idle_distribution_rules(const std::vector<IniEntry>& rules, const std::string& config_path,
                                                 const std::vector<QualifiedName>& targets);

}  // namespace dbsync
