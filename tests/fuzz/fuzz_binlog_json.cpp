// MySQL's binary JSON, and changes of it: any bytes give JSON text or a DecodeError.
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "mysql2pgsql/binlog/json_diff.h"
#include "mysql2pgsql/binlog/json_text.h"
#include "mysql2pgsql/binlog/little_reader.h"
#include "tests/fuzz/fuzz.h"

namespace {

void prove(const std::string& text) {
  if (dbsync::valid_text_prefix(text) == text.size())
    dbsync::fuzz::check(nlohmann::json::accept(text), "what is printed is JSON");
}

// The document has as many bytes as the first one says.
void change(std::string_view bytes) {
  std::string text;
  const std::size_t size = std::min<std::size_t>(static_cast<unsigned char>(bytes.front()), bytes.size() - 1);
  try {
    dbsync::json_text_changed(bytes.substr(1, size), bytes.substr(1 + size), text);
  } catch (const dbsync::DecodeError&) {
    return;
  }
  prove(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.empty()) change(bytes);
  std::string text;
  try {
    dbsync::json_text(bytes, text);
  } catch (const dbsync::DecodeError&) {
    return 0;
  }
  prove(text);
  return 0;
}
