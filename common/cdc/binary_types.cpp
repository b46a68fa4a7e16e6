#include "cdc/binary_types.h"

#include <algorithm>
#include <array>

namespace dbsync {

namespace {

constexpr std::uint32_t kFirstUserType = 16384;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kVarchar = 1043;

// pg_type.oid of built-in types. Missing on purpose: money (its digits depend on
// the server's locale), interval (infinite from 17 on only), reg* types, name and
// "char" (their sizes and escapes), and what only one server may know.
constexpr std::array<std::uint32_t, 36> kStable{
    16,    // bool
    17,    // bytea
    20,    // int8
    21,    // int2
    23,    // int4
    25,    // text
    114,   // json
    650,   // cidr
    700,   // float4
    701,   // float8
    829,   // macaddr
    869,   // inet
    1000,  // bool[]
    1001,  // bytea[]
    1005,  // int2[]
    1007,  // int4[]
    1009,  // text[]
    1014,  // bpchar[]
    1015,  // varchar[]
    1016,  // int8[]
    1021,  // float4[]
    1022,  // float8[]
    1042,  // bpchar
    1043,  // varchar
    1082,  // date
    1083,  // time
    1114,  // timestamp
    1115,  // timestamp[]
    1182,  // date[]
    1184,  // timestamptz
    1185,  // timestamptz[]
    1231,  // numeric[]
    1266,  // timetz
    1700,  // numeric
    2950,  // uuid
    3802,  // jsonb
};

}  // namespace

bool stable_binary(std::uint32_t type_oid) { return std::binary_search(kStable.begin(), kStable.end(), type_oid); }

bool binary_fits(std::uint32_t source_type, const TargetColumnInfo& target) {
  if (source_type >= kFirstUserType) return target.enumeration;
  if (source_type == target.type_oid) return stable_binary(source_type);
  const auto plain_text = [](std::uint32_t oid) { return oid == kText || oid == kVarchar; };
  return plain_text(source_type) && plain_text(target.type_oid);
}

}  // namespace dbsync
