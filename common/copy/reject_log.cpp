#include "copy/reject_log.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "base/output_file.h"
#include "base/utf8.h"

namespace dbsync {

namespace {

// Text as it is, bytes that are not UTF-8 as {"hex": …}, long values cut with
// their length. A value of many megabytes would make the file useless; its row is
// found by its key.
nlohmann::json value_json(const std::optional<ValueText>& value) {
  if (!value) return nullptr;
  std::string_view text = value->text;
  const bool cut = value->bytes > kKeptBytes;
  // NUL is valid JSON, so only the encoding counts here.
  std::size_t good = 0;
  while (good < text.size()) {
    good += valid_text_prefix(text.substr(good));
    if (good < text.size() && text[good] != '\0') break;
    if (good < text.size()) ++good;
  }
  const bool is_text = good == text.size();
  if (cut) text = is_text ? utf8_truncate(text, kKeptBytes) : text.substr(0, kKeptBytes);
  if (is_text && !cut) return std::string(text);
  nlohmann::json out;
  out[is_text ? "text" : "hex"] = is_text ? std::string(text) : to_hex(text);
  if (cut) out["bytes"] = value->bytes;
  return out;
}

std::string file_name(const QualifiedName& table) {
  std::string out = table.display();
  for (char& c : out)
    if (c == '/' || c == '\0') c = '_';
  return out + ".jsonl";
}

}  // namespace

bool RejectBudget::take(const QualifiedName& table) {
  const std::lock_guard lock(mutex_);
  std::uint64_t& used = used_[table];
  if (used >= limit_) return false;
  ++used;
  return true;
}

void RejectBudget::give_back(const QualifiedName& table, std::uint64_t rows) {
  const std::lock_guard lock(mutex_);
  used_[table] -= std::min(rows, used_[table]);
}

std::unique_lock<std::mutex> RejectBudget::alone(const QualifiedName& table) {
  std::mutex* loading = nullptr;
  {
    const std::lock_guard lock(mutex_);
    loading = &loading_[table];
  }
  return std::unique_lock(*loading);
}

SegmentLog& RejectBudget::log_of(const QualifiedName& table) {
  const std::lock_guard lock(mutex_);
  return logs_[table];
}

std::string RejectBudget::path_of(const QualifiedName& table) const {
  return (std::filesystem::path(directory_) / file_name(table)).string();
}

void RejectBudget::write(const QualifiedName& table, const std::string& lines) {
  const std::lock_guard lock(mutex_);
  std::error_code ignored;  // the open below says what is wrong
  std::filesystem::create_directories(directory_, ignored);
  if (const std::error_code error = append_private(path_of(table), lines))
    throw Error(ErrorKind::target,
                fmt::format("cannot write set-aside rows to {}: {}", path_of(table), error.message()))
        .hint("check reject_directory of [desc.pgsql]");
}

TaskRejects::~TaskRejects() {
  if (!kept_) budget_.give_back(table_, count());
}

void TaskRejects::add(std::uint64_t row, const RowText& values, const Error& reason) {
  if (!budget_.take(table_)) {
    Error error = reason;
    error.context(fmt::format("row {}", row));
    if (budget_.limit() > 0) error.context(fmt::format("more than {} rows had to be set aside", budget_.limit()));
    throw error;
  }
  rows_.push_back(row);
  nlohmann::json line{{"table", table_.display()}, {"source", source_}, {"row", row}, {"reason", reason.message()}};
  if (!reason.sqlstate().empty()) line["sqlstate"] = reason.sqlstate();
  if (!reason.column().empty()) line["column"] = reason.column();
  for (const auto& [name, value] : values) {
    line["values"][name] = value_json(value);
    if (std::find(key_.begin(), key_.end(), name) != key_.end()) line["key"][name] = value_json(value);
  }
  lines_ += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void TaskRejects::keep() {
  if (count() > 0) budget_.write(table_, lines_);
  kept_ = true;
}

}  // namespace dbsync
