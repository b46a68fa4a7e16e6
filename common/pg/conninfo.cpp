#include "pg/conninfo.h"

#include <cstdlib>
#include <memory>

#include <libpq-fe.h>

#include "base/error.h"
#include "base/network.h"

namespace dbsync {

std::string conninfo_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::vector<std::pair<std::string, std::string>> network_defaults() {
  const network::Keepalive keepalive = network::keepalive();
  std::vector<std::pair<std::string, std::string>> out{{"keepalives_idle", std::to_string(keepalive.idle)},
                                                       {"keepalives_interval", std::to_string(keepalive.interval)},
                                                       {"keepalives_count", std::to_string(keepalive.count)}};
  // An environment variable of the user's goes before a default of ours.
  if (const auto limit = network::timeout().count(); limit > 0 && std::getenv("PGCONNECT_TIMEOUT") == nullptr)
    out.emplace_back("connect_timeout", std::to_string(limit));
  return out;
}

PublicConninfo without_secrets(const std::string& conninfo, const std::string& more_options) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(conninfo.c_str(), &problem),
                                                                            &PQconninfoFree);
  PQfreemem(problem);
  if (!parsed) throw Error(ErrorKind::config, "a connect_string is not a libpq connection string");
  PublicConninfo out;
  const auto add = [&out](std::string_view keyword, std::string_view value) {
    out.conninfo += (out.conninfo.empty() ? "" : " ") + std::string(keyword) + "=" + conninfo_value(value);
  };
  std::string options = more_options;
  if (const char* environment = std::getenv("PGOPTIONS"); environment != nullptr && !options.empty())
    options = std::string(environment) + " " + options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "password")
      out.password = option->val;
    else if (keyword == "options")
      options = more_options.empty() ? option->val : std::string(option->val) + " " + more_options;
    else if (keyword != "sslpassword")
      add(keyword, option->val);
  }
  if (!options.empty()) add("options", options);
  return out;
}

}  // namespace dbsync
