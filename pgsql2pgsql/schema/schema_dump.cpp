#include "pgsql2pgsql/schema/schema_dump.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/secrets.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "pg/conninfo.h"
#include "pg/dump_relay.h"
#include "pg/wait_watch.h"

namespace dbsync {

namespace {

namespace fs = std::filesystem;

constexpr char kArchiveDir[] = "dbsync-schema-";
constexpr std::time_t kYoungSeconds = 60;
constexpr int kLocksTogetherSince = 16;  // pg_dump's tables

// Its owner's, or -1 when somebody holds it.
int lock_directory(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

// What runs that were killed have left behind. Young ones are let be: between the
// making of a directory and its lock there is a moment.
void remove_old_archives(const fs::path& directory) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (!entry.path().filename().string().starts_with(kArchiveDir) || !entry.is_directory(ignored) ||
        entry.is_symlink(ignored))
      continue;
    struct stat facts {};
    if (::lstat(entry.path().c_str(), &facts) != 0 || facts.st_uid != ::geteuid() ||
        ::time(nullptr) - facts.st_mtime < kYoungSeconds)
      continue;
    const int lock = lock_directory(entry.path());
    if (lock < 0) continue;
    fs::remove_all(entry.path(), ignored);
    ::close(lock);
  }
}

// A private directory for the archive, removed at the end.
class ArchiveDir {
 public:
  ArchiveDir() {
    const char* const tmpdir = std::getenv("TMPDIR");
    const fs::path temporary = tmpdir == nullptr || *tmpdir == '\0' ? "/tmp" : tmpdir;
    remove_old_archives(temporary);
    std::string pattern = (temporary / (std::string(kArchiveDir) + "XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Error(ErrorKind::usage, fmt::format("cannot make a directory for what pg_dump writes in {}: {}",
                                                temporary.string(), std::strerror(errno)))
          .hint("set TMPDIR to a directory that this user may write to");
    path_ = pattern;
    lock_ = lock_directory(path_);
  }
  ~ArchiveDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    if (lock_ >= 0) ::close(lock_);
  }
  ArchiveDir(const ArchiveDir&) = delete;
  ArchiveDir& operator=(const ArchiveDir&) = delete;
  const fs::path& path() const { return path_; }
  std::string archive() const { return (path_ / "schema.dump").string(); }

 private:
  fs::path path_;
  int lock_ = -1;  // held while this lives
};

std::string program(const std::string& bindir, const char* name) { return bindir.empty() ? name : bindir + "/" + name; }

