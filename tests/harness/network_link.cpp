#include "tests/harness/network_link.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

namespace dbsync::test {

namespace {

void run(const std::vector<std::string>& args) {
  const RunResult result = run_program(args);
  if (result.exit_code != 0) throw std::runtime_error(result.describe());
}

std::vector<std::string> inside(pid_t holder, const std::vector<std::string>& args) {
  std::vector<std::string> out{"nsenter", "-t", std::to_string(holder), "-n"};
  out.insert(out.end(), args.begin(), args.end());
  return out;
}

std::filesystem::path namespace_of(const std::string& pid) {
  std::error_code gone;
  return std::filesystem::read_symlink("/proc/" + pid + "/ns/net", gone);
}

}  // namespace

std::optional<std::string> NetworkLink::unavailable() {
  static const std::optional<std::string> reason = []() -> std::optional<std::string> {
    if (::geteuid() != 0) return "needs root for a network namespace";
    try {
      const NetworkLink link;
      return std::nullopt;
    } catch (const std::exception& e) {
      return std::string("no network namespaces here: ") + e.what();
    }
  }();
  return reason;
}

NetworkLink::NetworkLink() {
  static unsigned number = 0;
  const unsigned id = static_cast<unsigned>(::getpid()) * 8 + number++ % 8;
  name_ = fmt::format("dbsync{}", id % 100000000);
  const std::string net = fmt::format("10.{}.{}.", 200 + id / 16384 % 50, id / 64 % 256);
  const unsigned host = id % 64 * 4;
  address_ = net + std::to_string(host + 1);
  holder_ = std::make_unique<Program>(
      std::vector<std::string>{"unshare", "--net", "sleep", "3600"},
      RunOptions{.env = {}, .cwd = {}, .stdin_text = {}, .stdin_file = {}, .timeout = std::chrono::hours(1)});
  const auto own = namespace_of("self");
  for (int i = 0; i < 500 && holder_->running() && namespace_of(std::to_string(holder_->pid())) == own; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  run({"ip", "link", "add", name_, "type", "veth", "peer", "name", "eth0", "netns", std::to_string(holder_->pid())});
  run({"ip", "address", "add", address_ + "/30", "dev", name_});
  run({"ip", "link", "set", name_, "up"});
  run(inside(holder_->pid(), {"ip", "address", "add", net + std::to_string(host + 2) + "/30", "dev", "eth0"}));
  run(inside(holder_->pid(), {"ip", "link", "set", "eth0", "up"}));
  run(inside(holder_->pid(), {"ip", "link", "set", "lo", "up"}));
}

std::vector<std::string> NetworkLink::command(const std::vector<std::string>& args) const {
  std::vector<std::string> words = args;
  words[0] = program_path(words[0]);
  return inside(holder_->pid(), words);
}

void NetworkLink::set_dark(bool dark) { run({"ip", "link", "set", name_, dark ? "down" : "up"}); }

}  // namespace dbsync::test
