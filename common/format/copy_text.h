// The COPY text format (PostgreSQL manual, COPY, "Text Format"): fields
// separated by tabs, rows ended by newline, NULL as \N, backslash escapes.
#pragma once

#include <string>
#include <string_view>

#include "format/copy_buffer.h"

namespace dbsync::copy_text {

inline constexpr std::string_view kNull = "\\N";

// Backslash, tab, newline and carriage return escaped; every other byte as it is.
void put_escaped(CopyBuffer& out, std::string_view text);

// bytea in hex form: \\x4142 (the backslash itself escaped).
void put_bytea(CopyBuffer& out, std::string_view bytes);

// The inverse of put_escaped, for round-trip tests and rejects.
std::string unescape(std::string_view field);

}  // namespace dbsync::copy_text