// Behind it may stand a hint, a detail and the query.
std::string last_error_line(const std::string& err) {
  std::string_view text = trim(err);
  if (const auto error = text.rfind(": error: "); error != std::string_view::npos)
    text = text.substr(0, text.find('\n', error));
  const auto newline = text.rfind('\n');
  return std::string(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

// The version of pg_dump.
int check_version(const DumpRequest& request, const std::stop_token& stop) {
  const std::string path = program(request.bindir, "pg_dump");
  const std::string where = request.bindir.empty() ? "on PATH" : "in " + request.bindir;
  ProgramOutput result;
  try {
    result = run_program_to_end({path, "--version"}, {}, stop);
  } catch (const Error& error) {
    throw Error(ErrorKind::config, fmt::format("no pg_dump {}: {}", where, error.message()))
        .hint(
            "install the client programs of PostgreSQL, or set pg_bindir in [src.pgsql]; without --create they are not "
            "needed");
  }
  const int have = program_major(result.out);
  const int need = request.server_version / 10000;
  if (have < need)
    throw Error(ErrorKind::config,
                fmt::format("pg_dump {} is version {}, but the source is version {}", where, have, need))
        .hint(fmt::format("set pg_bindir in [src.pgsql] to the programs of version {} or later", need));
  return have;
}

// Its sessions are to be told from those of any other run.
std::string child_name() { return fmt::format("pgsql2pgsql {}: pg_dump", ::getpid()); }

ProgramOutput run_checked(const std::vector<std::string>& argv, const std::string& password,
                          const std::stop_token& stop) {
  std::vector<std::pair<std::string, std::string>> env{{"LC_MESSAGES", "C"}, {"PGAPPNAME", child_name()}};
  if (!password.empty()) env.emplace_back("PGPASSWORD", password);
  ProgramOutput result = run_program_to_end(argv, env, stop);
  if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted while the schema was read");
  if (result.exit_code != 0)
    throw Error(ErrorKind::source, fmt::format("{} failed: {}", fs::path(argv[0]).filename().string(),
                                               hide_passwords(last_error_line(result.err))));
  for (std::string_view rest = result.err; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    if (line.find("warning:") != std::string_view::npos) log::warning("schema", hide_passwords(std::string(line)));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return result;
}

// The number at the front of `text`, which is moved behind it.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

constexpr std::string_view kAccessMethod = "SET default_table_access_method = ";

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// "-- TOC entry 12 (class 1259 OID 16395)"
std::optional<SchemaItem> toc_line(std::string_view line) {
  SchemaItem item;
  if (!take(line, "-- TOC entry ")) return std::nullopt;
  const auto id = take_number(line);
  if (!id || !take(line, " (class ")) return std::nullopt;
  const auto class_oid = take_number(line);
  if (!class_oid || !take(line, " OID ")) return std::nullopt;
  const auto oid = take_number(line);
  if (!oid || line != ")") return std::nullopt;
  item.id = static_cast<int>(*id);
  item.class_oid = *class_oid;
  item.oid = *oid;
  return item;
}

// "-- Name: orders; Type: TABLE; Schema: public; Owner: -"
void read_name_line(std::string_view line, SchemaItem& item) {
  const auto owner = line.rfind("; Owner: ");
  const auto schema = line.rfind("; Schema: ", owner);
  const auto type = line.rfind("; Type: ", schema);
  if (owner == std::string_view::npos || schema == std::string_view::npos || type == std::string_view::npos) return;
  item.tag = line.substr(0, type);
  item.type = line.substr(type + 8, schema - type - 8);
  item.schema = line.substr(schema + 10, owner - schema - 10);
}

// The comment lines below "-- TOC entry"; returns what follows them.
std::string_view read_item_comment(std::string_view text, SchemaItem& item) {
  for (;;) {
    std::string_view line = first_line(text);
    if (!line.starts_with("--")) return text;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line == "--") return text;
    if (take(line, "-- Name: ")) {
      read_name_line(line, item);
    } else if (take(line, "-- Dependencies:")) {
      while (take(line, " ")) {
        const auto id = take_number(line);
        if (!id) break;
        item.depends_on.push_back(static_cast<int>(*id));
      }
    }
  }
}

// Settings that pg_restore changes for the next item stand behind this one. Those
// of tablespaces are the target's to choose; the access method is taken along.
std::string_view without_settings(std::string_view sql, std::string& access_method) {
  for (std::string_view settings = sql;;) {
    sql = trim(settings);
    const auto newline = sql.rfind('\n');
    std::string_view last = newline == std::string_view::npos ? sql : sql.substr(newline + 1);
    if (!last.starts_with("SET default_")) return sql;
    settings = sql.substr(0, sql.size() - last.size());
    if (take(last, kAccessMethod) && last.ends_with(';')) access_method = last.substr(0, last.size() - 1);
  }
}

// A table of another access method than PostgreSQL's own, whose default is the
// target's affair.
std::string with_access_method(std::string sql, const SchemaItem& item, const std::string& method) {
  if (method.empty() || method == "heap" || (item.type != "TABLE" && item.type != "MATERIALIZED VIEW")) return sql;
  return fmt::format("{}{};\n{}\nRESET default_table_access_method;", kAccessMethod, method, sql);
}

// Where an item's comment begins at or behind `from`: a line "--" and below it
// the item's own "TOC entry".
std::size_t find_item(std::string_view script, int id, std::size_t from) {
  const std::string mark = fmt::format("\n--\n-- TOC entry {} (", id);
  return script.find(mark, from);
}

// Of a keyword that is given twice, libpq takes the last.
std::string with_network_defaults(const std::string& conninfo) {
  std::string out;
  for (const auto& [keyword, value] : network_defaults()) out += keyword + "=" + value + " ";
  return out + conninfo;
}

void write_archive(const DumpRequest& request, int version, const ArchiveDir& directory, const std::stop_token& stop) {
  std::vector<std::string> dump{program(request.bindir, "pg_dump"),
                                "--format=custom",
                                "--schema-only",
                                "--no-owner",
                                "--no-acl",
                                "--no-tablespaces",
                                "--no-publications",
                                "--no-subscriptions",
                                "--exclude-schema=dbsync",
                                "--encoding=" + request.encoding,
                                "--file=" + directory.archive()};
  if (!request.snapshot.empty()) dump.push_back("--snapshot=" + request.snapshot);
  const WaitWatch watch(request.conninfo, WaitWatch::Children{child_name()}, "pg_dump");
  if (version < kLocksTogetherSince && DumpRelay::fits(directory.path())) {
    DumpRelay relay(request.conninfo, child_name(), directory.path());
    dump.push_back("--dbname=" + relay.conninfo());
    run_checked(dump, {}, stop);
    return;
  }
  const PublicConninfo conninfo = without_secrets(request.conninfo, request.options);
  dump.push_back("--dbname=" + with_network_defaults(conninfo.conninfo));
  run_checked(dump, conninfo.password, stop);
}

}  // namespace

int program_major(std::string_view version_text) {
  const auto at = version_text.find(") ");
  if (at == std::string_view::npos) return 0;
  version_text.remove_prefix(at + 2);
  return static_cast<int>(take_number(version_text).value_or(0));
}

std::vector<int> listed_items(std::string_view list) {
  std::vector<int> out;
  while (!list.empty()) {
    std::string_view line = first_line(list);
    list.remove_prefix(std::min(line.size() + 1, list.size()));
    const auto id = take_number(line);
    if (id && line.starts_with(";")) out.push_back(static_cast<int>(*id));
  }
  return out;
}

std::vector<SchemaItem> cut_script(std::string_view script, const std::vector<int>& ids) {
  std::vector<SchemaItem> items;
  std::size_t at = ids.empty() ? std::string_view::npos : find_item(script, ids[0], 0);
  std::string method;  // of the tables from here on
  if (at != std::string_view::npos) without_settings(script.substr(0, at), method);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::size_t next =
        i + 1 < ids.size() ? find_item(script, ids[i + 1], at + 1) : script.rfind("\n-- Completed on ");
    if (at == std::string_view::npos || (i + 1 < ids.size() && next == std::string_view::npos))
      throw Error(ErrorKind::internal, fmt::format("the script of pg_restore lacks item {} of its list", ids[i]));
    const std::size_t end = next == std::string_view::npos ? script.size() : next;
    std::string_view text = script.substr(at + 4, end - at - 4);
    auto item = toc_line(first_line(text));
    if (!item) throw Error(ErrorKind::internal, fmt::format("item {} of the archive has an unknown heading", ids[i]));
    text = read_item_comment(text, *item);
    std::string next_method = method;
    item->sql = with_access_method(std::string(without_settings(text, next_method)), *item, method);
    method = std::move(next_method);
    items.push_back(std::move(*item));
    at = next;
  }
  return items;
}

