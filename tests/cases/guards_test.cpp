// Loads into tables that have foreign keys and triggers: they do not act, the keys are
// proved at the end, and after SIGKILL at any moment all are what they were.
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/environment.h"
#include "tests/harness/kill_load.h"
#include "tests/harness/migration.h"
#include "tests/harness/servers.h"
#include "tests/harness/wait.h"

namespace dbsync::test {
namespace {

constexpr int kTarget = 4;
constexpr int kData = 5;

constexpr char kKeys[] =
    "select conrelid::regclass::text, conname, pg_get_constraintdef(c.oid), convalidated, obj_description(c.oid, "
    "'pg_constraint') "
    "from pg_constraint c where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2";
constexpr char kTriggers[] =
    "select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2";

// What the role of the load may do.
enum class Rights { superuser, owner, guest };

class GuardsTest : public MigrationTest {
 protected:
  // A circle (shops and staff), a table that refers to itself, and one below all.
  void make_source(int rows) {
    source.exec("create table shops (id int auto_increment primary key, manager int)");
    source.exec(
        "create table staff (id int auto_increment primary key, shop int not null, constraint fk_shop foreign key "
        "(shop) references shops (id))");
    source.exec(
        "create table customers (id int auto_increment primary key, friend int, name varchar(60), "
        "constraint fk_friend foreign key (friend) references customers (id))");
    source.exec(
        "create table orders (id int auto_increment primary key, customer int not null, seller int, "
        "constraint fk_customer foreign key (customer) references customers (id), constraint fk_seller foreign key "
        "(seller) references staff (id))");
    source.exec(
        "insert into shops (id) values (1), (2); insert into staff values (1, 1), (2, 2); update shops set manager = "
        "id; "
        "alter table shops add constraint fk_manager foreign key (manager) references staff (id)");
    source.exec("set foreign_key_checks = 0");
    insert("customers", rows, "nullif({0} % 7, 0) * 3", ", concat('customer ', {0})");
    insert("orders", rows * 2, "1 + {0} % 50", ", nullif({0} % 3, 0)");
    source.exec("set foreign_key_checks = 1; analyze table customers, orders");
  }

  // `rows` rows with the ids 1, 2, …
  void insert(const std::string& table, int rows, const std::string& first, const std::string& more) {
    const auto list = [&](const std::string& id) { return id + ", " + with(first, id) + with(more, id); };
    source.exec(fmt::format("insert into {} select {}", table, list("1")));
    for (int have = 1; have < rows; have *= 2)
      source.exec(fmt::format("insert into {0} select {1} from {0} where id + {2} <= {3}", table,
                              list(fmt::format("(id + {})", have)), have, rows));
  }
  static std::string with(std::string text, const std::string& id) {
    for (std::size_t at = 0; (at = text.find("{0}")) != std::string::npos;) text.replace(at, 3, id);
    return text;
  }

  // The whole DDL that -d prints, and what an application adds.
  void make_target(Rights rights) {
    const RunResult ddl = run({"mysql2pgsql", "-d"});
    ASSERT_EQ(ddl.exit_code, 0) << ddl.describe();
    const RunResult psql = target.load_with_psql(ddl.out);
    ASSERT_EQ(psql.exit_code, 0) << psql.err;
    target.exec(
        "create table audit (what text); comment on constraint fk_shop on staff is 'where they work'; "
        "create function note() returns trigger language plpgsql as $$ begin insert into public.audit values (tg_op); "
        "if tg_op = 'INSERT' then new.customer := 1; end if; return new; end $$; "
        "create trigger plain before insert on orders for each row execute procedure note(); "
        "create trigger always before insert on orders for each row execute procedure note(); "
        "alter table orders enable always trigger always; "
        "create trigger off before insert on orders for each row execute procedure note(); "
        "alter table orders disable trigger off; "
        "create trigger emptied before truncate on orders for each statement execute procedure note()");
    use_role(rights);
  }

