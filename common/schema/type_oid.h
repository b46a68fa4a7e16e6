// Numbers of PostgreSQL's built-in types (pg_type.oid; src/include/catalog/pg_type.dat),
// which are the same on every server. Constant data, any thread.
#pragma once

#include <cstdint>

namespace dbsync::oid {

inline constexpr std::uint32_t boolean = 16;
inline constexpr std::uint32_t bytea = 17;
inline constexpr std::uint32_t quoted_char = 18;  // "char", one byte
inline constexpr std::uint32_t int8 = 20;
inline constexpr std::uint32_t int2 = 21;
inline constexpr std::uint32_t int4 = 23;
inline constexpr std::uint32_t text = 25;
inline constexpr std::uint32_t oid = 26;
inline constexpr std::uint32_t json = 114;
inline constexpr std::uint32_t float4 = 700;
inline constexpr std::uint32_t float8 = 701;
inline constexpr std::uint32_t text_array = 1009;
inline constexpr std::uint32_t bpchar = 1042;
inline constexpr std::uint32_t varchar = 1043;
inline constexpr std::uint32_t date = 1082;
inline constexpr std::uint32_t time = 1083;
inline constexpr std::uint32_t timestamp = 1114;
inline constexpr std::uint32_t timestamptz = 1184;
inline constexpr std::uint32_t interval = 1186;
inline constexpr std::uint32_t interval_array = 1187;
inline constexpr std::uint32_t bit = 1560;
inline constexpr std::uint32_t varbit = 1562;
inline constexpr std::uint32_t numeric = 1700;
inline constexpr std::uint32_t uuid = 2950;
inline constexpr std::uint32_t jsonb = 3802;

inline constexpr std::uint32_t first_of_users = 16384;  // types from here on are made in a database

}  // namespace dbsync::oid
