#include "pgsql2pgsql/follow/pg_follow_source.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "cdc/apply_plan.h"
#include "cdc/known_tables.h"
#include "cdc/plan_cache.h"
#include "cdc/progress_store.h"
#include "embedded_sql.h"
#include "pg/prefetch.h"
#include "pg/sqlstate.h"
#include "pgsql2pgsql/follow/generated_columns.h"
#include "pgsql2pgsql/follow/held_triggers.h"
#include "pgsql2pgsql/follow/partition_watch.h"
#include "pgsql2pgsql/follow/pgoutput_stream.h"
#include "pgsql2pgsql/follow/table_places.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/quote.h"
#include "schema/stable_binary.h"

namespace dbsync {

namespace {

constexpr char kProgram[] = "pgsql2pgsql";
constexpr int kBinarySince = 140000;
// With a session that has the slot: the source notices within wal_sender_timeout (60 s)
// that one is dead; one that lives is another program's.
constexpr std::chrono::seconds kPatienceWithSlot{75};
constexpr std::chrono::seconds kDifferencesInterval{60};

PgQuery question_of_written() { return {fmt::format("SELECT {}", kWalWritten)}; }

std::string oids_of(const std::vector<KnownTable>& tables) {
  std::vector<std::uint32_t> oids;
  for (const KnownTable& table : tables) oids.push_back(table.oid);
  return fmt::format("{{{}}}", fmt::join(oids, ","));
}

// As the stream's session has it, which logs in as this one.
PgQuery question_of_sender_timeout() {
  return {"SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'"};
}

PgQuery question_of_names(const std::vector<KnownTable>& tables) {
  return {
      "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace WHERE c.oid = ANY ($1::pg_catalog.oid[])",
      {oids_of(tables)}};
}

}  // namespace

PgFollowSource::PgFollowSource(const Config& config, const FollowTask& task, const SchemaMap& map)
    : config_(config), task_(task), map_(map), continuity_(task, map), guard_(config.follow, task.slot) {}

PgConnection& PgFollowSource::source() {
  if (!source_ || !source_->usable()) source_ = std::make_unique<PgConnection>(config_.src_pgsql, "source", kProgram);
  return *source_;
}

PgConnection& PgFollowSource::meter() {
  if (!meter_ || !meter_->usable()) meter_ = std::make_unique<PgConnection>(config_.src_pgsql, "source", kProgram);
  return *meter_;
}

// In one round trip, of both sides at once.
std::shared_ptr<void> PgFollowSource::prefetch(PgConnection& target) {
  std::vector<PgQuery> questions = continuity_.questions_of_proof(source());
  questions.push_back(question_of_published_types(task_.publication));
  questions.push_back(question_of_sent_generated(task_.publication));
  questions.push_back(question_of_sender_timeout());
  if (choice_) std::ranges::move(ChoiceWatch::first_questions(source()), std::back_inserter(questions));
  std::vector<PgQuery> of_target;
  if (known_tables_exist(target))
    of_target = {question_of_progress(task_.name), question_of_known_source(task_.name),
                 question_of_known_tables(task_.name)};
  return prefetch_both(source(), std::move(questions), target, std::move(of_target));
}

// What the answers to these lead to, again of both at once.
void PgFollowSource::prefetch_more(PgConnection& target) {
  if (!known_tables_exist(target)) return;
  const auto known = read_known_tables(target, task_.name);
  std::vector<std::uint32_t> oids;
  for (const KnownTable& table : known) oids.push_back(table.oid);
  PgPrefetch::more_of(source(), {question_of_names(known), question_of_generated(oids)});
  if (choice_) PgPrefetch::more_of(source(), choice_->next_questions(source()));
  PgPrefetch::more_of(target, questions_of_triggers(known));
  continuity_.prefetch_more(source(), target, known);
}

// A position does not depend on what else is asked: the meter asks for it meanwhile.
void PgFollowSource::prepare(const std::string& end_at) {
  end_ = {};
  if (!end_at.empty() && end_at != "now")
    end_ = std::async(std::launch::async, [this, end_at] { return look_for_end(end_at); });
  choose_format();
  if (end_at != "now") return;
  PgConnection target(config_.desc_pgsql, "target", kProgram);
  if (!known_tables_exist(target)) return;
  for (Relation& relation : columns_of_known(target)) columns_at_start_.emplace(relation.id, std::move(relation));
}

Position PgFollowSource::end_of_log() {
  return parse_position(meter().exec(fmt::format("SELECT {}", kWalInserted), {}).value(0, 0));
}

// On an idle source nothing would lie behind that position to show that it was passed: this
// puts something there. A standby's sender says how far it has read what was replayed.
Position PgFollowSource::look_for_end(const std::string& end_at) {
  const auto end = end_at == "now" ? std::nullopt : std::optional(parse_position(end_at));
  const PgResult now = meter().exec(
      fmt::format("SELECT w.at, CASE WHEN NOT pg_catalog.pg_is_in_recovery() AND coalesce($1::pg_catalog.pg_lsn, w.at) "
                  "<= w.at THEN pg_catalog.pg_logical_emit_message(true, 'dbsync', 'end') END FROM (SELECT {} AS at "
                  "OFFSET 0) w",
                  kWalInserted),
      {end ? std::optional(end->text()) : std::nullopt});
  return end ? *end : parse_position(now.value(0, 0));
}

Position PgFollowSource::end_position(const std::string& end_at) {
  return end_.valid() ? end_.get() : look_for_end(end_at);
}

// Binary when every published type allows it; columns of the target are looked
// at when their changes come.
void PgFollowSource::choose_format() {
  if (source().server_version() < kBinarySince) return;
  const auto types = published_types(source(), task_.publication);
  binary_ = std::all_of(types.begin(), types.end(), [](std::uint32_t type) { return followed_in_binary(type); });
}

bool PgFollowSource::open_in_other_form(const Error& error) {
  // A column that was added may be of a type that has no binary form.
  const bool source_cannot =
      error.sqlstate() == sqlstate::undefined_function && error.message().find("binary output") != std::string::npos;
  if (!binary_ || (error.sqlstate() != sqlstate::invalid_binary_representation && !source_cannot)) return false;
  log::info("follow", fmt::format("{}: going on with values as text", error.message()));
  binary_ = false;
  return true;
}

SchemaPolicy PgFollowSource::schema_policy() {
  SchemaPolicy out;
  schema_ = std::make_unique<SourceSchema>(config_.src_pgsql, kProgram, map_);
  out.ids_stay = true;
  out.target_names = [this](const QualifiedName& name) {
    auto names = schema_->lineage(name);
    for (QualifiedName& candidate : names) candidate = map_.of(candidate);
    return names;
  };
  out.prefetch_columns = [this](const std::vector<std::uint32_t>& ids) { return schema_->prefetch_columns(ids); };
  out.number_columns = [this](Relation& relation, const Relation* before) {
    schema_->number_columns(relation, before);
  };
  out.type_of = [this](const RelationColumn& column) { return schema_->type_of(column); };
  out.generated_columns = [this](const Relation& relation) { return schema_->generated_columns(relation); };
  out.enum_labels = [this](const RelationColumn& column) { return schema_->enum_labels(column); };
  out.partitions = [this](const Relation& relation) { return schema_->partitions(relation); };
  out.describe_column = [this](const Relation& relation, const RelationColumn& column, std::string& reason) {
    return schema_->describe_column(relation, column, reason);
  };
  return out;
}

// Tables that --create or a user has made since the task began, too.
void PgFollowSource::refuse_generated(PgConnection& target, const std::vector<KnownTable>& followed) {
  std::vector<std::uint32_t> oids;
  for (const KnownTable& table : followed) oids.push_back(table.oid);
  refuse_unfit_columns(
      unfit_generated_columns(source(), target, oids, sends_generated(source(), task_.publication), map_));
}

// Those that the task knows, and those of now.
void PgFollowSource::read_names(const std::vector<KnownTable>& followed) {
  names_.clear();
  for (const KnownTable& table : followed) names_.emplace(table.oid, table.name);
  const PgResult now = ask(source(), question_of_names(followed));
  for (int row = 0; row < now.rows(); ++row)
    names_.emplace(static_cast<std::uint32_t>(now.integer(row, 0)), QualifiedName{now.text(row, 1), now.text(row, 2)});
}

// A table that is renamed stays the one that it is.
RelationWanted PgFollowSource::wanted(const StreamRange& range) const {
  if (!range.wanted) return {};
  return [wanted = range.wanted, every = range.by_every_name, known = names_](const Relation& table) {
    const auto [first, last] = known.equal_range(table.id);
    const auto named = [&](const auto& entry) { return wanted(entry.second); };
    const bool this_name = wanted(table.name);
    return every ? this_name && std::all_of(first, last, named) : this_name || std::any_of(first, last, named);
  };
}

Position PgFollowSource::prove(PgConnection& target, const Position& applied) {
  prefetch_more(target);
  const PgResult timeout = ask(source(), question_of_sender_timeout());
  sender_timeout_ = std::chrono::milliseconds(timeout.rows() > 0 ? timeout.integer(0, 0) : 0);
  continuity_.prove(source(), target, applied);
  const auto followed = read_known_tables(target, task_.name);
  read_names(followed);
  const auto progress = read_progress(target, task_.name);
  if (!progress || progress->state != "following") return applied;
  refuse_generated(target, followed);
  hold_triggers(source(), target, task_.name, map_);
  last_differences_ = {};
  look_at_tables(target);
  return applied;
}

// Patterns that match nothing any more are no reason to stop.
void PgFollowSource::look_at_tables(PgConnection& target) {
  if (!choice_ || std::chrono::steady_clock::now() - last_differences_ < kDifferencesInterval) return;
  last_differences_ = std::chrono::steady_clock::now();
  try {
    for (const std::string& difference : choice_->differences(source(), read_known_tables(target, task_.name)))
      if (told_.insert(difference).second) log::warning("follow", difference);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::config) throw;
    if (told_.insert(error.what()).second) log::warning("follow", error.what());
  }
}

