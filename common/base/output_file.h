// Writes files whose names come from users: reports, metrics, rows set aside.
//
//   a regular file, or none   written beside it and renamed over it: readers see the old
//                             content or the new one, and a full disk leaves the old one
//   a link                    what it points to is replaced, and the link stays; for
//                             content that is private an error (ELOOP), since in a
//                             directory of many users somebody else may have made it
//   a device, a pipe, a FIFO  written as it is; a FIFO that nobody reads is an error at
//                             once (ENXIO), one whose reader stops for 5 s is one, too
//
// Threads: any, one a path. Errors: returned, as the system's error codes.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace dbsync {

// Who may read a file that is made. One that is there keeps its mode.
enum class Readers { all, owner };

[[nodiscard]] std::error_code replace_file(const std::string& path, std::string_view content, Readers readers);

// Adds to the end of a regular file, which is made when it is missing, for its owner
// only. Never through a link.
[[nodiscard]] std::error_code append_private(const std::string& path, std::string_view content);

}  // namespace dbsync
