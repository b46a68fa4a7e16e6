#include "pg/hints.h"

#include <fmt/format.h>

#include "schema/quote.h"

namespace dbsync {

namespace {

using enum PgStep;

// The first row that fits is taken: rows for a step and a text stand before others.
// {t} and {c} are the table and the column, {f} the function of the error's context.
struct Row {
  std::string_view state;  // or its beginning
  PgStep step;
  std::string_view says;  // a part of the message; "" = any
  std::string_view hint;
};

#define BY_SEARCH_PATH                                                                                                \
  "{f}, which a check, domain, default, generated column, partition key or trigger of {t} calls, finds names by "     \
  "search_path, and rows are loaded with an empty one, as pg_restore does: ALTER FUNCTION {f} SET search_path = … " \
  "(the log names the source's path), then --resume (or the same command)"
#define WIDEN "ALTER TABLE {t} ALTER COLUMN {c} TYPE … on the target, or for --create a rule in [types]; "
#define QUERY_LINE "or change the values in a table-list query"
#define RESUME "; then --resume makes what is missing"
#define GO_ON "then --resume (when following, the same command)"

constexpr Row kRows[] = {
    // ---- connecting; a refused connection has no SQLSTATE, libpq gives the server's text only
    {"28", connect, "", "check user and password, and the server's pg_hba.conf"},
    {"", connect, "password authentication failed", "check user and password, and the server's pg_hba.conf"},
    {"", connect, "no password supplied", "check user and password, and the server's pg_hba.conf"},
    {"", connect, "no pg_hba.conf entry",
     "check user and password, and the server's pg_hba.conf: it needs a line for this machine"},
    {"3D000", connect, "", "create the database first (CREATE DATABASE), or correct dbname"},
    {"", connect, "FATAL:  database \"", "create the database first (CREATE DATABASE), or correct dbname"},
    {"", connect, "FATAL:  role \"", "check user of the connect_string"},
    {"", connect, "permission denied for database", "GRANT CONNECT ON DATABASE … TO the role of the connect_string"},
    {"53300", connect, "", "lower -j, end sessions that are idle, or raise max_connections"},
    {"", connect, "too many clients", "lower -j, end sessions that are idle, or raise max_connections"},
    {"", connect, "too many connections",
     "lower -j, or raise the limit: ALTER ROLE (or DATABASE) … CONNECTION LIMIT …"},
    {"", connect, "remaining connection slots", "lower -j, end sessions that are idle, or raise max_connections"},
    {"", connect, "session is read-only",
     "target_session_attrs asks for a server that writes: name the primary among the hosts"},
    {"57P03", connect, "", "the server is starting, stopping or recovering: try again when it accepts connections"},
    {"", connect, "the database system is",
     "the server is starting, stopping or recovering: try again when it accepts connections"},
    {"", connect, "could not translate host name", "check host of the connect_string"},
    {"", connect, "SSL", "check sslmode, sslrootcert, sslcert and sslkey of the connect_string, and ssl of the server"},
    {"", connect, "timeout expired", "check host and port of the connect_string, and the firewall between"},
    {"", connect, "Connection refused", "check that the server runs, and host and port of the connect_string"},
    {"", connect, "No such file or directory", "check that the server runs, and host and port of the connect_string"},

    // ---- reading the source
    {"42501", read, "schema", "GRANT USAGE ON SCHEMA … TO the role of [src.pgsql], and SELECT on the tables in it"},
    {"42501", read, "row-level security",
     "take a role with BYPASSRLS, or the table's owner where its policies are not forced: others would not see every "
     "row"},
    {"42501", read, "replication", "ALTER ROLE … REPLICATION on the source for the role of [src.pgsql]"},
    {"42501", read, "",
     "GRANT SELECT on it to the role of [src.pgsql] (or membership in pg_read_all_data), or leave it out with "
     "--exclude"},
    {"42P01", read, "",
     "check the query and the table list; names are case-sensitive, and tables outside of public need their schema"},
    {"42703", read, "",
     "check the query of the table list: the source has no such column; names are case-sensitive in double quotes"},
    {"42883", read, "",
     "check the query of the table list: the source has no such function or operator for these types; functions "
     "outside of pg_catalog need their schema"},
    {"42601", read, "", "check the query of the table list: it must be one SELECT of the source's version"},
    {"42704", read, "publication",
     "the changes since it was dropped cannot be had any more, made anew or not: --restart empties the target's tables "
     "and begins anew; --cleanup ends the task"},
    {"42704", read, "replication slot",
     "the slot held the source's changes, and they are gone with it: --restart empties the target's tables and begins "
     "anew; --cleanup ends the task"},
    {"42704", read, "", "the source has no such object; if it was dropped meanwhile, start the copy again"},
    {"55000", read, "replication slot",
     "the source has removed WAL that the slot needed (max_slot_wal_keep_size): --restart empties the target's tables "
     "and begins anew; --cleanup ends the task"},
    {"55000", read, "materialized view", "REFRESH MATERIALIZED VIEW on the source, or leave it out with --exclude"},
    {"55000", read, "wal_level",
     "set wal_level = logical on the source and restart it, or copy without following (--full-only)"},
    {"55006", read, "replication slot",
     "another pgsql2pgsql follows with this slot: end it first (--status names the task; "
     "pg_replication_slots.active_pid on the source its session)"},
    {"53400", read, "",
     "all replication slots or WAL senders of the source are in use: drop those of ended tasks (--cleanup), or raise "
     "max_replication_slots and max_wal_senders"},
    {"58P01", read, "WAL",
     "the source has removed WAL that the slot needed: --restart empties the target's tables and begins anew; "
     "--cleanup ends the task"},
    {"58P01", read, "", "a file of the source is missing: see its log, and restore the table there"},
    {"40001", read, "",
     "set hot_standby_feedback = on or max_standby_streaming_delay = -1 on the standby, or copy from the primary"},
    {"57014", read, "",
     "statement_timeout of the source's role or database, or a person, ended it: ALTER ROLE … SET statement_timeout = "
     "0, " GO_ON},
    {"57P0", read, "", "the source was shut down or ended the session: see its log, " GO_ON},
    {"55P03", read, "",
     "another session holds a lock: pg_stat_activity of the source shows it; end it, or wait, then run again"},
    {"53100", read, "", "the source's disk is full (temporary files of sorting queries, too): make room there, " GO_ON},
    {"53200", read, "shared memory", "raise max_locks_per_transaction on the source: a snapshot locks every table"},
    {"53200", read, "", "the source is out of memory: lower -j, " GO_ON},
    {"53300", read, "", "lower -j, or raise max_connections of the source"},
    {"22021", read, "",
     "the source's text is not valid in its own encoding (a SQL_ASCII database holds any bytes): mend it there, or "
     "convert it in a table-list query"},
    {"22P05", read, "",
     "the source's encoding has characters that UTF-8 has not: mend them there, or convert them in a table-list query"},
    {"22", read, "",
     "the source computes this value in a query, a view or a generated column: mend the row there, or the query"},
    {"54011", read, "", "a query can give 1,664 columns: name fewer in the table list"},
    {"54", read, "", "a limit of the source server: read less with a table-list query"},
    {"XX00", read, "", "the source's data are damaged: see its log, and restore the table there from a backup"},

    // ---- creating tables
    {"42701", create, "system column",
     "PostgreSQL has a system column of that name in every table: give it another name with a line {t} in "
     "[column_map], or leave it out with [exclude_columns]"},
    {"42701", create, "",
     "two columns come to one name here: give one another name in [column_map], or leave it out with "
     "[exclude_columns]"},
    {"42P07", create, "",
     "a table, view, index or sequence of that name is there (they share the names of a schema): drop or rename it, or "
     "choose another schema with -s or another name in [table_map]"},
    {"42710", create, "",
     "a type, trigger or other object of that name is there: drop or rename it, or choose another schema with -s"},
    {"42P06", create, "", "the schema came to be meanwhile: run again"},
    {"42723", create, "", "a function of that name is there: drop or rename it, or choose another schema with -s"},
    {"54011", create, "",
     "a table can have 1,600 columns: leave some out with [exclude_columns], or split the table with table-list "
     "queries of some of its columns each"},
    {"54000", create, "",
     "a limit of PostgreSQL for one table: leave columns out with [exclude_columns], or split the table with "
     "table-list queries"},
    {"42704", create, "collation",
     "the target has no such collation: create it there (CREATE COLLATION), or take the column without it"},
    {"42704", create, "access method",
     "install the extension that brings the access method, or create the table by hand in another"},
    {"42704", create, "role", "CREATE ROLE … on the target first"},
    {"42704", create, "tablespace", "CREATE TABLESPACE … on the target first, or default_tablespace = ''"},
    {"42704", create, "",
     "the type comes from an extension or is one of yours: CREATE EXTENSION … (or CREATE TYPE) on the target, or "
     "another type by a rule in [types]"},
    {"42883", create, "",
     "a default, check or generated column calls a function or operator that the target has not: CREATE EXTENSION … or "
     "create the function there first"},
    {"42804", create, "",
     "a default or expression has another type than its column: another rule in [types], or create the table by hand "
     "from what -d prints"},
    {"22", create, "",
     "a default, label or partition bound does not fit the column's type: another rule in [types], or create the table "
     "by hand from what -d prints"},
    {"42P16", create, "",
     "PostgreSQL does not allow this combination: create the table by hand from what -d prints, with what fits; "
     "--create then leaves it as it is"},
    {"42P17", create, "",
     "PostgreSQL does not allow this expression here: create the table by hand from what -d prints, without it; "
     "--create then leaves it as it is"},
    {"42601", create, "",
     "the target's version does not know this syntax: create it by hand from what -d prints (--dialect names "
     "the target's version)"},
    {"42602", create, "", "give it another name in [table_map] or [column_map]"},
    {"42939", create, "", "names that begin with pg_ are the server's: choose another schema with -s or [schema_map]"},
    {"42501", create, "extension",
     "a superuser, or a role with CREATE on the database for trusted ones, must create the extension first"},
    {"42501", create, "",
     "GRANT CREATE ON SCHEMA … (and ON DATABASE, for new schemas) TO the role of [desc.pgsql], or let the owner create "
     "the tables from what -d prints"},
    {"3F000", create, "", "CREATE SCHEMA … on the target first, or choose one with -s"},
    {"58P01", create, "", "install the extension's files on the target's machine first (its package), then run again"},
    {"0A000", create, "extension",
     "install the extension's files on the target's machine first (its package), then run again"},
    {"0A000", create, "",
     "this server has no such feature: create the table by hand from what -d prints, without it; --create then leaves "
     "it as it is"},

    // ---- loading rows
    {"22001", load, "", "the value is longer than the column {c} of the target: " WIDEN QUERY_LINE},
    {"22003", load, "", "the number is outside the range of the column {c} of the target: " WIDEN QUERY_LINE},
    {"22007", load, "", "the target cannot read the value as a date or time for the column {c}: " WIDEN QUERY_LINE},
    {"22008", load, "", "the date or time is outside the range of the column {c} of the target: " WIDEN QUERY_LINE},
    {"22021", load, "",
     "the value of {c} holds bytes that are no text in UTF-8: mend it on the source, take the column as "
     "bytea, " QUERY_LINE},
    {"22P02", load, "enum",
     "the enum type of {c} on the target lacks this label: ALTER TYPE … ADD VALUE '…' there, then --resume"},
    {"22P02", load, "", "the text is not what the type of the column {c} of the target takes: " WIDEN QUERY_LINE},
    {"22P03", load, "",
     "the column {c} of the target has another type than the values were made for: " WIDEN "or --copy-format text"},
    {"22P04", load, "",
     "the target cannot read the row: compare the columns of both tables, and try --copy-format text or binary"},
    {"22P05", load, "",
     "the target database's encoding has no such character: create the database anew with ENCODING 'UTF8' TEMPLATE "
     "template0, and load into it"},
    {"22", load, "", "the column {c} of the target cannot hold the value: " WIDEN QUERY_LINE},
    {"23502", load, "",
     "the column {c} of the target is NOT NULL, and the row has no value for it: ALTER TABLE {t} ALTER COLUMN {c} DROP "
     "NOT NULL (or SET DEFAULT …, where the source has no such column), " QUERY_LINE},
    {"23503", load, "",
     "the foreign key is at work during the load, since the role may not turn it off, and the table that it refers to "
     "lacks the row: load that one first (its own error tells why it is not), or use a role that owns the tables or "
     "may set session_replication_role"},
    {"23505", load, "",
     "a row with this key is in {t} already, or the key compares in another way on the source (without case, accents "
     "or blanks at the end): --truncate loads anew; else drop the key before the load"},
    {"23514", load, "no partition",
     "no partition of {t} takes the row: add one (CREATE TABLE … PARTITION OF {t} …, or DEFAULT), then --resume"},
    {"23514", load, "",
     "a check of {t} refuses the row: mend the row on the source, drop the check before the load, or leave the row out "
     "with a table-list query"},
    {"23P01", load, "",
     "an exclusion constraint of {t} refuses the row: drop it before the load, or leave the row out with a table-list "
     "query"},
    {"42703", load, "",
     "the table {t} was changed during the run: compare its columns with the source's, then --resume"},
    {"42804", load, "",
     "a trigger, default or generated column of {t} gives another type than its column has: mend it on the target, or "
     "disable the trigger for the load"},
    {"42883", load, "PL/pgSQL function", BY_SEARCH_PATH},
    {"42883", load, "SQL function", BY_SEARCH_PATH},
    {"42P01", load, "PL/pgSQL function", BY_SEARCH_PATH},
    {"42P01", load, "SQL function", BY_SEARCH_PATH},
    {"42704", load, "PL/pgSQL function", BY_SEARCH_PATH},
    {"42704", load, "SQL function", BY_SEARCH_PATH},
    {"42883", load, "",
     "a trigger, default or generated column of {t} calls a function that the target has not: mend it on the target, "
     "or disable the trigger for the load"},
    {"42P01", load, "",
     "a trigger or rule of {t} names a table that the target has not, or {t} was dropped during the run: mend that, "
     "then --resume"},
    {"428C9", load, "",
     "the column {c} of the target is computed or numbered by the server: leave it out with a table-list query"},
    {"54000", load, "index row",
     "the value is too long for an index of {t}: drop the index before the load; afterwards an index over a hash of "
     "it, or over left(…)"},
    {"54000", load, "tsvector",
     "a full-text index or generated column of {t} cannot take a text that long: drop it before the load; afterwards "
     "one over left(…, 500000)"},
    {"54000", load, "row is too big",
     "the row's columns do not fit into one page of {t}: split the table with table-list queries of some of its "
     "columns each"},
    {"54", load, "",
     "the row is larger than the target can hold: leave it out or split its large columns with a table-list query"},
    {"P0001", load, "",
     "a trigger or rule of {t} refuses the row: disable it for the load (ALTER TABLE {t} DISABLE TRIGGER USER), then "
     "--resume"},
    {"P0", load, "",
     "a trigger or function of {t} failed: disable it for the load (ALTER TABLE {t} DISABLE TRIGGER USER), then "
     "--resume"},
    {"55000", load, "",
     "the table {t} takes no rows as it is (a view, or a trigger in the way): see the message, mend it on the target, "
     "then --resume"},
    {"42501", load, "row-level security",
     "take a role with BYPASSRLS in [desc.pgsql], or the table's owner where its policies are not forced"},
    {"0A000", load, "row-level security",
     "take a role with BYPASSRLS in [desc.pgsql], or ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY for its owner"},
    {"42501", load, "",
     "GRANT INSERT, SELECT, TRUNCATE ON {t} TO the role of [desc.pgsql], and USAGE on its schema; then --resume"},
    {"40P01", load, "", "other sessions write to {t}, too: end them, then --resume"},

    // ---- indexes, keys, checks
    {"22", build, "",
     "a row has a value that the expression of this index, key or check cannot take: mend the row here, or make it by "
     "hand with another expression"},
    {"23502", build, "",
     "the column {c} holds NULL: set it (UPDATE {t} SET {c} = … WHERE {c} IS NULL), or go without the key"},
    {"54000", build, "tsvector",
     "the rows are in; a full-text index cannot take a text that long: make it over left(…, 500000), in another "
     "configuration, or go without it. Where it is made, longer texts are refused later, too"},
    {"54000", build, "index row",
     "the rows are in; a value is too long for an index: make it by hand over left(…, 500) or over a hash (md5(…), or "
     "USING hash), or go without it"},
    {"54011", build, "", "the rows are in; an index can have 32 columns: make it by hand over fewer, or go without it"},
    {"54023", build, "",
     "the rows are in; a function takes 100 arguments: make the index by hand over fewer columns, or go without it"},
    {"54", build, "",
     "the rows are in; a limit of PostgreSQL for indexes and keys: make it by hand in another form, or go without it"},
    {"42P07", build, "",
     "the rows are in; a table, view, index or sequence of that name is there (they share the names of a schema): drop "
     "or rename it" RESUME},
    {"42710", build, "",
     "the rows are in; {t} has a constraint of that name (or the schema such an object): drop or rename it" RESUME},
    {"42P16", build, "primary key",
     "the rows are in; {t} has a primary key already: drop it, or keep that one and go without this"},
    {"42P16", build, "", "the rows are in; make it by hand in a form that PostgreSQL allows, or go without it"},
    {"42P17", build, "",
     "the rows are in; an index or check needs functions that always give the same (IMMUTABLE): make it by hand over "
     "another expression, or go without it"},
    {"42701", build, "",
     "the rows are in; the key names a column twice: make it by hand over different ones, or go without it"},
    {"42703", build, "",
     "the rows are in; {t} on the target lacks the column: add it, or make the index by hand over others, or go "
     "without it"},
    {"42704", build, "operator class",
     "the rows are in; the type has no default way to be indexed: make it by hand with another operator class or "
     "method (CREATE EXTENSION btree_gin, pg_trgm, …), or go without it"},
    {"42704", build, "text search", "the rows are in; CREATE TEXT SEARCH CONFIGURATION … on the target" RESUME},
    {"42704", build, "",
     "the rows are in; what it names is not on the target: CREATE EXTENSION … or create it there" RESUME},
    {"42804", build, "",
     "the rows are in; the expression has another type than it should have: make it by hand with a cast, or go without "
     "it"},
    {"42883", build, "PL/pgSQL function",
     "the rows are in; indexes and checks are made with an empty search_path, and {f} calls what is not in pg_catalog "
     "without naming its schema: ALTER FUNCTION {f} SET search_path = public (or the schema it needs) on the source "
     "and the target" RESUME},
    {"42883", build, "SQL function",
     "the rows are in; indexes and checks are made with an empty search_path, and {f} calls what is not in pg_catalog "
     "without naming its schema: ALTER FUNCTION {f} SET search_path = public (or the schema it needs) on the source "
     "and the target" RESUME},
    {"42P01", build, "PL/pgSQL function",
     "the rows are in; indexes and checks are made with an empty search_path, and {f} reads what is not in pg_catalog "
     "without naming its schema: ALTER FUNCTION {f} SET search_path = public (or the schema it needs) on the source "
     "and the target" RESUME},
    {"42P01", build, "SQL function",
     "the rows are in; indexes and checks are made with an empty search_path, and {f} reads what is not in pg_catalog "
     "without naming its schema: ALTER FUNCTION {f} SET search_path = public (or the schema it needs) on the source "
     "and the target" RESUME},
    {"42883", build, "",
     "the rows are in; it calls a function or operator that the target has not for these types: CREATE EXTENSION … or "
     "create it there" RESUME},
    {"42P01", build, "", "the rows are in; it names a table that the target has not: create that first" RESUME},
    {"42501", build, "",
     "the rows are in; only the owner of {t} can make its indexes and keys, and needs CREATE on the schema: ALTER "
     "TABLE {t} OWNER TO the role of [desc.pgsql]" RESUME},
    {"0A000", build, "",
     "the rows are in; this server cannot make it in this form (a unique key of a partitioned or distributed table "
     "must hold the partition or distribution key): make it by hand in another, or go without it"},
    {"40P01", build, "", "other sessions use {t}, too: end them" RESUME},
    {"P0", build, "",
     "the rows are in; a function of the index or check refuses a row: mend the row or the function on the "
     "target" RESUME},

    // ---- foreign keys
    {"42804", foreign_key, "",
     "the rows are in; the columns of the two tables have types that cannot be compared: give them one type (a rule in "
     "[types] for both, or ALTER TABLE … ALTER COLUMN … TYPE …)" RESUME},
    {"42830", foreign_key, "",
     "the rows are in; the columns that it refers to have no unique key on the target: add one (CREATE UNIQUE INDEX "
     "…)" RESUME},
    {"42P01", foreign_key, "",
     "the rows are in; the table that it refers to is not on the target: copy that, too" RESUME},
    {"42703", foreign_key, "",
     "the rows are in; a column of the key is not on the target: add it, or go without the key"},
    {"42710", foreign_key, "", "the rows are in; {t} has a constraint of that name: drop or rename it" RESUME},
    {"42501", foreign_key, "",
     "the rows are in; the role of [desc.pgsql] must own {t} and have REFERENCES on the table that it refers to: GRANT "
     "REFERENCES ON … TO it" RESUME},
    {"0A000", foreign_key, "",
     "the rows are in; this server cannot make the key in this form: make it by hand in another, or go without it"},
    {"40P01", foreign_key, "", "other sessions use the tables, too: end them" RESUME},

    // ---- applying changes
    {"22P02", follow, "enum",
     "the source's type has a label more than the target's: on the target: ALTER TYPE {e} ADD VALUE {v}; then the same "
     "command goes on"},
    {"22001", follow, "",
     "the column {c} was widened on the source, or is narrower here: ALTER TABLE {t} ALTER COLUMN {c} TYPE … on the "
     "target; then the same command goes on"},
    {"22003", follow, "",
     "the column {c} has a wider type on the source: ALTER TABLE {t} ALTER COLUMN {c} TYPE … on the target; then the "
     "same command goes on"},
    {"22P05", follow, "",
     "the target database's encoding has no such character: it must be UTF8; --restart with such a database begins "
     "anew"},
    {"22", follow, "",
     "the target's column {c} cannot hold the value: give it the source's type (ALTER TABLE {t} ALTER COLUMN {c} TYPE "
     "…); then the same command goes on"},
    {"23502", follow, "",
     "the column {c} is NOT NULL on the target only: ALTER TABLE {t} ALTER COLUMN {c} DROP NOT NULL there; then the "
     "same command goes on"},
    {"23503", follow, "",
     "a foreign key of the target acts while changes are applied: drop it there, or let the role of [desc.pgsql] SET "
     "session_replication_role; then the same command goes on"},
    {"23514", follow, "no partition",
     "the target lacks a partition for the row: create it there as on the source (CREATE TABLE … PARTITION OF {t} …); "
     "then the same command goes on"},
    {"23514", follow, "",
     "a check of the target refuses the row: drop it there, or make it as the source has it; then the same command "
     "goes on"},
    {"23505", follow, "",
     "a row of the target has this key: something else writes to the target, or its key is not the source's; remove "
     "the row, then the same command goes on"},
    {"23P01", follow, "",
     "an exclusion constraint of the target refuses the row: drop it there; then the same command goes on"},
    {"42P01", follow, "",
     "create the table on the target as it is on the source, and copy its rows; then the same command goes on"},
    {"42703", follow, "", "add the column on the target as it is on the source; then the same command goes on"},
    {"42704", follow, "", "create the type on the target as it is on the source; then the same command goes on"},
    {"42804", follow, "",
     "give the target's column the source's type (ALTER TABLE {t} ALTER COLUMN … TYPE …); then the same command goes "
     "on"},
    {"42883", follow, "",
     "a trigger of the target calls a function that is not there: mend or disable it; then the same command goes on"},
    {"42501", follow, "row-level security",
     "take a role with BYPASSRLS in [desc.pgsql], or ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY for its owner: others "
     "would not find every row; then the same command goes on"},
    {"42501", follow, "",
     "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {t} TO the role of [desc.pgsql] on the target; then the same "
     "command goes on"},
    {"0A000", follow, "truncate",
     "a foreign key of another table refers to {t} on the target: drop it there; then the same command goes on"},
    {"54", follow, "", "an index of the target cannot take the row: drop it there; then the same command goes on"},
    {"P0", follow, "",
     "a trigger of the target refuses the change: disable it there (ALTER TABLE {t} DISABLE TRIGGER …); then the same "
     "command goes on"},

    // ---- whatever was being done on the target
    {"25006", any, "",
     "the target takes no writes: it is a standby (name the primary: target_session_attrs=read-write), or "
     "default_transaction_read_only is on for the role, the database or the server"},
    {"53100", any, "", "make room on the target's disk, " GO_ON},
    {"53200", any, "shared memory", "raise max_locks_per_transaction on the target and restart it, " GO_ON},
    {"53200", any, "", "the target is out of memory: lower -j or maintenance_work_mem, " GO_ON},
    {"53300", any, "", "lower -j, end sessions that are idle, or raise max_connections of the target"},
    {"53400", any, "", "a limit of the target's configuration (temp_file_limit, …): raise it for the role, " GO_ON},
    {"55P03", any, "", "another session holds a lock on it: pg_stat_activity of the target shows it; end it, " GO_ON},
    {"55006", any, "", "another session uses it: pg_stat_activity of the target shows it; end it, " GO_ON},
    {"57014", any, "",
     "statement_timeout of the target's role or database, or a person, ended it: ALTER ROLE … SET statement_timeout = "
     "0, " GO_ON},
    {"58M01", any, "",
     "a segment of the cluster was lost: its mirror takes over, or gprecoverseg brings it back (gpstate -e shows which "
     "one), " GO_ON},
    {"57P", any, "", "the target was shut down or ended the session: see its log, " GO_ON},
    {"40001", any, "", "other sessions write to the same rows of the target: end them, " GO_ON},
    {"40P01", any, "", "other sessions lock the same tables of the target: end them, " GO_ON},
    {"42501", any, "", "GRANT the right that the message names TO the role of [desc.pgsql], or take the owner"},
    {"42P01", any, "",
     "the target has no such table: create it with --create; names are case-sensitive, and -s chooses the schema"},
    {"42P07", any, "", "a table, view, index or sequence of that name is on the target: drop or rename it"},
    {"42710", any, "", "an object of that name is on the target: drop or rename it"},
    {"42703", any, "", "the target has no such column: names are case-sensitive"},
    {"42704", any, "", "the target has no such object: create it there (CREATE EXTENSION, CREATE TYPE, CREATE ROLE …)"},
    {"42883", any, "", "the target has no such function for these types: CREATE EXTENSION …, or create it there"},
    {"42804", any, "", "two types differ that must be one: compare the table's columns with what -d prints"},
    {"42P16", any, "", "PostgreSQL does not allow this combination: compare with what -d prints"},
    {"3F000", any, "", "CREATE SCHEMA … on the target, or choose one with -s"},
    {"2BP01", any, "", "other objects of the target depend on it: drop those first"},
    {"0A000", any, "", "this server has no such feature, or not in this form; see the message"},
    {"54", any, "", "a limit of the target server, not of dbsync; see the message"},
    {"58030", any, "", "the target cannot read or write its files: see its log and its disk, " GO_ON},
    {"58P01", any, "", "a file of the target is missing: see its log"},
    {"XX001", any, "", "the target's data are damaged: see its log; load into a new database"},
    {"XX002", any, "", "an index of the target is damaged: REINDEX it, " GO_ON},
};

#undef WIDEN
#undef QUERY_LINE
#undef RESUME
#undef GO_ON

// "public.n2(text)" of "PL/pgSQL function public.n2(text) line 1 at RETURN", or the name
// in quotes of "SQL function "n1" during inlining".
std::string function_of(std::string_view message) {
  constexpr std::string_view kProcedure = "PL/pgSQL function ";
  if (const auto found = message.rfind(kProcedure); found != std::string_view::npos) {
    const std::string_view rest = message.substr(found + kProcedure.size());
    if (const auto end = rest.find(" line "); end != std::string_view::npos) return std::string(rest.substr(0, end));
  }
  constexpr std::string_view kSql = "SQL function \"";
  if (const auto found = message.rfind(kSql); found != std::string_view::npos) {
    const std::string_view rest = message.substr(found + kSql.size());
    if (const auto end = rest.find('"'); end != std::string_view::npos) return std::string(rest.substr(0, end));
  }
  return "the function";
}

// 'invalid input value for enum mood: "z"' -> mood and z.
std::pair<std::string, std::string> enum_and_label(std::string_view message) {
  constexpr std::string_view kEnum = "for enum ";
  const auto found = message.find(kEnum);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = message.substr(found + kEnum.size());
  const auto colon = rest.find(": \"");
  if (colon == std::string_view::npos) return {};
  const std::string_view label = rest.substr(colon + 3);
  const std::string_view line =
      label.substr(0, label.find_first_of("\n;"));  // what stands behind is detail and context
  const auto end = line.rfind('"');
  if (end == std::string_view::npos) return {};
  return {std::string(rest.substr(0, colon)), std::string(line.substr(0, end))};
}

std::string filled(std::string_view text, std::string_view message, std::string_view table, std::string_view column) {
  std::string out;
  while (!text.empty()) {
    const auto brace = text.find('{');
    out += text.substr(0, brace);
    if (brace == std::string_view::npos) break;
    switch (text[brace + 1]) {
      case 't': out += table.empty() ? "the table" : std::string(table); break;
      case 'c': out += column.empty() ? "…" : quote_identifier(column); break;
      case 'f': out += function_of(message); break;
      case 'e': {
        const auto type = enum_and_label(message).first;
        out += type.empty() ? "…" : type;
        break;
      }
      case 'v': {
        const auto [type, label] = enum_and_label(message);
        out += type.empty() ? "'…'" : quote_literal(label);
        break;
      }
      default: break;
    }
    text.remove_prefix(brace + 3);
  }
  return out;
}

}  // namespace

PgHint pg_hint(std::string_view sqlstate, std::string_view message, PgStep step, std::string_view table,
               std::string_view column) {
  for (const Row& row : kRows) {
    if (row.state.empty() ? !sqlstate.empty() : !sqlstate.starts_with(row.state)) continue;
    // What holds for the target need not hold for the source.
    if (row.step != step && (row.step != any || step == read)) continue;
    if (message.find(row.says) == std::string_view::npos) continue;
    return {filled(row.hint, message, table, column), row.step == step && step != any};
  }
  return {};
}

void add_hint(Error& error, PgStep step, std::string_view table) {
  if (error.kind() == ErrorKind::source || error.native_code() != 0 || error.sqlstate().empty()) return;
  if (!error.hint().empty() && !error.hint_is_general()) return;
  const PgHint found = pg_hint(error.sqlstate(), error.message(), step, table, error.column());
  if (found.for_step)
    error.hint(found.text);
  else if (error.hint().empty() && !found.text.empty())
    error.general_hint(found.text);
}

}  // namespace dbsync
