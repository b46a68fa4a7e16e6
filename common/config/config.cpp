#include "config/config.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "config/settings.h"
#include "config/source_text.h"
#include "config/values.h"

namespace dbsync {

namespace {

using config_detail::config_sections;
using config_detail::ConfigSection;
using config_detail::error_at;
using config_detail::KeyForm;
using config_detail::Setting;
using config_detail::settings;
using config_detail::Settings;

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const auto& section : config_sections()) names.emplace_back(section.name);
  return names;
}

std::vector<std::string> key_names(std::string_view section) {
  std::vector<std::string> names;
  for (const auto& setting : settings())
    if (setting.key.section == section) names.emplace_back(setting.key.name);
  return names;
}

Error unknown_section(const IniEntry& entry, const std::string& name) {
  if (entry.section.empty())
    return error_at(name, entry.line, fmt::format("the key {} stands before the first section", entry.key))
        .hint("put a section such as [src.mysql] above it; my.cfg.sample shows which key belongs where");
  const auto names = section_names();
  const auto nearest = nearest_name(entry.section, names);
  return error_at(name, entry.line, fmt::format("unknown section [{}]", entry.section))
      .hint(nearest.empty() ? fmt::format("the sections are [{}]", join(names, "], ["))
                            : fmt::format("did you mean [{}]?", nearest));
}

Error unknown_key(const IniEntry& entry, const std::string& name) {
  Error error = error_at(name, entry.line, fmt::format("unknown key {} in [{}]", entry.key, entry.section));
  for (const auto& [option, key, programs, store] : settings())
    if (key.name == entry.key) return error.hint(fmt::format("{} belongs to [{}]", key.name, key.section));
  const auto names = key_names(entry.section);
  const auto nearest = nearest_name(entry.key, names);
  return error.hint(nearest.empty() ? fmt::format("the keys of [{}] are {}", entry.section, join(names, ", "))
                                    : fmt::format("did you mean {}?", nearest));
}

// The section, when its keys are patterns or names of the user's own.
const ConfigSection* rule_section(const IniEntry& entry) {
  for (const auto& section : config_sections())
    if (section.name == entry.section && section.store_rule != nullptr) return &section;
  return nullptr;
}

// Whether the entry sets the key, for all tables or, as table.key, for some.
bool sets(const IniEntry& entry, const KeyForm& key) {
  if (entry.key == key.name) return true;
  const std::size_t dot = entry.key.rfind('.');
  return key.per_table != nullptr && dot != std::string::npos && dot > 0 &&
         std::string_view(entry.key).substr(dot + 1) == key.name;
}

const Setting& find_key(const IniEntry& entry, const std::string& name) {
  bool section_known = false;
  for (const auto& setting : settings()) {
    if (setting.key.name.empty() || setting.key.section != entry.section) continue;
    section_known = true;
    if (sets(entry, setting.key)) return setting;
  }
  throw section_known ? unknown_key(entry, name) : unknown_section(entry, name);
}

void store_entry(Settings& to, const IniEntry& entry) {
  if (const ConfigSection* rules = rule_section(entry)) {
    rules->store_rule(to.config, entry);
    return;
  }
  const std::string& path = to.config.path;
  const Setting& setting = find_key(entry, path);
  const KeyForm& key = setting.key;
  const bool for_tables = entry.key != key.name;
  Settings scratch;  // what is for some tables is looked at here, and kept as it stands
  const std::string complaint = setting.store(for_tables ? scratch : to, entry.value);
  if (!complaint.empty() && complaint != config_detail::kEmptyValue)
    throw error_at(path, entry.line, fmt::format("[{}] {}: {}", key.section, entry.key, complaint))
        .hint(fmt::format("write for example: {} = \"{}\"", entry.key, key.sample));
  if (for_tables && complaint.empty()) (to.config.*key.per_table).push_back(entry);
}

// The line in which each key was given.
using GivenKeys = std::map<std::pair<std::string_view, std::string_view>, int>;

