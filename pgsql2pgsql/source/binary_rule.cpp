#include "pgsql2pgsql/source/binary_rule.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace dbsync {

namespace {

// pg_type.oid of built-in types with a stable binary form, in order. Numbers of
// built-in types never change. Left out on purpose: reg* types (1 number of the
// database each), xml (the declaration names an encoding), aclitem, pg_node_tree
// and other internal types.
constexpr std::array<std::uint32_t, 110> kStable{
    16,    // bool
    17,    // bytea
    18,    // char
    19,    // name
    20,    // int8
    21,    // int2
    23,    // int4
    25,    // text
    26,    // oid
    114,   // json
    199,   // json[]
    271,   // xid8[]
    600,   // point
    601,   // lseg
    602,   // path
    603,   // box
    604,   // polygon
    628,   // line
    629,   // line[]
    650,   // cidr
    651,   // cidr[]
    700,   // float4
    701,   // float8
    718,   // circle
    719,   // circle[]
    774,   // macaddr8
    775,   // macaddr8[]
    829,   // macaddr
    869,   // inet
    1000,  // bool[]
    1001,  // bytea[]
    1002,  // char[]
    1003,  // name[]
    1005,  // int2[]
    1007,  // int4[]
    1009,  // text[]
    1014,  // bpchar[]
    1015,  // varchar[]
    1016,  // int8[]
    1017,  // point[]
    1018,  // lseg[]
    1019,  // path[]
    1020,  // box[]
    1021,  // float4[]
    1022,  // float8[]
    1027,  // polygon[]
    1028,  // oid[]
    1040,  // macaddr[]
    1041,  // inet[]
    1042,  // bpchar
    1043,  // varchar
    1082,  // date
    1083,  // time
    1114,  // timestamp
    1115,  // timestamp[]
    1182,  // date[]
    1183,  // time[]
    1184,  // timestamptz
    1185,  // timestamptz[]
    1186,  // interval
    1187,  // interval[]
    1231,  // numeric[]
    1266,  // timetz
    1270,  // timetz[]
    1560,  // bit
    1561,  // bit[]
    1562,  // varbit
    1563,  // varbit[]
    1700,  // numeric
    2949,  // txid_snapshot[]
    2950,  // uuid
    2951,  // uuid[]
    2970,  // txid_snapshot
    3220,  // pg_lsn
    3221,  // pg_lsn[]
    3614,  // tsvector
    3615,  // tsquery
    3643,  // tsvector[]
    3645,  // tsquery[]
    3802,  // jsonb
    3807,  // jsonb[]
    3904,  // int4range
    3905,  // int4range[]
    3906,  // numrange
    3907,  // numrange[]
    3908,  // tsrange
    3909,  // tsrange[]
    3910,  // tstzrange
    3911,  // tstzrange[]
    3912,  // daterange
    3913,  // daterange[]
    3926,  // int8range
    3927,  // int8range[]
    4072,  // jsonpath
    4073,  // jsonpath[]
    4451,  // int4multirange
    4532,  // nummultirange
    4533,  // tsmultirange
    4534,  // tstzmultirange
    4535,  // datemultirange
    4536,  // int8multirange
    5038,  // pg_snapshot
    5039,  // pg_snapshot[]
    5069,  // xid8
    6150,  // int4multirange[]
    6151,  // nummultirange[]
    6152,  // tsmultirange[]
    6153,  // tstzmultirange[]
    6155,  // datemultirange[]
    6157,  // int8multirange[]
};

bool stable(std::uint32_t oid) { return std::binary_search(kStable.begin(), kStable.end(), oid); }

constexpr std::uint32_t kInterval = 1186;
constexpr std::uint32_t kIntervalArray = 1187;
// From 17 on an interval can be infinite: bytes that older servers would read as
// a very long one, without an error.
constexpr int kInfiniteIntervals = 170000;

}  // namespace

std::string binary_obstacle(const PgColumn& source, const TargetColumn& target, const BinarySides& sides) {
  const std::string types =
      fmt::format("column {} ({} to {})", source.name, type_sql(source.type), type_sql(target.type));
  if (source.enumeration && target.enumeration) return {};
  if (!stable(source.type_oid)) return types + " has no binary form that is the same in every database";
  if (source.type_oid != target.type_oid) return types + " changes its type";
  const bool interval = source.type_oid == kInterval || source.type_oid == kIntervalArray;
  if (interval && sides.source_version >= kInfiniteIntervals && sides.target_version < kInfiniteIntervals)
    return types + " may be infinite on the source only";
  return {};
}

}  // namespace dbsync
