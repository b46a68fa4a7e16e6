// Parts of pgsql2pgsql that need no server.
#include <gtest/gtest.h>

#include "config/table_list.h"
#include "pg/catalog.h"
#include "pg/conninfo.h"
#include "pgsql2pgsql/schema/schema_dump.h"
#include "pgsql2pgsql/schema/schema_names.h"
#include "pgsql2pgsql/schema/sql_rename.h"
#include "pgsql2pgsql/source/binary_rule.h"
#include "schema/dialect.h"

namespace dbsync {
namespace {

// Which server it is, is in its catalog and version(); names of databases and
// build strings say nothing.
TEST(ServerDetection, EachFamilyIsKnownByItsCatalogAndVersion) {
  const auto name = [](std::string_view version, bool distributed, int number) {
    return dialect_name(dialect_of_server(version, distributed, number));
  };
  EXPECT_EQ(name("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64", false, 150018), "PostgreSQL 15");
  EXPECT_EQ(name("PostgreSQL 15.2 (built by greenplum tools)", false, 150002), "PostgreSQL 15");
  EXPECT_EQ(name("PostgreSQL 9.4.26 (Greenplum Database 6.24.3 build commit:25d3498)", true, 90426), "Greenplum 6");
  EXPECT_EQ(name("PostgreSQL 12.12 (Greenplum Database 7.1.0 build commit:e7c2b1f)", true, 120012), "Greenplum 7");
  EXPECT_EQ(name("PostgreSQL 14.4 (Cloudberry Database 1.6.0 build 1)", true, 140004), "Cloudberry 1");
  EXPECT_EQ(name("PostgreSQL 14.4 (Apache Cloudberry 2.0.0-incubating build 1)", true, 140004), "Cloudberry 2");
  EXPECT_EQ(name("PostgreSQL 9.4.24 on AnalyticDB", true, 90424), "Greenplum 6");
}

TEST(SchemaDump, ProgramVersions) {
  EXPECT_EQ(program_major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), 15);
  EXPECT_EQ(program_major("pg_dump (PostgreSQL) 9.6.24\n"), 9);
  EXPECT_EQ(program_major("pg_dump (PostgreSQL) 18beta1\n"), 18);
  EXPECT_EQ(program_major("command not found"), 0);
}

TEST(SchemaDump, ListGivesTheItemsInOrder) {
  EXPECT_EQ(listed_items(";\n; Archive created at 2026\n;     TOC Entries: 3\n7; 2615 16389 SCHEMA - My S postgres\n"
                         "3316; 2604 16408 DEFAULT My S a b s postgres\n3485; 0 0 COMMENT - EXTENSION citext \n"),
            (std::vector<int>{7, 3316, 3485}));
}

constexpr char kScript[] =
    "--\n-- PostgreSQL database dump\n--\n\nSET x = 1;\n\n"
    "--\n-- TOC entry 216 (class 1259 OID 16395)\n-- Dependencies: 892 7\n-- Name: t; Type: TABLE; Schema: public; "
    "Owner: -\n"
    "-- Data Pos: 0\n--\n\nCREATE TABLE public.t (\n    id integer DEFAULT '\n--\n-- TOC entry 9 (class 1 OID "
    "2)\n'\n);\n\n\n"
    "SET default_table_access_method = heap;\n\n"
    "--\n-- TOC entry 3331 (class 2606 OID 16409)\n-- Dependencies: 216\n-- Name: t t_fk; Type: FK CONSTRAINT; Schema: "
    "public; Owner: -\n"
    "-- Data Pos: 0\n--\n\nALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_fk;\n\n\n"
    "-- Completed on 2026-11-24 11:13:24 UTC\n\n--\n-- PostgreSQL database dump complete\n--\n\n";

TEST(SchemaDump, ScriptIsCutWhereTheListSays) {
  const auto items = cut_script(kScript, {216, 3331});
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].type, "TABLE");
  EXPECT_EQ(items[0].oid, 16395u);
  EXPECT_EQ(items[0].depends_on, (std::vector<int>{892, 7}));
  EXPECT_EQ(items[0].sql,
            "CREATE TABLE public.t (\n    id integer DEFAULT '\n--\n-- TOC entry 9 (class 1 OID 2)\n'\n);");
  EXPECT_EQ(items[1].type, "FK CONSTRAINT");
  EXPECT_EQ(items[1].tag, "t t_fk");
  EXPECT_EQ(items[1].sql, "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_fk;");
}

