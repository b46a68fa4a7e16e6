// MariaDB's compressed events and columns.
//
//   event data = u8 (0x80 | algorithm << 4 | n), n bytes big-endian plain length, zlib stream
//   column     = nothing, or u8 0 and the value, or u8 0x80 | 8 (raw) | n, n bytes big-endian plain
//                length, deflate, raw or with the header of zlib
//
// Source: MariaDB source, sql/log_event.cc (binlog_buf_uncompress), sql/field.cc
// (Field_longstr::uncompress). Pure. Errors: DecodeError; more than 1 GiB is refused.
#pragma once

#include <string>
#include <string_view>

namespace dbsync {

// Replaces the content of `out`, whose memory is used again.
void inflate_event(std::string_view bytes, std::string_view what, std::string& out);
// The value, in `bytes` or in `out`.
std::string_view inflate_column(std::string_view bytes, std::string& out);

}  // namespace dbsync
