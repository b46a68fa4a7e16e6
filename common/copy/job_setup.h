// What both programs do alike around a copy job: from options to JobOptions, and
// to the user. Any thread.
#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "config/options.h"
#include "copy/copy_job.h"
#include "schema/dialect.h"

namespace dbsync {

JobOptions job_options(const Options& options, const Config& config, const std::string& program);

// "5 workers, all tables, truncate first": for the log.
std::string options_in_force(const Options& options, const JobOptions& job);

// --dialect, or nothing. Errors: ErrorKind::usage for an unknown name.
std::optional<Dialect> chosen_dialect(const Options& options);

// --cleanup: an exit status.
int remove_journal(const Config& config, const JournalKey& key);

// -h, --version, -v, -q, --log-format and --metrics-file. True when nothing is left to do.
bool answer_or_set_verbosity(const Options& options, Program which, const std::string& program);

// What was asked for goes to stdout; a full disk there must not look like
// success. Errors: ErrorKind::usage.
void write_stdout(const std::string& text);

}  // namespace dbsync
