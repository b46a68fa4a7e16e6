// How the changes of one source table are applied to one target table: decided
// once per description of the table, used for every row.
//
// Columns are matched by name. Rows are found by the replica identity's columns;
// under FULL by a unique key of the target, else by the whole row.
//
// Errors of making one: ErrorKind::target for what the target lacks or cannot
// take (see schema_policy.h for what is mended), with SQLSTATE 22P03 as the server says it
// where a source's values come in a binary form that a column cannot take. Threads: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cdc/apply_sql.h"
#include "cdc/change.h"
#include "cdc/relation.h"
#include "cdc/target_relation.h"
#include "cdc/tuple.h"
#include "pg/pipeline.h"

namespace dbsync {

struct TargetTraits {
  bool distributed = false;  // Greenplum and its relatives
};

class ApplyPlan {
 public:
  enum class Match { key, whole_row, never };

  ApplyPlan(std::shared_ptr<const Relation> relation, TargetRelation target, const TargetTraits& traits,
            std::string statement_prefix);

  const Relation& relation() const { return *relation_; }
  const TargetRelation& target() const { return target_; }
  TargetStorage& storage() { return target_.storage; }
  const std::string& table_sql() const { return table_.name; }
  bool binary() const { return table_.binary; }
  std::size_t width() const { return relation_->columns.size(); }

  Match match() const { return match_; }
  // Columns of the relation, by number.
  const std::vector<std::size_t>& key() const { return key_; }
  std::vector<std::size_t> settable_key() const;  // what an UPDATE may write of it
  // No unique index of the target finds a key that is taken: it has to be looked for.
  bool unguarded_key() const { return unguarded_key_; }
  const std::vector<std::size_t>& written() const { return written_; }  // by an INSERT
  const std::vector<std::size_t>& checked() const { return checked_; }  // by an UPDATE: identity, always
  bool many_rows() const { return many_rows_; }                         // the forms for many rows can be used
  bool replaceable() const { return replaceable_; }                     // a row deleted and inserted is the same row

  // The set of columns that an UPDATE writes: those that are not unchanged, without
  // the key. Numbers are small and belong to this plan; 0 is the usual one.
  using MaskId = std::uint32_t;
  MaskId mask_of(const std::vector<Value>& row);
  const std::vector<std::size_t>& set_of(MaskId mask) const { return masks_[mask]; }

  // Statements are made when first asked for, and stay where they are.
  PgStatement& insert_one();
  PgStatement& insert_many();
  PgStatement& update_one(MaskId mask, bool with_key);
  PgStatement& update_many(MaskId mask);
  PgStatement& taken_one();
  PgStatement& taken_by_another();  // parameters: the new key, then the old one
  PgStatement& taken_many();
  PgStatement& delete_one();
  PgStatement& delete_many();
  PgStatement& update_whole_row(MaskId mask, const std::vector<bool>& nulls);
  PgStatement& delete_whole_row(const std::vector<bool>& nulls);
  // The row goes and comes again, with the columns of replaced() as told and all
  // others as they were. `nulls`: the row is found by all its columns.
  PgStatement& replace(MaskId mask, const std::vector<bool>* nulls);
  std::vector<std::size_t> replaced(MaskId mask) const;
  std::string copy_statement() const;

  std::uint32_t type_of(std::size_t column) const { return types_[column]; }  // of a parameter
  std::uint32_t array_of(std::size_t column) const { return array_types_[column]; }
  std::uint32_t element_of(std::size_t column) const { return element_types_[column]; }

  // Rows that come or go by it, until they are asked for.
  void grow(ChangeKind kind);
  std::int64_t take_growth() { return std::exchange(growth_, 0); }

  // After a failure the server may not have what was sent.
  void forget_prepared();

 private:
  void map_columns();
  void map_column(std::size_t index, const TargetColumnInfo& target);
  void choose_key();
  bool key_is_unique() const;
  SqlColumn sql_column(std::size_t column) const;
  std::vector<SqlColumn> sql_columns(const std::vector<std::size_t>& columns) const;
  std::vector<std::size_t> set_with_key(MaskId mask) const;
  std::vector<std::size_t> whole_row(const std::vector<bool>& nulls) const;
  PgStatement& statement(const std::string& id, const std::function<std::string()>& sql,
                         const std::vector<std::size_t>& parameters, bool arrays);

  std::shared_ptr<const Relation> relation_;
  TargetRelation target_;
  SqlTable table_;
  std::string prefix_;
  Match match_ = Match::never;
  std::vector<const TargetColumnInfo*> columns_;  // by relation column; null = not written
  std::vector<std::uint32_t> types_;
  std::vector<std::uint32_t> array_types_;
  std::vector<std::uint32_t> element_types_;
  std::vector<std::size_t> key_;
  std::vector<std::size_t> written_;
  std::vector<std::size_t> checked_;
  std::vector<std::vector<std::size_t>> masks_;
  std::map<std::vector<bool>, MaskId> mask_ids_;
  std::map<std::string, std::unique_ptr<PgStatement>> statements_;
  std::vector<PgStatement*> update_many_;  // by mask: the inner loop's way around the map
  std::vector<PgStatement*> update_one_;
  std::vector<bool> settable_;
  std::int64_t growth_ = 0;
  bool unguarded_key_ = false;
  bool many_rows_ = true;
  bool replaceable_ = true;
};

}  // namespace dbsync
