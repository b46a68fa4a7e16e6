// Binlog files of real servers, in tests/unit/captured, and the tables that they are about.
//
// The files were written by MariaDB 10.11 (once with log_bin_compress, without checksums and
// with mysql56_temporal_format = OFF), MySQL 5.6 and MySQL 9.7, by statements that are those
// of binlog_stream_test.cpp. Two more are of images alone: mariadb118_nodup of MariaDB 11.8 with
// binlog_row_image = FULL_NODUP, and my97_json of MySQL 9.7 with PARTIAL_JSON.
#pragma once

#include <string>
#include <vector>

#include "mysql2pgsql/binlog/binlog_tables.h"

namespace dbsync::test {

enum class Captured { mariadb, mariadb_compressed, my56, my97 };
inline constexpr Captured kCaptured[] = {Captured::mariadb, Captured::mariadb_compressed, Captured::my56,
                                         Captured::my97};

inline const char* name_of(Captured file) {
  constexpr const char* names[] = {"mariadb", "mariadb_compressed", "my56", "my97"};
  return names[static_cast<std::size_t>(file)];
}

inline const char* captured_directory() { return "tests/unit/captured"; }

// The events of the file, whole.
std::vector<std::string> captured_events(Captured file);

// Adds the tables t, n and m of bl_cap, as that server's catalog has them.
void add_captured_tables(Captured file, BinlogTables& tables, bool text);

// Adds the tables k and u of mariadb118_nodup, or j of my97_json.
void add_nodup_tables(BinlogTables& tables);
void add_json_table(BinlogTables& tables);

// Character sets of the captured rows, for BinlogTables.
std::vector<std::vector<std::optional<std::string>>> captured_charsets(const std::string& sql);

}  // namespace dbsync::test
