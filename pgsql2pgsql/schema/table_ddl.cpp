#include "pgsql2pgsql/schema/table_ddl.h"

#include <map>
#include <optional>
#include <set>

#include "pgsql2pgsql/schema/definition_columns.h"
#include "pgsql2pgsql/schema/definition_constraints.h"
#include "pgsql2pgsql/schema/definition_indexes.h"
#include "pgsql2pgsql/schema/definition_places.h"
#include "pgsql2pgsql/schema/definition_segments.h"
#include "pgsql2pgsql/schema/definition_set.h"
#include "pgsql2pgsql/schema/mapped_tables.h"
#include "schema/distribution.h"
#include "schema/shared_target.h"

namespace dbsync {

namespace {

class Definitions {
 public:
  Definitions(PgConnection& source, const DefinitionRequest& request) : request_(request), set_(source, request) {}

  std::vector<PgDefinition> run();

 private:
  PgDefinition complete(const PgRelation& relation);

  // One definition for the tables that share a target: the first one's. A target
  // with the rows of some of them only would look complete: all fail or none.
  void unite(std::vector<PgDefinition>& definitions) const;
  std::optional<Error> disagreement(const std::vector<PgDefinition>& definitions, std::size_t first,
                                    std::size_t other) const;

  const DefinitionRequest& request_;
  DefinitionSet set_;
  LostKeys lost_keys_;
  std::set<QualifiedName> targets_;
};

std::vector<PgDefinition> Definitions::run() {
  for (const PgRelation* relation : request_.selected.tables) {
    targets_.insert(target_of(request_.catalog.root_of(*relation), request_.map));
    if (relation->mapped || !request_.beside_dump) set_.add(request_.catalog.root_of(*relation));
  }
  std::vector<PgDefinition> out;
  if (set_.tables.empty()) return out;
  define_columns(set_);
  note_inheritance(set_);
  define_access_methods(set_);
  lost_keys_ = define_indexes(set_);
  define_constraints(set_);
  for (const std::uint32_t oid : set_.order) out.push_back(complete(*request_.catalog.find(oid)));
  unite(out);
  return out;
}

PgDefinition Definitions::complete(const PgRelation& relation) {
  PgDefinition out{std::move(set_.tables.at(relation.oid)), {}};
  try {
    Table& table = out.table;
    for (const std::string& column : lost_keys_[relation.oid])
      throw excluded_from_key(display_name(relation.name), column);
    drop_outside_foreign_keys(table, targets_);
    define_partitions(set_, relation, table);
    const auto& segments = request_.catalog.segments;
    if (const auto place = segments.find(relation.oid); place != segments.end())
      define_place(place->second, relation, request_.dialect, table);
    if (relation.origin)
      add_origin_column(table, relation.origin->name, shares_target(relation, request_.catalog, request_.map));
    request_.segments.apply(table, request_.dialect);
    plan_distribution(table, request_.dialect, request_.first_column_key);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::config) throw;
    out.problem = error;
  }
  return out;
}

void Definitions::unite(std::vector<PgDefinition>& definitions) const {
  std::map<QualifiedName, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < definitions.size(); ++i) members[definitions[i].table.name].push_back(i);
  for (const auto& [target, places] : members) {
    std::optional<Error> problem;
    for (const std::size_t place : places) {
      if (!problem) problem = definitions[place].problem;
      if (!problem && place != places[0]) problem = disagreement(definitions, places[0], place);
    }
    for (const std::size_t place : places) {
      definitions[place].problem = problem;
      if (!problem) definitions[place].table = as_sibling(definitions[places[0]].table, definitions[place].table);
    }
  }
}

std::optional<Error> Definitions::disagreement(const std::vector<PgDefinition>& definitions, std::size_t first,
                                               std::size_t other) const {
  const std::string difference = definition_difference(definitions[first].table, definitions[other].table);
  if (difference.empty()) return std::nullopt;
  const auto name = [&](std::size_t place) { return display_name(request_.catalog.find(set_.order[place])->name); };
  return disagreeing_tables(name(first), name(other), display_name(definitions[first].table.name), difference);
}

}  // namespace

std::vector<PgDefinition> table_definitions(PgConnection& source, const DefinitionRequest& request) {
  return Definitions(source, request).run();
}

}  // namespace dbsync
