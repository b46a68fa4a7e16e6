#include "copy/target_preparer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "copy/emptying.h"
#include "copy/journal_proof.h"
#include "copy/table_creation.h"
#include "copy/target_looks.h"
#include "pg/hints.h"
#include "pg/sqlstate.h"
#include "pg/table_errors.h"
#include "pg/together.h"
#include "schema/ddl_writer.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

// A step of a task in the journal: its table was emptied together with others.
constexpr char kEmptied[] = "emptied";
// What was in it goes when its first rows come.
constexpr char kToEmpty[] = "to be emptied";

class Preparer {
 public:
  Preparer(PgConnection& target, const Dialect& dialect, const std::vector<CopyTask>& tasks, const JobOptions& options,
           const JournalState& state, LoadGuards& guards, TargetLooks& looks);
  PreparedTask prepare(const CopyTask& task, TaskResult& result);

  // Those that nothing is known of, together; prepare() makes the others.
  void make_missing(const std::vector<TaskResult>& results);

  // Now it is known which tables are there and which are to be emptied. Nothing was
  // changed of those that were there before, nor noted of them.
  void finish(std::vector<PreparedTask>& prepared, std::vector<TaskResult>& results);

 private:
  // A table that was missing may be a part of one that was made since.
  std::optional<TargetTable> find(const QualifiedName& name);
  std::uint32_t oid_of(const QualifiedName& name) const;

  // A table that an earlier run of ours made stays ours to complete: that run may have
  // ended before its keys were made. Steps that are done are not done again.
  PreparedTask take_over(const CopyTask& task, const TargetTable& table, const JournalTable& known, TaskResult& result);

  // `known`: what an earlier run left and this one does not care for.
  PreparedTask start(const CopyTask& task, std::optional<TargetTable> found, const JournalTable* known,
                     TaskResult& result);
  NewTable new_entry(const CopyTask& task, bool created, PreparedTask& out);
  TableToMake table_to_make(const CopyTask& task, PreparedTask& out);

  // A table that is not cut has its chunk from the start.
  void add_only_chunk(const CopyTask& task, PreparedTask& out);
  static PreparedTask known_task(const TargetTable& table, const JournalTable& known);
  PreparedTask resume(const CopyTask& task, const TargetTable& table, const JournalTable& known);

  // What is built on the journal's word must not be built on sand. Rows of a table that
  // follows its source change with it.
  void prove(const CopyTask& task, const TargetTable& table, const JournalTable& known);
  bool may_stay(const CopyTask& task) const;
  PreparedTask restart(const CopyTask& task, const TargetTable& table, const JournalTable& known);

  // What the journal holds of it goes in the transaction that empties it.
  void begin_anew(const CopyTask& task, const TargetTable& table, const JournalTable& known, PreparedTask& out);
  void empty_again(const CopyTask& task, const TargetTable& table, const JournalTable& known);

  // Several tasks feed the table that the earlier run made, and all of them that
  // have rows there are part of this run.
  bool all_is_loaded_again(const QualifiedName& target) const;

  // Rows that an earlier run's other tasks loaded are not foreign ones.
  bool goes_on_with_siblings(const QualifiedName& target) const;

  // A new start must not mix with a part of an old one.
  void refuse_parts(const CopyTask& task, const JournalTable& known) const;
  Error missing_table(const CopyTask& task);

  // Rows that are there already: true when the worker shall truncate first.
  bool settle_rows(const CopyTask& task, const TargetTable& table);
  struct Forgotten {
    int journal;  // the task's number
    bool whole;   // it gets its one chunk at once
  };

  void fail(std::size_t task, const Error& error, std::vector<TaskResult>& results);
  void make_whole(PreparedTask& task);

  // A table that is to be emptied: now, or by the worker that loads it.
  struct TableToEmpty {
    TargetTable table;
    std::vector<std::size_t> tasks;
    bool by_worker = false;
  };

  std::vector<TableToEmpty> tables_to_empty(const std::vector<PreparedTask>& prepared,
                                            const std::vector<TaskResult>& results) const;
  EmptyingPlan plan_emptying_of(const std::vector<TableToEmpty>& tables) const;

