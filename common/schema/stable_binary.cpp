#include "schema/stable_binary.h"

#include <algorithm>
#include <iterator>

namespace dbsync {

namespace {

enum class Use : std::uint8_t { copied, copied_and_followed };

struct StableType {
  std::uint32_t oid;
  Use use;
};

using enum Use;

// In the order of their numbers, those of pg_type.oid. Left out on purpose: reg* types
// (a number of the database each), money (its digits depend on the server's locale), xml
// (the declaration names an encoding), aclitem, pg_node_tree and other internal types.
constexpr StableType kStable[]{
    {16, copied_and_followed},    // bool
    {17, copied_and_followed},    // bytea
    {18, copied},                 // char
    {19, copied},                 // name
    {20, copied_and_followed},    // int8
    {21, copied_and_followed},    // int2
    {23, copied_and_followed},    // int4
    {25, copied_and_followed},    // text
    {26, copied},                 // oid
    {114, copied_and_followed},   // json
    {199, copied},                // json[]
    {271, copied},                // xid8[]
    {600, copied},                // point
    {601, copied},                // lseg
    {602, copied},                // path
    {603, copied},                // box
    {604, copied},                // polygon
    {628, copied},                // line
    {629, copied},                // line[]
    {650, copied_and_followed},   // cidr
    {651, copied},                // cidr[]
    {700, copied_and_followed},   // float4
    {701, copied_and_followed},   // float8
    {718, copied},                // circle
    {719, copied},                // circle[]
    {774, copied},                // macaddr8
    {775, copied},                // macaddr8[]
    {829, copied_and_followed},   // macaddr
    {869, copied_and_followed},   // inet
    {1000, copied_and_followed},  // bool[]
    {1001, copied_and_followed},  // bytea[]
    {1002, copied},               // char[]
    {1003, copied},               // name[]
    {1005, copied_and_followed},  // int2[]
    {1007, copied_and_followed},  // int4[]
    {1009, copied_and_followed},  // text[]
    {1014, copied_and_followed},  // bpchar[]
    {1015, copied_and_followed},  // varchar[]
    {1016, copied_and_followed},  // int8[]
    {1017, copied},               // point[]
    {1018, copied},               // lseg[]
    {1019, copied},               // path[]
    {1020, copied},               // box[]
    {1021, copied_and_followed},  // float4[]
    {1022, copied_and_followed},  // float8[]
    {1027, copied},               // polygon[]
    {1028, copied},               // oid[]
    {1040, copied},               // macaddr[]
    {1041, copied},               // inet[]
    {1042, copied_and_followed},  // bpchar
    {1043, copied_and_followed},  // varchar
    {1082, copied_and_followed},  // date
    {1083, copied_and_followed},  // time
    {1114, copied_and_followed},  // timestamp
    {1115, copied_and_followed},  // timestamp[]
    {1182, copied_and_followed},  // date[]
    {1183, copied},               // time[]
    {1184, copied_and_followed},  // timestamptz
    {1185, copied_and_followed},  // timestamptz[]
    {1186, copied},               // interval
    {1187, copied},               // interval[]
    {1231, copied_and_followed},  // numeric[]
    {1266, copied_and_followed},  // timetz
    {1270, copied},               // timetz[]
    {1560, copied},               // bit
    {1561, copied},               // bit[]
    {1562, copied},               // varbit
    {1563, copied},               // varbit[]
    {1700, copied_and_followed},  // numeric
    {2949, copied},               // txid_snapshot[]
    {2950, copied_and_followed},  // uuid
    {2951, copied},               // uuid[]
    {2970, copied},               // txid_snapshot
    {3220, copied},               // pg_lsn
    {3221, copied},               // pg_lsn[]
    {3614, copied},               // tsvector
    {3615, copied},               // tsquery
    {3643, copied},               // tsvector[]
    {3645, copied},               // tsquery[]
    {3802, copied_and_followed},  // jsonb
    {3807, copied},               // jsonb[]
    {3904, copied},               // int4range
    {3905, copied},               // int4range[]
    {3906, copied},               // numrange
    {3907, copied},               // numrange[]
    {3908, copied},               // tsrange
    {3909, copied},               // tsrange[]
    {3910, copied},               // tstzrange
    {3911, copied},               // tstzrange[]
    {3912, copied},               // daterange
    {3913, copied},               // daterange[]
    {3926, copied},               // int8range
    {3927, copied},               // int8range[]
    {4072, copied},               // jsonpath
    {4073, copied},               // jsonpath[]
    {4451, copied},               // int4multirange
    {4532, copied},               // nummultirange
    {4533, copied},               // tsmultirange
    {4534, copied},               // tstzmultirange
    {4535, copied},               // datemultirange
    {4536, copied},               // int8multirange
    {5038, copied},               // pg_snapshot
    {5039, copied},               // pg_snapshot[]
    {5069, copied},               // xid8
    {6150, copied},               // int4multirange[]
    {6151, copied},               // nummultirange[]
    {6152, copied},               // tsmultirange[]
    {6153, copied},               // tstzmultirange[]
    {6155, copied},               // datemultirange[]
    {6157, copied},               // int8multirange[]
};

const StableType* find(std::uint32_t oid) {
  const auto* const row =
      std::lower_bound(std::begin(kStable), std::end(kStable), oid,
                       [](const StableType& type, std::uint32_t wanted) { return type.oid < wanted; });
  return row != std::end(kStable) && row->oid == oid ? row : nullptr;
}

}  // namespace

bool stable_binary(std::uint32_t type_oid) { return find(type_oid) != nullptr; }

bool followed_in_binary(std::uint32_t type_oid) {
  const StableType* type = find(type_oid);
  return type != nullptr && type->use == copied_and_followed;
}

}  // namespace dbsync
