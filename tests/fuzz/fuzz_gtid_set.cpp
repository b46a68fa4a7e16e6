// Sets of GTIDs: any text gives a set, which is written as it is read, or an error of the source.
// The first line is a set, each other one a transaction that is added.
#include "base/error.h"
#include "base/text.h"
#include "mysql2pgsql/binlog/gtid_set.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::GtidSet;
using dbsync::fuzz::check;

void prove(const GtidSet& set) {
  const std::string text = set.text();
  check(GtidSet(text).text() == text, "a set is read as it is written");
  check(GtidSet(text + "," + text).text() == text, "once and twice is the same");
  check(set.empty() == text.empty(), "an empty set has no text");
}

void add(GtidSet& set, std::string_view gtid) {
  set.add(gtid);
  if (gtid.find(':') == std::string_view::npos) return;
  check(set.contains(dbsync::to_lower(std::string(gtid))), "what was added is among them");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dbsync::fuzz::Input in(data, size);
  try {
    GtidSet set(in.line());
    prove(set);
    while (!in.empty()) add(set, in.line());
  } catch (const dbsync::Error& error) {
    check(error.kind() == dbsync::ErrorKind::source, "an error of the source");
  }
  return 0;
}
