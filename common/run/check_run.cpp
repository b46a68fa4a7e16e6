#include "run/check_run.h"

#include "check/local_check.h"
#include "check/target_check.h"
#include "copy/job_setup.h"

namespace dbsync {

namespace {

TargetCheck target_check(const RunContext& run, CheckDepth depth) {
  return {*run.target, run.dialect, run.job, depth, run.follow == FollowWish::asked};
}

}  // namespace

void check_before_load(RunContext& run, SourceProgram& program) {
  CheckFindings findings;
  check_local_files(run.options, run.config, run.follow == FollowWish::asked, findings);
  program.check_source(FollowWish::none, findings);
  if (check_target_server(target_check(run, CheckDepth::quick), findings) && run.copies)
    program.check_tables(target_check(run, CheckDepth::quick), findings);
  findings.log_and_stop();
}

int run_check(RunContext& run, SourceProgram& program) {
  CheckFindings findings;
  check_local_files(run.options, run.config, run.follow == FollowWish::asked, findings);
  const bool source = findings.attempt("source", [&] { program.connect(); });
  const bool target = findings.attempt("target", [&] { run.connect_target(); });
  bool known = source && target;
  const auto also = [&](const char* subject, const std::function<bool()>& step) {
    bool good = true;
    known = findings.attempt(subject, [&] { good = step(); }) && good && known;
  };
  if (source) also("source", [&] { return program.check_source(run.follow, findings); });
  if (target) also("target", [&] { return check_target_server(target_check(run, CheckDepth::thorough), findings); });
  if (source && target)
    also("source and target", [&] {
      program.refuse_same_database();
      return true;
    });
  if (known)
    findings.attempt("tables", [&] {
      program.read_source();
      program.check_tables(target_check(run, CheckDepth::thorough), findings);
    });
  else
    findings.warning("tables", "not looked at yet", "mend what failed above, then check again");
  write_stdout(run.options.json ? findings.json() : findings.text());
  return findings.exit_status();
}

}  // namespace dbsync