GivenKeys refuse_duplicates(const std::vector<IniEntry>& entries, const std::string& name) {
  GivenKeys given;
  for (const auto& entry : entries) {
    const auto [first, added] =
        given.emplace(std::pair{std::string_view(entry.section), std::string_view(entry.key)}, entry.line);
    if (!added)
      throw error_at(
          name, entry.line,
          fmt::format("[{}] {} is given a second time, first in line {}", entry.section, entry.key, first->second))
          .hint("remove one of the two lines");
  }
  return given;
}

void require(const std::string& value, std::string_view section, std::string_view key, const std::string& name) {
  if (!value.empty()) return;
  throw Error(ErrorKind::config, fmt::format("{}: [{}] {} is missing", name, section, key))
      .hint(fmt::format("add {} = \"...\" below [{}]; my.cfg.sample shows an example", key, section));
}

void require_keys(const Config& config, Program program, bool need_target) {
  if (program == Program::mysql2pgsql) {
    require(config.src_mysql.user, "src.mysql", "user", config.path);
    require(config.src_mysql.db, "src.mysql", "db", config.path);
  } else {
    require(config.src_pgsql, "src.pgsql", "connect_string", config.path);
  }
  if (need_target) require(config.desc_pgsql, "desc.pgsql", "connect_string", config.path);
}

void check_ssl_pair(const MysqlEndpoint& mysql, const std::string& name) {
  if (mysql.ssl_cert.empty() == mysql.ssl_key.empty()) return;
  throw Error(ErrorKind::config, fmt::format("{}: [src.mysql] {} is given without {}", name,
                                             mysql.ssl_key.empty() ? "ssl_cert" : "ssl_key",
                                             mysql.ssl_key.empty() ? "ssl_key" : "ssl_cert"))
      .hint("give both ssl_cert and ssl_key, or neither");
}

Config build_config(const std::vector<IniEntry>& entries, const std::string& name, Program program, bool need_target) {
  Settings values;
  Config& config = values.config;
  config.path = name;
  for (const auto& entry : entries)
    if (rule_section(entry) == nullptr) find_key(entry, name);  // a wrong name is the better message than a duplicate
  refuse_duplicates(entries, name);
  for (const auto& entry : entries) store_entry(values, entry);
  if (program != Program::mysql2pgsql) {  // one file may serve both programs
    config.loader_table_list.clear();
    config.load_batch = 0;
  }
  // The environment goes before the file, as it does for libpq.
  if (const char* password = std::getenv("MYSQL_PWD")) config.src_mysql.password = password;
  require_keys(config, program, need_target);
  check_ssl_pair(config.src_mysql, name);
  return config;
}

bool holds_password(const Config& config) {
  if (!config.src_mysql.password.empty() && std::getenv("MYSQL_PWD") == nullptr) return true;
  const auto with_password = [](const std::string& conninfo) {
    // As a key, or in a URI between the user and the host.
    if (conninfo.find("password") != std::string::npos) return true;
    const std::size_t scheme = conninfo.find("://");
    const std::size_t at = conninfo.find('@');
    return scheme != std::string::npos && at != std::string::npos && conninfo.find(':', scheme + 3) < at;
  };
  return with_password(config.src_pgsql) || with_password(config.desc_pgsql) || with_password(config.local_pgsql);
}

bool others_can_read(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0;
}

}  // namespace

std::string MysqlEndpoint::describe() const {
  if (!socket.empty()) return fmt::format("{}@{}/{}", user, socket, db);
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}@{}:{}/{}", user, ipv6 ? '[' + host + ']' : host, port, db);
}

Config load_config(const std::string& path, Program program, bool need_target) {
  Config config = build_config(read_ini_file(path), path, program, need_target);
  if (holds_password(config) && others_can_read(path))
    config.warnings.push_back(
        fmt::format("{} holds passwords, and every user of this machine can read it; chmod 600 {}", path, path));
  return config;
}

Config parse_config(std::string_view text, const std::string& name, Program program, bool need_target) {
  return build_config(parse_ini(text, name), name, program, need_target);
}

}  // namespace dbsync
