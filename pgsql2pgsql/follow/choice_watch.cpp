#include "pgsql2pgsql/follow/choice_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "pg/catalog.h"
#include "pg/dialect_question.h"
#include "pgsql2pgsql/follow/published_tables.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "pgsql2pgsql/pg_program.h"
#include "pgsql2pgsql/schema/catalog_questions.h"
#include "pgsql2pgsql/source/standby.h"

namespace dbsync {

std::vector<PgQuery> ChoiceWatch::first_questions(const PgConnection& source) {
  std::vector<PgQuery> out = questions_of_catalog(source);
  out.push_back(question_of_dialect());
  out.push_back(question_of_standby());
  return out;
}

std::unique_ptr<ChoiceWatch::Choice> ChoiceWatch::read(PgConnection& source) const {
  auto out = std::make_unique<Choice>();
  out->catalog = read_pg_catalog(source, detect_dialect(source));
  out->selected = select_tables(out->catalog, {table_filter(options_, config_), list_, on_standby(source)});
  return out;
}

std::vector<PgQuery> ChoiceWatch::next_questions(PgConnection& source) {
  try {
    ahead_ = read(source);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::config) throw;
    return {};  // differences() says it
  }
  return questions_of_followed(source, ahead_->catalog, ahead_->selected, config_.follow.without_key);
}

std::vector<std::string> ChoiceWatch::differences(PgConnection& source, const std::vector<KnownTable>& followed) {
  const std::unique_ptr<Choice> choice = ahead_ ? std::move(ahead_) : read(source);
  const PgCatalog& catalog = choice->catalog;
  PublishedTables chosen = followed_tables(source, catalog, choice->selected, config_.follow.without_key);
  const auto is_followed = [&](const QualifiedName& name) {
    const PgRelation* relation = catalog.find(name);
    return relation != nullptr && std::any_of(followed.begin(), followed.end(), [&](const KnownTable& table) {
             return table.oid == relation->oid && table.published != 0;
           });
  };
  std::vector<std::string> out;
  for (const auto& [name, reason] : chosen.left())
    if (!is_followed(name)) out.push_back(fmt::format("{} is not followed, since {}", display_name(name), reason));
  for (const UnfitTable& table : chosen.unfit())
    if (is_followed(table.name))
      out.push_back(fmt::format("{} is followed, since the task began with it, though {}; run on {}: {}",
                                display_name(table.name), table.fact, table.place, table.statement));
  for (std::size_t i = 0; i < chosen.oids().size(); ++i)
    if (std::none_of(followed.begin(), followed.end(), [&](const KnownTable& table) {
          return table.oid == chosen.oids()[i] || table.name == chosen.names()[i];
        }))
      out.push_back(fmt::format(
          "{0} is not followed, for it is not among the tables that the task began with: it was made, became a "
          "logged table or was chosen later. To have it there, make it on the target, add it to the task's "
          "publication and --resync {0}; or copy and follow it by a task of its own (--include {0}, another `task` in "
          "[local.pgsql])",
          display_name(chosen.names()[i])));
  for (const KnownTable& table : followed) {
    const PgRelation* relation = catalog.find(table.name);
    if (relation == nullptr || relation->oid != table.oid || relation->partition || table.published == 0) continue;
    if (std::any_of(chosen.unfit().begin(), chosen.unfit().end(),
                    [&](const UnfitTable& unfit) { return unfit.oid == table.oid; }))
      continue;
    if (std::find(chosen.oids().begin(), chosen.oids().end(), table.oid) == chosen.oids().end())
      out.push_back(
          fmt::format("{} is followed, since the task began with it, though this run's choice of tables leaves it out",
                      display_name(table.name)));
  }
  return out;
}

}  // namespace dbsync
