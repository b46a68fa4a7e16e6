// SQLSTATEs that the programs tell apart, by the names of PostgreSQL's manual (appendix
// A, error codes). Rules from a state to a hint stand in pg/hints.cpp, by number.
// Constant data, any thread.
#pragma once

#include <string_view>

namespace dbsync::sqlstate {

inline constexpr std::string_view feature_not_supported = "0A000";
inline constexpr std::string_view division_by_zero = "22012";
inline constexpr std::string_view character_not_in_repertoire = "22021";
inline constexpr std::string_view numeric_value_out_of_range = "22003";
inline constexpr std::string_view invalid_text_representation = "22P02";
inline constexpr std::string_view invalid_binary_representation = "22P03";
inline constexpr std::string_view untranslatable_character = "22P05";
inline constexpr std::string_view not_null_violation = "23502";
inline constexpr std::string_view foreign_key_violation = "23503";
inline constexpr std::string_view unique_violation = "23505";
inline constexpr std::string_view check_violation = "23514";
inline constexpr std::string_view read_only_sql_transaction = "25006";
inline constexpr std::string_view serialization_failure = "40001";
inline constexpr std::string_view deadlock_detected = "40P01";
inline constexpr std::string_view insufficient_privilege = "42501";
inline constexpr std::string_view duplicate_object = "42710";
inline constexpr std::string_view duplicate_function = "42723";
inline constexpr std::string_view invalid_foreign_key = "42830";
inline constexpr std::string_view undefined_function = "42883";
inline constexpr std::string_view undefined_table = "42P01";
inline constexpr std::string_view duplicate_schema = "42P06";
inline constexpr std::string_view duplicate_table = "42P07";
inline constexpr std::string_view too_many_connections = "53300";
inline constexpr std::string_view configuration_limit_exceeded = "53400";
inline constexpr std::string_view object_in_use = "55006";
inline constexpr std::string_view lock_not_available = "55P03";
inline constexpr std::string_view query_canceled = "57014";
inline constexpr std::string_view segment_lost = "58M01";  // of Greenplum

}  // namespace dbsync::sqlstate
