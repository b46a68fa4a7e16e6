#include "mysql2pgsql/row/mysql_cursor.h"

#include <algorithm>

#include <fmt/format.h>

#include "mysql2pgsql/client/mysql_client.h"
#include "mysql2pgsql/row/wire_value.h"

namespace dbsync {

namespace {

constexpr unsigned kBinaryCharset = 63;
constexpr unsigned kBytesPerCharacter = 4;         // results come in utf8mb4
constexpr unsigned kServerLost = 2013;             // CR_SERVER_LOST
constexpr std::size_t kFirstBufferLimit = 4096;    // longer values get their room when one comes
constexpr std::size_t kKeptBufferLimit = 1 << 20;  // giant values give theirs back

// What neither library names in its header, or only one of them.
constexpr int kTypeJson = 245;
constexpr int kTypeVector = 242;

MysqlKind text_or_bytes(bool binary, std::uint64_t bytes, bool fixed) {
  if (binary) return fixed ? MysqlKind::binary : MysqlKind::varbinary;
  if (bytes > 65535ULL * kBytesPerCharacter) return MysqlKind::text;
  return fixed ? MysqlKind::character : MysqlKind::varchar;
}

MysqlKind kind_of_field(const MYSQL_FIELD& field) {
  const bool binary = field.charsetnr == kBinaryCharset;
  switch (static_cast<int>(field.type)) {
    case MYSQL_TYPE_TINY: return MysqlKind::tinyint;
    case MYSQL_TYPE_SHORT: return MysqlKind::smallint;
    case MYSQL_TYPE_INT24: return MysqlKind::mediumint;
    case MYSQL_TYPE_LONG: return MysqlKind::integer;
    case MYSQL_TYPE_LONGLONG: return MysqlKind::bigint;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL: return MysqlKind::decimal;
    case MYSQL_TYPE_FLOAT: return MysqlKind::float4;
    case MYSQL_TYPE_DOUBLE: return MysqlKind::float8;
    case MYSQL_TYPE_BIT: return MysqlKind::bit;
    case MYSQL_TYPE_YEAR: return MysqlKind::year;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE: return MysqlKind::date;
    case MYSQL_TYPE_DATETIME: return MysqlKind::datetime;
    case MYSQL_TYPE_TIMESTAMP: return MysqlKind::timestamp;
    case MYSQL_TYPE_TIME: return MysqlKind::time;
    case MYSQL_TYPE_GEOMETRY: return MysqlKind::geometry;
    case kTypeJson: return MysqlKind::json;
    case kTypeVector: return MysqlKind::vector;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB: return binary ? MysqlKind::blob : MysqlKind::text;
    case MYSQL_TYPE_STRING:
      if ((field.flags & ENUM_FLAG) != 0) return MysqlKind::enumeration;
      if ((field.flags & SET_FLAG) != 0) return MysqlKind::set;
      return text_or_bytes(binary, field.length, true);
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING: return text_or_bytes(binary, field.length, false);
    case MYSQL_TYPE_NULL: return MysqlKind::text;  // SELECT NULL
    default: return MysqlKind::unsupported;
  }
}

MysqlType type_of_field(const MYSQL_FIELD& field) {
  MysqlType type;
  type.kind = kind_of_field(field);
  type.is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
  type.text = fmt::format("protocol type {}", static_cast<int>(field.type));
  switch (type.kind) {
    case MysqlKind::decimal:
      type.scale = static_cast<int>(field.decimals);
      type.precision = static_cast<int>(field.length) - (type.scale > 0 ? 1 : 0) - (type.is_unsigned ? 0 : 1);
      break;
    case MysqlKind::datetime:
    case MysqlKind::timestamp:
    case MysqlKind::time: type.fraction = field.decimals <= 6 ? static_cast<int>(field.decimals) : 6; break;
    case MysqlKind::character:
    case MysqlKind::varchar:
      type.length = static_cast<std::int64_t>(std::max<unsigned long>(field.length / kBytesPerCharacter, 1));
      break;
    case MysqlKind::binary:
    case MysqlKind::varbinary:
    case MysqlKind::bit: type.length = static_cast<std::int64_t>(field.length); break;
    default: break;
  }
  return type;
}

Wire wire_of_field(const MYSQL_FIELD& field) {
  const bool is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
  switch (static_cast<int>(field.type)) {
    case MYSQL_TYPE_TINY: return is_unsigned ? Wire::u8 : Wire::i8;
    case MYSQL_TYPE_YEAR: return Wire::u16;
    case MYSQL_TYPE_SHORT: return is_unsigned ? Wire::u16 : Wire::i16;
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG: return is_unsigned ? Wire::u32 : Wire::i32;
    case MYSQL_TYPE_LONGLONG: return is_unsigned ? Wire::u64 : Wire::i64;
    case MYSQL_TYPE_FLOAT: return Wire::f32;
    case MYSQL_TYPE_DOUBLE: return Wire::f64;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIME: return Wire::temporal;
    default: return Wire::bytes;
  }
}

enum_field_types buffer_type(Wire wire, enum_field_types field_type) {
  switch (wire) {
    case Wire::i8:
    case Wire::u8: return MYSQL_TYPE_TINY;
    case Wire::i16:
    case Wire::u16: return MYSQL_TYPE_SHORT;
    case Wire::i32:
    case Wire::u32: return MYSQL_TYPE_LONG;
    case Wire::i64:
    case Wire::u64: return MYSQL_TYPE_LONGLONG;
    case Wire::f32: return MYSQL_TYPE_FLOAT;
    case Wire::f64: return MYSQL_TYPE_DOUBLE;
    case Wire::temporal: return field_type;
    case Wire::bytes: return MYSQL_TYPE_BLOB;
  }
  return MYSQL_TYPE_BLOB;
}

bool is_unsigned_wire(Wire wire) {
  return wire == Wire::u8 || wire == Wire::u16 || wire == Wire::u32 || wire == Wire::u64;
}

std::string field_text(const char* text, unsigned length) {
  return text == nullptr ? std::string() : std::string(text, length);
}

}  // namespace

// Where the library puts one column's value.
struct ColumnSlot {
  union {
    std::int64_t integer = 0;
    double number;
  };
  MYSQL_TIME time{};
  Temporal temporal;
  std::vector<char> bytes;
  std::unique_ptr<char[]> giant;  // this row's value when it is over kKeptBufferLimit
  unsigned long length = 0;
  MysqlBool is_null = 0;
  MysqlBool truncated = 0;
};

struct MysqlCursor::Binding {
  struct CloseStatement {
    void operator()(MYSQL_STMT* handle) const { mysql_stmt_close(handle); }
  };

