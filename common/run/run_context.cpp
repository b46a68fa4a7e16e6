#include "run/run_context.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "check/target_check.h"
#include "copy/job_setup.h"
#include "copy/load_journal.h"
#include "pg/catalog.h"
#include "pg/dialect_question.h"

namespace dbsync {

RunContext::RunContext(const RunRequest& given)
    : request(given),
      options(given.options),
      config(given.config),
      job(job_options(given.options, given.config, given.program)),
      facts{.program = given.program, .started = utc_now()},
      verify(given.options.verify) {}

void RunContext::connect_target() {
  if (target && target->usable()) return;
  ahead.reset();
  target = std::make_unique<PgConnection>(config.desc_pgsql, "target", request.program);
  ahead.emplace(*target, std::vector<PgQuery>{question_of_dialect()});
  if (request.lock != nullptr) {
    ahead->more(questions_of_server(*target));
    ahead->more(LoadJournal::questions_of_schema(*target, job.journal_key));
  }
  there = detect_dialect(*target);
  dialect = chosen_dialect(options).value_or(there);
  facts.target = target->endpoint();
  facts.target_version = dialect_name(there);
}

void RunContext::choose_ddl_dialect() {
  prints_ddl = true;
  const auto chosen = chosen_dialect(options);
  there = dialect = chosen.value_or(postgresql_dialect(15));
  if (chosen || config.desc_pgsql.empty()) return;
  try {
    connect_target();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::config) throw;
    target.reset();
    log::warning(
        "main",
        fmt::format("the target does not answer, so the DDL is for PostgreSQL 15 (--dialect chooses another): {}",
                    error.what()));
  }
}

}  // namespace dbsync
