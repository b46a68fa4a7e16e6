// The server that pg_dump believes to speak to: its statements go to the source over a
// connection of ours, and statements that give no rows wait for the next one (dump_relay.h).
//
// Ownership: socket and connection are the caller's; the connection's notices come here while
// the session lives. Threads: one. Errors: RelayOver; what the source says goes to pg_dump.
// Source: PostgreSQL manual, "Message Formats", "Multiple Statements in a Simple Query".
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pg/connection.h"
#include "pg/relay_client.h"
#include "pg/relay_messages.h"

namespace dbsync {

class RelaySession {
 public:
  RelaySession(int fd, pg_conn* source);

  // Until pg_dump says that it has ended.
  void run();

 private:
  void start();
  // One statement that gives no rows, of which the next one need not know.
  static std::optional<std::string> tag_of(const std::string& sql);
  void query(const std::string& sql);
  void put_result(const pg_result* result);
  void describe(const pg_result* result);
  void put_row(const pg_result* result);
  void put_command(std::string_view tag);
  void put_done(std::string_view tag);
  // Without a result, of a connection that was lost.
  void put_report(char type, const pg_result* result);
  // Those that are new.
  void put_parameters();
  void put_ready();

  RelayClient client_;
  pg_conn* source_;
  RelayMessages out_;
  std::map<std::string, std::string> parameters_;
  std::string ahead_;
  std::size_t statements_ahead_ = 0;
  bool described_ = false;
};

}  // namespace dbsync
