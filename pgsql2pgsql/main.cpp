// pgsql2pgsql: from the command line to an exit status.
#include <string>

#include "base/log.h"
#include "base/log_error.h"
#include "base/shutdown.h"
#include "base/standard_streams.h"
#include "config/config.h"
#include "config/options.h"
#include "config/table_list.h"
#include "copy/job_setup.h"
#include "copy/job_status.h"
#include "pgsql2pgsql/full_copy.h"
#include "pgsql2pgsql/task_run.h"
#include "status/metrics.h"

namespace dbsync {
namespace {

constexpr Program kWhich = Program::pgsql2pgsql;

int run(int argc, char** argv) {
  const Options options = parse_options(kWhich, argc, argv);
  if (answer_or_set_verbosity(options, kWhich, "pgsql2pgsql")) return 0;

  const Config config = load_config(options.config_path, kWhich, options.verb != Verb::ddl && options.verb != Verb::status);
  const auto list = options.table_list.empty() ? std::vector<TableListEntry>{}
                                               : read_table_list(options.table_list, ListNames::with_schema);
  for (const auto& warning : config.warnings) log::warning("main", warning);

  if (options.verb == Verb::status) {
    write_stdout(recorded_status(config, options.json));
    return 0;
  }
  const Shutdown shutdown;
  const auto drain = shutdown.drain_token();
  const auto cancel = shutdown.cancel_token();
  if (options.verb == Verb::cleanup) return cleanup(options, config);
  if (options.verb == Verb::ddl) return print_schema({options, config, list, {}}, drain, cancel);
  if (options.verb == Verb::check) return check_full_copy({options, config, list, {}}, drain, cancel);
  if (options.verb == Verb::verify) return run_full_copy({options, config, list}, drain, cancel).exit_status;
  return run_task(options, config, list, drain, cancel);
}

}  // namespace
}  // namespace dbsync

int main(int argc, char** argv) {
  dbsync::open_standard_streams();
  const int status = dbsync::log::exit_status_of([&] { return dbsync::run(argc, argv); });
  dbsync::metrics::close(status);
  return status;
}
