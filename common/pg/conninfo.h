// A libpq connection string for another program's command line.
//
// Pure. Errors: ErrorKind::config for a string that libpq does not understand;
// it is not echoed, since it may hold a password.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsync {

struct PublicConninfo {
  std::string conninfo;  // everything but secrets
  std::string password;  // for PGPASSWORD; "" = none was given
};

// `options`: added to the string's own, or to those of the environment.
PublicConninfo without_secrets(const std::string& conninfo, const std::string& options = {});

// A value as libpq reads it back in such a string: 'it\'s'.
std::string conninfo_value(std::string_view value);

// Keyword and value of what connections have unless the user's string or service says
// otherwise: how soon a dead network is noticed (base/network.h).
std::vector<std::pair<std::string, std::string>> network_defaults();

}  // namespace dbsync