  // What is in the way is known before anything is emptied. Each step's facts are in
  // the journal with the step: a run that ends at any moment can be gone on with.
  void empty_and_note(std::vector<PreparedTask>& prepared, std::vector<TaskResult>& results);
  void note_all(const std::vector<TableToEmpty>& tables, const EmptyingPlan& plan, std::vector<PreparedTask>& prepared,
                const std::vector<TaskResult>& results);
  void note_relations(const std::vector<PreparedTask>& prepared, const std::vector<TaskResult>& results,
                      std::vector<PgQuery>& notes);
  std::vector<PgQuery> forget_outdated();
  void empty_alone(const TableToEmpty& table, const std::vector<PreparedTask>& prepared,
                   std::vector<TaskResult>& results);
  void empty_together(const std::vector<TableToEmpty>& tables, const EmptyingPlan& plan);
  void mark(const std::vector<TableToEmpty>& tables, const EmptyingPlan& plan, std::vector<PreparedTask>& prepared,
            std::vector<PgQuery>& notes) const;
  void forget(int journal, bool whole);

  PgConnection& target_;
  const bool distributed_;
  const std::vector<CopyTask>& tasks_;
  const JobOptions& options_;
  const JournalState& state_;
  LoadGuards& guards_;
  TargetLooks& looks_;
  TableCreation creation_;
  std::map<const CopyTask*, PreparedTask> made_;  // by make_missing
  std::map<QualifiedName, int> uses_;
  std::map<QualifiedName, std::vector<const JournalTable*>> earlier_;  // lines of work of the earlier run, by target
  std::set<const JournalTable*> of_this_run_;                          // of these
  std::map<QualifiedName, TargetTable> relations_;                     // before the first was made
  std::map<QualifiedName, std::uint32_t> oids_;                        // of these
  std::set<QualifiedName> proved_;
  std::vector<int> remade_;  // tasks whose steps are to be done again
  std::vector<NewTable> noted_;
  std::set<QualifiedName> created_;
  std::set<QualifiedName> emptied_;
  std::map<QualifiedName, TargetTable> to_empty_;  // before the workers start
  std::vector<Forgotten> forgotten_;
  std::map<const CopyTask*, int> outdated_;  // what the journal has of them of a run that ended well
};

Preparer::Preparer(PgConnection& target, const Dialect& dialect, const std::vector<CopyTask>& tasks,
                   const JobOptions& options, const JournalState& state, LoadGuards& guards, TargetLooks& looks)
    : target_(target),
      distributed_(dialect.distributed),
      tasks_(tasks),
      options_(options),
      state_(state),
      guards_(guards),
      looks_(looks),
      creation_(target, dialect, state.journal) {
  std::set<QualifiedName> names;
  for (const CopyTask& task : tasks_) {
    ++uses_[task.target];
    names.insert(task.target);
    of_this_run_.insert(state_.earlier.find(task));
  }
  for (const auto& [key, table] : state_.earlier.tables) earlier_[table.target].push_back(&table);
  if (names.empty()) return;
  relations_ = find_relations(target_, names);
  if (state_.journal != nullptr) oids_ = relation_oids(target_, names);
  looks_.go_on(relations_);
}

PreparedTask Preparer::prepare(const CopyTask& task, TaskResult& result) {
  auto found = find(task.target);
  const JournalTable* known = state_.earlier.find(task);
  if (known != nullptr && found && options_.start != StartMode::fresh) {
    result.created = known->created && !was_remade(*known, oid_of(task.target));
    return options_.start == StartMode::resume && may_stay(task) ? resume(task, *found, *known)
                                                                 : restart(task, *found, *known);
  }
  // What a run of ours made anew since holds nothing of the earlier one's.
  if (known != nullptr && found && !task.fresh_target && !was_remade(*known, oid_of(task.target))) {
    refuse_parts(task, *known);
    // Where that run ended well, the table is complete, and whatever became of it since is not ours.
    const bool unfinished = !state_.earlier.finished;
    if (unfinished && known->created) return take_over(task, *found, *known, result);
  }
  return start(task, std::move(found), known, result);
}

