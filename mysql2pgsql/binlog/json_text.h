// MySQL's binary JSON as the text that the server prints.
//
//   document = u8 type, value
//   object, array = count, size, [keys: offset, u16 length], [values: u8 type, offset or
//             value], keys, values; numbers of 2 bytes in small ones, of 4 in large ones
//   opaque value  = u8 column type, length (7 bits a byte), bytes
//
// Byte for byte what the server prints, since that is what a copy has stored.
//
// Source: MySQL source, sql-common/json_binary.h, json_dom.cc (wrapper_to_string).
// Pure. Errors: DecodeError.
#pragma once

#include <string>
#include <string_view>

namespace dbsync {

// Replaces the content of `out`, whose memory is used again.
void json_text(std::string_view binary, std::string& out);

}  // namespace dbsync
