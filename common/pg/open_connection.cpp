#include "pg/open_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/error.h"
#include "base/shutdown.h"
#include "base/text.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kSlice = 100ms;
constexpr int kShortestTimeout = 2;  // libpq's own
// What a run that was asked to stop has to put in order needs connections, too.
constexpr auto kPatienceWhenStopped = 2s;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Owned = std::unique_ptr<PGconn, Finish>;

std::string option_of(PGconn* connection, std::string_view keyword) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> all(PQconninfo(connection), &PQconninfoFree);
  for (const PQconninfoOption* option = all.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  return {};
}

std::optional<std::chrono::seconds> timeout_of(PGconn* connection) {
  const std::string text = option_of(connection, "connect_timeout");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(std::max(seconds, kShortestTimeout));
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

// Which address it is at.
std::string place_of(PGconn* connection) {
  return fmt::format("{} {} {}", text_of(PQhost(connection)), text_of(PQhostaddr(connection)),
                     text_of(PQport(connection)));
}

// One try with libpq, which goes through the hosts by itself.
class Opening {
 public:
  Opening(const ConnectionWords& words, std::string role) : role_(std::move(role)) {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : words) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
  }

  // Until it stands or has failed; false: an address was silent for too long.
  bool poll() {
    if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return true;
    const auto timeout = timeout_of(connection_.get());
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    std::string place;
    for (Clock::time_point since; state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED;) {
      if (std::string now = place_of(connection_.get()); now != place) {
        place = std::move(now);
        since = Clock::now();
        timed_out_ = false;
      }
      if (ready(state)) {
        state = PQconnectPoll(connection_.get());
        continue;
      }
      if (stop_asked() && Clock::now() - start_ > kPatienceWhenStopped)
        throw Error(ErrorKind::interrupted, "interrupted while connecting to the " + role_);
      if (!timeout || Clock::now() - since < *timeout) continue;
      timed_out_ = true;
      if (PQstatus(connection_.get()) != CONNECTION_STARTED) return false;
      // Not connected yet: libpq finds the socket closed, and has more addresses perhaps.
      ::shutdown(PQsocket(connection_.get()), SHUT_RDWR);
      since = Clock::now();
    }
    return true;
  }

  OpenedConnection result() {
    OpenedConnection out;
    if (connection_ && timed_out_ && PQstatus(connection_.get()) != CONNECTION_OK)
      out.timeout = fmt::format("connection to server at \"{}\", port {} failed: timeout expired",
                                text_of(PQhost(connection_.get())), text_of(PQport(connection_.get())));
    out.connection = connection_.release();
    return out;
  }

  PGconn* connection() const { return connection_.get(); }

 private:
  bool ready(PostgresPollingStatusType state) const {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd fd{PQsocket(connection_.get()), events, 0};
    return ::poll(&fd, 1, static_cast<int>(std::chrono::milliseconds(kSlice).count())) > 0;
  }

  std::string role_;
  Clock::time_point start_ = Clock::now();
  Owned connection_;
  bool timed_out_ = false;
};

std::vector<std::string> list_option(PGconn* connection, std::string_view keyword) {
  const std::string text = option_of(connection, keyword);
  std::vector<std::string> out;
  for (std::size_t from = 0; !text.empty() && from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    out.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

// The same hosts without the one that it is at; nothing when that is the only one.
std::optional<ConnectionWords> without_this_host(PGconn* connection, ConnectionWords words) {
  auto hosts = list_option(connection, "host");
  auto addresses = list_option(connection, "hostaddr");
  auto ports = list_option(connection, "port");
  const std::size_t count = std::max(hosts.size(), addresses.size());
  const auto is_here = [&](std::size_t i) {
    return (hosts.empty() ? addresses : hosts)[i] == text_of(PQhost(connection)) &&
           (ports.size() != count || ports[i] == text_of(PQport(connection)));
  };
  std::size_t here = 0;
  while (here < count && !is_here(here)) ++here;
  if (count < 2 || here == count) return std::nullopt;
  for (auto* list : {&hosts, &addresses, &ports})
    if (list->size() == count) list->erase(list->begin() + static_cast<std::ptrdiff_t>(here));
  // Behind dbname, whose connection string they go before.
  for (const auto& [keyword, list] : {std::pair{"host", hosts}, {"hostaddr", addresses}, {"port", ports}})
    if (!list.empty()) words.emplace_back(keyword, join(list, ","));
  return words;
}

}  // namespace

OpenedConnection open_connection(const ConnectionWords& words, const std::string& role) {
  for (ConnectionWords now = words;;) {
    Opening opening(now, role);
    if (opening.poll()) return opening.result();
    auto others = without_this_host(opening.connection(), now);
    if (!others) return opening.result();
    now = std::move(*others);
  }
}

}  // namespace dbsync
