#include "mysql2pgsql/binlog/source_memory.h"

#include <fmt/format.h>

#include "cdc/known_tables.h"
#include "mysql2pgsql/binlog/little_reader.h"
#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

namespace {

constexpr char kForm = 1;
constexpr std::uint32_t kNull = UINT32_MAX;

void put_number(std::string& out, std::size_t number) {
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
}

void put_text(std::string& out, const std::optional<std::string>& text) {
  put_number(out, text ? text->size() : kNull);
  out += text.value_or("");
}

std::optional<std::string> read_text(LittleReader& in) {
  const std::uint32_t size = in.u32();
  if (size == kNull) return std::nullopt;
  return std::string(in.bytes(size));
}

}  // namespace

SourceMemory::SourceMemory(const MysqlEndpoint& endpoint) : endpoint_(endpoint) {
  const MysqlConnection& live = session();
  mariadb_ = live.is_mariadb();
  version_ = live.version_number();
}

SourceMemory::SourceMemory(std::string_view kept) {
  LittleReader in(kept, "what was kept of the source");
  if (in.u8() != kForm) in.fail("another form");
  mariadb_ = in.u8() != 0;
  version_ = in.u32();
  accepted = read_text(in).value_or("");
  while (in.remaining() > 0) {
    std::vector<Row>& rows = answers_[read_text(in).value_or("")];
    for (std::uint32_t left = in.u32(); left > 0; --left) {
      Row& row = rows.emplace_back();
      for (std::uint32_t fields = in.u32(); fields > 0; --fields) row.push_back(read_text(in));
    }
  }
}

MysqlConnection& SourceMemory::session() {
  if (!session_ || !session_->usable() || !session_->answers()) {
    session_ = std::make_unique<MysqlConnection>(*endpoint_);
    limit_lock_waits(*session_);
  }
  return *session_;
}

std::vector<SourceQueries::Row> SourceMemory::query(const std::string& sql) {
  const std::lock_guard lock(mutex_);
  if (const auto found = answers_.find(sql); found != answers_.end()) return found->second;
  if (!endpoint_)
    throw Error(ErrorKind::source, fmt::format("the task has not kept what the source answers to: {}", sql))
        .hint("without the source this cannot be known; follow once with the source reachable, or copy anew");
  return answers_[sql] = session().query(sql);
}

void SourceMemory::rest() {
  const std::lock_guard lock(mutex_);
  session_.reset();
}

std::string SourceMemory::bytes() const {
  const std::lock_guard lock(mutex_);
  std::string out{kForm, mariadb_ ? '\1' : '\0'};
  put_number(out, version_);
  put_text(out, accepted);
  for (const auto& [question, rows] : answers_) {
    put_text(out, question);
    put_number(out, rows.size());
    for (const Row& row : rows) {
      put_number(out, row.size());
      for (const auto& field : row) put_text(out, field);
    }
  }
  return out;
}

std::unique_ptr<SourceMemory> read_memory(PgConnection& target, const std::string& task) {
  ensure_known_tables(target);
  const PgResult kept =
      target.exec("SELECT pg_catalog.encode(answers, 'hex') FROM dbsync.apply_memory WHERE task = $1", {task});
  if (kept.rows() == 0) return nullptr;
  std::string bytes;
  const std::string_view digits = kept.value(0, 0);
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(digit(digits[i]) << 4 | digit(digits[i + 1]));
  return std::make_unique<SourceMemory>(bytes);
}

void forget_memory(PgConnection& target, const std::string& task) {
  target.exec("DELETE FROM dbsync.apply_memory WHERE task = $1", {task});
}

void write_memory(PgConnection& target, const std::string& task, const SourceMemory& memory) {
  constexpr std::uint32_t kText = 25, kBytea = 17;
  ensure_known_tables(target);
  const std::string bytes = memory.bytes();
  PgTransaction transaction(target);
  forget_memory(target, task);
  target.exec_binary("INSERT INTO dbsync.apply_memory (task, answers) VALUES ($1, $2)",
                     {{kText, task}, {kBytea, bytes}});
  transaction.commit();
}

}  // namespace dbsync