  std::unique_ptr<MYSQL_STMT, CloseStatement> statement;
  std::vector<MYSQL_BIND> binds;
  std::vector<ColumnSlot> slots;
  std::vector<enum_field_types> field_types;

  // With Connector/C, values are read where they lie in its network buffer, one
  // call per value, instead of being copied into the slots.
  std::vector<WireFormat> formats;
  SourceValue* values = nullptr;
  const MYSQL* mysql = nullptr;
  bool broken_row = false;

  static void take_value(void* self, unsigned column, unsigned char** row) {
    auto& binding = *static_cast<Binding*>(self);
    SourceValue& value = binding.values[column];
    if (row == nullptr) {
      value.is_null = true;
      return;
    }
    const unsigned char* next = nullptr;
    if (!binding.broken_row)
      next = read_wire_value(binding.formats[column], *row, binding.row_end(), value, binding.slots[column].temporal);
    // No exception may pass through the library: fetch() looks at the flag.
    if (next == nullptr)
      binding.broken_row = true;
    else
      *row += next - *row;
  }

#ifdef MARIADB_PACKAGE_VERSION
  // Of the library's buffer, not of the row: it keeps the row's length to itself.
  const unsigned char* row_end() const { return mysql->net.buff_end; }
  void take_rows_in_place() {
    mysql_stmt_attr_set(statement.get(), STMT_ATTR_CB_USER_DATA, this);
    mysql_stmt_attr_set(statement.get(), STMT_ATTR_CB_RESULT, reinterpret_cast<const void*>(&take_value));
  }
#else
  const unsigned char* row_end() const { return nullptr; }
  void take_rows_in_place() {}
#endif
};

MysqlCursor::MysqlCursor(MysqlConnection& connection, std::string sql)
    : connection_(connection), sql_(std::move(sql)), binding_(std::make_unique<Binding>()) {
  prepare(sql_);
  read_metadata();
  const auto is_vector = [](const ResultColumn& column) { return column.type.kind == MysqlKind::vector; };
  if (kMariadbClient && std::any_of(columns_.begin(), columns_.end(), is_vector)) prepare_with_vectors_as_bytes();
}

void MysqlCursor::prepare(const std::string& sql) {
  binding_->statement.reset(mysql_stmt_init(connection_.handle().mysql));
  if (!binding_->statement) throw std::bad_alloc();
  if (mysql_stmt_prepare(binding_->statement.get(), sql.data(), sql.size()) != 0) throw error();
}

// Connector/C knows MySQL's type VECTOR of results, but reads no value of it (error
// 2027). The types and origins of the columns stay those of the statement itself.
void MysqlCursor::prepare_with_vectors_as_bytes() {
  std::string list;
  for (const ResultColumn& column : columns_) {
    const std::string name = MysqlConnection::identifier(column.name);
    list += list.empty() ? "" : ", ";
    list += column.type.kind == MysqlKind::vector ? fmt::format("CAST({0} AS BINARY) AS {0}", name) : name;
  }
  // A line end before the bracket: the statement may end with a comment.
  prepare(fmt::format("SELECT {} FROM ({}\n) AS dbsync_vectors", list, sql_));
}

// The session's snapshot is worth more than a few buffers read away: the server
// is told to stop, and what is on its way is dropped.
MysqlCursor::~MysqlCursor() {
  if (!active_) return;
  connection_.cancel();
  mysql_stmt_free_result(binding_->statement.get());
  if (!connection_.answers()) connection_.abandon();
}

void MysqlCursor::read_metadata() {
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> metadata(mysql_stmt_result_metadata(binding_->statement.get()),
                                                                  mysql_free_result);
  if (!metadata)
    throw Error(ErrorKind::source, "the statement gives no rows")
        .statement(sql_)
        .context(connection_.describe())
        .hint("a table-list query must be one SELECT");
  const unsigned count = mysql_num_fields(metadata.get());
  const MYSQL_FIELD* fields = mysql_fetch_fields(metadata.get());
  for (unsigned i = 0; i < count; ++i) {
    const MYSQL_FIELD& field = fields[i];
    ResultColumn& column = columns_.emplace_back();
    column.name = field_text(field.name, field.name_length);
    column.table_schema = field_text(field.db, field.db_length);
    column.table = field_text(field.org_table, field.org_table_length);
    column.column = field_text(field.org_name, field.org_name_length);
    column.type = type_of_field(field);
    column.wire = wire_of_field(field);
    column.not_null = (field.flags & NOT_NULL_FLAG) != 0;
    column.max_bytes = field.length;
    binding_->field_types.push_back(field.type);
  }
}

void MysqlCursor::bind() {
  binding_->binds.assign(columns_.size(), MYSQL_BIND{});
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    MYSQL_BIND& bind = binding_->binds[i];
    ColumnSlot& slot = binding_->slots[i];
    const Wire wire = columns_[i].wire;
    bind.buffer_type = buffer_type(wire, binding_->field_types[i]);
    bind.is_unsigned = is_unsigned_wire(wire) ? 1 : 0;
    bind.is_null = &slot.is_null;
    bind.length = &slot.length;
    bind.error = &slot.truncated;
    if (wire == Wire::bytes) {
      slot.bytes.resize(std::clamp<std::size_t>(columns_[i].max_bytes, 16, kFirstBufferLimit));
      bind.buffer = slot.bytes.data();
      bind.buffer_length = slot.bytes.size();
    } else if (wire == Wire::temporal) {
      bind.buffer = &slot.time;
      bind.buffer_length = sizeof slot.time;
      values_[i].data = reinterpret_cast<const char*>(&slot.temporal);
    } else {
      bind.buffer = &slot.integer;
      bind.buffer_length = sizeof slot.integer;
      values_[i].data = reinterpret_cast<const char*>(&slot.integer);
    }
  }
  if (mysql_stmt_bind_result(binding_->statement.get(), binding_->binds.data()) != 0) throw error();
}