  void use_role(Rights rights) {
    if (rights == Rights::superuser) return;
    role_ = std::make_unique<PgRole>(target);
    target.exec(fmt::format(
        "grant create on database {1} to {0}; grant all on schema public to {0}; "
        "grant insert, select, truncate on all tables in schema public to {0}; grant insert on audit to public",
        role_->name(), target.name()));
    if (rights == Rights::owner)
      for (const Row& row : target.query("select quote_ident(tablename) from pg_tables where schemaname = 'public'"))
        target.exec(fmt::format("alter table {} owner to {}", *row[0], role_->name()));
    configure_target(*this, role_->conninfo());
  }

  void expect_same_rows(const std::vector<std::string>& tables = {"shops", "staff", "customers", "orders"}) {
    for (const std::string& table : tables) {
      const std::string sums = fmt::format("select count(*), count(distinct id), sum(id){} from {}",
                                           table == "orders" ? ", sum(customer), sum(seller)" : "", table);
      EXPECT_EQ(difference(source.query(sums), target.query(sums)), "") << table;
    }
    EXPECT_EQ(target.value("select count(*) from audit"), "0") << "triggers have acted";
  }

  bool something_is_off() {
    return target.value("select to_regclass('dbsync.copy_guard') is not null") == "t" &&
           target.value("select count(*) from dbsync.copy_guard") != "0";
  }

