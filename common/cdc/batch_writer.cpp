#include "cdc/batch_writer.h"

#include <algorithm>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include "base/byte_writer.h"
#include "format/copy_binary.h"
#include "format/copy_text.h"
#include "pg/copy_in.h"

namespace dbsync {

namespace {

using Net = TableBatch::Net;

// A COPY leaves the pipeline, which is two round trips; it saves that much for each row,
// against one statement for many rows, or one for each.
constexpr std::size_t kRowsWorthACopy = 64;
constexpr int kRoundTripsOfACopy = 2;
constexpr std::chrono::nanoseconds kSavedOfMany{700};
constexpr std::chrono::nanoseconds kSavedOfOne{7000};
constexpr std::size_t kMostRowsInAStatement = 10000;
constexpr std::int32_t kNull = -1;

// array_recv: dimensions, whether NULLs occur, element type, length, lower bound.
void array_header(ByteWriter& out, std::uint32_t element_type, std::size_t rows, bool nulls) {
  out.i32(1);
  out.i32(nulls ? 1 : 0);
  out.u32(element_type);
  out.i32(static_cast<std::int32_t>(rows));
  out.i32(1);
}

void array_element(ByteWriter& out, const Value& value) {
  if (!value.has_bytes()) return out.i32(kNull);
  out.i32(static_cast<std::int32_t>(value.size));
  out.bytes(value.bytes());
}

void copy_row(CopyBuffer& out, const ApplyPlan& plan, const Value* row) {
  if (plan.binary()) {
    copy_binary::begin_row(out, plan.written().size());
    for (const std::size_t column : plan.written()) {
      if (row[column].has_bytes())
        copy_binary::put_bytes(out, row[column].bytes());
      else
        copy_binary::put_null(out);
    }
    return;
  }
  bool first = true;
  for (const std::size_t column : plan.written()) {
    if (!first) out.put_byte('\t');
    first = false;
    if (row[column].has_bytes())
      copy_text::put_escaped(out, row[column].bytes());
    else
      out.put_bytes(copy_text::kNull);
  }
  out.put_byte('\n');
}

std::vector<std::size_t> update_columns(const ApplyPlan& plan, ApplyPlan::MaskId mask) {
  std::vector<std::size_t> columns = plan.set_of(mask);
  columns.insert(columns.end(), plan.key().begin(), plan.key().end());
  columns.insert(columns.end(), plan.checked().begin(), plan.checked().end());
  return columns;
}

}  // namespace

void BatchWriter::write_many(const TableBatch& batch, PgStatement& statement, const Entries& entries,
                             const std::vector<std::size_t>& columns, bool none_expected) {
  if (arrays_.size() < columns.size()) arrays_.resize(columns.size());
  for (std::size_t from = 0; from < entries.size(); from += kMostRowsInAStatement) {
    const std::size_t to = std::min(entries.size(), from + kMostRowsInAStatement);
    parameters_.clear();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::size_t column = columns[c];
      std::string& array = arrays_[c];
      array.clear();
      ByteWriter out(array);
      const auto is_null = [&](const TableBatch::Entry* entry) { return !batch.row(*entry)[column].has_bytes(); };
      const auto first = entries.begin() + static_cast<std::ptrdiff_t>(from);
      const bool nulls = std::any_of(first, entries.begin() + static_cast<std::ptrdiff_t>(to), is_null);
      array_header(out, batch.plan().element_of(column), to - from, nulls);
      for (std::size_t i = from; i < to; ++i) array_element(out, batch.row(*entries[i])[column]);
      parameters_.add(array.data(), array.size(), PgParameters::Format::binary);
    }
    session_.pipeline().send(statement, parameters_, none_expected ? 0 : static_cast<std::int64_t>(to - from));
  }
}

// libpq takes text up to its NUL, which values in a row image have not.
void BatchWriter::add_values(const Value* row, const std::vector<std::size_t>& columns) {
  if (pending_.empty()) text_.clear();  // of the statement before
  for (const std::size_t column : columns) {
    const Value& value = row[column];
    pending_.push_back({value.data, text_.size(), value.size, value.kind});
    if (value.kind != Value::Kind::text) continue;
    text_.append(value.data, value.size);
    text_ += '\0';
  }
}

