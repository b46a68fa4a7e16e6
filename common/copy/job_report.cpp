#include "copy/job_report.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error_cause.h"
#include "base/output_file.h"
#include "base/text.h"
#include "schema/names.h"
#include "version.h"

namespace dbsync {

namespace {

// Of one kind: whoever has thousands of tables reads the rest in the report.
constexpr std::size_t kMostLines = 50;

std::string more_lines(std::size_t all, std::string_view what) {
  return all <= kMostLines ? ""
                           : fmt::format("  and {} more {}; --report FILE tells of all of them\n",
                                         format_count(all - kMostLines), what);
}

std::string_view status_word(TaskStatus status) {
  switch (status) {
    case TaskStatus::done: return "done";
    case TaskStatus::failed: return "FAILED";
    case TaskStatus::interrupted: return "interrupted";
    case TaskStatus::waiting:
    case TaskStatus::running: break;
  }
  return "not run";
}

std::uint64_t per_second(std::uint64_t rows, double seconds) {
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(static_cast<double>(rows) / seconds);
}

std::string line(const std::string& name, const std::string& rows, const std::string& size, const std::string& seconds,
                 const std::string& speed, std::string_view status) {
  return fmt::format("{} {:>15} {:>11} {:>9} {:>12}  {}\n", name, rows, size, seconds, speed, status);
}

std::string failure_text(const Error& error) {
  std::string out = fmt::format("\n{}\n", one_line(error.what()));
  if (!error.hint().empty()) out += fmt::format("  HINT: {}\n", one_line(error.hint()));
  return out;
}

// The notes of a table and of its columns.
std::vector<std::string> table_notes(const Table& table) {
  std::vector<std::string> out = table.notes;
  for (const Column& column : table.columns)
    if (!column.note.empty()) out.push_back(fmt::format("column {}: {}", column.name, column.note));
  return out;
}

// Lines of a summary: what several tables share stands once, with their names.
class SharedLines {
 public:
  // `text`: what may be shared; `who`: whom it is about.
  void add(const std::string& text, const std::string& who) {
    auto& names = names_[text];
    if (names.empty()) order_.push_back(text);
    names.push_back(one_line(who));
  }

  std::string text() const {
    std::string out;
    for (const std::string& line : first_lines()) {
      const auto& names = names_.at(line);
      if (names.size() == 1)
        out += fmt::format("  {}: {}\n", names.front(), one_line(line));
      else
        out += fmt::format("  {} ({}): {}\n", one_line(line), names.size(), some_of(names));
    }
    return out + more_lines(order_.size(), "of these");
  }

 private:
  std::span<const std::string> first_lines() const {
    return std::span(order_).first(std::min(order_.size(), kMostLines));
  }

  std::vector<std::string> order_;
  std::map<std::string, std::vector<std::string>> names_;
};

// Where the rest of a note begins that tells of a column or a key by its name only:
// that rest is what others share. 0: it is one sentence.
std::size_t shared_part(const std::string& note, const Table& table) {
  const std::size_t colon = note.find(": ");
  if (colon == std::string::npos) return 0;
  const std::string subject = note.substr(0, colon);
  const bool column = std::any_of(table.columns.begin(), table.columns.end(),
                                  [&](const Column& c) { return subject == "column " + c.name; });
  return column || subject.starts_with("key ") || subject.starts_with("primary key (") ? colon + 2 : 0;
}

// What the target does not have: per created table and for the database.
std::string notes_text(const JobResult& result) {
  SharedLines lines;
  for (std::size_t i = 0; i < result.results.size(); ++i) {
    if (!result.results[i].created || !result.tasks[i].definition) continue;
    for (const auto& note : table_notes(*result.tasks[i].definition)) {
      const std::size_t shared = shared_part(note, *result.tasks[i].definition);
      const std::string subject = shared == 0 ? "" : ": " + note.substr(0, shared - 2);
      lines.add(note.substr(shared), result.tasks[i].name + subject);
    }
  }
  std::string out = lines.text();
  for (const auto& note : result.notes) out += "  " + one_line(note) + "\n";
  return out.empty() ? out : "\nnot carried over:\n" + out;
}

// Failures in their order; those of one cause together, the first of them in full.
std::string failures_text(const JobResult& result) {
  struct Group {
    const Error* first;
    std::vector<std::string> others;
  };
  std::vector<Group> groups;
  std::map<std::string, std::size_t> known;
  const auto add = [&](const Error& error, const std::string& cause) {
    const auto found = cause.empty() ? known.end() : known.find(cause);
    if (found != known.end()) {
      const auto& context = error.context();
      groups[found->second].others.push_back(one_line(context.empty() ? error.message() : context.back()));
      return;
    }
    if (!cause.empty()) known.emplace(cause, groups.size());
    groups.push_back({&error, {}});
  };
  for (std::size_t i = 0; i < result.results.size(); ++i) {
    const TaskResult& task = result.results[i];
    if (task.status == TaskStatus::failed && task.error) add(*task.error, cause_in(*task.error, result.tasks[i]));
    for (const Error& error : task.post_errors) add(error, cause_in(error, result.tasks[i]));
  }
  for (const Error& error : result.errors) add(error, cause_of(error, std::vector<std::string>{}));
  std::string out;
  for (const Group& group : std::span(groups).first(std::min(groups.size(), kMostLines))) {
    out += failure_text(*group.first);
    if (!group.others.empty())
      out += fmt::format("  the same error {} more: {}\n",
                         group.others.size() == 1 ? "once" : fmt::format("{} times", group.others.size()),
                         some_of(group.others));
  }
  return out + more_lines(groups.size(), "errors of other causes");
}

std::string left_out_text(const JobResult& result) {
  SharedLines lines;
  for (std::size_t i = 0; i < result.results.size(); ++i)
    for (const std::string& what : result.results[i].left_out) {
      const std::size_t comma = what.rfind(", since ");
      lines.add(what.substr(comma + 2), result.tasks[i].name + ": " + what.substr(0, comma));
    }
  const std::string out = lines.text();
  return out.empty() ? out : "\nnot tried for now (--resume does, when the cause is mended):\n" + out;
}

std::string changed_text(const JobResult& result) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < result.results.size(); ++i)
    if (result.results[i].outcome.rejected > 0)
      lines.push_back(fmt::format("{}: {} rows set aside\n", one_line(result.tasks[i].name),
                                  format_count(result.results[i].outcome.rejected)));
  for (std::size_t i = 0; i < result.results.size(); ++i)
    for (const ChangedValues& changed : result.results[i].outcome.changed)
      lines.push_back(fmt::format("{}.{}: {} values changed by policy\n", one_line(result.tasks[i].name),
                                  one_line(changed.column), format_count(changed.count)));
  if (lines.empty()) return {};
  std::string more = more_lines(lines.size(), "of these");
  lines.resize(std::min(lines.size(), kMostLines));
  return "\n" + join(lines, "") + more;
}

