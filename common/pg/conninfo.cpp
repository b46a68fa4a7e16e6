#include "pg/conninfo.h"

#include <memory>
#include <string_view>

#include <libpq-fe.h>

#include "base/error.h"

namespace dbsync {

namespace {

// 'it\'s': the form in which libpq reads every value back.
std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

PublicConninfo without_secrets(const std::string& conninfo) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(conninfo.c_str(), &problem),
                                                                            &PQconninfoFree);
  PQfreemem(problem);
  if (!options) throw Error(ErrorKind::config, "a connect_string is not a libpq connection string");
  PublicConninfo out;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "password")
      out.password = option->val;
    else if (keyword != "sslpassword")
      out.conninfo += (out.conninfo.empty() ? "" : " ") + std::string(keyword) + "=" + quoted(option->val);
  }
  return out;
}

}  // namespace dbsync