  std::unique_ptr<PgRole> role_;
};

class GuardedKills : public GuardsTest, public ::testing::WithParamInterface<Rights> {};

// The runbook of rds_dbsync's users: the DDL, two tables with queries, then all tables.
// DBSYNC_RUNBOOK_KILLS and DBSYNC_RUNBOOK_ROWS make it longer.
TEST_P(GuardedKills, TheRunbookRunsAsWrittenAndAfterKillsTheKeysAreWhatTheyWere) {
  const int rows = number_from_environment("DBSYNC_RUNBOOK_ROWS", 8000);
  make_source(rows);
  make_target(GetParam());
  const Rows keys = target.query(kKeys);
  const Rows triggers = target.query(kTriggers);
  EXPECT_EQ(keys.size(), 5u);
  table_list("customers : select * from customers where id <= 21\norders : select * from orders where id <= 0\n");
  RunResult result = run({"mysql2pgsql", "-l", "tab_list.txt", "-j", "8"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(difference(keys, target.query(kKeys)), "");
  const KillPlan plan{number_from_environment("DBSYNC_RUNBOOK_KILLS", 6), 700, rows * 3 + 4, false};
  kill_and_resume(plan, {"mysql2pgsql", "-j", "4", "--chunk-size", "64kB", "--truncate"}, here(), target,
                  [&] { expect_same_rows(); });
  EXPECT_EQ(difference(keys, target.query(kKeys)), "");
  EXPECT_EQ(difference(triggers, target.query(kTriggers)), "");
  EXPECT_FALSE(something_is_off());
  result = run({"mysql2pgsql", "--verify-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
}

INSTANTIATE_TEST_SUITE_P(Roles, GuardedKills, ::testing::Values(Rights::superuser, Rights::owner),
                         [](const auto& param) {
                           return std::string(param.param == Rights::superuser ? "superuser" : "owner");
                         });

// Neither way is open: what cannot be is said before a row is written, and what can be
// is loaded in an order that the keys take.
TEST_F(GuardsTest, ARoleThatMayNotTurnThemOff) {
  make_source(3000);
  make_target(Rights::guest);
  target.exec("drop trigger always on orders; drop trigger emptied on orders");
  RunResult result = run({"mysql2pgsql", "-j", "4", "--chunk-size", "16kB"});
  EXPECT_EQ(result.exit_code, kTarget) << result.describe();
  const std::size_t written = result.err.find("customers: ");
  for (const char* text :
       {"foreign keys stay at work", "triggers act on the rows that are loaded", "plain of public.orders",
        "shops: foreign keys that stay at work form a circle", "staff: foreign keys that stay at work form a circle",
        "tables that cannot be loaded are referred to by orders"})
    EXPECT_LT(result.err.find(text), written) << text << "\n" << result.err;
  EXPECT_EQ(target.value("select count(*) from customers"), "3000") << "its rows refer to one another";
  EXPECT_EQ(target.value("select count(*) from shops"), "0");

  // Without the circle, parents go before children.
  target.exec("alter table shops drop constraint fk_manager; drop trigger plain on orders; truncate customers cascade");
  result = run({"mysql2pgsql", "-j", "4", "--chunk-size", "16kB", "--truncate"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  target.exec("delete from audit");
  expect_same_rows();
}

// Rows that refer to nothing come as they are, are counted and named, and cost 5.
TEST_F(GuardsTest, OrphansAreCountedAndNamed) {
  make_source(100);
  source.exec("set foreign_key_checks = 0; delete from customers where id = 2; set foreign_key_checks = 1");
  make_target(Rights::superuser);
  const Rows keys = target.query(kKeys);
  RunResult result = run({"mysql2pgsql"});
  EXPECT_EQ(result.exit_code, kData) << result.describe();
  EXPECT_NE(result.err.find("public.orders: foreign key fk_customer: 4 rows; Key (customer)=(2) is not present in "
                            "table public.customers (id)"),
            std::string::npos)
      << result.err;
  EXPECT_EQ(difference(keys, target.query(kKeys)), "");
  expect_same_rows();
}

// The key stands again, not valid, and the journal keeps that it was: when the rows are
// mended, --resume makes it what it was.
TEST_F(GuardsTest, AKeyThatDoesNotHoldStandsAgainAndIsValidatedLater) {
  make_source(100);
  source.exec("set foreign_key_checks = 0; delete from customers where id = 2; set foreign_key_checks = 1");
  make_target(Rights::owner);
  const Rows keys = target.query(kKeys);
  RunResult result = run({"mysql2pgsql"});
  EXPECT_EQ(result.exit_code, kData) << result.describe();
  EXPECT_NE(result.err.find("foreign key fk_customer: 4 rows; Key (customer)=(2)"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("VALIDATE CONSTRAINT \"fk_customer\""), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select string_agg(conname, ',') from pg_constraint where contype = 'f' and not convalidated"),
            "fk_customer");
  target.exec("insert into customers values (2, null, 'back again')");
  result = run({"mysql2pgsql", "--resume"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(difference(keys, target.query(kKeys)), "");
  EXPECT_FALSE(something_is_off());
}

// MATCH FULL, a key of two columns, one that was not valid, and one that is deferrable.
TEST_F(GuardsTest, KeysOfEveryKindAreProvedAsTheServerWould) {
  source.exec("create table p (a int, b varchar(9), primary key (a, b)); insert into p values (1, 'x'), (2, 'y')");
  for (const char* table : {"full_one", "simple", "late", "not_valid"})
    source.exec(
        fmt::format("create table {0} (id int primary key, a int, b varchar(9)); "
                    "insert into {0} values (1, 1, 'x'), (2, null, null), (3, 2, null)",
                    table));
  source.exec("insert into not_valid values (4, 7, 'z'), (5, 8, 'z')");
  target.exec(
      "create table p (a int, b varchar(9), primary key (a, b));"
      "create table full_one (id int primary key, a int, b text, foreign key (a, b) references p match full);"
      "create table simple (id int primary key, a int, b varchar(9), foreign key (a, b) references p on delete "
      "cascade);"
      "create table late (id int primary key, a int, b varchar(9), foreign key (a, b) references p deferrable "
      "initially deferred);"
      "create table not_valid (id int primary key, a int, b varchar(9));"
      "alter table not_valid add constraint nv foreign key (a, b) references p not valid; create table audit (what "
      "text)");
  const Rows keys = target.query(kKeys);
  for (const Rights rights : {Rights::superuser, Rights::owner}) {
    use_role(rights);
    const RunResult result = run({"mysql2pgsql", "--truncate"});
    EXPECT_EQ(result.exit_code, kData) << result.describe();
    EXPECT_NE(result.err.find("full_one: foreign key full_one_a_b_fkey: 1 rows; Key (a, b)=(2, null)"),
              std::string::npos)
        << result.err;
    EXPECT_NE(result.err.find("not_valid: foreign key nv: 2 rows; Key (a, b)=("), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("simple: foreign key"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("late: foreign key"), std::string::npos) << result.err;
    const std::string full_is_valid =
        target.value("select convalidated from pg_constraint where conname = 'full_one_a_b_fkey'");
    EXPECT_EQ(full_is_valid, rights == Rights::superuser ? "t" : "f");
    EXPECT_EQ(target.query(kKeys).size(), keys.size());
    target.exec("drop schema dbsync cascade");  // it is the role's
  }
}

// In the replica role a deferrable unique key would not be checked at all.
TEST_F(GuardsTest, DeferrableUniqueKeysStillRefuseDuplicates) {
  source.exec(
      "create table p (id int primary key); create table u (id int primary key, p int, v int); "
      "insert into p values (1); insert into u values (1, 1, 5), (2, 1, 5)");
  target.exec(
      "create table p (id int primary key);"
      "create table u (id int primary key, p int constraint fk references p, v int constraint once unique deferrable "
      "initially deferred)");
  const Rows keys = target.query(kKeys);
  RunResult result = run({"mysql2pgsql"});
  EXPECT_EQ(result.exit_code, kTarget) << result.describe();
  EXPECT_NE(result.err.find("once"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select count(*) from u"), "0");
  source.exec("update u set v = id");
  result = run({"mysql2pgsql", "--resume"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(difference(keys, target.query(kKeys)), "");
}

// Killed while keys and triggers are off: each of the three has them back.
TEST_F(GuardsTest, CleanupResumeAndTheNextRunPutThemBack) {
  make_source(500);
  make_target(Rights::owner);
  target.exec(
      "create function wait_for_it(id int) returns boolean language plpgsql as $$ begin "
      "if id = 400 then perform pg_advisory_xact_lock_shared(78); end if; return true; end $$; "
      "alter table orders add constraint wait check (wait_for_it(id))");
  const Rows keys = target.query(kKeys);
  const Rows triggers = target.query(kTriggers);
  const std::string again[] = {"--cleanup", "--resume", "--truncate"};
  for (const std::string& option : again) {
    target.exec("select pg_advisory_lock(78)");
    Program killed({"mysql2pgsql", "--truncate"}, here());
    ASSERT_TRUE(eventually([&] {
      return target.value(
                 "select count(*) from pg_stat_activity where datname = current_database() and wait_event = "
                 "'advisory'") == "1";
    }));
    killed.signal(SIGKILL);
    killed.wait();
    target.exec("select pg_advisory_unlock(78)");
    EXPECT_TRUE(something_is_off()) << option;
    EXPECT_EQ(target.query(kKeys).size(), 0u);
    // For --cleanup: whatever else the rows are, the killed run's own are in or not.
    if (option == "--cleanup") target.exec("truncate orders, customers, shops, staff");
    const RunResult result = run({"mysql2pgsql", option});
    EXPECT_EQ(result.exit_code, 0) << option << result.describe();
    EXPECT_EQ(difference(keys, target.query(kKeys)), "") << option;
    EXPECT_EQ(difference(triggers, target.query(kTriggers)), "") << option;
    EXPECT_FALSE(something_is_off()) << option;
    target.exec("delete from audit");
    if (option != "--cleanup") expect_same_rows();
  }
}

// A definition in the journal is no way to have any other statement run.
TEST_F(GuardsTest, TheJournalsDefinitionsAreNotTrustedBlindly) {
  make_source(100);
  make_target(Rights::owner);
  ASSERT_EQ(run({"mysql2pgsql"}).exit_code, 0);
  target.exec(
      "insert into dbsync.copy_guard select run, 'key', 'public', 'orders', 'x', 'CHECK (true); drop table audit', '', "
      "true, true "
      "from dbsync.copy_run");
  RunResult result = run({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(result.exit_code, kTarget) << result.describe();
  EXPECT_NE(result.err.find("dbsync.copy_guard has no foreign key for x of public.orders"), std::string::npos)
      << result.err;
  target.exec(
      "update dbsync.copy_guard set definition = 'FOREIGN KEY (customer) REFERENCES public.customers(id); drop table "
      "audit'");
  result = run({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(result.exit_code, kTarget) << result.describe();
  EXPECT_EQ(target.value("select to_regclass('audit') is not null"), "t");
  target.exec("delete from dbsync.copy_guard");
  EXPECT_EQ(run({"mysql2pgsql", "--cleanup"}).exit_code, 0);
}

}  // namespace
}  // namespace dbsync::test
