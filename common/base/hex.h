// Bytes as hexadecimal digits, two lower-case ones a byte, as encode(…, 'hex') of PostgreSQL
// writes them.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace dbsync {

std::string to_hex(std::string_view bytes);
// Of digits that to_hex or the server wrote.
std::string from_hex(std::string_view digits);

}  // namespace dbsync