void MysqlCursor::execute() {
  if (mysql_stmt_execute(binding_->statement.get()) != 0) throw error();
  active_ = true;
  values_.assign(columns_.size(), SourceValue{});
  binding_->slots = std::vector<ColumnSlot>(columns_.size());
  if constexpr (kMariadbClient) {
    for (const ResultColumn& column : columns_)
      binding_->formats.push_back({column.wire, column.type.kind == MysqlKind::time});
    binding_->values = values_.data();
    binding_->mysql = connection_.handle().mysql;
    binding_->take_rows_in_place();
  } else {
    bind();
  }
}

bool MysqlCursor::fetch() {
  const int status = mysql_stmt_fetch(binding_->statement.get());
  if (status == MYSQL_NO_DATA) {
    active_ = false;
    return false;
  }
  if (status != 0 && status != MYSQL_DATA_TRUNCATED) {
    active_ = false;
    Error failure = error();
    if (failure.connection_lost()) connection_.abandon();
    throw failure;
  }
  if constexpr (kMariadbClient) {
    if (binding_->broken_row) throw broken_row();
    return true;
  }
  convert_row();
  if (status == MYSQL_DATA_TRUNCATED) fetch_long_values();
  return true;
}

void MysqlCursor::convert_row() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    ColumnSlot& slot = binding_->slots[i];
    SourceValue& value = values_[i];
    value.is_null = slot.is_null != 0;
    if (columns_[i].wire == Wire::bytes) {
      value.data = slot.bytes.data();
      value.length = slot.length;
      if (slot.giant) slot.giant.reset();
    } else if (columns_[i].wire == Wire::temporal) {
      const MYSQL_TIME& t = slot.time;
      const bool is_time = columns_[i].type.kind == MysqlKind::time;
      // Some servers send whole days apart, some fold them into the hours.
      slot.temporal = {.year = static_cast<std::int32_t>(t.year),
                       .month = t.month,
                       .day = is_time ? 0 : t.day,
                       .hour = is_time ? t.day * 24 + t.hour : t.hour,
                       .minute = t.minute,
                       .second = t.second,
                       .microsecond = static_cast<std::uint32_t>(t.second_part),
                       .negative = t.neg != 0};
    }
  }
}

