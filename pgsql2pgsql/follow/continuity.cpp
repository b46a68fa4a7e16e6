#include "pgsql2pgsql/follow/continuity.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cdc/drift_hint.h"
#include "cdc/target_files.h"
#include "embedded_sql.h"
#include "pg/left_tables.h"
#include "pg/prefetch.h"
#include "pgsql2pgsql/follow/partition_watch.h"
#include "pgsql2pgsql/follow/replica_identity.h"
#include "pgsql2pgsql/follow/table_places.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

constexpr char kRestart[] = "--restart empties the target's tables and begins anew";

struct Published {
  QualifiedName name;
  std::uint32_t oid = 0;
  std::uint32_t entry = 0;
  bool row_filter = false;
  bool column_list = false;
};

PgQuery question_of_published(const std::string& publication) { return {sql::publication_tables, {publication}}; }

PgQuery question_of_operations(const std::string& publication) {
  return {
      "SELECT p.pubinsert, p.pubupdate, p.pubdelete, coalesce((row_to_json(p)->>'pubtruncate')::boolean, true) "
      "FROM pg_catalog.pg_publication p WHERE p.pubname = $1",
      {publication}};
}

PgQuery question_of_identity() {
  return {
      "SELECT s.system_identifier, c.timeline_id FROM pg_catalog.pg_control_system() s, "
      "pg_catalog.pg_control_checkpoint() c"};
}

std::vector<Published> read_published(PgConnection& source, const std::string& publication) {
  const PgResult result = ask(source, question_of_published(publication));
  std::vector<Published> out;
  for (int row = 0; row < result.rows(); ++row)
    out.push_back({.name = {result.text(row, 0), result.text(row, 1)},
                   .oid = static_cast<std::uint32_t>(result.integer(row, 2)),
                   .entry = static_cast<std::uint32_t>(result.integer(row, 3)),
                   .row_filter = result.boolean(row, 4),
                   .column_list = result.boolean(row, 5)});
  return out;
}

// Empty where the role may not ask.
KnownSource identity_of(PgConnection& source) {
  try {
    const PgResult row = ask(source, question_of_identity());
    return {row.text(0, 0), row.text(0, 1)};
  } catch (const Error& error) {
    if (error.connection_lost()) throw;
    return {};
  }
}

// A table of the source as it is now; nothing when there is none.
std::optional<std::pair<std::uint32_t, QualifiedName>> table_where(
    PgConnection& source, const std::string& condition, const std::vector<std::optional<std::string>>& parameters) {
  const PgResult result = source.exec(
      "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace "
      "WHERE c.relkind IN ('r', 'p') AND " +
          condition,
      parameters);
  if (result.rows() == 0) return std::nullopt;
  return std::pair(static_cast<std::uint32_t>(result.integer(0, 0)),
                   QualifiedName{result.text(0, 1), result.text(0, 2)});
}

void record_columns(PgConnection& source, PgConnection& target, const FollowTask& task,
                    const std::vector<Published>& tables) {
  std::vector<std::uint32_t> oids;
  for (const Published& table : tables) oids.push_back(table.oid);
  for (const Relation& relation : published_columns(source, task.publication, oids)) {
    const auto found =
        std::find_if(tables.begin(), tables.end(), [&](const Published& table) { return table.oid == relation.id; });
    Relation named = relation;
    named.name = found->name;
    write_known_columns(target, task.name, named);
  }
}

void prove_operations(PgConnection& source, const std::string& publication) {
  const PgResult result = ask(source, question_of_operations(publication));
  if (result.rows() == 0)
    throw Error(
        ErrorKind::source,
        fmt::format("the publication {} is gone from the source, and changes cannot be read without it", publication))
        .hint(fmt::format("one that is made anew is not known to the changes before it, so {}; --cleanup ends the task",
                          kRestart));
  constexpr std::array<const char*, 4> kOperations{"INSERT", "UPDATE", "DELETE", "TRUNCATE"};
  std::vector<std::string> missing;
  for (int i = 0; i < static_cast<int>(kOperations.size()); ++i)
    if (!result.boolean(0, i)) missing.emplace_back(kOperations.at(static_cast<std::size_t>(i)));
  if (missing.empty()) return;
  const bool truncate = source.server_version() >= 110000;
  throw Error(ErrorKind::source,
              fmt::format("the publication {} does not publish {}", publication, join(missing, ", ")))
      .hint(fmt::format(
          "on {}: ALTER PUBLICATION {} SET (publish = 'insert, update, delete{}'); changes of that kind which "
          "were made meanwhile are lost to the target: --verify-only shows the rows, {}",
          place_of_statements(source), quote_identifier(publication), truncate ? ", truncate" : "", kRestart));
}

