// MySQL's binary JSON: any bytes give JSON text or a DecodeError.
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "mysql2pgsql/binlog/json_text.h"
#include "mysql2pgsql/binlog/little_reader.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text;
  try {
    dbsync::json_text({reinterpret_cast<const char*>(data), size}, text);
  } catch (const dbsync::DecodeError&) {
    return 0;
  }
  if (dbsync::valid_text_prefix(text) == text.size())
    dbsync::fuzz::check(nlohmann::json::accept(text), "what is printed is JSON");
  return 0;
}
