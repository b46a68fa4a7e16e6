#include "cdc/target_proof.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "cdc/schema_policy.h"
#include "pg/sqlstate.h"
#include "pg/together.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr std::size_t kMostNamed = 20;
constexpr int kLockTimeoutSince = 90300;

std::string shown(const QualifiedName& name) { return one_line(name.display()); }

std::string some_of(std::vector<std::string> names) {
  const std::size_t all = names.size();
  if (all > kMostNamed) {
    names.resize(kMostNamed);
    names.push_back(fmt::format("and {} more", all - kMostNamed));
  }
  return join(names, "; ");
}

// After it, the next start takes the tables as they are.
std::string accept_sql(const std::string& task, const std::vector<QualifiedName>& sources) {
  std::vector<std::string> names;
  for (const QualifiedName& source : sources)
    names.push_back(fmt::format("({}, {})", quote_literal(source.schema), quote_literal(source.name)));
  return fmt::format("DELETE FROM dbsync.apply_files WHERE task = {} AND (schema_name, table_name) IN ({})",
                     quote_literal(task), join(names, ", "));
}

std::string way_out(const std::string& task, const std::vector<QualifiedName>& sources) {
  std::string again = copy_again(sources.front());
  if (sources.size() > 1) {
    std::vector<std::string> options;
    for (const QualifiedName& source : sources) options.push_back("--resync " + one_line(source.display()));
    again = join(options, " ") + " empties the target's tables and copies them again";
  }
  return fmt::format("{}; or, when the target's table has the rows that the source's has, run on the target: {}", again,
                     accept_sql(task, sources));
}

std::string replaced_text(const FollowedTarget& table) {
  return fmt::format(
      "{} of the target is another table than the one that held the rows of {}: that one was dropped and this one made",
      shown(table.name), shown(table.source));
}

// `known`: the table that the task has filled.
std::string misplaced_text(PgConnection& target, const FollowedTarget& table, std::uint32_t known, bool there) {
  const TargetFiles now = read_target_files(target, {{table.source, {}, known}}).front();
  if (now.table == 0) return there ? replaced_text(table) : target_table_gone(table.source).message();
  return fmt::format("the rows of {} are in a table of the target that is called {} now{}", shown(table.source),
                     shown(now.files.front().name),
                     there ? fmt::format(", and {} is another one", shown(table.name)) : "");
}

std::string emptied_text(const FollowedTarget& table, const QualifiedName& part, bool leaf) {
  return fmt::format("{}{} of the target held rows of {} and was emptied by somebody else",
                     leaf ? "the partition " : "", shown(part), shown(table.source));
}

void tell_of_rewritten(const std::vector<std::string>& names) {
  if (names.empty()) return;
  log::warning("follow",
               fmt::format("written anew on the target by somebody else (VACUUM FULL, CLUSTER, ALTER TABLE; or "
                           "emptied and filled by hand), and taken as they are: {}; --verify-only compares "
                           "the rows",
                           some_of(names)));
}

// Of one table, what became of the files into which the task put its rows.
struct FilesJudged {
  std::vector<std::string> rewritten;  // others hold rows now: VACUUM FULL and its like
  std::vector<TargetFile> emptied;     // others hold none, and these did
};

// `now` is told what is known of its files. `filled`: whether one holds rows.
FilesJudged judge_files(const TargetFiles& before, TargetFiles& now,
                        const std::function<bool(const TargetFile&)>& filled) {
  FilesJudged out;
  for (TargetFile& file : now.files) {
    const TargetFile* known = before.find(file.oid);
    const bool leaf = file.oid != now.table;
    if (known == nullptr) continue;
    if (known->file == file.file) {
      if (!leaf) file.rows = known->rows;
    } else if (filled(file)) {
      out.rewritten.push_back(shown(file.name));
      file.rows = RowsSeen::some;
    } else {
      file.rows = leaf || known->rows == RowsSeen::never ? RowsSeen::never : RowsSeen::none;
      if (known->rows == RowsSeen::some) out.emptied.push_back(file);
    }
  }
  return out;
}

// A lock that somebody holds for long must not keep the run from hearing a signal.
std::vector<PgQuery> begin_without_waiting(const PgConnection& target) {
  std::vector<PgQuery> out{{"BEGIN"}};
  if (target.server_version() >= kLockTimeoutSince) out.push_back({"SET LOCAL lock_timeout = '5s'"});
  return out;
}

