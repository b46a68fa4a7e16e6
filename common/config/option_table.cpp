#include "config/option_table.h"

#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "config/number.h"

namespace dbsync::config_detail {

namespace {

constexpr unsigned kMostJobs = 256;
constexpr unsigned kMostBufferKb = 1048576;  // 1 GiB

template <bool Options::*member>
std::string set_flag(Options& options, std::string_view) {
  options.*member = true;
  return {};
}

template <std::string Options::*member>
std::string store_text(Options& options, std::string_view value) {
  if (value.empty()) return "the value is empty";
  options.*member = value;
  return {};
}

template <std::vector<std::string> Options::*member>
std::string add_text(Options& options, std::string_view value) {
  if (value.empty()) return "the value is empty";
  (options.*member).emplace_back(value);
  return {};
}

std::string not_in_range(std::string_view value, unsigned most) {
  return fmt::format("\"{}\" is not a whole number from 1 to {}", value, most);
}

std::string store_jobs(Options& options, std::string_view value) {
  const auto number = whole_number(value, 1, kMostJobs);
  if (!number) return not_in_range(value, kMostJobs);
  options.jobs = static_cast<unsigned>(*number);
  return {};
}

std::string store_buffer_kb(Options& options, std::string_view value) {
  const auto number = whole_number(value, 1, kMostBufferKb);
  if (!number) return not_in_range(value, kMostBufferKb);
  options.buffer_kb = static_cast<unsigned>(*number);
  return {};
}

std::string store_chunk_size(Options& options, std::string_view value) {
  const auto bytes = byte_size(value);
  if (!bytes) return fmt::format("\"{}\" is not a size such as 64MB, 512kB or 0", value);
  options.chunk_bytes = *bytes;
  return {};
}

// A number alone counts rows, one with a unit counts bytes.
std::string store_max_rate(Options& options, std::string_view value) {
  options.max_rate = {};
  if (const auto rows = whole_number(value, 1, std::numeric_limits<std::uint64_t>::max())) {
    options.max_rate.rows = *rows;
    return {};
  }
  const auto bytes = byte_size(value);
  if (!bytes || *bytes == 0)
    return fmt::format("\"{}\" is neither a number of rows a second nor a size a second such as 20MB", value);
  options.max_rate.bytes = *bytes;
  return {};
}

std::string store_copy_format(Options& options, std::string_view value) {
  if (value == "auto")
    options.copy_format = CopyFormatChoice::automatic;
  else if (value == "binary")
    options.copy_format = CopyFormatChoice::binary;
  else if (value == "text")
    options.copy_format = CopyFormatChoice::text;
  else
    return fmt::format("\"{}\" is none of auto, binary, text", value);
  return {};
}

std::string store_log_format(Options& options, std::string_view value) {
  if (value != "text" && value != "json") return fmt::format("\"{}\" is neither text nor json", value);
  options.json_log = value == "json";
  return {};
}

std::string store_section(Options& options, std::string_view value) {
  if (value == "all")
    options.section = DdlSection::all;
  else if (value == "pre-data")
    options.section = DdlSection::pre_data;
  else if (value == "post-data")
    options.section = DdlSection::post_data;
  else
    return fmt::format("\"{}\" is none of all, pre-data, post-data", value);
  return {};
}

constexpr VerbSet of(Verb verb) { return VerbSet{1} << static_cast<unsigned>(verb); }
constexpr VerbSet kCopies = of(Verb::copy) | of(Verb::copy_and_follow);
constexpr VerbSet kLoads = kCopies | of(Verb::follow);
constexpr VerbSet kAlways = ~VerbSet{0};

}  // namespace

namespace {

using enum OptionGroup;
using enum OptionOf;
using enum Verb;

// Of buffer-kb and jobs, -d takes no notice; rds_dbsync's command lines give them with it.
const OptionSpec kOptions[]{
    {.short_name = 'l',
     .long_name = "table-list",
     .argument = "FILE",
     .group = what,
     .programs = both,
     .store = store_text<&Options::table_list>,
     .acts = kLoads | of(ddl) | of(verify),
     .help = "copy the tables that FILE names, one a line:\n\"name\" or \"name : query\" (default: every table)"},
    {.short_name = 'd',
     .long_name = "ddl",
     .group = what,
     .programs = both,
     .verb = Verb::ddl,
     .help = "print the DDL of the target tables to stdout, copy\nnothing"},
    {.long_name = "section",
     .argument = "NAME",
     .group = what,
     .programs = both,
     .store = store_section,
     .acts = of(ddl),
     .help = "with -d: pre-data (tables), post-data (indexes, keys,\nchecks, sequences) or all (default)"},
    {.short_name = 'n',
     .long_name = "no-partitions",
     .group = what,
     .programs = mysql_only,
     .store = set_flag<&Options::no_partitions>,
     .acts = of(ddl),
     .help = "with -d: leave partitions out of the DDL"},
    {.short_name = 'f',
     .long_name = "first-column-key",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::first_column_key>,
     .acts = kCopies | of(ddl),
     .help = "distribute tables by their first column (DDL for\nGreenplum)"},
    {.long_name = "create",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::create>,
     .acts = kCopies,
     .help = "create the tables that the target lacks, then copy"},
    {.long_name = "append",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::append>,
     .acts = kCopies,
     .help = "copy into tables that already hold rows"},
    {.long_name = "truncate",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::truncate>,
     .acts = kCopies,
     .help = "empty the target tables before copying"},
    {.long_name = "resume",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::resume>,
     .acts = kCopies,
     .help = "go on with an earlier run: load only what is missing"},
    {.long_name = "restart",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::restart>,
     .acts = kCopies,
     .help = "empty what an earlier run loaded and start over"},
    {.long_name = "full-only",
     .group = what,
     .programs = pgsql_only,
     .verb = Verb::copy,
     .help =
         "copy the rows and end; default: follow the changes of\na source that can send them (wal_level = logical)"},
    {.long_name = "follow",
     .group = what,
     .programs = mysql_only,
     .verb = Verb::copy_and_follow,
     .help = "copy the rows, then follow the changes in the\nsource's binlog"},
    {.long_name = "follow-only",
     .group = what,
     .programs = both,
     .verb = Verb::follow,
     .help = "follow changes without a copy: the target holds what\nthe source held when the task began"},
    {.long_name = "accept-schema",
     .group = what,
     .programs = mysql_only,
     .store = set_flag<&Options::accept_schema>,
     .acts = of(copy_and_follow) | of(follow),
     .help = "go on past a changed definition or a foreign key's\naction: the target was changed by hand"},
    {.long_name = "end-at",
     .argument = "POSITION",
     .group = what,
     .programs = both,
     .store = store_text<&Options::end_at>,
     .acts = of(copy_and_follow) | of(follow),
     .help = "follow changes up to this position of the source (LSN\nor FILE:OFFSET), or to its position now "
             "(\"now\"), and\n"
             "end; the next run goes on from there"},
    {.long_name = "cleanup",
     .group = what,
     .programs = both,
     .verb = Verb::cleanup,
     .help = "remove the bookkeeping of earlier runs from the\ntarget, copy nothing; pgsql2pgsql: end the task, with\n"
             "the target's sequences set, and drop slot and\npublication on the source"},
    {.long_name = "include",
     .argument = "PATTERN",
     .group = what,
     .programs = pgsql_only,
     .store = add_text<&Options::include>,
     .acts = kLoads | of(ddl) | of(verify) | of(cleanup),
     .help = "copy only tables that match: schema.table or table,\nwith * and ?; may be given several times"},
    {.long_name = "exclude",
     .argument = "PATTERN",
     .group = what,
     .programs = pgsql_only,
     .store = add_text<&Options::exclude>,
     .acts = kLoads | of(ddl) | of(verify) | of(cleanup),
     .help = "leave out the tables that match"},
    {.long_name = "verify",
     .group = what,
     .programs = both,
     .store = set_flag<&Options::verify>,
     .acts = kCopies,
     .help = "after the copy, compare every row of both sides; exit\nstatus 5 when they differ"},
    {.long_name = "verify-only",
     .group = what,
     .programs = both,
     .verb = Verb::verify,
     .help = "compare every row of both sides, copy nothing"},
    {.long_name = "check",
     .group = what,
     .programs = both,
     .verb = Verb::check,
     .help = "look at both servers, rights, settings and tables,\nprint what is in the way of a load, copy nothing"},
    {.long_name = "status",
     .group = what,
     .programs = both,
     .verb = Verb::status,
     .help = "print what the status tables say of this task, copy\nnothing"},
    {.short_name = 'c',
     .long_name = "config",
     .argument = "FILE",
     .group = how,
     .programs = both,
     .store = store_text<&Options::config_path>,
     .acts = kAlways,
     .help = "configuration file (default: my.cfg)"},
    {.short_name = 's',
     .long_name = "schema",
     .argument = "NAME",
     .group = how,
     .programs = both,
     .store = store_text<&Options::schema>,
     .acts = kLoads | of(ddl) | of(verify) | of(cleanup),
     .help =
         "schema of all target tables (default: mysql2pgsql:\ntarget_schema in the configuration file, else public;\n"
         "pgsql2pgsql: those of the source)"},
    {.short_name = 'j',
     .long_name = "jobs",
     .argument = "N",
     .group = how,
     .programs = both,
     .store = store_jobs,
     .acts = kCopies | of(ddl) | of(verify),
     .help = "workers that copy at the same time, 1 to 256\n(default: 5)"},
    {.short_name = 'b',
     .long_name = "buffer-kb",
     .argument = "KB",
     .group = how,
     .programs = both,
     .store = store_buffer_kb,
     .acts = kCopies | of(ddl),
     .help = "KiB of rows sent to the target at a time (default:\nchosen by the program)"},
    {.long_name = "chunk-size",
     .argument = "SIZE",
     .group = how,
     .programs = both,
     .store = store_chunk_size,
     .acts = kCopies | of(verify),
     .help = "cut tables larger than SIZE, so that workers share\nthem; 0 cuts none (default: 64MB)"},
    {.long_name = "max-rate",
     .argument = "RATE",
     .group = how,
     .programs = both,
     .store = store_max_rate,
     .acts = kCopies | of(verify),
     .help = "read no more than RATE a second over all workers:\nrows (20000) or bytes (20MB)"},
    {.long_name = "copy-format",
     .argument = "NAME",
     .group = how,
     .programs = both,
     .store = store_copy_format,
     .acts = kCopies,
     .help = "format of COPY: auto, binary or text (default: auto)"},
    {.long_name = "dialect",
     .argument = "NAME",
     .group = how,
     .programs = both,
     .store = store_text<&Options::dialect>,
     .acts = kLoads | of(ddl) | of(verify),
     .help = "postgresql, postgresql12 ..., greenplum5, greenplum6,\ngreenplum7, cloudberry or adbpg: write the DDL "
             "for it\n"
             "(default: what the target is)"},
    {.long_name = "report",
     .argument = "FILE",
     .group = messages,
     .programs = both,
     .store = store_text<&Options::report_path>,
     .acts = kCopies | of(verify),
     .help = "write what happened to each table to FILE"},
    {.long_name = "verify-report",
     .argument = "FILE",
     .group = messages,
     .programs = both,
     .store = store_text<&Options::verify_report>,
     .acts = kCopies | of(verify),
     .help =
         "name the rows that differ in FILE, one JSON object a\nline (default: verify.jsonl beside the directory of\n"
         "rejects)"},
    {.long_name = "json",
     .group = messages,
     .programs = both,
     .store = set_flag<&Options::json>,
     .acts = of(status) | of(check),
     .help = "with --status or --check: print it as JSON"},
    {.long_name = "log-format",
     .argument = "NAME",
     .group = messages,
     .programs = both,
     .store = store_log_format,
     .acts = kAlways,
     .help = "text (default) or json: one object a line"},
    {.long_name = "metrics-file",
     .argument = "FILE",
     .group = messages,
     .programs = both,
     .store = store_text<&Options::metrics_path>,
     .acts = kLoads | of(verify) | of(cleanup),
     .help = "keep figures of the run in FILE, for the textfile\ncollector of Prometheus' node_exporter"},
    {.short_name = 'v',
     .long_name = "verbose",
     .group = messages,
     .programs = both,
     .store = set_flag<&Options::verbose>,
     .acts = kAlways,
     .help = "more messages"},
    {.short_name = 'q',
     .long_name = "quiet",
     .group = messages,
     .programs = both,
     .store = set_flag<&Options::quiet>,
     .acts = kAlways,
     .help = "warnings and errors only"},
    {.short_name = 'h',
     .long_name = "help",
     .group = messages,
     .programs = both,
     .store = set_flag<&Options::help>,
     .acts = kAlways,
     .help = "print this text"},
    {.long_name = "version",
     .group = messages,
     .programs = both,
     .store = set_flag<&Options::version>,
     .acts = kAlways,
     .help = "print the version"},
};

}  // namespace

const std::vector<OptionSpec>& option_table() {
  static const std::vector<OptionSpec> table(std::begin(kOptions), std::end(kOptions));
  return table;
}

const std::vector<Exclusion>& exclusions() {
  static const std::vector<Exclusion> table{
      {"append", "truncate"},    {"resume", "restart"},     {"verbose", "quiet"},
      {"table-list", "include"}, {"table-list", "exclude"},
  };
  return table;
}

std::string_view verb_is(Verb verb) {
  switch (verb) {
    case Verb::copy: return "copies the rows and ends";
    case Verb::copy_and_follow: return "copies, then follows the changes";
    case Verb::follow: return "follows changes without a copy";
    case Verb::ddl: return "only prints DDL";
    case Verb::check: return "looks at what a load would meet";
    case Verb::verify: return "loads nothing; --verify compares after a copy";
    case Verb::status: return "only prints what the status tables say";
    case Verb::cleanup: return "ends a task and copies nothing";
  }
  return {};
}

std::string shown(const OptionSpec& option) {
  return option.short_name != '\0' ? fmt::format("-{}", option.short_name) : fmt::format("--{}", option.long_name);
}

bool acts(const OptionSpec& option, Verb verb) { return (option.acts & of(verb)) != 0; }

}  // namespace dbsync::config_detail
