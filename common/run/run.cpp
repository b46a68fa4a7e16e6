#include "run/run.h"

#include <chrono>

#include "base/log.h"
#include "base/log_error.h"
#include "base/network.h"
#include "base/shutdown.h"
#include "base/standard_streams.h"
#include "copy/job_setup.h"
#include "copy/job_status.h"
#include "pg/early_connections.h"
#include "run/check_run.h"
#include "run/copy_run.h"
#include "run/ddl_run.h"
#include "status/metrics.h"
#include "status/pg_status_store.h"

namespace dbsync {

namespace {

// Sessions of the target that are needed soon.
constexpr int kOfTask = 3;  // of the task, the run and the applier
constexpr int kOfCopy = 2;  // of the checks and the journal

// Whether changes will be followed after the copy, as far as the options say.
FollowWish follow_wish(const ProgramTraits& traits, const Options& options) {
  if (!traits.makers.task || options.load == Verb::copy) return FollowWish::none;
  return !traits.makers.follows_by_default || options.load == Verb::follow || !options.end_at.empty()
             ? FollowWish::asked
             : FollowWish::possible;
}

int run_verb(const ProgramTraits& traits, const RunRequest& request) {
  const auto with_program = [&](const auto& steps) {
    RunContext run(request);
    const auto program = traits.makers.program(run);
    return steps(run, *program);
  };
  switch (request.options.verb) {
    case Verb::copy: return with_program([](auto& run, auto& program) { return run_copy(run, program).exit_status; });
    case Verb::copy_and_follow:
    case Verb::follow:
    case Verb::resync: return run_task(request, traits.makers);
    case Verb::ddl: return with_program(run_ddl);
    case Verb::check:
      return with_program([&](auto& run, auto& program) {
        run.follow = follow_wish(traits, request.options);
        return run_check(run, program);
      });
    case Verb::verify: return with_program([](auto& run, auto& program) { return run_comparison(run, program, true); });
    case Verb::cleanup: return run_cleanup(request, traits.makers);
    case Verb::status: break;
  }
  write_stdout(recorded_status(request.config, request.options.json));
  return 0;
}

bool writes(Verb verb) {
  return verb == Verb::copy || verb == Verb::copy_and_follow || verb == Verb::follow || verb == Verb::resync ||
         verb == Verb::cleanup;
}

// While the lock is taken.
void open_ahead(const ProgramTraits& traits, const Config& config, Verb verb) {
  if (verb == Verb::cleanup) return;
  const int targets = verb == Verb::copy ? kOfCopy : kOfTask;
  for (int i = 0; i < targets; ++i) EarlyConnections::open({config.desc_pgsql, "target", traits.name});
  if (!config.src_pgsql.empty()) EarlyConnections::open({config.src_pgsql, "source", traits.name});
  if (verb == Verb::copy) open_ahead(status_place(config.local_pgsql, config.desc_pgsql));
}

// A run that writes has its task for itself, from before it reads anything.
int run_alone(const ProgramTraits& traits, RunRequest request, Shutdown& shutdown) {
  const EarlyConnections early;
  open_ahead(traits, request.config, request.options.verb);
  const bool opens = request.options.verb == Verb::copy && traits.makers.open_source_ahead;
  const auto source = opens ? traits.makers.open_source_ahead(request.config) : nullptr;
  TaskLock lock(request.config.desc_pgsql, traits.name, journal_key_of(request, traits.makers).text());
  const std::stop_callback lost(lock.lost(), [&] { shutdown.drain(); });
  request.lock = &lock;
  const int status = run_verb(traits, request);
  lock.check();
  return status;
}

// -l goes before the file of [binlogloader], which is for what is followed.
std::string table_list_of(const Options& options, const Config& config) {
  const bool follows =
      options.verb == Verb::copy_and_follow || options.verb == Verb::follow || options.verb == Verb::resync;
  return options.table_list.empty() && follows ? config.loader_table_list : options.table_list;
}

int run(const ProgramTraits& traits, int argc, char** argv) {
  const Options options = parse_options(traits.which, argc, argv);
  if (answer_or_set_verbosity(options, traits.which, traits.name)) return 0;
  Config config =
      load_config(options.config_path, traits.which, options.verb != Verb::ddl && options.verb != Verb::status);
  if (!options.schema.empty()) config.target_schema = options.schema;
  const std::string list_file = table_list_of(options, config);
  const auto list = list_file.empty() ? std::vector<TableListEntry>{} : read_table_list(list_file, traits.list_names);
  for (const auto& warning : config.warnings) log::warning("main", warning);
  const NetworkWatch watch(std::chrono::seconds(config.network_timeout));
  Shutdown shutdown;
  const RunRequest request{.program = traits.name,
                           .options = options,
                           .config = config,
                           .list = list,
                           .drain = shutdown.drain_token(),
                           .cancel = shutdown.cancel_token()};
  return writes(options.verb) ? run_alone(traits, request, shutdown) : run_verb(traits, request);
}

}  // namespace

int run_program(const ProgramTraits& traits, int argc, char** argv) {
  open_standard_streams();
  const int status = log::exit_status_of([&] { return run(traits, argc, argv); });
  metrics::close(status);
  return status;
}

}  // namespace dbsync
