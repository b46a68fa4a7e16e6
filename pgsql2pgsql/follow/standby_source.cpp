#include "pgsql2pgsql/follow/standby_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "schema/quote.h"

namespace dbsync {

std::optional<std::string> lack_of_publication(PgConnection& source, const std::string& publication,
                                               const std::vector<QualifiedName>& tables) {
  if (publication_state(source, publication) == PublicationState::missing)
    return fmt::format("the source is a standby, which cannot make the publication {}: run on its primary {}",
                       publication, publication_sql(source, publication, tables));
  const auto published = published_tables(source, publication);
  std::vector<QualifiedName> missing;
  for (const QualifiedName& table : tables)
    if (std::find(published.begin(), published.end(), table) == published.end()) missing.push_back(table);
  if (missing.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const QualifiedName& table : missing) names.push_back(table.display());
  const bool by_root =
      source
          .exec("SELECT row_to_json(p)->>'pubviaroot' = 'true' FROM pg_catalog.pg_publication p WHERE p.pubname = $1",
                {publication})
          .boolean(0, 0);
  return fmt::format("the publication {} lacks {}: run on the standby's primary ALTER PUBLICATION {} {}", publication,
                     join(names, ", "), quote_identifier(publication),
                     by_root ? "ADD TABLE " + only_tables(missing) : "SET (publish_via_partition_root = true)");
}

std::optional<std::string> lack_of_publication(PgConnection& source, const std::string& publication,
                                               const PublishedTables& published) {
  if (published.names().empty()) return std::nullopt;
  auto lack = lack_of_publication(source, publication, published.names());
  if (!lack || published.unfit().empty()) return lack;
  std::vector<std::string> statements;
  for (const UnfitTable& table : published.unfit()) statements.push_back(table.statement);
  return fmt::format("{}; it leaves out tables without a replica identity: to have their changes, first {}", *lack,
                     join(statements, "; "));
}

void warn_of_standby(PgConnection& source) {
  const PgResult settings = source.exec(
      "SELECT pg_catalog.current_setting('hot_standby_feedback')::boolean, "
      "pg_catalog.current_setting('primary_slot_name') <> ''",
      {});
  if (settings.boolean(0, 0) && settings.boolean(0, 1)) return;
  log::warning("follow",
               fmt::format("the source is a standby with {}: a vacuum of its primary may remove what the replication "
                           "slot needs and so invalidate it; hot_standby_feedback = on and a primary_slot_name on the "
                           "standby prevent that",
                           settings.boolean(0, 0) ? "no primary_slot_name" : "hot_standby_feedback = off"));
}

}  // namespace dbsync
