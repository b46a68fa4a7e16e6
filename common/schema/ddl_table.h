// Parts of ddl_writer that concern CREATE TABLE; see ddl_writer.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbsync {

// "a", "b"
std::string identifier_list(const std::vector<std::string>& names);

}  // namespace dbsync
