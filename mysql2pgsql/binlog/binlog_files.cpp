#include "mysql2pgsql/binlog/binlog_files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic =
    "\xFE"
    "bin";
constexpr std::string_view kEncryptedMagic =
    "\xFD"
    "bin";
constexpr std::uint32_t kLongestEvent = std::uint32_t{1} << 30;

void append(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

Error encrypted(const std::string& name) {
  return Error(ErrorKind::source, fmt::format("the binlog file {} is encrypted", name))
      .hint("only a server that has the key can read it: start one on the files and follow from there");
}

}  // namespace

BinlogFiles::BinlogFiles(std::string directory, const Position& start)
    : directory_(std::move(directory)),
      name_(start.file),
      base_(base_of(start)),
      seek_(std::max<std::uint64_t>(start.low, 4)) {}

std::vector<Position> BinlogFiles::list(const std::string& directory, const std::string& base) {
  std::vector<Position> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(base + ".") || name.size() == base.size() + 1 ||
        name.find_first_not_of("0123456789", base.size() + 1) != std::string::npos)
      continue;
    out.push_back(parse_position(fmt::format("{}:{}", name, entry.file_size())));
  }
  if (out.empty())
    throw Error(ErrorKind::source, fmt::format("{} holds no binlog file {}.NNNNNN{}", directory, base,
                                               error ? ": " + error.message() : ""))
        .hint("--binlog-dir names a directory with copies of the source's binlog files, under their own names");
  std::sort(out.begin(), out.end());
  return out;
}

void BinlogFiles::open(const std::string& name, std::uint64_t offset) {
  name_ = name;
  seek_ = offset;
  const fs::path path = fs::path(directory_) / name;
  file_ = std::ifstream(path, std::ios::binary);
  char magic[4]{};
  if (!file_ || !file_.read(magic, sizeof magic))
    throw Error(ErrorKind::source, fmt::format("the binlog file {} cannot be read; the oldest of its name there is {}",
                                               path.string(), list(directory_, base_).front().file))
        .hint("put all binlog files from the task's position on into the directory, under their own names");
  if (std::error_code error; offset > fs::file_size(path, error))
    throw Error(ErrorKind::source,
                fmt::format("the binlog file {} is shorter than the position {}", path.string(), offset))
        .hint("it is an older copy, or of another server: copy it again");
  const std::string_view found(magic, sizeof magic);
  if (found == kEncryptedMagic) throw encrypted(name);
  if (found != kMagic) throw Error(ErrorKind::source, fmt::format("{} is no binlog file", path.string()));
}

// False at the end of the file.
bool BinlogFiles::read_event() {
  char header[kEventHeaderBytes];
  const auto place = file_.tellg();
  const auto cut_short = [&] {
    return Error(ErrorKind::source, fmt::format("the binlog file {} ends within an event that begins at {}", name_,
                                                static_cast<std::uint64_t>(place)))
        .hint(
            "everything before it is applied. Copy the file again if the copy was cut short; a server that died while "
            "it wrote has nothing behind this place that a replica could have seen");
  };
  if (!file_.read(header, sizeof header)) {
    if (file_.gcount() != 0) throw cut_short();
    return false;
  }
  const std::uint32_t size = LittleReader({header + 9, 4}, "binlog event").u32();
  if (size < kEventHeaderBytes || size > kLongestEvent)
    throw Error(ErrorKind::source,
                fmt::format("the binlog file {} has no event at {}", name_, static_cast<std::uint64_t>(place)))
        .hint("give a position that SHOW BINLOG EVENTS names");
  event_.assign(header, sizeof header);
  event_.resize(size);
  if (!file_.read(event_.data() + kEventHeaderBytes, static_cast<std::streamsize>(size - kEventHeaderBytes)))
    throw cut_short();
  const auto type = static_cast<EventType>(event_[4]);
  if (type == EventType::mariadb_start_encryption) throw encrypted(name_);
  ended_ = type == EventType::rotate || type == EventType::stop;
  return true;
}

std::string_view BinlogFiles::rotate_to(const std::string& name, std::uint64_t offset) {
  event_.clear();
  append(event_, 0, 4);
  append(event_, static_cast<std::uint64_t>(EventType::rotate), 1);
  append(event_, 0, 4);
  append(event_, kEventHeaderBytes + 8 + name.size(), 4);
  append(event_, 0, 4);
  append(event_, kEventArtificial, 2);
  append(event_, offset, 8);
  event_ += name;
  return event_;
}

bool BinlogFiles::next_file() {
  const std::string digits = name_.substr(base_.size() + 1);
  const std::string name = fmt::format("{}.{:0{}}", base_, std::stoull(digits) + 1, digits.size());
  if (!fs::exists(fs::path(directory_) / name)) {
    const Position last = list(directory_, base_).back();
    if (last.high <= parse_position(name + ":4").high) return false;
    throw Error(ErrorKind::source, fmt::format("the binlog file {} is missing between {} and {}",
                                               (fs::path(directory_) / name).string(), name_, last.file))
        .hint("everything up to there is applied: put the missing file into the directory and go on");
  }
  before_ = ended_ ? std::string() : name_;
  open(name, 4);
  return true;
}

// A file that does not say that it ends there is whole only when its server died.
void BinlogFiles::prove_whole(const BinlogEvent& format) const {
  if (before_.empty() || read_format(format).created != 0) return;
  throw Error(
      ErrorKind::source,
      fmt::format("the binlog file {} is not whole: it ends without naming {}, which follows it", before_, name_))
      .hint("everything in it is applied: copy the file again and go on");
}

std::string_view BinlogFiles::begin_file() {
  if (!read_event()) return {};
  const BinlogEvent event = split_event(event_, BinlogChecksum::none);
  if (event.header.type != EventType::format)
    throw Error(ErrorKind::source, fmt::format("the binlog file {} does not begin with its format", name_));
  checksum_ = read_format(event).checksum;
  prove_whole(event);
  std::string format = event_;
  const auto first = static_cast<std::uint64_t>(file_.tellg());
  read_event();  // it may tell that what follows is encrypted
  event_ = std::move(format);
  ended_ = false;
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(std::max(seek_, first)));
  step_ = Step::events;
  // As a server sends it to who begins within the file.
  if (seek_ > first) event_.replace(13, 4, 4, '\0');
  return event_;
}

std::string_view BinlogFiles::read() {
  switch (step_) {
    case Step::rotate:
      if (!file_.is_open()) open(name_, seek_);
      step_ = Step::format;
      return rotate_to(name_, seek_);
    case Step::format: return begin_file();
    case Step::events:
      if (read_event()) return event_;
      if (!next_file()) return {};
      step_ = Step::format;
      return rotate_to(name_, 4);
  }
  return {};
}

}  // namespace dbsync
