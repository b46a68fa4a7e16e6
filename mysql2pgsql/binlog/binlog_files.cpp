#include "mysql2pgsql/binlog/binlog_files.h"

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

}  // namespace

BinlogFiles::BinlogFiles(std::string directory, const Position& start)
    : directory_(std::move(directory)), name_(start.file), seek_(start.low) {}

Position BinlogFiles::end_of(const std::string& directory, const std::string& base) {
  Position last;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(base + ".") || name.find_first_not_of("0123456789", base.size() + 1) != std::string::npos)
      continue;
    const Position here = parse_position(fmt::format("{}:{}", name, entry.file_size()));
    if (!last.known() || here > last) last = here;
  }
  if (!last.known()) throw Error(ErrorKind::source, fmt::format("{} holds no file {}.NNNNNN", directory, base));
  return last;
}

void BinlogFiles::open(const std::string& name, std::uint64_t offset) {
  name_ = name;
  seek_ = offset;
  const fs::path path = fs::path(directory_) / name;
  file_ = std::ifstream(path, std::ios::binary);
  char magic[4]{};
  if (!file_ || !file_.read(magic, sizeof magic))
    throw Error(ErrorKind::source, fmt::format("the binlog file {} cannot be read", path.string()))
        .hint("put all binlog files from the task's position on into the directory");
  const std::string_view found(magic, sizeof magic);
  if (found == kEncryptedMagic)
    throw Error(ErrorKind::source, fmt::format("the binlog file {} is encrypted", path.string()))
        .hint("only the server can read it");
  if (found != kMagic) throw Error(ErrorKind::source, fmt::format("{} is no binlog file", path.string()));
}

// False at the end of the file, which may be within an event that is being written.
bool BinlogFiles::read_event() {
  char header[kEventHeaderBytes];
  const auto place = file_.tellg();
  const auto at_end = [&] {
    file_.clear();
    file_.seekg(place);
    return false;
  };
  if (!file_.read(header, sizeof header)) return at_end();
  const std::uint32_t size = LittleReader({header + 9, 4}, "binlog event").u32();
  if (size < kEventHeaderBytes || size > kLongestEvent)
    throw Error(ErrorKind::source,
                fmt::format("the binlog file {} has no event at {}", name_, static_cast<std::uint64_t>(place)))
        .hint("give a position that SHOW BINLOG EVENTS names");
  event_.assign(header, sizeof header);
  event_.resize(size);
  if (!file_.read(event_.data() + kEventHeaderBytes, static_cast<std::streamsize>(size - kEventHeaderBytes)))
    return at_end();
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
  const std::size_t dot = name_.rfind('.');
  const std::string digits = name_.substr(dot + 1);
  const std::string name = fmt::format("{}.{:0{}}", name_.substr(0, dot), std::stoull(digits) + 1, digits.size());
  if (!fs::exists(fs::path(directory_) / name)) return false;
  open(name, 4);
  return true;
}

std::string_view BinlogFiles::read() {
  switch (step_) {
    case Step::rotate:
      if (!file_.is_open()) open(name_, seek_);
      step_ = Step::format;
      return rotate_to(name_, seek_);
    case Step::format: {
      if (!read_event()) return {};
      const BinlogEvent event = split_event(event_, BinlogChecksum::none);
      if (event.header.type != EventType::format)
        throw Error(ErrorKind::source, fmt::format("the binlog file {} does not begin with its format", name_));
      checksum_ = read_format(event).checksum;
      const std::uint64_t first = 4 + event_.size();
      if (seek_ > first) file_.seekg(static_cast<std::streamoff>(seek_));
      step_ = Step::events;
      // As a server sends it to who begins within the file.
      if (seek_ > first) event_.replace(13, 4, 4, '\0');
      return event_;
    }
    case Step::events:
      if (read_event()) return event_;
      if (!next_file()) return {};
      step_ = Step::format;
      return rotate_to(name_, 4);
  }
  return {};
}

}  // namespace dbsync