void BatchWriter::bind() {
  parameters_.clear();
  for (const Pending& value : pending_) {
    if (value.kind == Value::Kind::text)
      parameters_.add(text_.data() + value.offset, value.size, PgParameters::Format::text);
    else if (value.kind == Value::Kind::binary)
      parameters_.add(value.data, value.size, PgParameters::Format::binary);
    else
      parameters_.add_null();
  }
  pending_.clear();
}

void BatchWriter::insert_row(ApplyPlan& plan, const Value* row) {
  add_values(row, plan.written());
  bind();
  session_.pipeline().send(plan.insert_one(), parameters_, 1);
}

void BatchWriter::look_for_key(ApplyPlan& plan, const Value* row, const Value* old_row) {
  add_values(row, plan.key());
  if (old_row != nullptr) add_values(old_row, plan.key());
  bind();
  session_.pipeline().send(old_row == nullptr ? plan.taken_one() : plan.taken_by_another(), parameters_, 0);
}

namespace {

std::vector<bool> nulls_of(const ApplyPlan& plan, const Value* row) {
  std::vector<bool> nulls;
  for (const std::size_t column : plan.written()) nulls.push_back(!row[column].has_bytes());
  return nulls;
}

std::vector<std::size_t> columns_with_values(const ApplyPlan& plan, const std::vector<bool>& nulls) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < nulls.size(); ++i)
    if (!nulls[i]) columns.push_back(plan.written()[i]);
  return columns;
}

}  // namespace

void BatchWriter::update_row(ApplyPlan& plan, const Value* row, const Value* old_row, ApplyPlan::MaskId mask,
                             bool with_key) {
  if (plan.set_of(mask).empty() && !with_key) return;  // an UPDATE that changes nothing
  if (plan.match() == ApplyPlan::Match::whole_row) {
    const auto nulls = nulls_of(plan, old_row);
    add_values(row, plan.set_of(mask));
    add_values(old_row, columns_with_values(plan, nulls));
    bind();
    session_.pipeline().send(plan.update_whole_row(mask, nulls), parameters_, 1);
    return;
  }
  PgStatement& statement = plan.update_one(mask, with_key);
  add_values(row, plan.set_of(mask));
  if (with_key) add_values(row, plan.settable_key());
  add_values(old_row, plan.key());
  add_values(row, plan.checked());
  bind();
  session_.pipeline().send(statement, parameters_, 1);
}

void BatchWriter::replace_row(ApplyPlan& plan, const Value* row, const Value* old_row, ApplyPlan::MaskId mask) {
  add_values(row, plan.replaced(mask));
  if (plan.match() == ApplyPlan::Match::whole_row) {
    const auto nulls = nulls_of(plan, old_row);
    add_values(old_row, columns_with_values(plan, nulls));
    bind();
    session_.pipeline().send(plan.replace(mask, &nulls), parameters_, 1);
    return;
  }
  add_values(old_row, plan.key());
  bind();
  session_.pipeline().send(plan.replace(mask, nullptr), parameters_, 1);
}

void BatchWriter::delete_row(ApplyPlan& plan, const Value* old_row) {
  if (plan.match() == ApplyPlan::Match::whole_row) {
    const auto nulls = nulls_of(plan, old_row);
    add_values(old_row, columns_with_values(plan, nulls));
    bind();
    session_.pipeline().send(plan.delete_whole_row(nulls), parameters_, 1);
    return;
  }
  add_values(old_row, plan.key());
  bind();
  session_.pipeline().send(plan.delete_one(), parameters_, 1);
}

void BatchWriter::write_deletes(const TableBatch& batch, const Entries& entries, bool none_expected) {
  ApplyPlan& plan = batch.plan();
  if (plan.many_rows() && (entries.size() > 1 || none_expected))
    return write_many(batch, plan.delete_many(), entries, plan.key(), none_expected);
  for (const TableBatch::Entry* entry : entries) {
    add_values(batch.row(*entry), plan.key());
    bind();
    session_.pipeline().send(plan.delete_one(), parameters_, none_expected ? 0 : 1);
  }
}

