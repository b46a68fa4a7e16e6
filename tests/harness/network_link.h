// A network of one link between the test and the programs that it runs, which can go
// dark: packets vanish, and nobody is told.
//
// The programs run in a network namespace of their own, which ends with the test
// binary; the link's other end is an address of this machine.
//
//   if (auto reason = NetworkLink::unavailable()) GTEST_SKIP() << *reason;
//   NetworkLink link;
//   Proxy proxy(link.address(), socket_of(conninfo));
//   Program program(link.command({"mysql2pgsql", …}));
//   link.set_dark(true);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness/process.h"

namespace dbsync::test {

class NetworkLink {
 public:
  // Why this machine has none; nothing when it does.
  static std::optional<std::string> unavailable();

  NetworkLink();

  const std::string& address() const { return address_; }  // of this side
  // What runs a program of the project on the other side.
  std::vector<std::string> command(const std::vector<std::string>& args) const;
  void set_dark(bool dark);

 private:
  std::string name_;
  std::string address_;
  std::unique_ptr<Program> holder_;
};

}  // namespace dbsync::test
