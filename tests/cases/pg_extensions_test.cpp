// Databases that use extensions: types, operator classes and expressions of an extension
// in a schema of its own are copied with --create, followed, compared and cleaned up;
// make test-matrix does it between servers of different versions.
#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

struct Extension {
  const char* name;
  const char* setup;  // its schema is ext; further ones stand here
  const char* changes;
  const char* tables;          // that must be the same, with blanks between
  const char* generated = "";  // what servers from 12 on have, too
};

// For the names of the tests.
void PrintTo(const Extension& extension, std::ostream* out) { *out << extension.name; }

constexpr Extension kExtensions[] = {
    {"hstore",
     "create table h (id serial primary key, a ext.hstore not null default 'new=>1',"
     "  check (not ext.exist(a, 'bad')));"
     "create index on h using gist (a); create index on h using gin (a); create index on h ((a operator(ext.->) 'k'));"
     "insert into h (a) select ext.hstore(array['k', 'n'], array[i::text, null]) from generate_series(1, 500) i;"
     "create table bag (a ext.hstore, list ext.hstore[]); alter table bag replica identity full;"
     "insert into bag values ('a=>1', array['b=>2', null]::ext.hstore[]), ('a=>1', null), (null, '{}')",
     "insert into h (a) values (default), ('k=>\"q\\\"uote, =>\"'); update h set a = a operator(ext.||) 'more=>x' "
     "where id % 7 = 0;"
     "delete from h where id % 5 = 0; update bag set list = array['c=>3']::ext.hstore[] where list is null; delete "
     "from bag where a is null",
     "h bag", "alter table h add keys text[] generated always as (ext.akeys(a)) stored"},
    {"citext",
     "create table c (mail ext.citext primary key, name ext.citext unique, tags ext.citext[]); create domain dom as "
     "ext.citext check (length(value) < 50);"
     "create table r (id int primary key, mail ext.citext references c on update cascade, d dom);"
     "insert into c select 'User' || i || '@Example.org', 'Name ' || i, array['A' || i, null]::ext.citext[] from "
     "generate_series(1, 300) i;"
     "insert into r select i, 'USER' || i || '@example.ORG', 'Dom' from generate_series(1, 300) i;"
     "create table bag (v ext.citext); alter table bag replica identity full; insert into bag values ('A'), ('a'), "
     "('B')",
     "update c set mail = upper(mail::text)::ext.citext where name = 'NAME 7'; delete from r where id > 250; delete "
     "from c where name = 'name 299';"
     "update bag set v = 'changed' where v::text = 'a'; insert into c values ('new', 'new', '{}'); update r set d = "
     "'other' where id < 10",
     "c r bag"},
    {"ltree",
     "create table l (id int primary key, path ext.ltree not null, q ext.lquery, t ext.ltxtquery, many ext.ltree[]);"
     "create index on l using gist (path); create index on l using btree (path); create index on l using gist (many);"
     "insert into l select i, ('top.a' || i % 10 || '.b' || i)::ext.ltree, '*.a1.*', 'a & b*', array['x.y', "
     "'z']::ext.ltree[] from generate_series(1, 400) i;"
     "create unique index on l (ext.subpath(path, 2)) where ext.nlevel(path) > 2;"
     "create table tree (path ext.ltree primary key, v text); insert into tree select path, 'v' from l",
     "update l set path = path operator(ext.||) 'leaf'::ext.ltree, many = null where path operator(ext.~) "
     "'*.a3.*'::ext.lquery;"
     "delete from l where id > 350; insert into l values (1000, '', null, null, '{}');"
     "update tree set v = 'w' where path operator(ext.~) '*.a4.*'::ext.lquery; update tree set path = 'moved' where "
     "path operator(ext.=) 'top.a5.b5'::ext.ltree;"
     "delete from tree where path operator(ext.~) '*.a6.*'::ext.lquery",
     "l tree"},
    {"seg",
     "create table s (id int primary key, v ext.seg, list ext.seg[]); create index on s using gist (v);"
     "insert into s select i, (i || '.50 .. ' || i + 1)::ext.seg, array['~5.00', '1 (+-) 0.10']::ext.seg[] from "
     "generate_series(1, 100) i;"
     "create table bag (v ext.seg); alter table bag replica identity full; insert into bag values ('1.0'), ('1.00'), "
     "('<2')",
     "update s set v = '1.000' where id = 3; delete from s where id > 90; update bag set v = '7.0' where v::text = "
     "'1.00'; delete from bag where v::text = '<2'",
     "s bag"},
    {"isn",
     "create table i (id ext.isbn13 primary key, e ext.ean13, s ext.issn); insert into i values ('978-0-393-04002-9', "
     "'978-0-393-04002-9', '1436-4522'),"
     "  ('978-0-11-000222-4', null, null)",
     "update i set s = '1436-4522' where e is null; delete from i where e is not null", "i"},
    {"btree_gist",
     "create table room (no int, during tsrange, note text, exclude using gist (no with =, during with &&));"
     "alter table room replica identity full; insert into room select i % 5, tsrange(d, d + interval '1 hour'), 'n' || "
     "i "
     "  from generate_series(1, 100) i, lateral (select timestamp '2024-01-01' + i * interval '1 hour' as d) x",
     "delete from room where note = 'n7'; update room set during = 'empty' where note = 'n8'; insert into room values "
     "(9, '(,)', 'always')",
     "room"},
    {"postgis",
     "create table g (id int primary key, p ext.geometry(Point, 4326), any_kind ext.geometry, e "
     "ext.geography(LineString), z ext.geometry(PointZM, 3857),"
     "  b ext.box2d, r ext.box3d);"
     "create index on g using gist (p); create index on g using spgist (any_kind); create index on g using gist (e);"
     "insert into g (id, p, any_kind, e, z, b, r) select i, ext.st_setsrid(ext.st_makepoint(i * 0.1, 1 / i::float8), "
     "4326), "
     "  ext.st_buffer(ext.st_makepoint(i, i), 2), ext.st_geogfromtext('LINESTRING(0 0, ' || i % 90 || ' 1)'), "
     "  ext.st_setsrid(ext.st_makepoint(i, 2, 3, 'NaN'), 3857), 'BOX(1 2,3 4.5)', 'BOX3D(1 2 3,4 5 6)' from "
     "generate_series(1, 200) i;"
     "insert into g (id, any_kind) values (1000, 'POINT EMPTY'), (1001, 'GEOMETRYCOLLECTION(POINT(1 2), "
     "CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0)))');"
     "insert into ext.spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) values (990001, 'me', 1, "
     "'LOCAL_CS[\"mine\"]', '+proj=longlat');"
     "create view v as select id, ext.st_area(any_kind) as area from g;"
     "create table bag (p ext.geometry, n int); alter table bag replica identity full; insert into bag values "
     "('POINT(1 1)', 1), ('POINT(1 1)', 2), (null, 3)",
     "update g set any_kind = ext.st_translate(any_kind, 1, 1), p = null where id % 3 = 0; delete from g where id > "
     "180 and id < 1000;"
     "insert into g (id, e) values (2000, 'LINESTRING(1 1, 2 2)'); update bag set p = 'POINT(2 2)' where n = 2; delete "
     "from bag where n = 3",
     "g bag v", "alter table g add hull ext.geometry generated always as (ext.st_envelope(any_kind)) stored"},
    {"vector",
     "create table v (id int primary key, e ext.vector(3), list ext.vector[]); create index on v using hnsw (e "
     "ext.vector_l2_ops);"
     "insert into v select i, array[i, 1 / i::float4, -i]::ext.vector, array['[1]', '[1,2]']::ext.vector[] from "
     "generate_series(1, 200) i",
     "update v set e = '[0,0,1e-30]' where id = 1; delete from v where id > 150; insert into v values (999, null, "
     "null)",
     "v"},
    {"pg_partman",
     "create table ev (id bigint not null, at timestamptz not null, v text, primary key (id, at)) partition by range "
     "(at);"
     "select ext.create_parent('public.ev', 'at', 'native', 'daily', p_premake := 2); alter table "
     "ext.template_public_ev replica identity full;"
     "insert into ev select i, now() + i % 3 * interval '1 day', 'v' || i from generate_series(1, 200) i",
     "insert into ev select i, now(), 'new' from generate_series(201, 250) i; update ev set v = 'w' where id < 50; "
     "delete from ev where id between 60 and 70",
     "ev ext.part_config"},
};