void Preparer::finish(std::vector<PreparedTask>& prepared, std::vector<TaskResult>& results) {
  std::vector<bool> running;
  for (const TaskResult& result : results) running.push_back(result.status != TaskStatus::failed);
  const auto guarded = guards_.decide(target_, state_.journal, tasks_, running);
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (!running[i]) continue;
    if (guarded[i].problem) {
      fail(i, *guarded[i].problem, results);
      continue;
    }
    prepared[i].replica = guarded[i].replica;
    prepared[i].after = guarded[i].after;
    if (guarded[i].whole) make_whole(prepared[i]);
  }
  empty_and_note(prepared, results);
}

std::optional<TargetTable> Preparer::find(const QualifiedName& name) {
  const auto known = relations_.find(name);
  if (known == relations_.end()) return created_.empty() ? std::nullopt : find_table(target_, name);
  auto found = find_table(relations_, name);
  // Nobody asks again: of many tables the columns are not to be held twice.
  if (found && uses_[name] == 1) known->second.columns = {};
  return found;
}

std::uint32_t Preparer::oid_of(const QualifiedName& name) const {
  const auto found = oids_.find(name);
  return found == oids_.end() ? 0 : found->second;
}

PreparedTask Preparer::take_over(const CopyTask& task, const TargetTable& table, const JournalTable& known,
                                 TaskResult& result) {
  PreparedTask out = known_task(table, known);
  if (task.query.empty()) out.truncate_first = settle_rows(task, table);
  result.created = true;
  out.owned = known.owned && options_.mode != LoadMode::append;
  if (!is_large(task, options_)) {
    out.planned = true;
    out.chunks.push_back({});
  }
  forgotten_.push_back({known.task, out.planned});
  return out;
}

PreparedTask Preparer::start(const CopyTask& task, std::optional<TargetTable> found, const JournalTable* known,
                             TaskResult& result) {
  PreparedTask out;
  if (const auto made = made_.find(&task); made != made_.end()) {
    out = std::move(made->second);
    result.created = true;
  } else if (!found) {
    if (!options_.create || !task.definition) throw missing_table(task);
    if (known != nullptr) exec_together(target_, state_.journal->forgetting({std::exchange(known, nullptr)->task}));
    creation_.make(table_to_make(task, out));
    result.created = true;
    created_.insert(task.target);
    found = find_table(target_, task.target);
  }
  out.target = std::move(*found);
  if (task.fresh_target) created_.insert(task.target);
  const bool created = created_.contains(task.target);
  out.fresh = created && uses_[task.target] == 1;
  if (task.query.empty() && !created) out.truncate_first = settle_rows(task, out.target);
  // Only then: a table that is refused keeps its journal.
  if (known != nullptr) outdated_.emplace(&task, known->task);
  // A table that several tasks feed cannot be emptied for one of them.
  out.owned = uses_[task.target] == 1 && (created || (task.query.empty() && options_.mode != LoadMode::append));
  if (state_.journal == nullptr)
    add_only_chunk(task, out);
  else if (out.journal < 0)
    noted_.push_back(new_entry(task, result.created, out));
  return out;
}

NewTable Preparer::new_entry(const CopyTask& task, bool created, PreparedTask& out) {
  const NewTable entry{.number = state_.journal->new_number(),
                       .task = &task,
                       .created = created,
                       .owned = out.owned,
                       .whole = !is_large(task, options_)};
  out.journal = entry.number;
  if (entry.whole) {
    out.planned = true;
    out.chunks.push_back({});
  }
  return entry;
}

void Preparer::add_only_chunk(const CopyTask& task, PreparedTask& out) {
  if (is_large(task, options_)) return;
  out.planned = true;
  out.chunks.push_back({});
  if (state_.journal == nullptr) return;
  state_.journal->add_chunk(target_, out.journal, 0, {});
  state_.journal->set_planned(target_, out.journal);
}

PreparedTask Preparer::known_task(const TargetTable& table, const JournalTable& known) {
  PreparedTask out;
  out.target = table;
  out.owned = known.owned;
  out.journal = known.task;
  out.steps = known.steps;
  return out;
}

