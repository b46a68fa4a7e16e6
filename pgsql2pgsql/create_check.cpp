#include "pgsql2pgsql/create_check.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "embedded_sql.h"
#include "pgsql2pgsql/follow/replica_identity.h"
#include "pgsql2pgsql/follow/replication_slot.h"
#include "pgsql2pgsql/follow/standby_source.h"
#include "pgsql2pgsql/schema/database_settings.h"
#include "pgsql2pgsql/source/standby.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

using Reach = CheckFinding::Reach;

constexpr std::uint32_t kPgProc = 1255;
constexpr std::size_t kMostNamed = 10;

std::string some_of(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNamed)));
  return join(shown, ", ") + (names.size() > kMostNamed ? fmt::format(" and {} more", names.size() - kMostNamed) : "");
}

std::set<std::string> names_in(PgConnection& connection, const std::string& sql) {
  std::set<std::string> out;
  const PgResult result = connection.exec(sql);
  for (int row = 0; row < result.rows(); ++row) out.insert(result.text(row, 0));
  return out;
}

struct Extension {
  bool made = false;
  bool superuser = true;
  bool trusted = false;
  bool ours = true;
};

class CreationCheck {
 public:
  CreationCheck(PgConnection& source, PgConnection& target, const SchemaPlan& plan, CheckFindings& findings)
      : source_(source), target_(target), plan_(plan), findings_(findings) {
    const PgResult role = target_.exec(sql::creation_rights, {});
    superuser_ = role.boolean(0, 0);
    role_ = role.text(0, 1);
    may_create_ = role.boolean(0, 2);
    const PgResult extensions = target_.exec(sql::available_extensions, {});
    for (int row = 0; row < extensions.rows(); ++row)
      extensions_[extensions.text(row, 0)] = {extensions.boolean(row, 1), extensions.boolean(row, 2),
                                              extensions.boolean(row, 3), extensions.boolean(row, 4)};
  }

  void run() {
    schemas_ = names_in(target_, "SELECT nspname FROM pg_catalog.pg_namespace");
    for (const std::string& oid : names_in(source_,
                                           "SELECT p.oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l "
                                           "ON l.oid = p.prolang WHERE NOT l.lanpltrusted"))
      untrusted_.insert(oid);
    for (const SchemaItem& item : plan_.items()) look_at(item);
    tell_of_superuser();
    tell_of_roles();
    tell_of_servers();
    if (!foreign_comments_.empty())
      findings_.warning(
          "target comments",
          fmt::format("{} will be left out, since the role {} does not own what they are on: {}",
                      foreign_comments_.size() == 1 ? "a comment" : "comments", role_, some_of(foreign_comments_)),
          "let the owner make them, if they matter");
  }

 private:
  void look_at(const SchemaItem& item) {
    if (item.type == "EXTENSION") return look_at_extension(item.tag);
    if (item.type == "COMMENT" && item.tag.starts_with("EXTENSION ")) {
      const auto found = extensions_.find(item.tag.substr(10));
      if (found != extensions_.end() && found->second.made && !found->second.ours)
        foreign_comments_.push_back(one_line(item.tag));
      return;
    }
    if (superuser_) return;
    if (item.type == "SCHEMA" && !may_create_ && !schemas_.contains(item.tag))
      findings_.failed(ErrorKind::target, "target schema " + one_line(item.tag),
                       fmt::format("the role {} may not create it", role_),
                       fmt::format("GRANT CREATE ON DATABASE … TO {}, or let a superuser create the schema",
                                   quote_identifier(role_)),
                       Reach::table);
    if (needs_superuser(item)) of_superuser_[item.type].push_back(one_line(item.tag));
  }

  bool needs_superuser(const SchemaItem& item) const {
    static const std::set<std::string> types{"FOREIGN DATA WRAPPER", "EVENT TRIGGER",     "PROCEDURAL LANGUAGE",
                                             "ACCESS METHOD",        "OPERATOR CLASS",    "OPERATOR FAMILY",
                                             "TEXT SEARCH TEMPLATE", "TEXT SEARCH PARSER"};
    if (types.contains(item.type)) return true;
    if (item.type == "TYPE") return item.sql.find("\n    INPUT = ") != std::string::npos;
    if (item.type == "CAST") return item.sql.find(" WITHOUT FUNCTION") != std::string::npos;
    return item.class_oid == kPgProc && (item.type == "FUNCTION" || item.type == "PROCEDURE") &&
           untrusted_.contains(std::to_string(item.oid));
  }

