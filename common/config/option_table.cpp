#include "config/option_table.h"

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

}  // namespace

const std::vector<OptionSpec>& option_table() {
  using enum OptionGroup;
  using enum OptionOf;
  static const std::vector<OptionSpec> table{
      {'l', "table-list", "FILE", what, both, store_text<&Options::table_list>,
       "copy the tables that FILE names, one a line:\n\"name\" or \"name : query\" (default: every table)"},
      {'d', "ddl", "", what, both, nullptr,
       "print the DDL of the target tables to stdout, copy\nnothing", Verb::ddl},
      {'\0', "section", "NAME", what, both, store_section,
       "with -d: pre-data (tables), post-data (indexes, keys,\nchecks, sequences) or all (default)"},
      {'n', "no-partitions", "", what, mysql_only, set_flag<&Options::no_partitions>,
       "with -d: leave partitions out of the DDL"},
      {'f', "first-column-key", "", what, both, set_flag<&Options::first_column_key>,
       "distribute tables by their first column (DDL for\nGreenplum)"},
      {'\0', "create", "", what, both, set_flag<&Options::create>,
       "create the tables that the target lacks, then copy"},
      {'\0', "append", "", what, both, set_flag<&Options::append>, "copy into tables that already hold rows"},
      {'\0', "truncate", "", what, both, set_flag<&Options::truncate>, "empty the target tables before copying"},
      {'\0', "resume", "", what, both, set_flag<&Options::resume>,
       "go on with an earlier run: load only what is missing"},
      {'\0', "restart", "", what, both, set_flag<&Options::restart>,
       "empty what an earlier run loaded and start over"},
      {'\0', "full-only", "", what, pgsql_only, nullptr,
       "copy the rows and end; default: follow the changes of\na source that can send them (wal_level = logical)", Verb::copy},
      {'\0', "follow", "", what, mysql_only, nullptr, "copy the rows, then follow the changes in the\nsource's binlog", Verb::copy_and_follow},
      {'\0', "follow-only", "", what, both, nullptr,
       "follow changes without a copy: the target holds what\nthe source held when the task began", Verb::follow},
      {'\0', "accept-schema", "", what, mysql_only, set_flag<&Options::accept_schema>,
       "go on past a changed definition or a foreign key's\naction: the target was changed by hand"},
      {'\0', "end-at", "POSITION", what, both, store_text<&Options::end_at>,
       "follow changes up to this position of the source (LSN\nor FILE:OFFSET), or to its position now (\"now\"), and\nend; the next run goes on from there"},
      {'\0', "cleanup", "", what, both, nullptr,
       "remove the bookkeeping of earlier runs from the\ntarget, copy nothing; pgsql2pgsql: end the task, with\n"
       "the target's sequences set, and drop slot and\npublication on the source", Verb::cleanup},
      {'\0', "include", "PATTERN", what, pgsql_only, add_text<&Options::include>,
       "copy only tables that match: schema.table or table,\nwith * and ?; may be given several times"},
      {'\0', "exclude", "PATTERN", what, pgsql_only, add_text<&Options::exclude>,
       "leave out the tables that match"},
      {'\0', "verify", "", what, both, set_flag<&Options::verify>,
       "after the copy, compare every row of both sides; exit\nstatus 5 when they differ"},
      {'\0', "verify-only", "", what, both, nullptr,
       "compare every row of both sides, copy nothing", Verb::verify},
      {'\0', "check", "", what, both, nullptr,
       "look at both servers, rights, settings and tables,\nprint what is in the way of a load, copy nothing", Verb::check},
      {'\0', "status", "", what, both, nullptr,
       "print what the status tables say of this task, copy\nnothing", Verb::status},
      {'c', "config", "FILE", how, both, store_text<&Options::config_path>, "configuration file (default: my.cfg)"},
      {'s', "schema", "NAME", how, both, store_text<&Options::schema>,
       "schema of all target tables (default: mysql2pgsql:\ntarget_schema in the configuration file, else public;\n"
       "pgsql2pgsql: those of the source)"},
      {'j', "jobs", "N", how, both, store_jobs,
       "workers that copy at the same time, 1 to 256\n(default: 5)"},
      {'b', "buffer-kb", "KB", how, both, store_buffer_kb,
       "KiB of rows sent to the target at a time (default:\nchosen by the program)"},
      {'\0', "chunk-size", "SIZE", how, both, store_chunk_size,
       "cut tables larger than SIZE, so that workers share\nthem; 0 cuts none (default: 64MB)"},
      {'\0', "max-rate", "RATE", how, both, store_max_rate,
       "read no more than RATE a second over all workers:\nrows (20000) or bytes (20MB)"},
      {'\0', "copy-format", "NAME", how, both, store_copy_format,
       "format of COPY: auto, binary or text (default: auto)"},
      {'\0', "dialect", "NAME", how, both, store_text<&Options::dialect>,
       "postgresql, postgresql12 ..., greenplum5, greenplum6,\ngreenplum7, cloudberry or adbpg: write the DDL for it\n"
       "(default: what the target is)"},
      {'\0', "report", "FILE", messages, both, store_text<&Options::report_path>,
       "write what happened to each table to FILE"},
      {'\0', "verify-report", "FILE", messages, both, store_text<&Options::verify_report>,
       "name the rows that differ in FILE, one JSON object a\nline (default: verify.jsonl beside the directory of\n"
       "rejects)"},
      {'\0', "json", "", messages, both, set_flag<&Options::json>, "with --status or --check: print it as JSON"},
      {'\0', "log-format", "NAME", messages, both, store_log_format,
       "text (default) or json: one object a line"},
      {'\0', "metrics-file", "FILE", messages, both, store_text<&Options::metrics_path>,
       "keep figures of the run in FILE, for the textfile\ncollector of Prometheus' node_exporter"},
      {'v', "verbose", "", messages, both, set_flag<&Options::verbose>, "more messages"},
      {'q', "quiet", "", messages, both, set_flag<&Options::quiet>, "warnings and errors only"},
      {'h', "help", "", messages, both, set_flag<&Options::help>, "print this text"},
      {'\0', "version", "", messages, both, set_flag<&Options::version>, "print the version"},
  };
  return table;
}

}  // namespace dbsync::config_detail