std::unique_ptr<ChangeStream> PgFollowSource::open(const StreamRange& range) {
  PgoutputOptions options;
  options.conninfo = config_.src_pgsql;
  options.application_name = kProgram;
  options.slot = task_.slot;
  options.publication = task_.publication;
  options.start = range.start;
  options.end = range.end;
  options.binary = binary_;
  options.spill.directory = config_.follow.spill_directory;
  options.wanted = wanted(range);
  options.sender_timeout = sender_timeout_;
  return std::make_unique<PgoutputStream>(options);
}

void PgFollowSource::prove_stream(const Position& start) { continuity_.prove_slot(source(), start); }

void PgFollowSource::measure(const Position& applied, FollowStatus& out) {
  const PgPrefetch both(meter(), {question_of_written(), question_of_slot(meter(), task_.slot)});
  const Position at = parse_position(ask(meter(), question_of_written()).value(0, 0));
  out.source = at.text();
  if (at > applied) out.lag_bytes = at.high - applied.high;
  const auto slot = read_slot(meter(), task_.slot);
  if (!slot) return;
  out.retained_bytes = slot->retained_bytes;
  out.wal_status = slot->wal_status;
  // The slot is confirmed past the last transaction once nothing waits.
  if (slot->confirmed > applied) out.lag_bytes = at.high - std::min(at.high, slot->confirmed.high);
}

