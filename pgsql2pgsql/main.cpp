// pgsql2pgsql: follows changes; the full copy is not built yet.
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/shutdown.h"
#include "config/options.h"
#include "pgsql2pgsql/follow.h"
#include "version.h"

namespace dbsync {
namespace {

int run(int argc, char** argv) {
  const Options options = parse_options(Program::pgsql2pgsql, argc, argv);
  if (options.help || options.version) {
    std::fputs(options.help ? help_text(Program::pgsql2pgsql).c_str() : fmt::format("pgsql2pgsql {}\n", kVersion).c_str(),
               stdout);
    return std::fflush(stdout) == 0 ? 0 : exit_code(ErrorKind::usage);
  }
  if (options.verbose) log::set_level(log::Level::debug);
  if (options.quiet) log::set_level(log::Level::warning);
  if (options.cleanup || options.follow_only) {
    const Config config = load_config(options.config_path, Program::pgsql2pgsql, true);
    for (const auto& warning : config.warnings) log::warning("main", warning);
    const Shutdown shutdown;
    return options.cleanup ? cleanup(config)
                           : follow_only(config, options, shutdown.drain_token(), shutdown.cancel_token());
  }
  log::error("main", "pgsql2pgsql cannot copy rows yet: this release follows changes only (--follow-only)");
  log::error("main", "HINT: pg_dump and pg_restore move the rows meanwhile");
  return exit_code(ErrorKind::usage);
}

}  // namespace
}  // namespace dbsync

int main(int argc, char** argv) {
  using namespace dbsync;
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    log::error("main", error);
    return exit_code(error.kind());
  } catch (const std::exception& e) {
    log::error("main", std::string("internal error: ") + e.what());
    return exit_code(ErrorKind::internal);
  }
}