  void look_at_extension(const std::string& name) {
    const std::string subject = "target extension " + one_line(name);
    const auto found = extensions_.find(name);
    if (found == extensions_.end())
      return findings_.failed(ErrorKind::target, subject, "the target's server does not have it",
                              "install its package on that machine; or leave out with --exclude what needs it",
                              Reach::table);
    const Extension& extension = found->second;
    if (extension.made || superuser_) return;
    const std::string create = "CREATE EXTENSION " + quote_identifier(name);
    if (extension.superuser && !extension.trusted)
      findings_.failed(ErrorKind::target, subject,
                       fmt::format("only a superuser may create it, and the role {} is none", role_),
                       "a superuser on the target: " + create, Reach::table);
    else if (!may_create_)
      findings_.failed(
          ErrorKind::target, subject,
          fmt::format("the role {} may not create it, for want of CREATE on the database", role_),
          fmt::format("GRANT CREATE ON DATABASE … TO {}, or let a superuser: {}", quote_identifier(role_), create),
          Reach::table);
  }

  void tell_of_superuser() {
    for (const auto& [type, names] : of_superuser_)
      findings_.failed(
          ErrorKind::target, "target " + to_lower(type),
          fmt::format("only a superuser may create {}, and the role {} is none: {}",
                      type == "FUNCTION" || type == "PROCEDURE" ? "those in C and in untrusted languages" : "one",
                      role_, some_of(names)),
          "let a superuser create them on the target from what -d prints; --create leaves what is there", Reach::table);
  }

  void tell_of_roles() {
    const auto there = names_in(target_, "SELECT rolname FROM pg_catalog.pg_roles");
    std::vector<std::string> missing;
    const bool any = std::any_of(plan_.items().begin(), plan_.items().end(), [](const SchemaItem& item) {
      return item.type == "POLICY" || item.type == "USER MAPPING";
    });
    if (!any) return;
    for (const std::string& role : names_in(source_, sql::roles_of_objects))
      if (!there.contains(role)) missing.push_back(quote_identifier(role));
    if (!missing.empty())
      findings_.failed(ErrorKind::target, "target roles",
                       "policies or user mappings name roles that the target does not have: " + some_of(missing),
                       "CREATE ROLE … on the target", Reach::table);
  }

  void tell_of_servers() {
    if (superuser_) return;
    std::set<std::string> denied = names_in(target_,
                                            "SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper "
                                            "WHERE NOT pg_catalog.has_foreign_data_wrapper_privilege(oid, 'USAGE')");
    const PgResult servers = source_.exec(
        "SELECT s.srvname, w.fdwname FROM pg_catalog.pg_foreign_server s "
        "JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw ORDER BY 1");
    const auto there = names_in(target_, "SELECT srvname FROM pg_catalog.pg_foreign_server");
    for (int row = 0; row < servers.rows(); ++row)
      if (denied.contains(servers.text(row, 1)) && !there.contains(servers.text(row, 0)))
        findings_.failed(ErrorKind::target, "target server " + one_line(servers.text(row, 0)),
                         fmt::format("the role {} may not use its foreign data wrapper", role_),
                         fmt::format("GRANT USAGE ON FOREIGN DATA WRAPPER {} TO {}",
                                     quote_identifier(servers.text(row, 1)), quote_identifier(role_)),
                         Reach::table);
  }

  PgConnection& source_;
  PgConnection& target_;
  const SchemaPlan& plan_;
  CheckFindings& findings_;
  bool superuser_ = false;
  bool may_create_ = false;
  std::string role_;
  std::map<std::string, Extension> extensions_;
  std::set<std::string> schemas_;
  std::set<std::string> untrusted_;                               // oids of functions
  std::map<std::string, std::vector<std::string>> of_superuser_;  // by type
  std::vector<std::string> foreign_comments_;
};

// What --create does not bring, whoever runs it.
void tell_what_stays_behind(PgConnection& source, PgConnection& target, CheckFindings& findings) {
  if (const auto settings = settings_that_the_target_lacks(source, target); !settings.empty())
    findings.warning(
        "target settings",
        fmt::format(
            "the source's database has {} settings that are not copied; functions may rely on them (search_path)",
            settings.size()),
        "on the target, where they matter: " + join(settings, "; "));
  std::vector<std::string> publications;
  for (const std::string& name :
       names_in(source, "SELECT pubname FROM pg_catalog.pg_publication WHERE pubname NOT LIKE 'dbsync\\_%'"))
    publications.push_back(quote_identifier(name));
  if (!publications.empty())
    findings.warning("source publications", "publications are not copied: " + some_of(publications),
                     "CREATE PUBLICATION … on the target after the move");
}

std::int64_t lock_room(PgConnection& connection) {
  return connection
      .exec(
          "SELECT current_setting('max_locks_per_transaction')::int8 * "
          "(current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8)")
      .integer(0, 0);
}

void tell_of_locks(const std::string& subject, PgConnection& connection, std::int64_t needed, const std::string& what,
                   CheckFindings& findings) {
  const std::int64_t room = lock_room(connection);
  if (needed <= room) return findings.passed(subject, fmt::format("room for {}, about {} needed", room, needed));
  const std::int64_t now = connection.exec("SELECT current_setting('max_locks_per_transaction')::int8").integer(0, 0);
  findings.warning(
      subject,
      fmt::format(
          "{} takes about {} locks at once, and the server has room for {}: it may end with \"out of shared memory\"",
          what, needed, room),
      fmt::format("set max_locks_per_transaction = {} and restart the server", now * needed / room * 3 / 2 + 1));
}

