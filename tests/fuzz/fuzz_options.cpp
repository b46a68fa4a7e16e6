// Command lines: options or a usage Error.
//
// Input: one argument a line.
#include <vector>

#include "base/error.h"
#include "config/options.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::fuzz::check;

void check_options(const dbsync::Options& o) {
  check(o.jobs >= 1 && o.jobs <= 256, "the number of jobs is in its range");
  check(!o.buffer_kb || (*o.buffer_kb >= 1 && *o.buffer_kb <= 1048576), "the buffer is in its range");
  if (o.help || o.version) return;  // given at once, whatever else is wrong
  check(!(o.append && o.truncate), "--append excludes --truncate");
  check(!o.no_partitions || o.verb == dbsync::Verb::ddl, "-n goes with -d");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsync::fuzz::Input input(data, size);
  std::vector<std::string> words{"program"};
  while (!input.empty()) words.emplace_back(input.line());
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  for (const auto program : {dbsync::Program::mysql2pgsql, dbsync::Program::pgsql2pgsql}) {
    try {
      check_options(dbsync::parse_options(program, static_cast<int>(argv.size()), argv.data()));
    } catch (const dbsync::Error& error) {
      check(error.kind() == dbsync::ErrorKind::usage, "a usage error");
      check(!error.hint().empty(), "there is a hint");
    }
  }
  return 0;
}
