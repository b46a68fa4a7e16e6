// Puts other schema names into SQL that pg_dump wrote, and other column names into
// expressions of a table.
//
// pg_dump qualifies every name that is not in pg_catalog, so a schema is an
// identifier right before a dot. Reads tokens only: comments, string constants
// and dollar quotes stay as they are, except constants that are cast to a reg*
// type ('public.seq'::regclass), which hold a name as well. Only names that are
// known objects are changed: an alias may be called like a schema, and what
// belongs to an extension stays in the extension's schema.
//
// Pure. Source: PostgreSQL manual, "Lexical Structure".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "pgsql2pgsql/schema/schema_names.h"

namespace dbsync {

// (schema, name) of the users' objects.
using ObjectNames = std::set<std::pair<std::string, std::string>>;

std::string rename_schemas(std::string_view sql, const SchemaMap& map, const ObjectNames& objects);

// Puts other column names into an expression over one table as the server prints
// it (pg_get_expr). Nothing when it names one of `excluded`.
std::optional<std::string> rename_columns(std::string_view expression, const std::map<std::string, std::string>& names,
                                          const std::set<std::string>& excluded);

}  // namespace dbsync