constexpr char kInsertsOnly[] = ", unless rows are only ever inserted";
constexpr char kRefused[] =
    ": as long as it is followed, the source refuses its UPDATEs and DELETEs, or does not say which row they are of";

}  // namespace

void check_creation(PgConnection& source, PgConnection& target, const SchemaPlan& plan, CheckFindings& findings) {
  const auto failed = findings.count(CheckFinding::Grade::failed);
  CreationCheck(source, target, plan, findings).run();
  tell_what_stays_behind(source, target, findings);
  if (findings.count(CheckFinding::Grade::failed) == failed)
    findings.passed("target rights", "the role may make what the schema needs");
}

void check_identities(PgConnection& source, const PublishedTables& published, FollowConfig::WithoutKey policy,
                      CheckFindings& findings) {
  using enum FollowConfig::WithoutKey;
  const std::string place = "on " + place_of_statements(source) + ": ";
  const auto leaves = leaves_of_other_identity(source, published.oids());
  for (const LeafOfOtherIdentity& one : leaves) {
    const std::string subject = "source table " + display_name(one.leaf);
    const std::string fact = fmt::format("its replica identity is not that of {}, under whose name its changes come",
                                         display_name(one.root));
    const std::string remedy = place + one.remedy_sql;
    if (policy == leave)
      findings.warning(subject, fact + ": the tree will be copied and not followed", remedy);
    else if (policy == stop || one.misleads)
      findings.failed(ErrorKind::source, subject, fact, remedy + "; or --exclude, --full-only");
    else
      findings.warning(subject, fact, remedy + kInsertsOnly);
  }
  const auto tables = tables_without_identity(source, published.oids());
  for (const TableWithoutIdentity& table : tables) {
    const std::string subject = "source table " + display_name(table.name);
    const std::string fact = table.fact();
    const std::string remedy = place + table.remedy_sql();
    if (policy == leave)
      findings.warning(subject, fact + ": it will be copied and not followed", remedy);
    else if (policy == publish && !table.partial)
      findings.warning(subject, fact + kRefused, remedy + kInsertsOnly);
    else
      findings.failed(ErrorKind::source, subject, fact + kRefused,
                      remedy + "; or --exclude, --full-only, or tables_without_key = leave or publish in [follow]");
  }
  if (tables.empty() && leaves.empty()) findings.passed("source identities", "every table can be followed");
}

void check_publication(PgConnection& source, const std::string& publication, const PublishedTables& published,
                       FollowWish follow, CheckFindings& findings) {
  if (!on_standby(source)) return;
  constexpr char kSubject[] = "source publication";
  const auto lack = lack_of_publication(source, publication, published);
  if (!lack) return findings.passed(kSubject, "the standby's primary publishes the tables");
  const auto colon = lack->find(": ");
  const std::string remedy = lack->substr(colon + 2);
  if (follow == FollowWish::asked)
    findings.failed(ErrorKind::source, kSubject, lack->substr(0, colon), remedy);
  else
    findings.warning(kSubject, lack->substr(0, colon) + ", so rows can be copied, but changes not followed", remedy);
}

void check_generated(const std::vector<UnfitColumn>& columns, CheckFindings& findings) {
  for (const UnfitColumn& column : columns)
    findings.failed(ErrorKind::target, "target table " + display_name(column.table),
                    fmt::format("its column {} {}", column.column, column.reason),
                    column.remedy + "; or --exclude, --full-only");
}

void check_triggers(const std::vector<ActingTrigger>& triggers, CheckFindings& findings) {
  for (const ActingTrigger& trigger : triggers)
    if (trigger.held)
      findings.passed("target triggers", trigger.text +
                                             " on both sides: while the task follows, until --cleanup, it does not act "
                                             "on what is applied");
    else
      findings.warning("target triggers",
                       trigger.text + " on the target, and not so on the source: it acts on every row that is applied",
                       "on the target, unless it should: " + trigger.enable_sql);
}

void check_lock_room(PgConnection& source, PgConnection& target, const PgCatalog& catalog, CheckFindings& findings) {
  constexpr std::int64_t kOfTable = 4;  // itself, its TOAST table, the index on that, its type
  std::int64_t tables = 0;
  std::map<std::uint32_t, std::int64_t> trees;
  for (const PgRelation& relation : catalog.relations) {
    if (relation.kind != 'r' && relation.kind != 'p') continue;
    ++tables;
    if (relation.partition) trees[catalog.root_of(relation).oid] += kOfTable;
  }
  std::int64_t largest = kOfTable;
  for (const auto& [oid, locks] : trees) largest = std::max(largest, locks);
  tell_of_locks("source locks", source, tables, "pg_dump", findings);
  tell_of_locks("target locks", target, largest, "the largest tree of partitions", findings);
}

}  // namespace dbsync
