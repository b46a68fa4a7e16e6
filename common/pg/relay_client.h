// The side of pg_dump at a socket of ours (dump_relay.h).
//
// Ownership: the socket is the caller's. Threads: one. Errors: RelayOver.
// Source: PostgreSQL manual, "Message Formats".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dbsync {

// pg_dump has gone, or does not speak what it is expected to.
struct RelayOver {};

class RelayClient {
 public:
  // No message is longer, nor what precedes the first one.
  static constexpr std::uint32_t kLongestMessage = std::uint32_t{1} << 30;

  explicit RelayClient(int fd) : fd_(fd) {}

  std::string read(std::size_t size);
  std::uint32_t read_int32();
  std::string read_body();  // of a message, behind its type
  void send(const std::string& bytes);

 private:
  int fd_;
};

}  // namespace dbsync
