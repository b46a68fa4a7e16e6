// Command-line options of both programs, from one table that also prints --help.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rate_limiter.h"
#include "config/config.h"
#include "config/verb.h"

namespace dbsync {

enum class CopyFormatChoice { automatic, binary, text };

// Which part of the DDL -d prints: what must be there before the rows, or what
// is better made after them.
enum class DdlSection { all, pre_data, post_data };

struct Options {
  // What to do: the default of the program, or -d, --check, --verify-only, --status,
  // --cleanup, --full-only, --follow-only, --resync.
  Verb verb = Verb::copy;
  // The load that is made, or for --check the one that is looked at: copy,
  // copy_and_follow or follow.
  Verb load = Verb::copy;
  bool help = false;                     // -h, --help
  bool version = false;                  // --version
  std::string config_path = "my.cfg";    // -c, --config FILE
  std::string table_list;                // -l, --table-list FILE; "" = all tables
  DdlSection section = DdlSection::all;  // --section all|pre-data|post-data; only with -d
  bool no_partitions = false;            // -n, --no-partitions; only with -d
  bool first_column_key = false;         // -f, --first-column-key (Greenplum distribution)
  unsigned jobs = 5;                     // -j, --jobs N, 1..256
  std::string schema;                    // -s, --schema NAME; "" = from my.cfg
  std::optional<unsigned> buffer_kb;     // -b, --buffer-kb KB, 1..1048576
  bool create = false;                   // --create
  bool append = false;                   // --append
  bool truncate = false;                 // --truncate; excludes --append
  bool resume = false;                   // --resume; excludes --restart
  bool restart = false;                  // --restart
  std::vector<std::string> resync;       // --resync TABLE, may be repeated
  bool force = false;                    // --force; only with --cleanup
  std::vector<std::string> include;      // --include PATTERN, may be repeated
  std::vector<std::string> exclude;      // --exclude PATTERN
  bool verify = false;                   // --verify: compare after the copy
  std::string verify_report;             // --verify-report FILE; "" = verify.jsonl beside the rejects
  bool json = false;                     // --json: goes with --status and --check
  std::string report_path;               // --report FILE
  CopyFormatChoice copy_format = CopyFormatChoice::automatic;  // --copy-format auto|binary|text
  std::uint64_t chunk_bytes = 64 << 20;                        // --chunk-size SIZE; 0 = tables are not cut
  MaxRate max_rate;                                            // --max-rate N rows/s or SIZE/s
  std::string dialect;                                         // --dialect NAME; "" = ask the target
  bool accept_schema = false;                                  // --accept-schema; mysql2pgsql
  std::string end_at;                                          // --end-at now|LSN; pgsql2pgsql; "" = follow on
  std::string binlog_dir;                                      // --binlog-dir DIR; mysql2pgsql; "" = the server
  bool json_log = false;                                       // --log-format text|json
  std::string metrics_path;                                    // --metrics-file FILE
  bool verbose = false;                                        // -v, --verbose: debug lines
  bool quiet = false;                                          // -q, --quiet: warnings and errors only
};

// Errors: ErrorKind::usage naming the option and, for an unknown one, the
// nearest known name; arguments that are not options are an error too.
Options parse_options(Program program, int argc, const char* const* argv);

// What --help prints; ends with a newline.
std::string help_text(Program program);

}  // namespace dbsync