Error not_whole(const std::string& publication, const Published& table) {
  return Error(ErrorKind::source,
               fmt::format("the publication {} has {} for {}, so that not all of its changes come", publication,
                           table.row_filter ? "a row filter" : "a column list", display_name(table.name)));
}

std::string publish_whole(PgConnection& source, const std::string& publication, const QualifiedName& table) {
  return fmt::format("on {2}: ALTER PUBLICATION {0} DROP TABLE {1}; ALTER PUBLICATION {0} ADD TABLE ONLY {1}",
                     quote_identifier(publication), quote_name(table), place_of_statements(source));
}

// A partition whose root is published, by its own name or the root's as
// publish_via_partition_root says now: its changes come.
bool comes_with_root(PgConnection& source, const std::vector<Published>& published, const QualifiedName& table) {
  const PgResult above = source.exec(sql::source_lineage, {table.schema, table.name});
  for (int row = 0; row < above.rows(); ++row) {
    const QualifiedName name{above.text(row, 0), above.text(row, 1)};
    if (std::any_of(published.begin(), published.end(), [&](const Published& one) { return one.name == name; }))
      return true;
  }
  return false;
}

// Compares what is known of one table with the publication.
class TableProof {
 public:
  TableProof(PgConnection& source, PgConnection& target, const FollowTask& task,
             const std::vector<Published>& published)
      : source_(source), target_(target), task_(task), published_(published) {}

  void prove(const KnownTable& known, std::set<QualifiedName>& told) {
    const auto entry = std::find_if(published_.begin(), published_.end(),
                                    [&](const Published& table) { return table.oid == known.oid; });
    if (entry != published_.end()) return prove_entry(known, *entry);
    if (const auto same = table_where(source_, "c.oid = $1::oid", {std::to_string(known.oid)})) {
      if (!comes_with_root(source_, published_, same->second)) left(known, same->second);
      return forget_known_table(target_, task_.name, known.name);
    }
    const auto now = table_where(source_, "n.nspname = $1 AND c.relname = $2", {known.name.schema, known.name.name});
    if (!now) {
      if (told.insert(known.name).second)
        log::warning("follow",
                     fmt::format("{} is gone from the source; the target keeps its table", display_name(known.name)));
      return;
    }
    const auto again = std::find_if(published_.begin(), published_.end(),
                                    [&](const Published& table) { return table.oid == now->first; });
    if (again != published_.end() && known.published == 0) return prove_entry(known, *again);
    replaced(known, again != published_.end());
  }

 private:
  std::string publication() const { return quote_identifier(task_.publication); }

  std::string forget(const KnownTable& known) const { return forget_sql(task_.name, known.name); }

  void write(const KnownTable& known, std::uint32_t oid, std::uint32_t entry) {
    write_known_table(target_, task_.name, {known.name, oid, entry, 0});
  }

  void prove_entry(const KnownTable& known, const Published& entry) {
    if (entry.row_filter || entry.column_list) {
      write(known, known.oid, 0);
      throw not_whole(task_.publication, entry)
          .hint(fmt::format("{}; what was left out is lost to the target: --verify-only shows the rows, {}",
                            publish_whole(source_, task_.publication, entry.name), copy_again(known.name)));
    }
    if (known.published == 0)
      log::warning("follow",
                   fmt::format("{} is published again: changes that were made meanwhile did not come; compare with "
                               "--verify-only; {}",
                               display_name(entry.name), copy_again(known.name)));
    else if (known.published != entry.entry)
      throw Error(ErrorKind::source,
                  fmt::format("{} left the publication {} and came back: changes that were made meanwhile are lost",
                              display_name(known.name), task_.publication))
          .hint(fmt::format("{}; or make the target's rows what the source's are, and run on the target: {}",
                            copy_again(known.name), forget(known)));
    if (known.published != entry.entry || known.oid != entry.oid) write(known, entry.oid, entry.entry);
  }

  [[noreturn]] void left(const KnownTable& known, const QualifiedName& name) {
    write(known, known.oid, 0);
    throw Error(ErrorKind::source, fmt::format("{} is not in the publication {} any more, so its changes do not come",
                                               display_name(known.name), task_.publication))
        .hint(fmt::format(
            "on {}: ALTER PUBLICATION {} ADD TABLE ONLY {}; changes that were made meanwhile are lost to the "
            "target: --verify-only shows the rows, {}; or to go on without the table, on the target: {}",
            place_of_statements(source_), publication(), quote_name(name), copy_again(known.name), forget(known)));
  }