// Those that are still followed.
std::vector<FollowedTarget> PgFollowSource::targets(PgConnection& target) {
  std::vector<FollowedTarget> out;
  if (!known_tables_exist(target)) return out;
  for (const KnownTable& table : read_known_tables(target, task_.name)) {
    if (table.published == 0) continue;
    const std::uint32_t oid = table.target != 0 ? table.target : place_of_rows(source(), target, map_, table.name);
    if (oid != 0) out.push_back({table.name, map_.of(table.name), oid, table.oid});
  }
  return out;
}

std::optional<bool> PgFollowSource::holds_rows(const FollowedTarget& table, const std::optional<QualifiedName>& leaf) {
  const PgResult kind = source().exec(
      "SELECT c.relkind = 'p' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
      {table.source.schema, table.source.name});
  if (kind.rows() == 0) return std::nullopt;
  const auto has_row = [this](const char* only, const QualifiedName& name) {
    return source().exec(fmt::format("SELECT 1 FROM {}{} LIMIT 1", only, quote_name(name)), {}).rows() > 0;
  };
  const bool partitioned = kind.boolean(0, 0);
  const bool any = has_row(partitioned ? "" : "ONLY ", table.source);
  if (!any || !leaf) return any;
  if (!partitioned) return std::nullopt;
  const PgResult parts = source().exec(sql::source_partitions, {table.source.schema, table.source.name});
  for (int row = 0; row < parts.rows(); ++row)
    if (const QualifiedName name{parts.text(row, 0), parts.text(row, 1)}; map_.of(name) == *leaf)
      return has_row("", name);
  return false;
}

