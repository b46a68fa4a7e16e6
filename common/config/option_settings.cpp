// The settings of the command line.
#include <limits>

#include <fmt/format.h>

#include "config/settings.h"
#include "config/values.h"

namespace dbsync::config_detail {

namespace {

constexpr unsigned kMostJobs = 256;
constexpr unsigned kMostBufferKb = 1048576;  // 1 GiB

// A number alone counts rows, one with a unit counts bytes.
std::string rate(Settings& to, std::string_view value) {
  MaxRate& out = to.options.max_rate = {};
  if (const auto rows = whole_number(value, 1, std::numeric_limits<std::uint64_t>::max())) {
    out.rows = *rows;
    return {};
  }
  const auto bytes = byte_size(value);
  if (!bytes || *bytes == 0)
    return fmt::format("\"{}\" is neither a number of rows a second nor a size a second such as 20MB", value);
  out.bytes = *bytes;
  return {};
}

using enum OptionGroup;
using enum OptionOf;
using enum Verb;

// Of buffer-kb and jobs, -d takes no notice; rds_dbsync's command lines give them with it.
const std::vector<Setting> kOptions{
    {.option =
         {.short_name = 'l',
          .name = "table-list",
          .argument = "FILE",
          .group = what,
          .acts = kLoads | of(ddl) | of(verify),
          .help = "copy the tables that FILE names, one a line:\n\"name\" or \"name : query\" (default: every table)"},
     .store = text(at(&Options::table_list))},
    {.option = {.short_name = 'd',
                .name = "ddl",
                .group = what,
                .verb = Verb::ddl,
                .help = "print the DDL of the target tables to stdout, copy\nnothing"}},
    {.option = {.name = "section",
                .argument = "NAME",
                .group = what,
                .acts = of(ddl),
                .help = "with -d: pre-data (tables), post-data (indexes, keys,\nchecks, sequences) or all (default)"},
     .store =
         choice(at(&Options::section),
                {{"all", DdlSection::all}, {"pre-data", DdlSection::pre_data}, {"post-data", DdlSection::post_data}})},
    {.option = {.short_name = 'n',
                .name = "no-partitions",
                .group = what,
                .acts = of(ddl),
                .help = "with -d: leave partitions out of the DDL"},
     .programs = mysql_only,
     .store = flag(at(&Options::no_partitions))},
    {.option = {.short_name = 'f',
                .name = "first-column-key",
                .group = what,
                .acts = kCopies | of(ddl),
                .help = "distribute tables by their first column (DDL for\nGreenplum)"},
     .store = flag(at(&Options::first_column_key))},
    {.option = {.name = "create",
                .group = what,
                .acts = kCopies,
                .help = "create the tables that the target lacks, then copy"},
     .store = flag(at(&Options::create))},
    {.option = {.name = "append", .group = what, .acts = kCopies, .help = "copy into tables that already hold rows"},
     .store = flag(at(&Options::append))},
    {.option = {.name = "truncate", .group = what, .acts = kCopies, .help = "empty the target tables before copying"},
     .store = flag(at(&Options::truncate))},
    {.option = {.name = "resume",
                .group = what,
                .acts = kCopies,
                .help = "go on with an earlier run: load only what is missing"},
     .store = flag(at(&Options::resume))},
    {.option =
         {.name = "restart", .group = what, .acts = kCopies, .help = "empty what an earlier run loaded and start over"},
     .store = flag(at(&Options::restart))},
    {.option = {.name = "full-only",
                .group = what,
                .verb = Verb::copy,
                .help = "copy the rows and end; default: follow the changes of\na source that can send them "
                        "(wal_level = logical)"},
     .programs = pgsql_only},
    {.option = {.name = "follow",
                .group = what,
                .verb = Verb::copy_and_follow,
                .help = "copy the rows, then follow the changes in the\nsource's binlog"},
     .programs = mysql_only},
    {.option = {.name = "follow-only",
                .group = what,
                .verb = Verb::follow,
                .help = "follow changes without a copy: the target holds what\nthe source held when the task began"}},
    {.option = {.name = "accept-schema",
                .group = what,
                .acts = of(copy_and_follow) | of(follow),
                .help = "go on past a changed definition or a foreign key's\naction: the target was changed by hand"},
     .programs = mysql_only,
     .store = flag(at(&Options::accept_schema))},
    {.option = {.name = "end-at",
                .argument = "POSITION",
                .group = what,
                .acts = of(copy_and_follow) | of(follow),
                .help =
                    "follow changes up to this position of the source (LSN\nor FILE:OFFSET), or to its position now "
                    "(\"now\"), and\n"
                    "end; the next run goes on from there"},
     .store = text(at(&Options::end_at))},
    {.option =
         {.name = "resync",
          .argument = "TABLE",
          .group = what,
          .verb = Verb::resync,
          .help =
              "of a task that follows: empty this table on the\ntarget (schema.table, with * and ?) and copy it again\n"
              "while the others are followed; ends when it is\nwhere they are; may be given several times"},
     .store = texts(at(&Options::resync))},
    {.option = {.name = "binlog-dir",
                .argument = "DIR",
                .group = what,
                .acts = of(copy_and_follow) | of(follow),
                .help =
                    "follow changes from copies of the source's binlog\nfiles in DIR, up to their end (or --end-at)"},
     .programs = mysql_only,
     .store = text(at(&Options::binlog_dir))},
    {.option = {.name = "cleanup",
                .group = what,
                .verb = Verb::cleanup,
                .help = "remove the bookkeeping of earlier runs from the\ntarget, copy nothing; pgsql2pgsql: end the "
                        "task, with\n"
                        "the target's sequences set, and drop slot and\npublication on the source"}},
    {.option = {.name = "force",
                .group = what,
                .acts = of(cleanup),
                .help =
                    "with --cleanup: end the task though changes wait that\nthe target does not have; they are lost"},
     .store = flag(at(&Options::force))},
    {.option = {.name = "include",
                .argument = "PATTERN",
                .group = what,
                .acts = kLoads | of(ddl) | of(verify) | of(cleanup),
                .help =
                    "copy only tables that match: schema.table or table,\nwith * and ?; may be given several times"},
     .programs = pgsql_only,
     .store = texts(at(&Options::include))},
    {.option = {.name = "exclude",
                .argument = "PATTERN",
                .group = what,
                .acts = kLoads | of(ddl) | of(verify) | of(cleanup),
                .help = "leave out the tables that match"},
     .programs = pgsql_only,
     .store = texts(at(&Options::exclude))},
    {.option = {.name = "verify",
                .group = what,
                .acts = kFills,
                .help = "after the copy, compare every row of both sides; exit\nstatus 5 when they differ"},
     .store = flag(at(&Options::verify))},
    {.option = {.name = "verify-only",
                .group = what,
                .verb = Verb::verify,
                .help = "compare every row of both sides, copy nothing"}},
    {.option = {.name = "check",
                .group = what,
                .verb = Verb::check,
                .help = "look at both servers, rights, settings and tables,\nprint what is in the way of a load, "
                        "copy nothing"}},
    {.option = {.name = "status",
                .group = what,
                .verb = Verb::status,
                .help = "print what the status tables say of this task, copy\nnothing"}},
    {.option = {.short_name = 'c',
                .name = "config",
                .argument = "FILE",
                .group = how,
                .acts = kAlways,
                .help = "configuration file (default: my.cfg)"},
     .store = text(at(&Options::config_path))},
    {.option = {.short_name = 's',
                .name = "schema",
                .argument = "NAME",
                .group = how,
                .acts = kLoads | of(ddl) | of(verify) | of(cleanup),
                .help = "schema of all target tables (default: mysql2pgsql:\ntarget_schema in the configuration "
                        "file, else public;\n"
                        "pgsql2pgsql: those of the source)"},
     .store = text(at(&Options::schema))},
    {.option = {.short_name = 'j',
                .name = "jobs",
                .argument = "N",
                .group = how,
                .acts = kFills | of(ddl) | of(verify),
                .help = "workers that copy at the same time, 1 to 256\n(default: 5)"},
     .store = number(at(&Options::jobs), 1, kMostJobs)},
    {.option = {.short_name = 'b',
                .name = "buffer-kb",
                .argument = "KB",
                .group = how,
                .acts = kFills | of(ddl),
                .help = "KiB of rows sent to the target at a time (default:\nchosen by the program)"},
     .store = number(at(&Options::buffer_kb), 1, kMostBufferKb)},
    {.option = {.name = "chunk-size",
                .argument = "SIZE",
                .group = how,
                .acts = kFills | of(verify),
                .help = "cut tables larger than SIZE, so that workers share\nthem; 0 cuts none (default: 64MB)"},
     .store = size(at(&Options::chunk_bytes))},
    {.option = {.name = "max-rate",
                .argument = "RATE",
                .group = how,
                .acts = kFills | of(verify),
                .help = "read no more than RATE a second over all workers:\nrows (20000) or bytes (20MB)"},
     .store = rate},
    {.option = {.name = "copy-format",
                .argument = "NAME",
                .group = how,
                .acts = kFills,
                .help = "format of COPY: auto, binary or text (default: auto)"},
     .store = choice(at(&Options::copy_format), {{"auto", CopyFormatChoice::automatic},
                                                 {"binary", CopyFormatChoice::binary},
                                                 {"text", CopyFormatChoice::text}})},
    {.option =
         {.name = "dialect",
          .argument = "NAME",
          .group = how,
          .acts = kLoads | of(ddl) | of(verify),
          .help =
              "postgresql, postgresql12 ..., greenplum5, greenplum6,\ngreenplum7, cloudberry or adbpg: write the DDL "
              "for it\n"
              "(default: what the target is)"},
     .store = text(at(&Options::dialect))},
    {.option = {.name = "report",
                .argument = "FILE",
                .group = messages,
                .acts = kFills | of(verify),
                .help = "write what happened to each table to FILE"},
     .store = text(at(&Options::report_path))},
    {.option = {.name = "verify-report",
                .argument = "FILE",
                .group = messages,
                .acts = kFills | of(verify),
                .help = "name the rows that differ in FILE, one JSON object a\nline (default: verify.jsonl beside "
                        "the directory of\n"
                        "rejects)"},
     .store = text(at(&Options::verify_report))},
    {.option = {.name = "json",
                .group = messages,
                .acts = of(status) | of(check),
                .help = "with --status or --check: print it as JSON"},
     .store = flag(at(&Options::json))},
    {.option = {.name = "log-format",
                .argument = "NAME",
                .group = messages,
                .acts = kAlways,
                .help = "text (default) or json: one object a line"},
     .store = choice(at(&Options::json_log), {{"text", false}, {"json", true}})},
    {.option = {.name = "metrics-file",
                .argument = "FILE",
                .group = messages,
                .acts = kLoads | of(verify) | of(cleanup),
                .help = "keep figures of the run in FILE, for the textfile\ncollector of Prometheus' node_exporter"},
     .store = text(at(&Options::metrics_path))},
    {.option = {.short_name = 'v', .name = "verbose", .group = messages, .acts = kAlways, .help = "more messages"},
     .store = flag(at(&Options::verbose))},
    {.option =
         {.short_name = 'q', .name = "quiet", .group = messages, .acts = kAlways, .help = "warnings and errors only"},
     .store = flag(at(&Options::quiet))},
    {.option = {.short_name = 'h', .name = "help", .group = messages, .acts = kAlways, .help = "print this text"},
     .store = flag(at(&Options::help))},
    {.option = {.name = "version", .group = messages, .acts = kAlways, .help = "print the version"},
     .store = flag(at(&Options::version))},
};

}  // namespace

std::vector<Setting> option_settings() { return kOptions; }

const std::vector<Setting>& settings() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> out = option_settings();
    for (const Setting& key : key_settings()) out.push_back(key);
    return out;
  }();
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
    case Verb::resync: return "copies tables of a task again";
    case Verb::ddl: return "only prints DDL";
    case Verb::check: return "looks at what a load would meet";
    case Verb::verify: return "loads nothing; --verify compares after a copy";
    case Verb::status: return "only prints what the status tables say";
    case Verb::cleanup: return "ends a task and copies nothing";
  }
  return {};
}

std::string shown(const Setting& setting) {
  const OptionForm& option = setting.option;
  return option.short_name != '\0' ? fmt::format("-{}", option.short_name) : fmt::format("--{}", option.name);
}

}  // namespace dbsync::config_detail
