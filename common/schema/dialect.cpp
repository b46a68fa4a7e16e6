#include "schema/dialect.h"

#include <charconv>

#include <fmt/format.h>

namespace dbsync {

Dialect postgresql_dialect(int major) {
  Dialect d;
  d.major = d.base = major;
  d.identity_columns = major >= 10;
  d.generated_columns = major >= 12;
  d.declarative_partitions = major >= 11;
  return d;
}

Dialect greenplum_dialect(int major) {
  Dialect d;
  d.family = ServerFamily::greenplum;
  d.major = major;
  d.base = major >= 7 ? 12 : major == 6 ? 9 : 8;
  d.identity_columns = major >= 7;
  d.generated_columns = major >= 7;
  d.declarative_partitions = major >= 7;
  d.distributed = true;
  d.if_not_exists = major >= 6;
  d.foreign_keys = false;
  d.not_valid_constraints = major >= 6;  // 5 is PostgreSQL 8.3
  d.smallserial = major >= 6;
  d.replicated_tables = major >= 6;
  d.unique_on_append_only = major >= 7;
  d.text_copy = true;
  d.copy_freeze = false;
  d.segment_rejects = true;
  return d;
}

Dialect cloudberry_dialect(int major) {
  Dialect d = greenplum_dialect(7);
  d.family = ServerFamily::cloudberry;
  d.major = major;
  d.base = 14;
  return d;
}

std::optional<Dialect> dialect_by_name(std::string_view name) {
  const auto digits = name.find_first_of("0123456789");
  const std::string_view family = name.substr(0, digits);
  int major = 0;
  if (digits != std::string_view::npos) {
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + digits, end, major);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  }
  if (family == "postgresql" && (major == 0 || major >= 9)) return postgresql_dialect(major == 0 ? 15 : major);
  if (family == "greenplum" && major >= 5 && major <= 7) return greenplum_dialect(major);
  if (family == "cloudberry") return cloudberry_dialect(major == 0 ? 1 : major);
  if (name == "adbpg") return greenplum_dialect(6);
  return std::nullopt;
}

std::string dialect_name(const Dialect& dialect) {
  switch (dialect.family) {
    case ServerFamily::postgresql: return fmt::format("PostgreSQL {}", dialect.major);
    case ServerFamily::greenplum: return fmt::format("Greenplum {}", dialect.major);
    case ServerFamily::cloudberry: return fmt::format("Cloudberry {}", dialect.major);
  }
  return "PostgreSQL";
}

}  // namespace dbsync