template <class Action>
auto without_waiting(PgConnection& target, const Action& action) {
  PgTransaction transaction(target, PgTransaction::BegunElsewhere{});
  exec_together(target, begin_without_waiting(target));
  try {
    auto out = action();
    transaction.commit();
    return out;
  } catch (Error& error) {
    if (error.sqlstate() == sqlstate::lock_not_available) error.mark_retryable();
    throw;
  }
}

// The same for questions, in one round trip; their answers.
std::vector<PgResult> ask_without_waiting(PgConnection& target, std::vector<PgQuery> questions) {
  std::vector<PgQuery> all = begin_without_waiting(target);
  const auto begun = static_cast<std::ptrdiff_t>(all.size());
  std::move(questions.begin(), questions.end(), std::back_inserter(all));
  all.push_back({"COMMIT"});
  PgTransaction transaction(target, PgTransaction::BegunElsewhere{});
  try {
    auto answers = exec_together(target, all);
    transaction.was_committed();
    answers.pop_back();
    answers.erase(answers.begin(), answers.begin() + begun);
    return answers;
  } catch (Error& error) {
    if (error.sqlstate() == sqlstate::lock_not_available) error.mark_retryable();
    throw;
  }
}

}  // namespace

// Each is asked for once.
std::vector<bool> TargetProof::hold_rows(const std::vector<TargetFile>& files) {
  std::vector<TargetFile> asked;
  for (const TargetFile& file : files)
    if (held_.emplace(file.oid, false).second) asked.push_back(file);
  if (!asked.empty()) {
    const auto rows = rows_held(ask_without_waiting(target_, questions_of_rows(target_, asked)), asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) held_[asked[i].oid] = rows[i];
  }
  std::vector<bool> out;
  for (const TargetFile& file : files) out.push_back(held_[file.oid]);
  return out;
}

void TargetProof::compare_one(const FollowedTarget& table, const TargetFiles& before, TargetFiles& now) {
  if (now.table != before.table) {
    faults_.push_back({&table, misplaced_text(target_, table, before.table, now.table != 0)});
    return;
  }
  FilesJudged judged =
      judge_files(before, now, [this](const TargetFile& file) -> bool { return hold_rows({file}).front(); });
  rewritten_.insert(rewritten_.end(), judged.rewritten.begin(), judged.rewritten.end());
  for (const TargetFile& file : judged.emptied) {
    const bool leaf = file.oid != now.table;
    if (source_.holds_rows(table, leaf ? std::optional(file.name) : std::nullopt) == false) continue;
    faults_.push_back({&table, emptied_text(table, file.name, leaf)});
  }
  // One that the source has not, either, was taken away there as well.
  for (const TargetFile& file : before.files) {
    if (now.find(file.oid) != nullptr || file.rows != RowsSeen::some) continue;
    if (source_.holds_rows(table, file.name) == false) continue;
    faults_.push_back({&table, fmt::format("{} held rows of {} and is no partition of {} on the target any more",
                                           shown(file.name), shown(table.source), shown(now.files.front().name))});
  }
}

void TargetProof::compare(bool accepts) {
  known_ = read_known_files(target_, task_);
  now_ = read_target_files(target_, tables_);
  std::vector<std::string> accepted;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const auto before = known_.find(tables_[i].source);
    if (before == known_.end() || before->second.same_files(now_[i])) continue;
    if (accepts && now_[i].table != 0) {
      now_[i].files.front().rows = hold_rows({now_[i].files.front()}).front() ? RowsSeen::some : RowsSeen::none;
      accepted.push_back(shown(now_[i].files.front().name));
    } else {
      compare_one(tables_[i], before->second, now_[i]);
    }
    changed_[tables_[i].source] = now_[i];
  }
  if (!accepted.empty())
    log::warning("follow", fmt::format("accepted: tables of the target that were made again, emptied or written anew; "
                                       "--verify-only compares the rows: {}",
                                       some_of(accepted)));
  fail_if_any();
  tell_of_rewritten(rewritten_);
  write_changed();
}

void TargetProof::write_changed() {
  if (changed_.empty()) return;
  PgTransaction transaction(target_);
  write_known_files(target_, task_, changed_);
  transaction.commit();
  for (auto& [source, files] : changed_) known_[source] = std::move(files);
  changed_.clear();
}

