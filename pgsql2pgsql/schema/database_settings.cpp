#include "pgsql2pgsql/schema/database_settings.h"

#include <set>
#include <tuple>

#include <fmt/format.h>

#include "embedded_sql.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

using Setting = std::tuple<std::string, std::string, std::string>;  // role, name, value as SQL

std::set<Setting> settings_of(PgConnection& connection) {
  std::set<Setting> out;
  const PgResult result = connection.exec(sql::database_settings, {});
  for (int row = 0; row < result.rows(); ++row)
    out.emplace(result.text(row, 0), result.text(row, 1), result.text(row, 2));
  return out;
}

}  // namespace

std::vector<std::string> settings_that_the_target_lacks(PgConnection& source, PgConnection& target) {
  std::vector<std::string> out;
  const auto there = settings_of(target);
  const std::string database = quote_identifier(target.exec("SELECT pg_catalog.current_database()").text(0, 0));
  for (const Setting& setting : settings_of(source)) {
    if (there.contains(setting)) continue;
    const auto& [role, name, value] = setting;
    out.push_back(fmt::format("{} SET {} = {}",
                              role.empty()
                                  ? "ALTER DATABASE " + database
                                  : fmt::format("ALTER ROLE {} IN DATABASE {}", quote_identifier(role), database),
                              name, value));
  }
  return out;
}

}  // namespace dbsync
