// The copy of both programs: schema, rows, and what follows them, as of one moment;
// and the comparison alone.
//
// Threads: main, the job's workers aside. Errors: what concerns no table is thrown;
// the rest is in the summary and the exit status.
#pragma once

#include <functional>
#include <set>

#include "cdc/position.h"
#include "copy/job_status.h"
#include "run/resync.h"
#include "run/source_program.h"

namespace dbsync {

// What a task that follows adds to a copy.
struct CopyOfTask {
  JobStatus& status;
  // The tables were checked when the task began.
  bool checked = false;
  // The copy goes on at a later moment: tables that are not complete are emptied and
  // begun anew.
  bool goes_on = false;
  // It goes on with these tables only, which are emptied; all others stay.
  Resync* again = nullptr;
  // Those tables are in, as of the moment. Returns when they are where the task is, or throws.
  std::function<void()> at_rows = {};
  // Called with them when it is known what they come to, before anything is changed.
  std::function<void()> at_choice = {};
  // Called before the first row is copied, with the position of the copy's moment; when
  // it goes on also with the names by which changes of the complete tables come, which
  // are to be brought to it. False: stopped.
  std::function<bool(const Position& moment, const std::set<QualifiedName>& complete)> at_moment = {};
  // Called every few seconds while rows are copied, from another thread.
  std::function<void()> observer = {};
};

struct CopyOutcome {
  int exit_status = 0;
  bool worth_a_retry = false;  // what failed may pass the next time
};

// A schema that an earlier run with --create left unfinished is made to its end, with --create
// or without. After the program has its connections.
void go_on_creating(RunContext& run);

// `task`: null for a copy by itself.
CopyOutcome run_copy(RunContext& run, SourceProgram& program, const CopyOfTask* task = nullptr);

// --verify-only: compares, copies nothing. `may_follow`: a task may be changing the
// target meanwhile, so rows that differ are looked at again. The exit status.
int run_comparison(RunContext& run, SourceProgram& program, bool may_follow);

}  // namespace dbsync
