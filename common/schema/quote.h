// The one function each for identifiers and literals in PostgreSQL SQL text.
//
// Identifiers are always quoted: no list of reserved words can go stale, and
// upper case survives. Literals assume standard_conforming_strings (on since
// 9.1 and set by every session of ours); a backslash forces the E'' form, which
// is right under both settings. No NUL may occur (ErrorKind::internal).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/table.h"

namespace dbsync {

std::string quote_identifier(std::string_view name);
std::string quote_name(const QualifiedName& name);  // "schema"."name"
std::string quote_literal(std::string_view text);

// Adds an element to the text form of an array that `out` begins: "{" and what was
// added before. The closing brace is the caller's.
void add_array_element(std::string& out, std::string_view element);

// The text form of an array of these elements, for a parameter.
std::string array_text(const std::vector<std::string>& elements);

}  // namespace dbsync
