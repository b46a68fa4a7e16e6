// pgsql2pgsql: announced by its command line; the copy itself is not built yet.
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/log_error.h"
#include "config/options.h"
#include "version.h"

int main(int argc, char** argv) {
  using namespace dbsync;
  try {
    const Options options = parse_options(Program::pgsql2pgsql, argc, argv);
    if (options.help || options.version) {
      std::fputs(options.help ? help_text(Program::pgsql2pgsql).c_str()
                              : fmt::format("pgsql2pgsql {}\n", kVersion).c_str(),
                 stdout);
      return std::fflush(stdout) == 0 ? 0 : exit_code(ErrorKind::usage);
    }
    log::error("main", "pgsql2pgsql cannot copy anything yet: this release brings mysql2pgsql only");
    log::error("main", "HINT: pg_dump and pg_restore move a PostgreSQL database meanwhile");
    return exit_code(ErrorKind::usage);
  } catch (const Error& error) {
    log::error("main", error);
    return exit_code(error.kind());
  }
}