PreparedTask Preparer::resume(const CopyTask& task, const TargetTable& table, const JournalTable& known) {
  prove(task, table, known);
  PreparedTask out = known_task(table, known);
  if (known.planned) {
    out.planned = true;
    out.chunks = known.chunks;
    // The run ended before its worker came to it.
    out.truncate_first = known.steps.contains(kToEmpty) && known.chunks_done() == 0 && known.chunks.size() == 1;
    return out;
  }
  // It ended while the table was being cut: which rows lie beyond the chunks
  // that are listed is not known.
  begin_anew(task, table, known, out);
  out.truncate_first = known.owned && !known.created && known.chunks_done() == 0 && has_rows(target_, table);
  return out;
}

void Preparer::prove(const CopyTask& task, const TargetTable& table, const JournalTable& known) {
  if (known.chunks_done() == 0) return;
  if (was_remade(known, oid_of(task.target))) throw remade_error(task.target);
  if (options_.keep || !proved_.insert(task.target).second) return;
  RowProof proof{table, 0, known.owned && table.plain, state_.earlier.rows_to_mend};
  // Other lines of work, which fed it at another time: their rows may be gone since.
  for (const JournalTable* other : earlier_[task.target])
    if (of_this_run_.contains(other))
      proof.rows += other->rows();
    else
      proof.exact = false;
  if (auto error = rows_differ(target_, proof)) throw std::move(*error);
}

bool Preparer::may_stay(const CopyTask& task) const {
  return !options_.keep || !task.query.empty() || options_.keep->contains(task.name);
}

PreparedTask Preparer::restart(const CopyTask& task, const TargetTable& table, const JournalTable& known) {
  PreparedTask out = known_task(table, known);
  if (was_remade(known, oid_of(task.target))) {  // its steps were the other table's
    out.steps.clear();
    remade_.push_back(known.task);
  }
  begin_anew(task, table, known, out);
  return out;
}

void Preparer::begin_anew(const CopyTask& task, const TargetTable& table, const JournalTable& known,
                          PreparedTask& out) {
  if (known.chunks_done() > 0) empty_again(task, table, known);
  if (!is_large(task, options_)) {
    out.planned = true;
    out.chunks.push_back({});
  }
  forgotten_.push_back({known.task, out.planned});
}

void Preparer::empty_again(const CopyTask& task, const TargetTable& table, const JournalTable& known) {
  if (!known.owned && !all_is_loaded_again(task.target))
    throw Error(ErrorKind::target, fmt::format("{} holds rows that are not of the earlier run, so it cannot be emptied "
                                               "to start over",
                                               task.target.display()))
        .hint("delete what the earlier run added, remove its journal with --cleanup, then run again with --append");
  if (!emptied_.insert(task.target).second) return;
  to_empty_.emplace(task.target, table);
  log::info("main", fmt::format("{}: emptied, since an earlier run loaded a part of it", task.name));
}

bool Preparer::all_is_loaded_again(const QualifiedName& target) const {
  const auto found = earlier_.find(target);
  if (found == earlier_.end()) return false;
  bool made_by_us = false;
  for (const JournalTable* table : found->second) {
    made_by_us = made_by_us || table->created;
    if (table->chunks_done() > 0 && !of_this_run_.contains(table)) return false;
  }
  return made_by_us;
}

bool Preparer::goes_on_with_siblings(const QualifiedName& target) const {
  return options_.start != StartMode::fresh && earlier_.contains(target);
}

void Preparer::refuse_parts(const CopyTask& task, const JournalTable& known) const {
  if (known.chunks_done() == 0 || options_.mode == LoadMode::truncate) return;
  if (known.loaded() && state_.earlier.finished) return;
  throw Error(ErrorKind::target, fmt::format("an earlier run, which did not end well, loaded {} of {} chunks of {}",
                                             known.chunks_done(), known.chunks.size(), task.target.display()))
      .hint("--resume loads and makes what is missing, --restart empties the table and starts over");
}

Error Preparer::missing_table(const CopyTask& task) {
  Error error = no_such_table(task.target);
  error.sqlstate(std::string(sqlstate::undefined_table));
  return error.hint(missing_table_hint(target_, task.target));
}

