#include "mysql2pgsql/binlog/followed_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "format/copy_binary.h"
#include "mysql2pgsql/binlog/default_value.h"
#include "mysql2pgsql/binlog/not_followed.h"
#include "mysql2pgsql/binlog/row_tuple.h"
#include "mysql2pgsql/schema/engine.h"
#include "mysql2pgsql/source/column_plan.h"

namespace dbsync {

namespace {

// The number of a type that messages about keys show.
std::uint32_t oid_of(PgKind kind) {
  switch (kind) {
    case PgKind::int2: return 21;
    case PgKind::int4: return 23;
    case PgKind::int8: return 20;
    default: return 25;
  }
}

const TargetColumn* find_target(const TargetTable& target, const std::string& name) {
  for (const TargetColumn& column : target.columns)
    if (column.name == name) return &column;
  return nullptr;
}

// The places of the columns of a key; nothing when one of them is not taken.
std::vector<std::size_t> places_of(const FollowedTable& table, const std::vector<std::string>& names) {
  std::vector<std::size_t> out;
  for (const std::string& name : names)
    for (const FollowedColumn& column : table.columns)
      if (column.source.name == name && column.place >= 0) out.push_back(static_cast<std::size_t>(column.place));
  if (out.size() != names.size()) out.clear();
  return out;
}

// As the server chooses what its images are found by.
std::vector<std::size_t> choose_key(const FollowedTable& table, const MysqlTable& source, ReplicaIdentity& identity) {
  identity = ReplicaIdentity::primary_key;
  if (auto places = places_of(table, source.primary_key); !places.empty()) return places;
  identity = ReplicaIdentity::index;
  for (const MysqlIndex& index : source.indexes) {
    if (!index.unique) continue;
    std::vector<std::string> names;
    for (const MysqlIndexPart& part : index.parts) {
      const MysqlColumn* column = part.column.empty() || part.prefix >= 0 ? nullptr : source.find_column(part.column);
      if (column != nullptr && !column->nullable) names.push_back(part.column);
    }
    if (names.size() != index.parts.size()) continue;
    if (auto places = places_of(table, names); !places.empty()) return places;
  }
  identity = ReplicaIdentity::full;
  return {};
}

std::vector<MysqlColumn> all_columns(const MysqlTable& source) {
  std::vector<MysqlColumn> out = source.columns;
  out.insert(out.end(), source.excluded.begin(), source.excluded.end());
  std::sort(out.begin(), out.end(), [](const MysqlColumn& a, const MysqlColumn& b) { return a.ordinal < b.ordinal; });
  return out;
}

// By the name that the target has for it; "" when it is excluded.
std::string name_on_target(const FollowedTableFacts& facts, const std::string& name) {
  for (std::size_t i = 0; i < facts.source->columns.size(); ++i)
    if (facts.source->columns[i].name == name) return facts.definition->columns.at(i).name;
  return {};
}

void choose_encoders(FollowedTable& table, bool text) {
  const auto has_binary = [](const ColumnPlan& plan) {
    return binary_encoder(plan.source, plan.wire, plan.target) != nullptr;
  };
  table.format =
      !text && std::all_of(table.plans.begin(), table.plans.end(), has_binary) ? CopyFormat::binary : CopyFormat::text;
  for (ColumnPlan& plan : table.plans)
    plan.encode = table.format == CopyFormat::binary ? binary_encoder(plan.source, plan.wire, plan.target)
                                                     : text_encoder(plan.source, plan.wire, plan.target);
}

std::string field_of_text(std::string_view text, CopyFormat format) {
  CopyBuffer out(64);
  out.put_byte(format == CopyFormat::binary ? 'b' : 't');
  copy_binary::put_bytes(out, text);
  return {out.bytes().data(), out.size()};
}

}  // namespace

Wire wire_of(const MysqlType& type) {
  const bool no_sign = type.is_unsigned;
  switch (type.kind) {
    case MysqlKind::tinyint: return no_sign ? Wire::u8 : Wire::i8;
    case MysqlKind::smallint: return no_sign ? Wire::u16 : Wire::i16;
    case MysqlKind::year: return Wire::u16;
    case MysqlKind::mediumint:
    case MysqlKind::integer: return no_sign ? Wire::u32 : Wire::i32;
    case MysqlKind::bigint: return no_sign ? Wire::u64 : Wire::i64;
    case MysqlKind::float4: return Wire::f32;
    case MysqlKind::float8: return Wire::f64;
    case MysqlKind::date:
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time: return Wire::temporal;
    default: return Wire::bytes;
  }
}

namespace {

// "" when there is no such value, or the target cannot hold it: told when a row has it.
std::string fill_of(const DefaultValue& fill, ColumnPlan& plan, CopyFormat format) {
  CopyBuffer out(64);
  try {
    put_field(out, plan, format, fill.value);
  } catch (const Error&) {
    return {};
  }
  return {out.bytes().data(), out.size()};
}

void set_fills(FollowedTable& table) {
  for (const FollowedColumn& column : table.columns) {
    if (column.place < 0 || !column.source.generation_expression.empty()) continue;
    const auto place = static_cast<std::size_t>(column.place);
    ColumnPlan& plan = table.plans[place];
    DefaultValue fill;
    using enum MysqlColumn::Default;
    switch (column.source.default_kind) {
      case null: table.fills[place] = "n"; break;
      case none:
        if (column.source.nullable)
          table.fills[place] = "n";
        else if (implicit_default(plan.source, fill))
          table.fills[place] = fill_of(fill, plan, table.format);
        break;
      case literal:
        if (literal_default(plan.source, column.source.default_text, fill))
          table.fills[place] = fill_of(fill, plan, table.format);
        break;
      case unclear:
      case expression: break;  // servers send the values of expressions
    }
  }
}

}  // namespace

FollowedTable make_followed_table(const FollowedTableFacts& facts) {
  FollowedTable table;
  table.db = facts.db;
  table.name = facts.source->name;
  table.transactional = !without_transactions(*facts.source);
  if (facts.source->problem) throw Error(*facts.source->problem);
  if (facts.source->system_versioned) throw versioned_not_followed(table.name);
  refuse_blackhole(*facts.source);
  Relation relation;
  relation.id = facts.id;
  relation.name = {facts.db, table.name};
  for (MysqlColumn& source : all_columns(*facts.source)) {
    FollowedColumn& column = table.columns.emplace_back(FollowedColumn{std::move(source), -1});
    const std::string name = name_on_target(facts, column.source.name);
    if (name.empty()) continue;
    const TargetColumn* target = find_target(*facts.target, name);
    if (target != nullptr && target->generated) continue;
    column.place = static_cast<int>(table.plans.size());
    table.plans.push_back(
        plan_column(name, column.source.type, wire_of(column.source.type), *facts.target, facts.policies));
    relation.columns.push_back({.name = name, .type_oid = oid_of(table.plans.back().target.kind)});
  }
  choose_encoders(table, facts.text);
  table.fills.resize(table.plans.size());
  set_fills(table);
  table.key = choose_key(table, *facts.source, relation.identity);
  for (const std::size_t place : table.key) relation.columns[place].key = true;
  if (facts.origin) {
    table.origin_field = field_of_text(facts.origin->value, table.format);
    relation.columns.push_back(
        {.name = facts.origin->name, .key = !table.key.empty(), .type_oid = oid_of(PgKind::text)});
  }
  relation.values = table.format == CopyFormat::binary ? RelationValues::target_binary : RelationValues::target_text;
  table.relation = std::make_shared<const Relation>(std::move(relation));
  return table;
}

FollowedTable make_key_table(const MysqlTable& source,
                             const std::function<std::optional<ColumnPlan>(const MysqlColumn&)>& plan) {
  FollowedTable table;
  table.name = source.name;
  for (MysqlColumn& column : all_columns(source)) {
    auto planned = plan(column);
    table.columns.push_back({std::move(column), planned ? static_cast<int>(table.plans.size()) : -1});
    if (planned) table.plans.push_back(std::move(*planned));
  }
  choose_encoders(table, true);
  table.fills.resize(table.plans.size());
  return table;
}

}  // namespace dbsync