void TargetProof::fail_if_any() {
  if (faults_.empty()) return;
  std::vector<std::string> texts;
  std::vector<QualifiedName> sources;
  for (const Fault& fault : faults_) {
    texts.push_back(fault.text);
    if (std::find(sources.begin(), sources.end(), fault.table->source) == sources.end() && sources.size() < kMostNamed)
      sources.push_back(fault.table->source);
  }
  throw Error(ErrorKind::target, some_of(texts)).hint(way_out(task_, sources));
}

// What held rows when the target was restored as a whole still does.
void TargetProof::prove_restored(const TargetFiles& before, const FollowedTarget& table, const TargetFiles& now) {
  for (const TargetFile& file : before.files) {
    if (file.rows != RowsSeen::some) continue;
    const bool leaf = file.oid != before.table;
    const auto here = leaf ? std::find_if(now.files.begin(), now.files.end(),
                                          [&](const TargetFile& other) { return other.name == file.name; })
                           : now.files.begin();
    if (here != now.files.end() && hold_rows({*here}).front()) continue;
    if (source_.holds_rows(table, leaf ? std::optional(file.name) : std::nullopt) == false) continue;
    faults_.push_back({&table, emptied_text(table, here != now.files.end() ? here->name : file.name, leaf)});
  }
}

// Tasks of versions that noted nothing, tables that came to be followed since, and those of
// a target that was restored.
void TargetProof::record_new() {
  std::vector<FollowedTarget> fresh;
  KnownFiles before;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (known_.contains(tables_[i].source) || now_[i].table == 0) continue;
    if (fresh.empty() && looked_since_changes(target_, task_)) before = read_files_before_restore(target_, task_);
    fresh.push_back(tables_[i]);
    if (const auto found = before.find(tables_[i].source); found != before.end())
      prove_restored(found->second, tables_[i], now_[i]);
  }
  if (fresh.empty()) return;
  fail_if_any();
  const auto rows = without_waiting(target_, [&] { return rows_in(target_, fresh); });
  PgTransaction transaction(target_);
  record_targets(target_, task_, fresh, rows);
  transaction.commit();
  known_ = read_known_files(target_, task_);
}

// Tables that are known, by their places in tables_.
std::vector<std::size_t> TargetProof::known_ones(const std::function<bool(RowsSeen)>& wanted) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const auto known = known_.find(tables_[i].source);
    if (known != known_.end() && now_[i].table != 0 && wanted(known->second.files.front().rows)) out.push_back(i);
  }
  return out;
}

// Those of them that are empty.
std::vector<std::size_t> TargetProof::empty_ones(const std::function<bool(RowsSeen)>& wanted) {
  const std::vector<std::size_t> places = known_ones(wanted);
  std::vector<TargetFile> files;
  for (const std::size_t i : places) files.push_back(now_[i].files.front());
  const std::vector<bool> filled = hold_rows(files);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (!filled[i]) out.push_back(places[i]);
  return out;
}

// None of the task's changes can have done it.
void TargetProof::find_deleted() {
  std::set<std::uint32_t> right;
  for (const std::size_t i : empty_ones([](RowsSeen rows) { return rows == RowsSeen::some; })) {
    if (source_.holds_rows(tables_[i], std::nullopt) == false)
      right.insert(now_[i].table);
    else
      faults_.push_back({&tables_[i], emptied_text(tables_[i], now_[i].files.front().name, false)});
  }
  fail_if_any();
  if (!right.empty()) exec_together(target_, {note_of_rows(task_, right, RowsSeen::none)});
}

void TargetProof::begin(bool accepts) {
  compare(accepts);
  if (!following_) return;
  record_new();
  if (looked_since_changes(target_, task_)) find_deleted();
}

void TargetProof::look(const std::set<QualifiedName>& touched) {
  compare(false);
  if (!following_) return;
  record_new();
  if (!looked_since_changes(target_, task_)) note_rows(touched);
}

std::vector<TargetFile> TargetProof::touched_ones(const std::set<QualifiedName>& touched) const {
  std::vector<TargetFile> out;
  for (const TargetFiles& table : now_)
    if (table.table != 0 && touched.contains(table.files.front().name)) out.push_back(table.files.front());
  return out;
}