TableToMake Preparer::table_to_make(const CopyTask& task, PreparedTask& out) {
  out.owned = uses_[task.target] == 1;
  TableToMake table{&task, std::nullopt};
  if (state_.journal != nullptr) table.entry = new_entry(task, true, out);
  return table;
}

void Preparer::make_missing(const std::vector<TaskResult>& results) {
  if (!options_.create) return;
  std::vector<TableToMake> tables;
  std::vector<PreparedTask> prepared;
  std::set<QualifiedName> names;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const CopyTask& task = tasks_[i];
    if (results[i].status == TaskStatus::failed || !task.definition || relations_.contains(task.target)) continue;
    if (state_.earlier.find(task) != nullptr || !names.insert(task.target).second) continue;
    tables.push_back(table_to_make(task, prepared.emplace_back()));
  }
  const std::vector<bool> made = creation_.make_together(tables);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!made[i]) continue;
    made_.emplace(tables[i].task, std::move(prepared[i]));
    created_.insert(tables[i].task->target);
  }
  if (!created_.empty()) relations_.merge(find_relations(target_, created_));
}

bool Preparer::settle_rows(const CopyTask& task, const TargetTable& table) {
  if (options_.mode == LoadMode::append) return false;
  if (options_.mode == LoadMode::truncate) {
    // With the COPY in one transaction when that is possible: nothing is lost
    // if the copy fails. A table that several tasks feed is emptied once, now.
    if (uses_[task.target] == 1) return true;
    to_empty_.emplace(task.target, table);
    return false;
  }
  if (!goes_on_with_siblings(task.target) && looks_.has_rows(table))
    throw Error(ErrorKind::target, fmt::format("the target table {} is not empty", task.target.display()))
        .hint(kNotEmptyHint);
  return false;
}

void Preparer::fail(std::size_t task, const Error& error, std::vector<TaskResult>& results) {
  report_failure("main", tasks_[task], error, results[task]);
  std::erase_if(noted_, [&](const NewTable& entry) { return entry.task == &tasks_[task]; });
  outdated_.erase(&tasks_[task]);
}

void Preparer::make_whole(PreparedTask& task) {
  if (task.planned) return;
  task.planned = true;
  task.chunks = {JournalChunk{}};
  for (NewTable& entry : noted_)
    if (entry.number == task.journal) entry.whole = true;
  for (Forgotten& entry : forgotten_)
    if (entry.journal == task.journal) entry.whole = true;
}

std::vector<Preparer::TableToEmpty> Preparer::tables_to_empty(const std::vector<PreparedTask>& prepared,
                                                              const std::vector<TaskResult>& results) const {
  std::vector<TableToEmpty> out;
  std::map<QualifiedName, std::size_t> known;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const bool now = to_empty_.contains(tasks_[i].target);
    if (results[i].status == TaskStatus::failed || (!now && !prepared[i].truncate_first)) continue;
    const auto [entry, added] = known.emplace(tasks_[i].target, out.size());
    if (added) out.push_back({prepared[i].target, {}, !now});
    out[entry->second].tasks.push_back(i);
  }
  return out;
}

EmptyingPlan Preparer::plan_emptying_of(const std::vector<TableToEmpty>& tables) const {
  const auto& known = guards_.enforcement().tables;
  std::vector<std::uint32_t> oids;
  std::set<std::uint32_t> loaded;
  for (const auto& [name, oid] : known) loaded.insert(oid);
  for (const TableToEmpty& table : tables)
    oids.push_back(known.contains(table.table.name) ? known.at(table.table.name) : 0);
  return plan_emptying(guards_.enforcement(), oids, loaded,
                       [&](const EnforcedKey& key) { return guards_.is_off(key); });
}

void Preparer::empty_and_note(std::vector<PreparedTask>& prepared, std::vector<TaskResult>& results) {
  const std::vector<TableToEmpty> tables = tables_to_empty(prepared, results);
  const EmptyingPlan plan = plan_emptying_of(tables);
  for (std::size_t i = 0; i < tables.size(); ++i)
    for (const std::size_t task : tables[i].tasks) {
      if (plan.ways[i] == EmptyingWay::refused) fail(task, *plan.refusals[i], results);
      if (plan.ways[i] != EmptyingWay::alone) prepared[task].truncate_first = false;
    }
  if (!tables.empty()) exec_together(target_, forget_outdated());
  guards_.take_off(target_);
  for (std::size_t i = 0; i < tables.size(); ++i)
    if (plan.ways[i] == EmptyingWay::alone && !tables[i].by_worker) empty_alone(tables[i], prepared, results);
  note_all(tables, plan, prepared, results);
}

