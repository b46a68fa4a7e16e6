#include "tests/harness/migration.h"

#include <fmt/format.h>

namespace dbsync::test {

std::string mysql_section(const MysqlAccess& access, const std::string& database) {
  std::string out = "[src.mysql]\n";
  if (access.socket.empty())
    out += fmt::format("host = \"{}\"\nport = \"{}\"\n", access.host, access.port);
  else
    out += fmt::format("socket = \"{}\"\n", access.socket);
  out += fmt::format("user = \"{}\"\n", access.user);
  if (!access.password.empty()) out += fmt::format("password = \"{}\"\n", access.password);
  return out + fmt::format("db = \"{}\"\n", database);
}

std::string my_cfg(const std::string& source_section, const std::string& target_conninfo, std::string_view extra) {
  return fmt::format("{}\n[desc.pgsql]\nconnect_string = \"{}\"\n{}\n", source_section, target_conninfo, extra);
}

std::string my_cfg(const SourceDb& source, const TargetDb& target, std::string_view extra) {
  return my_cfg(mysql_section(Servers::instance().mysql(), source.name()), target.conninfo(), extra);
}

RunOptions Migration::here(RunOptions options) const {
  if (options.cwd.empty()) options.cwd = dir.path();
  return options;
}

RunResult Migration::run(const std::vector<std::string>& args, RunOptions options) {
  return run_program(args, here(std::move(options)));
}

nlohmann::json Migration::report() const { return nlohmann::json::parse(dir.read_file("report.json")); }

nlohmann::json Migration::report_table(const std::string& name) const {
  const auto whole = report();
  for (const auto& entry : whole.at("tables"))
    if (entry.at("table") == name) return entry;
  ADD_FAILURE() << "the report has no table " << name;
  return {};
}

}  // namespace dbsync::test