std::vector<SchemaItem> dump_schema(const DumpRequest& request, const std::stop_token& stop) {
  const int version = check_version(request, stop);
  const ArchiveDir directory;
  write_archive(request, version, directory, stop);
  const std::string restore = program(request.bindir, "pg_restore");
  const auto start = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), restore);
    arguments.push_back(directory.archive());
    return std::async(std::launch::async, [arguments, &stop] { return run_checked(arguments, {}, stop).out; });
  };
  auto script = start({"--verbose", "--no-owner", "--no-acl", "--file=-"});
  auto pre_data = start({"--list", "--section=pre-data"});
  auto post_data = start({"--list", "--section=post-data"});
  std::vector<int> ids = listed_items(pre_data.get());
  const std::size_t post_begin = ids.size();
  const std::vector<int> post = listed_items(post_data.get());
  ids.insert(ids.end(), post.begin(), post.end());
  std::vector<SchemaItem> items = cut_script(script.get(), ids);
  for (std::size_t i = post_begin; i < items.size(); ++i) items[i].post_data = true;
  return items;
}

SchemaDump::SchemaDump(DumpRequest request, std::stop_token stop)
    : on_stop_(std::move(stop), [this] { unwanted_.request_stop(); }),
      items_(std::async(std::launch::async, [request = std::move(request), unwanted = unwanted_.get_token()] {
        return dump_schema(request, unwanted);
      })) {}

}  // namespace dbsync
