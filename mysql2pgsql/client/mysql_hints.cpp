#include "mysql2pgsql/client/mysql_hints.h"

#include <charconv>

namespace dbsync {

namespace {

struct Row {
  unsigned code;
  std::string_view hint;
};

#define LEAVE_OUT "leave the table out (-l or a table-list line for the others), or mend it on the source: "

constexpr Row kRows[] = {
    // The client library.
    {2002, "check that the server runs, and host, port or socket of [src.mysql]"},
    {2003,
     "check that the server runs, host and port of [src.mysql], bind-address of the server, and the firewall between"},
    {2005, "the host name of [src.mysql] is not known: check host, or write its address"},
    {2006,
     "the source ended the connection: see its error log (a crash, a restart, wait_timeout, max_allowed_packet), then "
     "--resume"},
    {2013,
     "the source ended the connection: see its error log (a crash, a restart, net_write_timeout, a proxy's limit), "
     "then --resume"},
    {2055, "the source ended the connection: see its error log, then --resume"},
    {2020,
     "a row is larger than 1 GiB, the most that the protocol takes: split its large columns with a table-list query"},
    {2026,
     "turn TLS on at the server and check ssl_mode, ssl_ca, ssl_cert and ssl_key of [src.mysql]; ssl_mode = preferred "
     "does "
     "without TLS where there is none, as on many unix sockets"},
    {2059,
     "the client library lacks the account's authentication plugin: ALTER USER … IDENTIFIED WITH mysql_native_password "
     "(or another that it has) on the source"},
    {1251,
     "the client library lacks the account's authentication plugin: ALTER USER … IDENTIFIED WITH another one on the "
     "source"},
    // Accounts.
    {1044, "GRANT SELECT ON the database of [src.mysql] (or on its tables) TO its user; or check db"},
    {1045,
     "check user and password of [src.mysql], and the account's host part (SELECT user, host FROM mysql.user on the "
     "source)"},
    {1698,
     "the account takes its user from the operating system (auth_socket): give it a password, or run as that user over "
     "the socket"},
    {1130,
     "the server takes no connection from this machine: CREATE USER …@'this host' there, or widen the account's host "
     "part"},
    {1129, "the server has blocked this machine after failed connections: FLUSH HOSTS there (mysqladmin flush-hosts)"},
    {1049, "check db of [src.mysql]: the server has no such database, or its name has other upper and lower case"},
    {1142,
     "GRANT SELECT ON the table (or on the whole database) TO the user of [src.mysql]; or leave the table out of the "
     "list"},
    {1143,
     "GRANT SELECT on the column (or on the whole table) TO the user of [src.mysql]; or leave the column out with "
     "[exclude_columns]"},
    {1227,
     "GRANT the privilege that the message names TO the user of [src.mysql]; -j 1 or consistency = \"none\" needs "
     "neither RELOAD nor LOCK TABLES"},
    {1370, "GRANT EXECUTE on the routine TO the user of [src.mysql]"},
    {1449, "the view's definer is gone: ALTER DEFINER = … VIEW … on the source"},
    {1820, "the account's password has expired: set a new one on the source (ALTER USER … IDENTIFIED BY …)"},
    {1862, "the account's password has expired: set a new one on the source (ALTER USER … IDENTIFIED BY …)"},
    {3118, "the account is locked: ALTER USER … ACCOUNT UNLOCK on the source"},
    {4151, "the account is locked: ALTER USER … ACCOUNT UNLOCK on the source"},
    {3159, "the server takes encrypted connections only: ssl_mode = required in [src.mysql]"},
    {3032, "the server is offline (offline_mode): SET GLOBAL offline_mode = OFF there, or read a replica"},
    // Limits and time.
    {1040, "lower -j, end connections that are idle, or raise max_connections of the source"},
    {1203, "lower -j, or raise max_user_connections of the source's account"},
    {1226, "lower -j, or raise the account's limit: ALTER USER … WITH MAX_USER_CONNECTIONS …"},
    {1153, "raise max_allowed_packet of the source (SET GLOBAL max_allowed_packet = 1073741824), then --resume"},
    {1205,
     "a long transaction or ALTER TABLE on the source is in the way (SHOW PROCESSLIST): end it, or raise "
     "lock_wait_timeout, then --resume"},
    {1213, "other sessions lock the same rows of the source: --resume tries again"},
    {1317, "someone ended the query on the source (KILL QUERY, a watchdog): --resume reads on"},
    {1927, "someone ended the connection on the source (KILL): --resume reads on"},
    {1969,
     "max_statement_time ended the query on the source: raise it for the account (ALTER USER … WITH MAX_STATEMENT_TIME "
     "0), then --resume"},
    {3024,
     "max_execution_time ended the query on the source: raise it (SET GLOBAL max_execution_time = 0), or take the hint "
     "out of the query, then --resume"},
    {4031, "the server ended a connection that was idle: raise wait_timeout for the account, then --resume"},
    {1038, "raise sort_buffer_size of the source, or write the query without sorting"},
    {1037, "the source is out of memory: lower -j, or give it more"},
    {1041, "the source is out of memory: lower -j, or give it more"},
    {1021, "the source's disk is full: make room there, then --resume"},
    {1114,
     "a table or a temporary table of the source is full: make room on its disk, or raise tmp_table_size, then "
     "--resume"},
    {3, "the source cannot write a temporary file: make room in its tmpdir, then --resume"},
    {1053, "the source is being shut down: --resume when it is up again"},
    {1290,
     "an option of the source forbids it (the message names it): read another server, or take the option away there"},
    {1836, "the source is read-only: nothing of the load needs more; see which table-list query writes"},
    {1412,
     "a table was altered after the snapshot was taken: --restart takes a new one; no ALTER TABLE during the copy"},
    // Queries.
    {1064, "check the query of the table list: the source does not understand it"},
    {1054, "check the query of the table list: the source has no such column"},
    {1052, "write the column with its table: t.column"},
    {1146, "check the table's name: names may be case-sensitive on the source; if it was dropped meanwhile, run again"},
    {1305, "check the query of the table list: the source has no such function"},
    {1356,
     "the view names tables, columns or functions that are gone, or its definer may not read them: SHOW CREATE VIEW; "
     "mend it on the source"},
    {1347, "it is a view: copy it with a query, name : select * from view"},
    // Tables that cannot be read.
    {1168, LEAVE_OUT "a table below this MERGE table is missing, of another engine or different (CHECK TABLE names "
                     "it); copy the tables below instead"},
    {1194, LEAVE_OUT "REPAIR TABLE (MyISAM, Aria), or restore it from a backup"},
    {1195, LEAVE_OUT "its last repair failed: REPAIR TABLE … EXTENDED, or restore it from a backup"},
    {1034, LEAVE_OUT "its key file is damaged: REPAIR TABLE"},
    {1035, LEAVE_OUT "its key file is of an old version: REPAIR TABLE"},
    {1033, LEAVE_OUT "its .frm file is damaged: restore it from a backup"},
    {1016, LEAVE_OUT
     "its files are missing or may not be read (CHECK TABLE; perror NUMBER explains the number in the message)"},
    {1017,
     LEAVE_OUT "a file is missing or may not be read (CHECK TABLE; perror NUMBER explains the number in the message)"},
    {29, LEAVE_OUT "one of its files is missing or may not be read by the server: restore it from a backup, or mend "
                   "the file's rights"},
    {130, LEAVE_OUT "its file is not of its engine or damaged: REPAIR TABLE … USE_FRM, or restore it from a backup"},
    {127, LEAVE_OUT "a record of it is damaged: REPAIR TABLE (MyISAM, Aria), or restore it from a backup"},
    {144, LEAVE_OUT "its last repair failed: REPAIR TABLE … EXTENDED"},
    {145, LEAVE_OUT "it is marked as crashed: REPAIR TABLE"},
    {155, LEAVE_OUT "the engine does not know the table any more: DROP TABLE, or restore it from a backup"},
    {175, LEAVE_OUT "its file is damaged: REPAIR TABLE, or restore it from a backup"},
    {176, LEAVE_OUT "its checksum is wrong: CHECK TABLE, REPAIR TABLE, or restore it from a backup"},
    {194, LEAVE_OUT "its tablespace is missing: restore the .ibd file, or ALTER TABLE … IMPORT TABLESPACE"},
    {1286, LEAVE_OUT "the server lacks its engine: INSTALL SONAME (or PLUGIN) … there"},
    {1812, LEAVE_OUT "its tablespace is missing: restore the .ibd file, or ALTER TABLE … IMPORT TABLESPACE"},
    {1814, LEAVE_OUT "its tablespace was discarded: ALTER TABLE … IMPORT TABLESPACE"},
    {1932, LEAVE_OUT "the engine does not know the table any more: DROP TABLE, or restore it from a backup"},
    {1877, LEAVE_OUT "the engine cannot open it: see the source's error log"},
    {1881, LEAVE_OUT "it is part of an operation that did not end: see the source's error log"},
    {1429, LEAVE_OUT "the server behind this FEDERATED table does not answer"},
    {1430, LEAVE_OUT "the server behind this FEDERATED table refused the query; copy it from there"},
    {1296, LEAVE_OUT "the engine's own error stands in the message"},
    {3185, LEAVE_OUT "the keyring cannot be reached, so encrypted tables cannot be read: see the source's error log"},
    {192, LEAVE_OUT "it is encrypted, and the server has not its key: see the source's error log"},
    // Of the operating system, inside of 1030 and the like.
    {1, LEAVE_OUT "the engine does not allow it"},
    {2, LEAVE_OUT "one of its files is missing: restore it from a backup"},
    {13, LEAVE_OUT "the server may not read one of its files: mend the file's owner and rights"},
    {24, "the source has too many files open: raise open_files_limit, or lower table_open_cache, or -j"},
    {28, "the source's disk or tmpdir is full: make room there, then --resume"},
    {122, LEAVE_OUT "the engine gave an error of its own: see the source's error log"},
    {168, LEAVE_OUT "the engine gave an error of its own: see the source's error log"},
};

#undef LEAVE_OUT

std::string_view row_of(unsigned code) {
  for (const Row& row : kRows)
    if (row.code == code) return row.hint;
  return {};
}

// 130 of 'Got error 130 "Incorrect file format" from storage engine MyISAM', and of
// "… (errno: 130 …".
unsigned engine_error(std::string_view message) {
  for (const std::string_view word :
       {std::string_view("Got error "), std::string_view("errno: "), std::string_view("Errcode: ")}) {
    const auto found = message.find(word);
    if (found == std::string_view::npos) continue;
    const std::string_view digits = message.substr(found + word.size());
    unsigned out = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), out).ec == std::errc()) return out;
  }
  return 0;
}

}  // namespace

std::string mysql_hint(unsigned code, std::string_view message) {
  constexpr unsigned kFromEngine = 1030;
  constexpr unsigned kCannotOpen = 1016;
  constexpr unsigned kFileNotFound = 29;
  if (code == kFromEngine || code == kCannotOpen || code == kFileNotFound) {
    const std::string_view inner = row_of(engine_error(message));
    if (!inner.empty()) return std::string(inner);
    if (code == kFromEngine)
      return "leave the table out (-l or a table-list line for the others), or see the source's error log: its storage "
             "engine "
             "cannot read the table (CHECK TABLE says more, perror NUMBER explains the number)";
  }
  return std::string(row_of(code));
}

}  // namespace dbsync