// What it says must be gone before the table is empty.
std::vector<PgQuery> Preparer::forget_outdated() {
  std::vector<int> tasks;
  for (const auto& [task, number] : std::exchange(outdated_, {})) tasks.push_back(number);
  return tasks.empty() ? std::vector<PgQuery>{} : state_.journal->forgetting(tasks);
}

// One transaction. Where nothing is emptied its statements go together.
void Preparer::note_all(const std::vector<TableToEmpty>& tables, const EmptyingPlan& plan,
                        std::vector<PreparedTask>& prepared, const std::vector<TaskResult>& results) {
  std::vector<PgQuery> notes = forget_outdated();
  const auto adding = state_.journal != nullptr ? state_.journal->adding(noted_) : std::vector<PgQuery>{};
  notes.insert(notes.end(), adding.begin(), adding.end());
  PgTransaction transaction(target_, PgTransaction::BegunElsewhere{});
  std::string begin = "BEGIN";
  const auto now = [&]() -> PgConnection& {
    if (!begin.empty()) target_.exec(std::exchange(begin, ""));
    return target_;
  };
  const auto is_now = [](EmptyingWay way) { return way == EmptyingWay::together || way == EmptyingWay::by_delete; };
  if (std::any_of(plan.ways.begin(), plan.ways.end(), is_now)) {
    guards_.enter_replica_role(now());
    empty_together(tables, plan);
  }
  for (const int task : remade_) state_.journal->forget_steps(now(), task);
  for (const auto& [task, whole] : std::exchange(forgotten_, {})) {
    now();
    forget(task, whole);
  }
  if (!noted_.empty() && adding.empty()) state_.journal->add_tables(now(), noted_);
  mark(tables, plan, prepared, notes);
  note_relations(prepared, results, notes);
  if (!begin.empty()) notes.insert(notes.begin(), {begin});
  notes.push_back({"COMMIT"});
  exec_together(target_, notes);
  transaction.was_committed();
}

// By their names within the transaction: it is they whose numbers the chunks go by.
void Preparer::note_relations(const std::vector<PreparedTask>& prepared, const std::vector<TaskResult>& results,
                              std::vector<PgQuery>& notes) {
  if (state_.journal == nullptr) return;
  std::vector<int> tasks;
  std::map<int, std::uint32_t> relations;
  std::map<QualifiedName, std::uint32_t> oids;
  if (distributed_) {
    std::set<QualifiedName> names;
    for (const CopyTask& task : tasks_) names.insert(task.target);
    oids = relation_oids(target_, names);
  }
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (prepared[i].journal < 0 || results[i].status == TaskStatus::failed) continue;
    tasks.push_back(prepared[i].journal);
    if (const auto oid = oids.find(tasks_[i].target); oid != oids.end())
      relations.emplace(prepared[i].journal, oid->second);
  }
  if (tasks.empty()) return;
  notes.push_back(distributed_ ? state_.journal->note_relations(relations) : state_.journal->note_relations(tasks));
}

void Preparer::empty_alone(const TableToEmpty& table, const std::vector<PreparedTask>& prepared,
                           std::vector<TaskResult>& results) {
  try {
    PgTransaction transaction(target_);
    if (prepared[table.tasks.front()].replica) guards_.enter_replica_role(target_);
    truncate_table(target_, table.table);
    for (const std::size_t task : table.tasks)
      std::erase_if(forgotten_, [&](const Forgotten& entry) {
        if (entry.journal != prepared[task].journal) return false;
        forget(entry.journal, entry.whole);
        return true;
      });
    transaction.commit();
  } catch (Error& error) {
    if (error.connection_lost()) throw;
    for (const std::size_t task : table.tasks) {
      std::erase_if(forgotten_, [&](const Forgotten& entry) { return entry.journal == prepared[task].journal; });
      fail(task, error, results);
    }
  }
}

