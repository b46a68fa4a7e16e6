// The settings that every session of ours has, whatever the server, the database,
// the role or the environment say: one list for both programs and for all
// connections, of the replication protocol too. PgConnection applies it.
//
// Pinned is what decides how a value is written or read as text, which rows a
// statement sees, and what would end a long transaction. Left as they are: settings
// that say how the target stores things (default_tablespace,
// default_table_access_method, default_toast_compression), what the user's own
// functions and queries compute (lc_numeric, lc_time, default_text_search_config, xmlbinary, plpgsql.*), and
// whether triggers fire (session_replication_role: users set it for a load).
// search_path is empty: whoever may create in a schema of the user's path could else
// put a function, operator or type of his own before the server's, and have us run it
// with our rights (CVE-2018-1058). Queries of a table list are run with the user's.
// tests/cases/pg_settings_test.cpp goes through all that a server has.
//
// Pure. Source: PostgreSQL manual, "Client Connection Defaults", "Version and
// Platform Compatibility"; what pg_dump sets (_dumpinfo in pg_dump.c).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dbsync {

enum class SettingOf { both, source, target };

struct SessionSetting {
  const char* name;
  const char* value;
  SettingOf side = SettingOf::both;
};

std::span<const SessionSetting> session_settings();

// A statement without parameters that applies those of a side; settings that the
// server does not have are passed over. `role`: "source", or another one;
// `server_version`: as PgConnection::server_version.
std::string session_settings_sql(std::string_view role, int server_version);

}  // namespace dbsync