TEST(SchemaDump, AScriptWithoutAListedItemIsAnError) {
  EXPECT_THROW(cut_script(kScript, {216, 5}), Error);
  EXPECT_THROW(cut_script("", {216}), Error);
  EXPECT_TRUE(cut_script("", {}).empty());
}

std::string renamed(std::string_view sql) {
  const SchemaMap map("", {{"schema_map", "a", "New", 1}, {"schema_map", "My S", "b", 2}}, "my.cfg");
  return rename_schemas(sql, map, {{"a", "t"}, {"a", "seq"}, {"a", "+"}, {"My S", "x y"}, {"a", "f"}});
}

struct RenameCase {
  const char* sql;
  const char* expected;
};
class Rename : public ::testing::TestWithParam<RenameCase> {};
TEST_P(Rename, OnlyNamesOfObjectsChange) { EXPECT_EQ(renamed(GetParam().sql), GetParam().expected); }
INSTANTIATE_TEST_SUITE_P(
    Sql, Rename,
    ::testing::Values(RenameCase{"CREATE TABLE a.t (id integer);", "CREATE TABLE \"New\".t (id integer);"},
                      RenameCase{"ALTER TABLE \"My S\".\"x y\" ADD", "ALTER TABLE \"b\".\"x y\" ADD"},
                      RenameCase{"SELECT a.id FROM a.t a", "SELECT a.id FROM \"New\".t a"},
                      RenameCase{"SELECT a.t.id FROM x.a.t", "SELECT \"New\".t.id FROM x.a.t"},
                      RenameCase{"nextval('a.seq'::regclass)", "nextval('\"New\".seq'::regclass)"},
                      RenameCase{"DEFAULT 'a.t'::text -- a.t\n/* a.t */", "DEFAULT 'a.t'::text -- a.t\n/* a.t */"},
                      RenameCase{"AS $$ select a.t $$ AS $x$ a.t $$ $x$ a.t",
                                 "AS $$ select a.t $$ AS $x$ a.t $$ $x$ \"New\".t"},
                      RenameCase{"E'it\\'s a.t' || a.f(1)", "E'it\\'s a.t' || \"New\".f(1)"},
                      RenameCase{"1 OPERATOR(a.+) a.f(2)", "1 OPERATOR(\"New\".+) \"New\".f(2)"},
                      RenameCase{"a.citext, \"a\".t, A.t", "a.citext, \"New\".t, \"New\".t"}));

struct ColumnRenameCase {
  const char* sql;
  const char* expected;  // "" = names an excluded column
};
class ColumnRename : public ::testing::TestWithParam<ColumnRenameCase> {};
TEST_P(ColumnRename, OnlyColumnsChange) {
  const auto out = rename_columns(GetParam().sql,
                                  {{"a", "b"}, {"Mixed", "m"}, {"time", "t"}, {"year", "y"}, {"date", "d"}}, {"gone"});
  EXPECT_EQ(out.value_or(""), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    Sql, ColumnRename,
    ::testing::Values(
        ColumnRenameCase{"((a > 0) AND (\"Mixed\" <> 'a'::text))", "((\"b\" > 0) AND (\"m\" <> 'a'::text))"},
        ColumnRenameCase{"a(a, b)", "a(\"b\", b)"}, ColumnRenameCase{"(x)::date = date", "(x)::date = \"d\""},
        ColumnRenameCase{"x::timestamp without time zone > time", "x::timestamp without time zone > \"t\""},
        ColumnRenameCase{"EXTRACT(year FROM x) = (year)::numeric", "EXTRACT(year FROM x) = (\"y\")::numeric"},
        ColumnRenameCase{"(x AT TIME ZONE 'a'::text)", "(x AT TIME ZONE 'a'::text)"},
        ColumnRenameCase{"(r).a", "(r).a"}, ColumnRenameCase{"COALESCE(a, gone)", ""},
        ColumnRenameCase{"x <> 'gone'::text", "x <> 'gone'::text"}));

TEST(SchemaNames, PatternsMatchSchemaAndTable) {
  EXPECT_TRUE(matches_pattern("sales.*", {"sales", "orders"}));
  EXPECT_FALSE(matches_pattern("sales.*", {"sales2", "orders"}));
  EXPECT_TRUE(matches_pattern("ord*", {"any", "orders"}));
  EXPECT_TRUE(matches_pattern("*.t?", {"any", "t1"}));
  EXPECT_FALSE(matches_pattern("*.t?", {"any", "t12"}));
  EXPECT_EQ(split_patterns(" a.*, b ,,c"), (std::vector<std::string>{"a.*", "b", "c"}));
}

TEST(SchemaNames, DisplayedNamesDoNotLookAlike) {
  EXPECT_EQ(display_name({"public", "t"}), "public.t");
  EXPECT_NE(display_name({"a.b", "c"}), display_name({"a", "b.c"}));
  EXPECT_EQ(display_name({"My S", "a\nb"}), "\"My S\".\"a b\"");
}

TEST(TableListWithSchemas, NamesMayHaveThem) {
  const auto list = parse_table_list("sales.orders\n\"a.b\".\"c d\" : select 1\nplain: select x.y from z\n", "list",
                                     ListNames::with_schema);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].schema + "|" + list[0].table, "sales|orders");
  EXPECT_EQ(list[1].schema + "|" + list[1].table, "a.b|c d");
  EXPECT_EQ(list[1].query, "select 1");
  EXPECT_EQ(list[2].schema + "|" + list[2].table, "|plain");
  EXPECT_EQ(list[2].query, "select x.y from z");
  EXPECT_THROW(parse_table_list(".t\n", "list", ListNames::with_schema), Error);
  EXPECT_THROW(parse_table_list("a.b\n", "list"), Error);
  EXPECT_THROW(parse_table_list("a.b\na.b\n", "list", ListNames::with_schema), Error);
  EXPECT_EQ(parse_table_list("a.t\nb.t\n", "list", ListNames::with_schema).size(), 2u);
}