void Preparer::empty_together(const std::vector<TableToEmpty>& tables, const EmptyingPlan& plan) {
  std::string names;
  for (std::size_t i = 0; i < tables.size(); ++i)
    if (plan.ways[i] == EmptyingWay::together)
      names += fmt::format("{}{}{}", names.empty() ? "" : ", ", tables[i].table.only ? "ONLY " : "",
                           quote_name(tables[i].table.name));
  for (const std::uint32_t root : plan.roots)
    for (const EnforcedKey& key : guards_.enforcement().keys)
      if (key.table_oid == root) {
        names += ", " + quote_name(key.table);
        break;
      }
  if (!names.empty()) target_.exec("TRUNCATE TABLE " + names);
  for (std::size_t i = 0; i < tables.size(); ++i)
    if (plan.ways[i] == EmptyingWay::by_delete)
      // The keys that refer to it do not act in the replica role, or are gone for now.
      target_.exec(fmt::format("{}{}{}", guards_.may_replica() ? "DELETE FROM " : "TRUNCATE TABLE ",
                               tables[i].table.only ? "ONLY " : "", quote_name(tables[i].table.name)));
}

void Preparer::mark(const std::vector<TableToEmpty>& tables, const EmptyingPlan& plan,
                    std::vector<PreparedTask>& prepared, std::vector<PgQuery>& notes) const {
  std::map<const char*, std::vector<int>> marked;  // by step
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (state_.journal == nullptr || plan.ways[i] == EmptyingWay::refused) continue;
    if (plan.ways[i] == EmptyingWay::alone && !tables[i].by_worker) continue;
    const char* step = plan.ways[i] == EmptyingWay::alone ? kToEmpty : kEmptied;
    for (const std::size_t task : tables[i].tasks)
      if (prepared[task].journal >= 0 && prepared[task].steps.insert(step).second)
        marked[step].push_back(prepared[task].journal);
  }
  for (const auto& [step, of] : marked) notes.push_back(state_.journal->mark_step(of, step));
}

void Preparer::forget(int journal, bool whole) {
  state_.journal->forget_chunks(target_, journal);
  if (!whole) return;
  state_.journal->add_chunk(target_, journal, 0, {});
  state_.journal->set_planned(target_, journal);
}

}  // namespace

bool PreparedTask::loaded() const {
  return planned && std::all_of(chunks.begin(), chunks.end(), [](const JournalChunk& chunk) { return chunk.done; });
}

bool is_large(const CopyTask& task, const JobOptions& options) {
  return options.chunk_bytes > 0 && task.estimated_bytes > options.chunk_bytes;
}

std::vector<PreparedTask> prepare_targets(PgConnection& target, const Dialect& dialect,
                                          const std::vector<CopyTask>& tasks, const JobOptions& options,
                                          const JournalState& state, std::vector<TaskResult>& results,
                                          LoadGuards& guards) {
  std::vector<bool> running;
  for (const TaskResult& result : results) running.push_back(result.status != TaskStatus::failed);
  // That the run begins is in the journal before anything is changed.
  TargetLooks looks(target, dialect, tasks, options, running,
                    state.journal != nullptr ? state.journal->beginning(state.snapshot) : std::vector<PgQuery>{});
  Preparer preparer(target, dialect, tasks, options, state, guards, looks);
  preparer.make_missing(results);
  std::vector<PreparedTask> out(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (results[i].status == TaskStatus::failed) continue;
    try {
      out[i] = preparer.prepare(tasks[i], results[i]);
    } catch (Error& error) {
      if (error.connection_lost()) throw;
      report_failure("main", tasks[i], error, results[i]);
    }
  }
  preparer.finish(out, results);
  return out;
}

void empty_for(PgConnection& target, const PreparedTask& task) {
  if (!task.replica) return truncate_table(target, task.target);
  PgTransaction transaction(target);
  target.exec("SET LOCAL session_replication_role = replica");
  truncate_table(target, task.target);
  transaction.commit();
}

}  // namespace dbsync