void MysqlCursor::fetch_long_values() {
  bool rebind = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    ColumnSlot& slot = binding_->slots[i];
    if (columns_[i].wire != Wire::bytes || slot.is_null != 0 || slot.length <= slot.bytes.size()) continue;
    MYSQL_BIND bind = binding_->binds[i];
    if (slot.length > kKeptBufferLimit) {
      slot.giant = std::make_unique_for_overwrite<char[]>(slot.length);
      bind.buffer = slot.giant.get();
      bind.buffer_length = slot.length;
    } else {
      slot.bytes.resize(std::max<std::size_t>(slot.length, slot.bytes.size() * 2));
      bind.buffer = slot.bytes.data();
      bind.buffer_length = slot.bytes.size();
      binding_->binds[i] = bind;
      rebind = true;
    }
    if (mysql_stmt_fetch_column(binding_->statement.get(), &bind, static_cast<unsigned>(i), 0) != 0) throw error();
    values_[i].data = static_cast<const char*>(bind.buffer);
  }
  if (rebind && mysql_stmt_bind_result(binding_->statement.get(), binding_->binds.data()) != 0) throw error();
}

Error MysqlCursor::broken_row() const {
  return Error(ErrorKind::source, "the source sent a row that is not laid out as the protocol says")
      .statement(sql_)
      .context(connection_.describe())
      .hint("something between here and the server alters the data, or the server has a fault; see its error log");
}

Error MysqlCursor::error() const {
  MYSQL_STMT* statement = binding_->statement.get();
  // What is lost while rows are read, the library may note at the connection only.
  MYSQL* mysql = connection_.handle().mysql;
  const bool at_statement = mysql_stmt_errno(statement) != 0;
  unsigned code = at_statement ? mysql_stmt_errno(statement) : mysql_errno(mysql);
  std::string text = at_statement ? mysql_stmt_error(statement) : mysql_error(mysql);
  if (code == 0) {
    code = kServerLost;
    text = "the source ended the connection";
  }
  if (std::string dead = connection_.dead_network(); !dead.empty()) text = std::move(dead);
  Error error = mysql_failure(code, text);
  error.sqlstate(at_statement ? mysql_stmt_sqlstate(statement) : mysql_sqlstate(mysql))
      .statement(sql_)
      .context(connection_.describe());
  return error;
}

}  // namespace dbsync
