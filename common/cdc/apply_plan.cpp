#include "cdc/apply_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "pg/sqlstate.h"
#include "schema/quote.h"
#include "schema/stable_binary.h"
#include "schema/type_oid.h"

namespace dbsync {

namespace {

std::string nulls_id(const std::vector<bool>& nulls) {
  std::string out;
  for (const bool null : nulls) out += null ? 'n' : 'v';
  return out;
}

std::vector<std::size_t> joined(std::vector<std::size_t> a, const std::vector<std::size_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

// Text and varchar have one form; that of an enum's value is its label.
bool binary_fits(std::uint32_t source_type, const TargetColumnInfo& target) {
  if (source_type >= oid::first_of_users) return target.enumeration;
  if (source_type == target.type_oid) return followed_in_binary(source_type);
  const auto plain_text = [](std::uint32_t type) { return type == oid::text || type == oid::varchar; };
  return plain_text(source_type) && plain_text(target.type_oid);
}

Error no_binary_form(const Relation& relation, const RelationColumn& column) {
  Error error(ErrorKind::source,
              fmt::format("column {} of {} cannot be taken in binary form", column.name, relation.name.display()));
  error.sqlstate(std::string(sqlstate::invalid_binary_representation)).mark_retryable();
  return error;
}

bool is_binary(RelationValues values) {
  return values == RelationValues::source_binary || values == RelationValues::target_binary;
}

ApplyPlan::ApplyPlan(std::shared_ptr<const Relation> relation, TargetRelation target, const TargetTraits& traits,
                     std::string statement_prefix)
    : relation_(std::move(relation)), target_(std::move(target)), prefix_(std::move(statement_prefix)) {
  table_.name = quote_name(target_.name);
  table_.only = !target_.partitioned && !traits.distributed;
  table_.ctid_is_unique = table_.only;
  table_.distributed = traits.distributed;
  table_.binary = is_binary(relation_->values);
  map_columns();
  choose_key();
  // Keys that do not fit the distribution became plain indexes there.
  unguarded_key_ = traits.distributed && match_ == Match::key && !key_is_unique();
  const std::vector<Value> whole(width(), Value{"", 0, Value::Kind::text});
  mask_of(whole);  // the usual mask is number 0
}

void ApplyPlan::map_columns() {
  columns_.resize(width());
  types_.resize(width());
  array_types_.resize(width());
  element_types_.resize(width());
  settable_.resize(width());
  for (std::size_t i = 0; i < width(); ++i) {
    const TargetColumnInfo* column = target_.find_column(relation_->columns[i].name);
    if (column != nullptr && !column->generated) map_column(i, *column);
  }
  const std::size_t plain = static_cast<std::size_t>(
      std::count_if(target_.columns.begin(), target_.columns.end(), [](const auto& c) { return !c.generated; }));
  replaceable_ = written_.size() == plain;
}

void ApplyPlan::map_column(std::size_t index, const TargetColumnInfo& target) {
  columns_[index] = &target;
  written_.push_back(index);
  settable_[index] = !target.identity_always;
  if (target.identity_always) table_.overriding = true;
  if (!table_.binary) {
    array_types_[index] = oid::text_array;
    element_types_[index] = oid::text;
    if (target.type_oid == oid::quoted_char) many_rows_ = false;  // its cast from text is not its input function
    return;
  }
  if (relation_->values == RelationValues::source_binary && !binary_fits(relation_->columns[index].type_oid, target))
    throw no_binary_form(*relation_, relation_->columns[index]);
  types_[index] = target.type_oid;
  array_types_[index] = target.array_oid;
  element_types_[index] = target.type_oid;
  // unnest() would take arrays of arrays apart.
  if (target.is_array || target.array_oid == 0) many_rows_ = false;
}

void ApplyPlan::choose_key() {
  const bool full = relation_->identity == ReplicaIdentity::full;
  const auto index_of = [this](const std::string& name) {
    const auto found = std::find_if(relation_->columns.begin(), relation_->columns.end(),
                                    [&](const RelationColumn& column) { return column.name == name; });
    return static_cast<std::size_t>(found - relation_->columns.begin());
  };
  if (full) {
    for (const auto& names : target_.keys) {
      key_.clear();
      for (const auto& name : names) key_.push_back(index_of(name));
      const bool usable = std::all_of(key_.begin(), key_.end(),
                                      [this](std::size_t i) { return i < width() && columns_[i] != nullptr; });
      if (usable) break;
      key_.clear();
    }
  } else {
    for (std::size_t i = 0; i < width(); ++i)
      if (relation_->columns[i].key) key_.push_back(i);
  }
  if (!key_.empty())
    match_ = Match::key;
  else
    match_ = full ? Match::whole_row : Match::never;
  for (const std::size_t i : key_)
    if (columns_[i] == nullptr)
      throw Error(ErrorKind::target, fmt::format("{}: the key column {} is missing on the target, or generated there",
                                                 target_.name.display(), relation_->columns[i].name))
          .hint("give the target table the columns of the source's replica identity");
  for (const std::size_t i : written_)
    if (!settable_[i] && std::find(key_.begin(), key_.end(), i) == key_.end()) checked_.push_back(i);
}

// By an index of the target over columns of the key.
bool ApplyPlan::key_is_unique() const {
  const auto in_key = [this](const std::string& name) {
    return std::any_of(key_.begin(), key_.end(), [&](std::size_t i) { return columns_[i]->name == name; });
  };
  return std::any_of(target_.keys.begin(), target_.keys.end(), [&](const std::vector<std::string>& names) {
    return std::all_of(names.begin(), names.end(), in_key);
  });
}

SqlColumn ApplyPlan::sql_column(std::size_t column) const {
  const TargetColumnInfo& target = *columns_[column];
  return {quote_identifier(target.name), target.type_sql, target.type_oid, target.enumeration,
          target.loose_collation,        target.equality};
}

std::vector<SqlColumn> ApplyPlan::sql_columns(const std::vector<std::size_t>& columns) const {
  std::vector<SqlColumn> out;
  for (const std::size_t column : columns) out.push_back(sql_column(column));
  return out;
}

ApplyPlan::MaskId ApplyPlan::mask_of(const std::vector<Value>& row) {
  const auto unchanged = [&](std::size_t i) { return row[i].kind == Value::Kind::unchanged; };
  if (!masks_.empty() && std::none_of(written_.begin(), written_.end(), unchanged)) return 0;
  std::vector<bool> mask(width());
  for (const std::size_t i : written_)
    mask[i] = settable_[i] && !unchanged(i) && std::find(key_.begin(), key_.end(), i) == key_.end();
  const auto [found, fresh] = mask_ids_.try_emplace(mask, static_cast<MaskId>(masks_.size()));
  if (fresh) {
    masks_.emplace_back();
    for (std::size_t i = 0; i < width(); ++i)
      if (mask[i]) masks_.back().push_back(i);
    update_many_.push_back(nullptr);
    update_one_.push_back(nullptr);
  }
  return found->second;
}

PgStatement& ApplyPlan::statement(const std::string& id, const std::function<std::string()>& sql,
                                  const std::vector<std::size_t>& parameters, bool arrays) {
  auto& made = statements_[id];
  if (made) return *made;
  made = std::make_unique<PgStatement>();
  made->name = prefix_ + "_" + std::to_string(statements_.size());
  made->sql = sql();
  for (const std::size_t column : parameters) made->types.push_back(arrays ? array_types_[column] : types_[column]);
  return *made;
}

PgStatement& ApplyPlan::insert_one() {
  return statement(
      "i1", [this] { return insert_one_sql(table_, sql_columns(written_)); }, written_, false);
}

PgStatement& ApplyPlan::insert_many() {
  return statement(
      "in", [this] { return insert_many_sql(table_, sql_columns(written_)); }, written_, true);
}

std::vector<std::size_t> ApplyPlan::settable_key() const {
  std::vector<std::size_t> out;
  for (const std::size_t i : key_)
    if (settable_[i]) out.push_back(i);
  return out;
}

std::vector<std::size_t> ApplyPlan::set_with_key(MaskId mask) const { return joined(masks_[mask], settable_key()); }

PgStatement& ApplyPlan::update_one(MaskId mask, bool with_key) {
  if (!with_key && update_one_[mask] != nullptr) return *update_one_[mask];
  const auto set = with_key ? set_with_key(mask) : masks_[mask];
  PgStatement& made = statement(
      fmt::format("u1{}.{}", with_key ? "k" : "", mask),
      [&] { return update_one_sql(table_, sql_columns(set), sql_columns(key_), sql_columns(checked_)); },
      joined(joined(set, key_), checked_), false);
  if (!with_key) update_one_[mask] = &made;
  return made;
}

PgStatement& ApplyPlan::update_many(MaskId mask) {
  if (update_many_[mask] == nullptr)
    update_many_[mask] = &statement(
        fmt::format("un.{}", mask),
        [&] { return update_many_sql(table_, sql_columns(masks_[mask]), sql_columns(key_), sql_columns(checked_)); },
        joined(joined(masks_[mask], key_), checked_), true);
  return *update_many_[mask];
}

PgStatement& ApplyPlan::taken_one() {
  return statement(
      "t1", [this] { return taken_one_sql(table_, sql_columns(key_), false); }, key_, false);
}

PgStatement& ApplyPlan::taken_by_another() {
  return statement(
      "tb", [this] { return taken_one_sql(table_, sql_columns(key_), true); }, joined(key_, key_), false);
}

PgStatement& ApplyPlan::taken_many() {
  return statement(
      "tn", [this] { return taken_many_sql(table_, sql_columns(key_)); }, key_, true);
}

PgStatement& ApplyPlan::delete_one() {
  return statement(
      "d1", [this] { return delete_one_sql(table_, sql_columns(key_)); }, key_, false);
}

PgStatement& ApplyPlan::delete_many() {
  return statement(
      "dn", [this] { return delete_many_sql(table_, sql_columns(key_)); }, key_, true);
}

std::vector<std::size_t> ApplyPlan::whole_row(const std::vector<bool>& nulls) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < written_.size(); ++i)
    if (!nulls[i]) out.push_back(written_[i]);
  return out;
}

PgStatement& ApplyPlan::update_whole_row(MaskId mask, const std::vector<bool>& nulls) {
  return statement(
      fmt::format("uw.{}.{}", mask, nulls_id(nulls)),
      [&] { return update_whole_row_sql(table_, sql_columns(masks_[mask]), sql_columns(written_), nulls); },
      joined(masks_[mask], whole_row(nulls)), false);
}

PgStatement& ApplyPlan::delete_whole_row(const std::vector<bool>& nulls) {
  return statement(
      "dw." + nulls_id(nulls), [&] { return delete_whole_row_sql(table_, sql_columns(written_), nulls); },
      whole_row(nulls), false);
}

std::vector<std::size_t> ApplyPlan::replaced(MaskId mask) const { return joined(joined(masks_[mask], key_), checked_); }

PgStatement& ApplyPlan::replace(MaskId mask, const std::vector<bool>* nulls) {
  const auto set = replaced(mask);
  const auto found_by = nulls == nullptr ? key_ : whole_row(*nulls);
  return statement(
      fmt::format("re.{}.{}", mask, nulls == nullptr ? "" : nulls_id(*nulls)),
      [&] {
        const std::size_t first = set.size() + 1;
        const std::string remove = nulls == nullptr
                                       ? delete_one_sql(table_, sql_columns(key_), first)
                                       : delete_whole_row_sql(table_, sql_columns(written_), *nulls, first);
        std::vector<std::string> kept;
        for (const TargetColumnInfo& column : target_.columns)
          if (!column.generated &&
              std::none_of(set.begin(), set.end(), [&](std::size_t i) { return columns_[i] == &column; }))
            kept.push_back(quote_identifier(column.name));
        return replace_row_sql(table_, sql_columns(set), kept, remove);
      },
      joined(set, found_by), false);
}

std::string ApplyPlan::copy_statement() const { return copy_sql(table_, sql_columns(written_)); }

void ApplyPlan::grow(ChangeKind kind) {
  if (kind == ChangeKind::insert) ++growth_;
  if (kind == ChangeKind::remove) --growth_;
}

void ApplyPlan::forget_prepared() {
  for (auto& [id, made] : statements_) made->prepared = false;
}

}  // namespace dbsync
