// Changes of a JSON document, as MySQL logs them instead of the new one
// (binlog_row_value_options = PARTIAL_JSON).
//
//   changes = any number of: u8 what (0 replace, 1 insert, 2 remove), lenenc length, path,
//             [unless removed: lenenc length, value as a binary document]
//   path    = $, then .name, ."quoted name" or [number]
//
// Source: MySQL source, sql/json_diff.cc. Pure. Errors: DecodeError, also for changes that do
// not fit the document.
#pragma once

#include <string>
#include <string_view>

namespace dbsync {

// The changed document, as the server prints it. Replaces the content of `out`.
void json_text_changed(std::string_view binary, std::string_view changes, std::string& out);

}  // namespace dbsync