  [[noreturn]] void replaced(const KnownTable& known, bool published) {
    if (!published) write(known, known.oid, 0);
    throw Error(ErrorKind::source,
                fmt::format("{} is another table on the source than the one that was followed: it was dropped and "
                            "made again",
                            display_name(known.name)))
        .hint(fmt::format("{}{}; or make the target's rows what the source's are, and run on the target: {}",
                          published ? ""
                                    : fmt::format("on {}: ALTER PUBLICATION {} ADD TABLE ONLY {}; then ",
                                                  place_of_statements(source_), publication(), quote_name(known.name)),
                          copy_again(known.name), forget(known)));
  }

  PgConnection& source_;
  PgConnection& target_;
  const FollowTask& task_;
  const std::vector<Published>& published_;
};

std::vector<std::uint32_t> oids_of(const std::vector<Published>& tables) {
  std::vector<std::uint32_t> out;
  for (const Published& table : tables) out.push_back(table.oid);
  return out;
}

std::vector<KnownTable> of_publication(const std::vector<KnownTable>& known, const std::vector<Published>& published) {
  std::vector<KnownTable> out;
  for (const KnownTable& table : known)
    for (const Published& entry : published)
      if (entry.oid == table.oid) out.push_back(table);
  return out;
}

// While a copy goes on, tables may yet be made on the target.
void prove_places_of(PgConnection& source, PgConnection& target, const FollowTask& task, const SchemaMap& map,
                     const std::vector<Published>& published) {
  const auto progress = read_progress(target, task.name);
  if (!progress || progress->state != "following") return;
  std::vector<NamedTable> tables;
  for (const KnownTable& table : read_known_tables(target, task.name))
    for (const Published& entry : published)
      if (entry.oid == table.oid) tables.push_back({table, entry.name});
  prove_places(source, target, task.name, map, tables);
}

}  // namespace

void prove_publication(PgConnection& source, const std::string& publication) {
  prove_operations(source, publication);
  for (const Published& table : read_published(source, publication))
    if (table.row_filter || table.column_list)
      throw not_whole(publication, table).hint(publish_whole(source, publication, table.name));
}

void record_source(PgConnection& source, PgConnection& target, const FollowTask& task) {
  ensure_known_tables(target);
  const auto published = read_published(source, task.publication);
  PgTransaction transaction(target);
  forget_source(target, task.name);
  write_known_source(target, task.name, identity_of(source));
  std::vector<KnownTable> tables;
  for (const Published& table : published) tables.push_back({table.name, table.oid, table.entry, 0});
  write_known_tables(target, task.name, tables);
  record_columns(source, target, task, published);
  record_partitions(source, target, task.name, read_known_tables(target, task.name));
  transaction.commit();
}

std::optional<std::string> why_changes_stay_away(PgConnection& source, PgConnection& target, const FollowTask& task) {
  if (publication_state(source, task.publication) == PublicationState::missing)
    return fmt::format("the publication {} is gone", task.publication);
  if (!known_tables_exist(target)) return std::nullopt;
  const auto published = read_published(source, task.publication);
  for (const KnownTable& known : read_known_tables(target, task.name))
    for (const Published& table : published)
      if (table.oid == known.oid && known.published != 0 && table.entry != known.published)
        return fmt::format("{} left the publication {} and came back", display_name(table.name), task.publication);
  return std::nullopt;
}

void accept_tables(PgConnection& source, PgConnection& target, const FollowTask& task,
                   const std::set<QualifiedName>& tables) {
  if (!read_known_source(target, task.name)) return;
  const auto published = read_published(source, task.publication);
  const auto known = read_known_tables(target, task.name);
  std::vector<KnownTable> accepted;
  PgTransaction transaction(target);
  for (const QualifiedName& name : tables) {
    const auto before = std::find_if(known.begin(), known.end(), [&](const auto& table) { return table.name == name; });
    const auto now = std::find_if(published.begin(), published.end(), [&](const Published& table) {
      return before != known.end() && table.oid == before->oid ? true : table.name == name;
    });
    if (now == published.end() || now->row_filter || now->column_list) continue;
    if (before != known.end() && before->oid != now->oid) {
      write_known_target(target, task.name, before->oid, 0);
      forget_known_table(target, task.name, name);
    }
    accepted.push_back({name, now->oid, now->entry, 0});
    write_known_table(target, task.name, accepted.back());
    write_known_target(target, task.name, now->oid, 0);
    forget_left_table(target, task.name, name);
  }
  record_partitions_again(source, target, task.name, accepted);
  transaction.commit();
}