bool PgFollowSource::changes_wait(PgConnection&, const Position& applied) {
  return dbsync::changes_wait(source(), task_, applied);
}

void PgFollowSource::look(PgConnection& target, const FollowStatus& now) {
  const PgPrefetch of_source(source(), continuity_.questions_of_look());
  continuity_.look(source(), target);
  look_at_tables(target);
  if (now.lag_bytes == 0) compare_partitions(source(), target, task_, map_);
}

void PgFollowSource::look_at_end(PgConnection& target, bool at_now) {
  const PgPrefetch of_source(source(), continuity_.questions_of_look());
  continuity_.look(source(), target);
  if (at_now) compare_partitions(source(), target, task_, map_);
}

std::vector<Relation> PgFollowSource::changed_columns(PgConnection& target) {
  const auto known = read_all_known_columns(target, task_.name);
  std::vector<Relation> out;
  for (Relation& now : columns_of_known(target)) {
    const auto before = known.find(now.name);
    if (before != known.end() && !same_columns(before->second, now)) out.push_back(std::move(now));
  }
  return out;
}

// What was changed after the end does not count.
std::vector<Relation> PgFollowSource::changed_at_end(PgConnection& target) {
  auto out = changed_columns(target);
  std::erase_if(out, [this](const Relation& now) {
    const auto at_start = columns_at_start_.find(now.id);
    return at_start == columns_at_start_.end() || !same_columns(at_start->second, now);
  });
  return out;
}

// Seen before, and all changes from before that have come by now.
std::vector<Relation> PgFollowSource::changed_behind(PgConnection& target, const Position& applied) {
  std::vector<Relation> out;
  std::map<std::uint32_t, ChangedColumns> seen;
  for (Relation& now : changed_columns(target)) {
    const auto before = changed_.find(now.id);
    const bool again = before != changed_.end() && same_columns(before->second.columns, now);
    if (again && applied >= before->second.seen_at) {
      out.push_back(std::move(now));
      continue;
    }
    const std::uint32_t id = now.id;
    seen.emplace(id, ChangedColumns{std::move(now), again ? before->second.seen_at : end_of_log()});
  }
  changed_ = std::move(seen);
  return out;
}

std::vector<Relation> PgFollowSource::changed_since_copy(PgConnection& target,
                                                         const std::set<QualifiedName>& complete) {
  if (!known_tables_exist(target)) return {};
  auto out = changed_columns(target);
  std::erase_if(out, [&](const Relation& now) { return complete.contains(now.name); });
  return out;
}

std::vector<Relation> PgFollowSource::columns_of_known(PgConnection& target) {
  std::map<std::uint32_t, QualifiedName> names;
  std::vector<std::uint32_t> oids;
  for (const KnownTable& table : read_known_tables(target, task_.name)) {
    names.emplace(table.oid, table.name);
    oids.push_back(table.oid);
  }
  auto out = published_columns(source(), task_.publication, oids);
  for (Relation& relation : out) relation.name = names.at(relation.id);
  return out;
}

std::optional<Error> PgFollowSource::keeps_too_much(const FollowStatus& now) {
  return guard_.check(now.retained_bytes, now.wal_status);
}

void PgFollowSource::give_up(const Error& error) {
  disconnect();
  guard_.give_up(source(), error);
}

std::optional<std::chrono::seconds> PgFollowSource::patience_with(const Error& error) const {
  if (error.sqlstate() != sqlstate::object_in_use) return std::nullopt;
  return kPatienceWithSlot;
}

}  // namespace dbsync