class PgExtensions : public FollowTest, public ::testing::WithParamInterface<Extension> {
 protected:
  // Asked by making it: one broken control file of another extension ends the view of them.
  static bool available(TargetDb& database, const std::string& name) {
    try {
      database.exec(fmt::format("begin; create extension {}; rollback", name));
      return true;
    } catch (const std::exception& error) {
      database.exec("rollback");
      const std::string_view text = error.what();
      if (text.find("extension control file") == std::string_view::npos &&
          text.find("is not available") == std::string_view::npos)
        throw;
      return false;
    }
  }
  void complete(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"pgsql2pgsql"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const RunResult run = run_program(command, here());
    ASSERT_EQ(run.exit_code, 0) << run.describe();
  }
  void expect_same_tables() {
    const std::string tables = GetParam().tables;
    for (std::size_t at = 0; at < tables.size();) {
      const std::size_t end = std::min(tables.find(' ', at), tables.size());
      expect_same_table(tables.substr(at, end - at));
      at = end + 1;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Databases, PgExtensions, ::testing::ValuesIn(kExtensions),
                         [](const auto& extension) { return extension.param.name; });

TEST_P(PgExtensions, AreCopiedFollowedComparedAndCleanedUp) {
  const Extension& extension = GetParam();
  for (TargetDb* database : {&source, &target})
    if (!available(*database, extension.name))
      GTEST_SKIP() << fmt::format("the server of the {} has no extension {}", database == &source ? "source" : "target",
                                  extension.name);
  source.exec(fmt::format("create schema ext; create extension {} schema ext", extension.name));
  source.exec(extension.setup);
  if (std::min(source.version(), target.version()) >= 120000) source.exec(extension.generated);
  ASSERT_NO_FATAL_FAILURE(complete({"--create", "-j", "2", "--end-at", "now"}));
  expect_same_tables();
  source.exec(extension.changes);
  ASSERT_NO_FATAL_FAILURE(complete({"--create", "--end-at", "now"}));
  expect_same_tables();
  expect_same("select extname, extnamespace::regnamespace from pg_extension order by 1");
  expect_same(
      "select indrelid::regclass, count(*) from pg_index i join pg_class c on c.oid = indrelid where relnamespace = "
      "'public'::regnamespace "
      "and indisvalid group by 1 order by indrelid::regclass::text");
  ASSERT_NO_FATAL_FAILURE(complete({"--verify-only"}));
  ASSERT_NO_FATAL_FAILURE(complete({"--cleanup"}));
  EXPECT_EQ(slot_column("slot_name"), "");
}

}  // namespace

}  // namespace dbsync::test
