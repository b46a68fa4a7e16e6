#include "pg/session_settings.h"

#include <array>
#include <utility>

#include "base/network.h"
#include "schema/quote.h"

namespace dbsync {

namespace {

using enum SettingOf;

constexpr std::array kSettings{
    SessionSetting{"search_path", ""},  // see kPinPath, too
    // Dates and times, as one form that every version reads back.
    SessionSetting{"TimeZone", "UTC"},
    SessionSetting{"DateStyle", "ISO, YMD"},
    SessionSetting{"IntervalStyle", "postgres"},
    SessionSetting{"extra_float_digits", "3"},  // all digits, before 12
    SessionSetting{"bytea_output", "hex"},
    // money is a number of the smallest unit: with the same locale on both sides it
    // keeps that number, however many digits either database shows behind the point.
    SessionSetting{"lc_monetary", "C"},
    SessionSetting{"array_nulls", "on"},     // off reads NULL elements as the text "NULL"
    SessionSetting{"xmloption", "content"},  // document refuses fragments
    SessionSetting{"standard_conforming_strings", "on"},
    SessionSetting{"backslash_quote", "safe_encoding"},
    SessionSetting{"quote_all_identifiers", "off"},          // names within regclass values and definitions
    SessionSetting{"transform_null_equals", "off", target},  // checks would come to be others
    // Which rows a statement sees.
    SessionSetting{"row_security", "off"},          // an error instead of a hole
    SessionSetting{"gin_fuzzy_search_limit", "0"},  // a random part of the rows
    SessionSetting{"synchronize_seqscans", "off"},  // from the beginning of the table
    SessionSetting{"default_transaction_isolation", "read committed"},
    SessionSetting{"default_transaction_deferrable", "off"},
    // A source that was set read-only so that the application stops is still followed
    // and cleaned up; on a target the check before the load tells of it.
    SessionSetting{"default_transaction_read_only", "off", source},
    // How tables are made and filled.
    SessionSetting{"default_with_oids", "off", target},       // before 12
    SessionSetting{"synchronous_commit", "off", target},      // the journal tells what a crash took back
    SessionSetting{"client_min_messages", "notice", target},  // Greenplum tells of set-aside rows
    SessionSetting{"gp_autostats_mode", "none", target},
    // Nothing ends a long transaction early.
    SessionSetting{"statement_timeout", "0"},
    SessionSetting{"lock_timeout", "0"},
    SessionSetting{"idle_in_transaction_session_timeout", "0"},
    SessionSetting{"idle_session_timeout", "0"},
    SessionSetting{"transaction_timeout", "0"},
};

// Before anything with an operator: with "evil, pg_catalog" for a path, which the
// database's owner may set, even = would be somebody else's.
constexpr char kPinPath[] = "SET search_path = ''; ";

// pg_settings computes hundreds of rows, 2 to 15 ms for each new session; since 9.6 the
// server can be asked for one setting that it may not have.
constexpr int kAsksForOne = 90600;

}  // namespace

std::span<const SessionSetting> session_settings() { return kSettings; }

std::string session_settings_sql(std::string_view role, int server_version) {
  const SettingOf side = role == "source" ? source : target;
  std::string values;
  for (const SessionSetting& setting : kSettings)
    if (setting.side == both || setting.side == side)
      values += std::string(values.empty() ? "" : ", ") + "(" + quote_literal(setting.name) + ", " +
                quote_literal(setting.value) + ")";
  // The server's end of a dead connection holds locks until the server notices.
  if (network::timeout().count() > 0) {
    const network::Keepalive keepalive = network::keepalive();
    for (const auto& [name, value] : {std::pair{"tcp_keepalives_idle", keepalive.idle},
                                      {"tcp_keepalives_interval", keepalive.interval},
                                      {"tcp_keepalives_count", keepalive.count}})
      values += ", (" + quote_literal(name) + ", " + quote_literal(std::to_string(value)) + ")";
  }
  const std::string wanted = "(VALUES " + values + ") AS w(name, setting) ";
  if (server_version >= kAsksForOne)
    return kPinPath + ("SELECT pg_catalog.set_config(w.name, w.setting, false) FROM " + wanted) +
           "WHERE pg_catalog.current_setting(w.name, true) IS NOT NULL";
  // Greenplum 5 takes fewer digits of floating point numbers.
  return kPinPath +
         ("SELECT pg_catalog.set_config(s.name, CASE WHEN s.vartype = 'integer' AND w.setting::int > s.max_val::int "
          "THEN s.max_val ELSE w.setting END, false) FROM " +
          wanted) +
         "JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(w.name)";
}

}  // namespace dbsync
