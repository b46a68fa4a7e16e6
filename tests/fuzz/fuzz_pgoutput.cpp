// The pgoutput decoder: any bytes give a message or a DecodeError, what is read
// lies within the input, and a message written again reads the same.
#include <algorithm>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "cdc/tuple.h"
#include "pgsql2pgsql/follow/pgoutput_decoder.h"
#include "tests/fuzz/fuzz.h"

namespace {

using dbsync::PgoutputMessage;
using dbsync::fuzz::check;
using Kind = PgoutputMessage::Kind;

bool within(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_tuple(std::string_view tuple, std::string_view input) {
  if (tuple.empty()) return;
  check(within(tuple, input), "a row image lies within the message");
  std::vector<dbsync::Value> values;
  dbsync::read_tuple(tuple, values);
  check(values.size() == dbsync::tuple_width(tuple), "as many values as columns");
  std::string again;
  dbsync::ByteWriter out(again);
  out.i16(static_cast<std::int16_t>(values.size()));
  for (const auto& value : values) {
    out.u8(static_cast<std::uint8_t>(value.kind));
    if (!value.has_bytes()) continue;
    check(within(value.bytes(), tuple), "a value lies within its row image");
    out.i32(static_cast<std::int32_t>(value.size));
    out.bytes(value.bytes());
  }
  check(again == tuple, "a row image written again is the same");
}

void check_message(const PgoutputMessage& message, std::string_view input) {
  switch (message.kind) {
    case Kind::insert:
      check(message.old_tuple.empty() && !message.new_tuple.empty(), "an insert has a new row only");
      break;
    case Kind::update: check(!message.new_tuple.empty(), "an update has a new row"); break;
    case Kind::remove:
      check(message.new_tuple.empty() && !message.old_tuple.empty(), "a delete has an old row only");
      break;
    case Kind::truncate: check(message.ids.size() * 4 + 6 == input.size(), "as many tables as said"); return;
    default: return;
  }
  check_tuple(message.old_tuple, input);
  check_tuple(message.new_tuple, input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = dbsync::fuzz::text_of(data, size);
  static PgoutputMessage message;  // used again, as the stream does
  try {
    const auto frame = dbsync::decode_frame(input);
    check(within(frame.payload, input), "a payload lies within its frame");
  } catch (const dbsync::DecodeError& error) {
    check(error.offset() <= size, "the offset of a frame's error lies within the input");
  }
  try {
    dbsync::decode_message(input, message);
    check_message(message, input);
  } catch (const dbsync::DecodeError& error) {
    check(error.offset() <= size, "the offset of an error lies within the input");
  }
  return 0;
}
