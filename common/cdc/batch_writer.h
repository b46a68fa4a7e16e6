// Writes what a TableBatch came to into the target: sets of rows by key in one
// statement each, runs of inserts by COPY.
//
// The caller has begun the transaction, and rolls back after a failure. Row
// counts are checked: a statement that changes fewer rows than it was given fails
// (PgPipeline::Failure).
//
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cdc/table_batch.h"
#include "cdc/target_session.h"
#include "format/copy_buffer.h"

namespace dbsync {

class BatchWriter {
 public:
  explicit BatchWriter(TargetSession& session) : session_(session) {}

  // Deletes, then updates, then inserts. What failed so far in the pipeline may
  // come back here or later from TargetSession::leave().
  std::optional<PgPipeline::Failure> write(const TableBatch& batch);

  // One change by itself, in the pipeline. `row`: the new values; `old_row`: the
  // old ones, or what is known of them.
  void insert_row(ApplyPlan& plan, const Value* row);
  // Fails where a row has the key of `row`; with `old_row`, another one than that of its
  // key. For plans with an unguarded key, before the change.
  void look_for_key(ApplyPlan& plan, const Value* row, const Value* old_row);
  void update_row(ApplyPlan& plan, const Value* row, const Value* old_row, ApplyPlan::MaskId mask, bool with_key);
  // An UPDATE of what no UPDATE may write: see ApplyPlan::replace.
  void replace_row(ApplyPlan& plan, const Value* row, const Value* old_row, ApplyPlan::MaskId mask);
  void delete_row(ApplyPlan& plan, const Value* old_row);

 private:
  using Entries = std::vector<const TableBatch::Entry*>;

  void write_many(const TableBatch& batch, PgStatement& statement, const Entries& entries,
                  const std::vector<std::size_t>& columns, bool none_expected);
  void write_deletes(const TableBatch& batch, const Entries& entries, bool none_expected);
  void look_for_keys(const TableBatch& batch, const Entries& entries);
  void write_updates(const TableBatch& batch, ApplyPlan::MaskId mask, const Entries& entries);
  bool worth_a_copy(const ApplyPlan& plan, std::size_t rows) const;
  std::optional<PgPipeline::Failure> write_inserts(const TableBatch& batch, const Entries& entries);
  std::optional<PgPipeline::Failure> copy(const TableBatch& batch, const Entries& entries);
  void add_values(const Value* row, const std::vector<std::size_t>& columns);
  void bind();

  TargetSession& session_;
  PgParameters parameters_;
  static constexpr std::size_t kCopyBytes = 256 * 1024;
  std::vector<std::string> arrays_;  // memory used again
  CopyBuffer copy_buffer_{kCopyBytes};
  std::string text_;  // text values with a NUL behind each
  struct Pending {
    const char* data;
    std::size_t offset;
    std::uint32_t size;
    Value::Kind kind;
  };
  std::vector<Pending> pending_;
};

}  // namespace dbsync
