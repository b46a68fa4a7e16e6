// Makes a GoogleTest test of each .case file and COPY format.
#pragma once

#include <filesystem>

namespace dbsync::test {

// Cases.<name>/binary and Cases.<name>/text, or Cases.<name>/once. A file that
// cannot be parsed becomes a test that fails with the parser's message.
void register_cases(const std::filesystem::path& directory);

}  // namespace dbsync::test
