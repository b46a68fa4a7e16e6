#include "cdc/change_log.h"

#include <algorithm>
#include <cstring>

#include "base/byte_reader.h"
#include "base/error.h"
#include "cdc/tuple.h"

namespace dbsync {

namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kHeaderBytes = 6;  // without the length

std::uint32_t load_32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void store_32(std::string& out, std::uint32_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

}  // namespace

std::uint32_t ChangeLog::add_relation(std::shared_ptr<const Relation> relation) {
  // Mostly the last few: transactions touch few tables.
  for (std::size_t i = relations_.size(); i-- > 0;)
    if (relations_[i] == relation) return static_cast<std::uint32_t>(i);
  relations_.push_back(std::move(relation));
  return static_cast<std::uint32_t>(relations_.size() - 1);
}

void ChangeLog::header(std::size_t length, std::uint8_t kind, std::uint8_t flag, std::uint32_t number) {
  if (length > UINT32_MAX) throw Error(ErrorKind::data, "a row of more than 4 GiB cannot be kept");
  store_32(bytes_, static_cast<std::uint32_t>(length));
  bytes_ += static_cast<char>(kind);
  bytes_ += static_cast<char>(flag);
  store_32(bytes_, number);
}

void ChangeLog::append(ChangeKind kind, OldImage image, std::uint32_t relation, std::string_view old_tuple,
                       std::string_view new_tuple) {
  // A row that goes to the file anyway takes no more memory on its way there.
  const bool large = old_tuple.size() + new_tuple.size() >= policy_.memory_bytes;
  header(kHeaderBytes + old_tuple.size() + new_tuple.size(), static_cast<std::uint8_t>(kind),
         static_cast<std::uint8_t>(image), relation);
  if (large) spill();
  for (const std::string_view tuple : {old_tuple, new_tuple})
    if (large)
      file_->append(tuple);
    else
      bytes_ += tuple;
  appended();
}

void ChangeLog::append_truncate(bool restart_identity, const std::vector<std::uint32_t>& relations) {
  header(kHeaderBytes + relations.size() * sizeof(std::uint32_t), static_cast<std::uint8_t>(ChangeKind::truncate),
         restart_identity ? 1 : 0, static_cast<std::uint32_t>(relations.size()));
  for (const std::uint32_t relation : relations) store_32(bytes_, relation);
  appended();
}

void ChangeLog::appended() {
  ++changes_;
  if (bytes_.size() >= policy_.memory_bytes) spill();
}

void ChangeLog::cut(const Mark& mark) {
  const std::uint64_t in_file = file_ ? file_->size() : 0;
  if (mark.bytes >= in_file) {
    bytes_.resize(static_cast<std::size_t>(mark.bytes - in_file));
  } else {
    bytes_.clear();
    file_->cut(mark.bytes);
  }
  changes_ = mark.changes;
}

std::string ChangeLog::fit() {
  std::string buffer(bytes_);  // an allocation of just this size
  buffer.swap(bytes_);
  buffer.clear();
  return buffer;
}

void ChangeLog::spill() {
  if (!file_) file_ = std::make_unique<SpillFile>(policy_.directory);
  file_->append(bytes_);
  std::string().swap(bytes_);  // an assignment would keep the memory
}

ChangeLog::Reader::Reader(const ChangeLog& log) : log_(log), in_memory_(!log.file_) {
  if (in_memory_) rest_ = log.bytes_;
}

// True when `wanted` bytes are in rest_; reads on from the file when they are not.
bool ChangeLog::Reader::fill(std::size_t wanted) {
  if (rest_.size() >= wanted) return true;
  if (in_memory_) return false;
  const std::uint64_t file_size = log_.file_->size();
  if (rest_.empty() && file_offset_ == file_size) {
    in_memory_ = true;
    chunk_.reset();
    rest_ = log_.bytes_;
    return rest_.size() >= wanted;
  }
  // Records are written whole, so that none crosses from the file to memory.
  const std::uint64_t start = file_offset_ - rest_.size();
  auto chunk = std::make_shared<std::string>();
  log_.file_->read(start, std::max(log_.policy_.piece_bytes, wanted), *chunk);
  file_offset_ = start + chunk->size();
  rest_ = *chunk;
  chunk_ = std::move(chunk);
  return rest_.size() >= wanted;
}

bool ChangeLog::Reader::next(Change& out) {
  if (!fill(kLengthBytes)) {
    if (!rest_.empty()) throw Error(ErrorKind::internal, "a change log ends within a record");
    return false;
  }
  const std::size_t length = load_32(rest_.data());
  if (!fill(kLengthBytes + length)) throw Error(ErrorKind::internal, "a change log ends within a record");
  parse(rest_.substr(kLengthBytes, length), out);
  rest_.remove_prefix(kLengthBytes + length);
  return true;
}

void ChangeLog::Reader::parse(std::string_view record, Change& out) {
  ByteReader in(record, "change log");
  out.kind = static_cast<ChangeKind>(in.u8());
  const std::uint8_t flag = in.u8();
  const std::uint32_t number = load_32(in.bytes(sizeof(std::uint32_t)).data());
  out.old_tuple = out.new_tuple = {};
  if (out.kind == ChangeKind::truncate) {
    out.relation = nullptr;
    out.old_image = OldImage::none;
    out.restart_identity = flag != 0;
    truncated_.clear();
    for (std::uint32_t i = 0; i < number; ++i)
      truncated_.push_back(log_.relations_.at(load_32(in.bytes(sizeof(std::uint32_t)).data())).get());
    out.truncated = truncated_;
    return;
  }
  out.old_image = static_cast<OldImage>(flag);
  out.relation = log_.relations_.at(number).get();
  out.truncated = {};
  if (out.old_image != OldImage::none) out.old_tuple = out.kind == ChangeKind::remove ? in.rest() : take_tuple(in);
  if (out.kind != ChangeKind::remove) out.new_tuple = in.rest();
}

}  // namespace dbsync
