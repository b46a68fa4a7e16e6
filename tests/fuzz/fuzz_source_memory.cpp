// What a task has kept of its source: any bytes give answers, which are written as they are read,
// or a DecodeError.
#include "mysql2pgsql/binlog/little_reader.h"
#include "mysql2pgsql/binlog/source_memory.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dbsync::SourceMemory;
  try {
    const std::string bytes = SourceMemory(dbsync::fuzz::text_of(data, size)).bytes();
    dbsync::fuzz::check(SourceMemory(bytes).bytes() == bytes, "what was kept is read as it is written");
  } catch (const dbsync::DecodeError&) {
  }
  return 0;
}