void Continuity::prove_server(PgConnection& source, PgConnection& target, const KnownSource& known) {
  const KnownSource now = identity_of(source);
  if (now.system_identifier.empty() || known.system_identifier.empty()) return;
  if (now.system_identifier != known.system_identifier)
    throw Error(ErrorKind::source,
                fmt::format("{} is another server than the one that the task {} follows (system identifier {}, was {})",
                            source.endpoint(), task_.name, now.system_identifier, known.system_identifier))
        .hint(fmt::format("correct connect_string of [src.pgsql]; if it is the same source after pg_upgrade with its "
                          "slots, run on the "
                          "target: DELETE FROM dbsync.apply_source WHERE task = {}; else {}",
                          quote_literal(task_.name), kRestart));
  if (now.timeline == known.timeline) return;
  log::warning(
      "follow",
      fmt::format("the source is on timeline {} now and was on {}: a standby took over, or a backup was restored; "
                  "compare with --verify-only, for it may lack what the target has",
                  now.timeline, known.timeline));
  write_known_source(target, task_.name, now);
}

void Continuity::prove_slot(PgConnection& source, const Position& applied) const {
  const auto slot = read_slot(source, task_.slot);
  if (slot) refuse_lost_slot(*slot, task_.slot, applied);
  if (!slot || slot->confirmed <= applied) return;
  throw Error(ErrorKind::source,
              fmt::format("the replication slot {} is confirmed up to {}, and the target is at {}: the changes in "
                          "between do not come any more; the slot was made anew or moved, or the target was "
                          "restored from a backup",
                          task_.slot, slot->confirmed.text(), applied.text()))
      .hint(kRestart);
}

std::vector<PgQuery> Continuity::questions_of_look() const {
  return {question_of_operations(task_.publication), question_of_published(task_.publication)};
}

std::vector<PgQuery> Continuity::questions_of_proof(const PgConnection& source) const {
  std::vector<PgQuery> out = questions_of_look();
  out.push_back(question_of_identity());
  out.push_back(question_of_slot(source, task_.slot));
  return out;
}

void Continuity::prefetch_more(PgConnection& source, PgConnection& target, const std::vector<KnownTable>& known) {
  const auto published = read_published(source, task_.publication);
  of_source_ = question_of_leaves(oids_of(published));
  of_target_ = question_of_places(of_publication(known, published));
  PgPrefetch::more_of(source, {*of_source_});
  PgPrefetch::more_of(target, {*of_target_});
}

void Continuity::look(PgConnection& source, PgConnection& target) {
  if (of_source_) PgPrefetch::more_of(source, {*of_source_});
  if (of_target_) PgPrefetch::more_of(target, {*of_target_});
  prove_operations(source, task_.publication);
  const auto published = read_published(source, task_.publication);
  const auto known = read_known_tables(target, task_.name);
  prefetch_more(source, target, known);
  TableProof proof(source, target, task_, published);
  for (const KnownTable& table : known) proof.prove(table, told_);
  for (const Published& table : published) {
    if (std::any_of(known.begin(), known.end(),
                    [&](const KnownTable& one) { return one.oid == table.oid || one.name == table.name; }))
      continue;
    if (comes_with_root(source, published, table.name)) continue;
    if (table.row_filter || table.column_list) proof.prove({table.name, table.oid, table.entry, 0}, told_);
    write_known_table(target, task_.name, {table.name, table.oid, table.entry, 0});
    write_known_target(target, task_.name, table.oid, 0);
    forget_known_files(target, task_.name, table.name);
    log::warning(
        "follow",
        fmt::format("{} is in the publication now and is followed from here on; rows that it had before do not come: "
                    "{}",
                    display_name(table.name), copy_again(table.name)));
  }
  prove_places_of(source, target, task_, map_, published);
  refuse_other_identities(source, oids_of(published));
}

void Continuity::prove(PgConnection& source, PgConnection& target, const Position& applied) {
  const auto known = known_tables_exist(target) ? read_known_source(target, task_.name) : std::nullopt;
  if (!known) {
    log::debug("follow", "nothing is known of the source yet");
    prove_publication(source, task_.publication);
    return record_source(source, target, task_);
  }
  prove_server(source, target, *known);
  prove_slot(source, applied);
  look(source, target);
}

}  // namespace dbsync
