// Errors that many tables share, said once: what they have in common.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace dbsync {

// The same text for errors that differ in names and numbers only. `names`: of the table
// and its like, as they stand in the message without quotes. "" for an error that is
// like no other: rows that break a rule, each with their own count and cause.
std::string cause_of(const Error& error, const std::vector<std::string>& names);

// "a, b, c and 39 more": at most `most` of them.
std::string some_of(const std::vector<std::string>& names, std::size_t most = 10);

namespace log {
// The first error of a cause as log::error() does it, later ones for -v only; all of
// them when `cause` is "".
void error_once(std::string_view component, const Error& error, const std::string& cause);
}  // namespace log

}  // namespace dbsync
