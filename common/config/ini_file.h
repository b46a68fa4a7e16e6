// Reads a my.cfg-style file: [section], key = value, # and ; comments.
//
// Built on inih (https://github.com/benhoyt/inih). Debian's build of it cuts
// lines at 199 characters, cuts values at " ;" even inside quotes, takes an
// indented line as the continuation of the one before and cuts section names;
// this wrapper turns all of that off, so that every value arrives whole.
//
// Values: a value in double quotes is taken literally between the quotes ("" is
// a quote); what follows the closing quote may only be a comment. An unquoted
// value ends at a blank followed by # or ;.
//
// Errors: ErrorKind::config naming file and line. Threads: inih has global
// switches, so parse from one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

struct IniEntry {
  std::string section;
  std::string key;
  std::string value;  // without quotes and comments
  int line = 0;       // 1-based
};

// `name` is used in messages only.
std::vector<IniEntry> parse_ini(std::string_view text, const std::string& name);

// Reads the whole file; a missing or unreadable one is an error with the
// system's reason.
std::vector<IniEntry> read_ini_file(const std::string& path);

}  // namespace dbsync