// What follows the rows: how many, of how much work, and what is missing.
std::string steps_line(const StepSummary& steps) {
  const std::string text = steps_text(steps);
  return text.empty() ? "" : "after the rows: " + text + "\n";
}

// A short copy has nothing to gain.
std::string spent_lines(const WorkerSeconds& seconds) {
  constexpr double kWorthIt = 2;
  if (seconds.all() < kWorthIt) return {};
  const std::string hint = spent_hint(seconds);
  return "time of the workers: " + spent_text(seconds) + "\n" + (hint.empty() ? "" : "  HINT: " + hint + "\n");
}

// Of many tables those that failed, those that were not loaded, and the slowest.
std::vector<std::size_t> shown_tables(const JobResult& result) {
  std::vector<std::size_t> out(result.tasks.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  if (out.size() <= kMostLines) return out;
  const auto order = [&](std::size_t i) {
    const TaskResult& task = result.results[i];
    const int state = task.status == TaskStatus::failed || !task.post_errors.empty() ? 0
                      : task.status != TaskStatus::done                              ? 1
                                                                                     : 2;
    return std::pair(state, -task.seconds);
  };
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return order(a) < order(b); });
  out.resize(kMostLines);
  return out;
}

std::string table_line(const std::string& name, const TaskResult& task) {
  const bool done = task.status == TaskStatus::done;
  return line(name, done ? format_count(task.outcome.rows) : "-", done ? format_bytes(task.outcome.bytes) : "-",
              fmt::format("{:.2f}", task.seconds),
              done ? format_count(per_second(task.outcome.rows, task.seconds)) : "-", status_word(task.status));
}

nlohmann::json error_json(const Error& error) {
  nlohmann::json out{{"kind", kind_name(error.kind())}, {"message", error.what()}};
  if (!error.sqlstate().empty()) out["sqlstate"] = error.sqlstate();
  if (!error.hint().empty()) out["hint"] = error.hint();
  return out;
}

nlohmann::json table_json(const CopyTask& task, const TaskResult& result) {
  nlohmann::json out{{"table", task.name},
                     {"target", task.target.display()},
                     {"status", to_lower(status_word(result.status))},
                     {"rows", result.outcome.rows},
                     {"bytes", result.outcome.bytes},
                     {"rejected", result.outcome.rejected},
                     {"chunks", result.chunks},
                     {"chunks_done", result.chunks_done},
                     {"chunks_resumed", result.resumed},
                     {"retries", result.retries},
                     {"seconds", result.seconds},
                     {"rows_per_second", per_second(result.outcome.rows, result.seconds)},
                     {"worker_seconds", spent_json(result.outcome.spent)},
                     {"created", result.created}};
  if (!task.query.empty()) out["query"] = task.query;
  if (result.status == TaskStatus::done)
    out["copy_format"] = result.outcome.format == CopyFormat::binary ? "binary" : "text";
  for (const ChangedValues& changed : result.outcome.changed) out["changed_values"][changed.column] = changed.count;
  if (result.error) out["error"] = error_json(*result.error);
  for (const Error& error : result.post_errors) out["post_load_errors"].push_back(error_json(error));
  if (!result.steps.empty()) out["steps"] = steps_json(result.steps);
  if (!result.left_out.empty()) out["left_out"] = result.left_out;
  if (result.created && task.definition)
    if (const auto notes = table_notes(*task.definition); !notes.empty()) out["notes"] = notes;
  return out;
}