void TargetProof::note_rows(const std::set<QualifiedName>& touched) {
  std::set<std::uint32_t> filled;
  std::set<std::uint32_t> empty;
  const std::vector<TargetFile> files = touched_ones(touched);
  const std::vector<bool> rows = hold_rows(files);
  for (std::size_t i = 0; i < files.size(); ++i) (rows[i] ? filled : empty).insert(files[i].oid);
  std::vector<PgQuery> notes{{"BEGIN"}};
  if (!empty.empty()) notes.push_back(note_of_rows(task_, empty, RowsSeen::none));
  if (!filled.empty()) notes.push_back(note_of_filled_leaves(task_, filled));
  for (PgQuery& note : notes_of_look(task_)) notes.push_back(std::move(note));
  notes.push_back({"COMMIT"});
  PgTransaction transaction(target_, PgTransaction::BegunElsewhere{});
  exec_together(target_, notes);
  transaction.was_committed();
  for (auto& [source, table] : known_)
    if (empty.contains(table.table)) table.files.front().rows = RowsSeen::none;
}

void TargetProof::look_at_end(const std::set<QualifiedName>& touched) {
  compare(false);
  if (!following_) return;
  record_new();
  const auto with_rows = [](RowsSeen rows) { return rows != RowsSeen::never; };
  const bool looked = looked_since_changes(target_, task_);  // asked ahead, and the next question is not
  std::vector<TargetFile> asked = touched_ones(touched);
  for (const std::size_t i : known_ones(with_rows)) asked.push_back(now_[i].files.front());
  hold_rows(asked);  // of all in one round trip
  if (!looked) note_rows(touched);
  const auto empty = empty_ones(with_rows);
  for (const std::size_t i : empty)
    if (source_.holds_rows(tables_[i], std::nullopt) == true)
      faults_.push_back({&tables_[i], emptied_text(tables_[i], now_[i].files.front().name, false)});
  // What waits may be the rows.
  if (!faults_.empty() && source_.waits()) faults_.clear();
  fail_if_any();
}

std::vector<RowsSeen> rows_in(PgConnection& target, const std::vector<FollowedTarget>& tables) {
  std::vector<RowsSeen> out(tables.size(), RowsSeen::never);
  std::vector<std::size_t> places;
  std::vector<TargetFile> files;
  const auto now = read_target_files(target, tables);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].table == 0) continue;
    places.push_back(i);
    files.push_back(now[i].files.front());
  }
  const std::vector<bool> rows = hold_rows(target, files);
  for (std::size_t i = 0; i < places.size(); ++i)
    if (rows[i]) out[places[i]] = RowsSeen::some;
  return out;
}

void record_targets(PgConnection& target, const std::string& task, const std::vector<FollowedTarget>& tables,
                    const std::vector<RowsSeen>& rows) {
  const auto now = read_target_files(target, tables);
  KnownFiles files;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (now[i].table == 0) continue;
    TargetFiles& table = files[tables[i].source] = now[i];
    table.files.front().rows = rows[i];
  }
  write_known_files(target, task, files);
}

std::optional<TargetFiles> prove_target(PgConnection& target, const std::string& task, const QualifiedName& source,
                                        bool locked) {
  const auto known = find_known_files(target, task, source);
  if (!known) return std::nullopt;
  if (locked)
    if (const auto now = read_target_files(target, {{source, {}, known->table}}).front(); now.table != 0)
      target.exec(fmt::format("LOCK TABLE {} IN ROW EXCLUSIVE MODE", quote_name(now.files.front().name)));
  TargetFiles now = read_target_files(target, {{source, {}, known->table}}).front();
  if (now.table == 0) throw Error(target_table_gone(source)).hint(way_out(task, {source}));
  const FilesJudged judged =
      judge_files(*known, now, [&](const TargetFile& file) -> bool { return hold_rows(target, {file}).front(); });
  if (known->same_files(now)) return now;
  if (!judged.emptied.empty()) {
    const TargetFile& file = judged.emptied.front();
    throw Error(ErrorKind::target, emptied_text({source, {}, 0}, file.name, file.oid != now.table))
        .hint(way_out(task, {source}));
  }
  tell_of_rewritten(judged.rewritten);
  // Leaves that are gone are told of by the next look.
  TargetFiles noted = now;
  for (const TargetFile& before : known->files)
    if (now.find(before.oid) == nullptr) noted.files.push_back(before);
  write_known_files(target, task, {{source, std::move(noted)}});
  return now;
}

void refuse_other_target(PgConnection& target, const std::string& task, const FollowedTarget& table,
                         std::uint32_t known) {
  if (known == table.oid) return;
  throw Error(ErrorKind::target, misplaced_text(target, table, known, true)).hint(way_out(task, {table.source}));
}

}  // namespace dbsync