void BatchWriter::look_for_keys(const TableBatch& batch, const Entries& entries) {
  ApplyPlan& plan = batch.plan();
  if (plan.many_rows()) return write_many(batch, plan.taken_many(), entries, plan.key(), true);
  for (const TableBatch::Entry* entry : entries) look_for_key(plan, batch.row(*entry), nullptr);
}

void BatchWriter::write_updates(const TableBatch& batch, ApplyPlan::MaskId mask, const Entries& entries) {
  ApplyPlan& plan = batch.plan();
  if (plan.set_of(mask).empty()) return;
  if (plan.many_rows() && entries.size() > 1)
    return write_many(batch, plan.update_many(mask), entries, update_columns(plan, mask), false);
  for (const TableBatch::Entry* entry : entries) update_row(plan, batch.row(*entry), batch.row(*entry), mask, false);
}

std::optional<PgPipeline::Failure> BatchWriter::copy(const TableBatch& batch, const Entries& entries) {
  if (auto failure = session_.leave()) return failure;
  const ApplyPlan& plan = batch.plan();
  CopyIn copy(session_.connection(), plan.copy_statement());
  copy_buffer_.clear();
  if (plan.binary()) copy_buffer_.put_bytes(copy_binary::kHeader);
  for (const TableBatch::Entry* entry : entries) {
    copy_row(copy_buffer_, plan, batch.row(*entry));
    if (!copy_buffer_.full()) continue;
    copy.put(copy_buffer_.bytes());
    copy_buffer_.clear();
  }
  if (plan.binary()) copy_buffer_.put_bytes(copy_binary::kTrailer);
  copy.put(copy_buffer_.bytes());
  if (const std::uint64_t rows = copy.finish(); rows != entries.size())
    return PgPipeline::Failure{Error(ErrorKind::target, fmt::format("{}: {} rows were sent, the target counted {}",
                                                                    plan.table_sql(), entries.size(), rows)),
                               true, static_cast<std::int64_t>(rows)};
  return std::nullopt;
}

bool BatchWriter::worth_a_copy(const ApplyPlan& plan, std::size_t rows) const {
  const bool at_once = plan.many_rows() && !plan.written().empty();
  const auto saved = (at_once ? kSavedOfMany : kSavedOfOne) * rows;
  return rows >= kRowsWorthACopy && saved >= kRoundTripsOfACopy * session_.round_trip();
}

std::optional<PgPipeline::Failure> BatchWriter::write_inserts(const TableBatch& batch, const Entries& entries) {
  ApplyPlan& plan = batch.plan();
  if (worth_a_copy(plan, entries.size())) {
    try {
      return copy(batch, entries);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      return PgPipeline::Failure{error, false, 0};
    }
  }
  if (plan.many_rows() && entries.size() > 1 && !plan.written().empty()) {
    write_many(batch, plan.insert_many(), entries, plan.written(), false);
  } else {
    for (const TableBatch::Entry* entry : entries) insert_row(plan, batch.row(*entry));
  }
  return std::nullopt;
}

std::optional<PgPipeline::Failure> BatchWriter::write(const TableBatch& batch) {
  Entries absent;
  Entries deletes;
  Entries inserts;
  std::map<ApplyPlan::MaskId, Entries> updates;
  for (const TableBatch::Entry& entry : batch.entries()) {
    switch (entry.net) {
      case Net::nothing: absent.push_back(&entry); break;
      case Net::remove: deletes.push_back(&entry); break;
      case Net::insert: inserts.push_back(&entry); break;
      case Net::update: updates[entry.mask].push_back(&entry); break;
    }
  }
  if (!absent.empty()) write_deletes(batch, absent, true);
  if (!deletes.empty()) write_deletes(batch, deletes, false);
  for (const auto& [mask, entries] : updates) write_updates(batch, mask, entries);
  if (inserts.empty()) return std::nullopt;
  if (batch.plan().unguarded_key()) look_for_keys(batch, inserts);
  return write_inserts(batch, inserts);
}

}  // namespace dbsync