// Where following the source would have to start.
nlohmann::json snapshot_json(const SnapshotFacts& snapshot, const std::string& history) {
  nlohmann::json out{{"method", snapshot.method}, {"consistent", snapshot.consistent}};
  if (!history.empty()) out["history"] = history;
  for (const auto& [name, value] : snapshot.position) out[name] = value;
  return out;
}

// Server messages may carry bytes that are not UTF-8; a report must not fail for them.
std::string written(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Puts the tables into the place of the empty list: each by itself, since all of them as
// values take many times the memory of their text.
std::string with_tables(std::string text, const JobResult& result) {
  constexpr std::string_view kPlace = "\n  \"tables\": [";  // nowhere else: text has no line ends of its own
  if (result.tasks.empty()) return text;
  std::string tables;
  for (std::size_t i = 0; i < result.tasks.size(); ++i) {
    tables += i == 0 ? "\n    " : ",\n    ";
    for (const char c : written(table_json(result.tasks[i], result.results[i]))) {
      tables += c;
      if (c == '\n') tables += "    ";
    }
  }
  text.insert(text.find(kPlace) + kPlace.size(), tables + "\n  ");
  return text;
}

}  // namespace

std::string summary_text(const JobResult& result) {
  const std::vector<std::size_t> shown = shown_tables(result);
  std::vector<std::string> names;
  for (const std::size_t i : shown) names.push_back(source_and_target(result.tasks[i].name, result.tasks[i].target));
  names.insert(names.end(), {"table", "total"});
  names = aligned(names);
  std::string out = "\n" + line(names[names.size() - 2], "rows", "size", "seconds", "rows/s", "result");
  for (std::size_t place = 0; place < shown.size(); ++place)
    out += table_line(names[place], result.results[shown[place]]);
  if (shown.size() < result.tasks.size())
    out += fmt::format("and {} more tables; --report FILE tells of all of them\n",
                       format_count(result.tasks.size() - shown.size()));
  const std::size_t failed = result.count(TaskStatus::failed);
  const std::size_t interrupted = result.count(TaskStatus::interrupted);
  out += line(
      names.back(), format_count(result.rows()), format_bytes(result.bytes()), fmt::format("{:.2f}", result.seconds),
      format_count(per_second(result.rows(), result.seconds)),
      fmt::format("{} done{}{}", result.count(TaskStatus::done), failed > 0 ? fmt::format(", {} failed", failed) : "",
                  interrupted > 0 ? fmt::format(", {} interrupted", interrupted) : ""));
  return out + steps_line(result.steps()) + spent_lines(result.spent) + changed_text(result) + notes_text(result) +
         left_out_text(result) + failures_text(result);
}

void write_report(const std::string& path, const RunFacts& facts, const JobResult& result,
                  const nlohmann::json* verification) {
  nlohmann::json report{{"program", facts.program},
                        {"version", kVersion},
                        {"started", facts.started},
                        {"source", {{"endpoint", facts.source}, {"version", facts.source_version}}},
                        {"target", {{"endpoint", facts.target}, {"version", facts.target_version}}},
                        {"exit_status", result.exit_status()},
                        {"rows", result.rows()},
                        {"bytes", result.bytes()},
                        {"rejected", result.rejected()},
                        {"seconds", result.seconds},
                        {"failed", result.count(TaskStatus::failed)},
                        {"interrupted", result.count(TaskStatus::interrupted)},
                        {"steps", steps_json(result.steps())},
                        {"worker_seconds", spent_json(result.spent)},
                        {"notes", result.notes},
                        {"tables", nlohmann::json::array()}};
  report["snapshot"] = snapshot_json(result.snapshot, result.history);
  if (verification != nullptr) report["verification"] = *verification;
  for (const Error& error : result.errors) report["errors"].push_back(error_json(error));
  const std::string text = with_tables(written(report), result) + '\n';
  if (const std::error_code error = replace_file(path, text, Readers::owner))
    throw Error(ErrorKind::usage, fmt::format("cannot write the report {}: {}", path, error.message()))
        .hint("the copy itself is done; its result stands in the summary");
}

}  // namespace dbsync
