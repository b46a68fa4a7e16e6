#include "mysql2pgsql/binlog/table_map.h"

#include "mysql2pgsql/binlog/little_reader.h"

namespace dbsync {

namespace {

TableMapName read_name(LittleReader& in) {
  TableMapName out;
  out.id = in.le(6);
  in.u16();  // flags
  out.db = in.name(in.u8(), "database");
  out.table = in.name(in.u8(), "table");
  return out;
}

std::size_t metadata_bytes(const LittleReader& in, ImageType type) {
  switch (type) {
    case ImageType::varchar:
    case ImageType::varchar_compressed:
    case ImageType::bit:
    case ImageType::newdecimal:
    case ImageType::enumeration:
    case ImageType::set:
    case ImageType::var_string:
    case ImageType::string: return 2;
    case ImageType::float4:
    case ImageType::float8:
    case ImageType::timestamp2:
    case ImageType::datetime2:
    case ImageType::time2:
    case ImageType::blob_compressed:
    case ImageType::vector:
    case ImageType::json:
    case ImageType::tiny_blob:
    case ImageType::medium_blob:
    case ImageType::long_blob:
    case ImageType::blob:
    case ImageType::geometry: return 1;
    case ImageType::tiny:
    case ImageType::short_int:
    case ImageType::long_int:
    case ImageType::null:
    case ImageType::timestamp:
    case ImageType::longlong:
    case ImageType::int24:
    case ImageType::date:
    case ImageType::time:
    case ImageType::datetime:
    case ImageType::year:
    case ImageType::newdate: return 0;
    case ImageType::decimal_old: break;
  }
  in.fail(fmt::format("an unknown type {} of a column", static_cast<unsigned>(type)));
}

}  // namespace

TableMapName read_table_map_name(const BinlogEvent& event) {
  LittleReader in(event.body, "TABLE_MAP event");
  return read_name(in);
}

TableMap read_table_map(const BinlogEvent& event) {
  LittleReader in(event.body, "TABLE_MAP event");
  TableMap out;
  out.name = read_name(in);
  const std::uint64_t columns = in.lenenc();
  const std::string_view types = in.bytes(columns);
  out.columns.resize(types.size());
  const std::uint64_t metadata_length = in.lenenc();
  LittleReader metadata(in.bytes(metadata_length), "metadata of a TABLE_MAP event");
  for (std::size_t i = 0; i < types.size(); ++i) {
    out.columns[i].type = static_cast<ImageType>(types[i]);
    out.columns[i].meta = static_cast<std::uint16_t>(metadata.le(metadata_bytes(metadata, out.columns[i].type)));
  }
  metadata.expect_end();
  const std::string_view nullable = in.bytes((columns + 7) / 8);
  for (std::size_t i = 0; i < types.size(); ++i) out.columns[i].nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
  while (in.remaining() > 0) {  // optional fields
    in.u8();
    in.bytes(in.lenenc());
  }
  return out;
}

}  // namespace dbsync