TEST(Conninfo, SecretsAreTakenOut) {
  const PublicConninfo split = without_secrets("host=h user='o\\'x' dbname=d password='s e\\'c' sslpassword=top");
  EXPECT_EQ(split.password, "s e'c");
  EXPECT_EQ(split.conninfo.find("s e"), std::string::npos);
  EXPECT_EQ(split.conninfo.find("top"), std::string::npos);
  EXPECT_NE(split.conninfo.find("dbname='d'"), std::string::npos);
  EXPECT_EQ(without_secrets("postgresql://u:pw@h/d").password, "pw");
  EXPECT_THROW(without_secrets("host"), Error);
  EXPECT_EQ(without_secrets("host=h options='-c a=b'").conninfo, "host='h' options='-c a=b'");
  EXPECT_EQ(without_secrets("options='-c a=b' host=h", "-c c=d").conninfo, "host='h' options='-c a=b -c c=d'");
  EXPECT_EQ(without_secrets("host=h", "-c c=d").conninfo, "host='h' options='-c c=d'");
}

PgColumn column(std::uint32_t oid, bool enumeration = false) {
  PgColumn out;
  out.name = "c";
  out.type_oid = oid;
  out.enumeration = enumeration;
  return out;
}
TargetColumn receiver(std::uint32_t oid, bool enumeration = false) { return {"c", {}, false, false, oid, enumeration}; }

TEST(BinaryRule, SafeTypesOnly) {
  const BinarySides sides{150000, 150000};
  EXPECT_EQ(binary_obstacle(column(23), receiver(23), sides), "");      // int4
  EXPECT_EQ(binary_obstacle(column(3802), receiver(3802), sides), "");  // jsonb
  EXPECT_EQ(binary_obstacle(column(16400, true), receiver(17000, true), sides), "");
  EXPECT_NE(binary_obstacle(column(23), receiver(20), sides), "");           // int4 to int8
  EXPECT_NE(binary_obstacle(column(16400), receiver(16400), sides), "");     // a user's type
  EXPECT_NE(binary_obstacle(column(2205), receiver(2205), sides), "");       // regclass
  EXPECT_NE(binary_obstacle(column(790), receiver(790), sides), "");         // money
  EXPECT_NE(binary_obstacle(column(16400, true), receiver(25), sides), "");  // enum to text
  EXPECT_EQ(binary_obstacle(column(1186), receiver(1186), {180000, 170000}), "");
  EXPECT_NE(binary_obstacle(column(1186), receiver(1186), {180000, 150000}), "");
}

}  // namespace
}  // namespace dbsync
