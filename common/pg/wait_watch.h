// Says what a statement on the source waits for while the caller is blocked in it,
// and ends the wait when the run is asked to stop.
//
// Locks that other sessions hold, transactions that must end before a replication
// slot can be made, prepared ones among them: each is told after some seconds and
// then every ten, with process, age and query. Asks on a connection of its own; what
// goes wrong there is no error.
//
// Threads: one of its own, from construction to destruction; the watched connection
// must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "pg/connection.h"

namespace dbsync {

class WaitWatch {
 public:
  // `pid`: of the watched session; `what` begins the message: "making the replication
  // slot x". When `stop` is requested, `cancel` is called until this ends.
  WaitWatch(std::string conninfo, std::string pid, std::string what, std::function<void()> cancel,
            std::stop_token stop);
  // Of all sessions of this process on the server that is the `role` ("source", "target"),
  // but for waits for one another. Cancelled is what waits behind a statement that waits
  // for another one of these sessions.
  WaitWatch(std::string conninfo, std::string role, std::string what);
  // Of sessions of programs that this one has started, by an application_name that no other run
  // gives them.
  struct Children {
    std::string application_name;
  };
  WaitWatch(std::string conninfo, Children children, std::string what);

 private:
  void run(const std::stop_token& done);
  void tell();
  std::string sessions() const;
  void untie();

  std::string conninfo_;
  std::string role_ = "source";
  std::string application_name_;  // of children
  std::string what_;
  std::string pid_;
  std::function<void()> cancel_;
  std::stop_token stop_;
  std::unique_ptr<PgConnection> connection_;
  std::jthread thread_;
};

}  // namespace dbsync
