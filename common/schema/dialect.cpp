#include "schema/dialect.h"

#include <fmt/format.h>

namespace dbsync {

Dialect postgresql_dialect(int major) {
  Dialect d;
  d.major = major;
  d.identity_columns = major >= 10;
  d.generated_columns = major >= 12;
  d.declarative_partitions = major >= 11;
  return d;
}

Dialect greenplum_dialect(int major) {
  Dialect d;
  d.family = ServerFamily::greenplum;
  d.major = major;
  d.identity_columns = major >= 7;
  d.generated_columns = major >= 7;
  d.declarative_partitions = major >= 7;
  d.distributed = true;
  d.if_not_exists = major >= 6;
  d.text_copy = true;
  return d;
}

Dialect cloudberry_dialect(int major) {
  Dialect d = greenplum_dialect(7);
  d.family = ServerFamily::cloudberry;
  d.major = major;
  return d;
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
