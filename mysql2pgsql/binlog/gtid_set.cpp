#include "mysql2pgsql/binlog/gtid_set.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace dbsync {

namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorKind::source, fmt::format("\"{}\" is no set of GTIDs", text));
}

constexpr std::uint64_t kLast = INT64_MAX;  // of a MySQL source

template <class Number>
Number number(std::string_view digits, std::string_view of) {
  Number out = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, out);
  if (digits.empty() || stop != end || error != std::errc{}) refuse(of);
  return out;
}

std::uint64_t number_of_transaction(std::string_view digits, std::string_view of) {
  const auto out = number<std::uint64_t>(digits, of);
  if (out == 0 || out > kLast) refuse(of);
  return out;
}

std::vector<std::string_view> parts(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    std::string_view part = text.substr(0, at);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\n')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\n')) part.remove_suffix(1);
    if (!part.empty()) out.push_back(part);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

GtidSet::GtidSet(std::string_view text) {
  for (const std::string_view part : parts(text, ',')) {
    if (part.find(':') == std::string_view::npos)
      add_mariadb(part);
    else
      add_source(part);
  }
}

void GtidSet::add_mariadb(std::string_view gtid) {
  const auto fields = parts(gtid, '-');
  if (fields.size() != 3) refuse(gtid);
  domains_[number<std::uint32_t>(fields[0], gtid)] = {number<std::uint32_t>(fields[1], gtid),
                                                      number<std::uint64_t>(fields[2], gtid)};
}

void GtidSet::add_source(std::string_view text) {
  const auto fields = parts(text, ':');
  if (fields.size() < 2) refuse(text);
  const std::string uuid = to_lower(std::string(fields[0]));
  std::string source = uuid;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    const std::string_view field = fields[i];
    if (field.front() < '0' || field.front() > '9') {
      source = uuid + ":" + to_lower(std::string(field));
      continue;
    }
    const std::size_t dash = field.find('-');
    const std::uint64_t first = number_of_transaction(field.substr(0, dash), text);
    const std::uint64_t last =
        dash == std::string_view::npos ? first : number_of_transaction(field.substr(dash + 1), text);
    if (last < first) refuse(text);
    insert(sources_[source], first, last);
  }
}

void GtidSet::insert(Intervals& to, std::uint64_t first, std::uint64_t last) {
  auto next = to.upper_bound(first);
  if (next != to.begin()) {
    const auto before = std::prev(next);
    if (before->second + 1 >= first) {
      first = before->first;
      last = std::max(last, before->second);
      next = to.erase(before);
    }
  }
  while (next != to.end() && next->first <= last + 1) {
    last = std::max(last, next->second);
    next = to.erase(next);
  }
  to.emplace_hint(next, first, last);
}

void GtidSet::add(std::string_view gtid) {
  const std::size_t colon = gtid.rfind(':');
  if (colon == std::string_view::npos) return add_mariadb(gtid);
  const std::string_view source = gtid.substr(0, colon);
  const std::uint64_t one = number_of_transaction(gtid.substr(colon + 1), gtid);
  auto found = sources_.find(source);
  if (found == sources_.end()) found = sources_.emplace(to_lower(std::string(source)), Intervals{}).first;
  insert(found->second, one, one);
}

bool GtidSet::contains(std::string_view gtid) const {
  const std::size_t colon = gtid.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto found = sources_.find(gtid.substr(0, colon));
  if (found == sources_.end()) return false;
  const auto one = number<std::uint64_t>(gtid.substr(colon + 1), gtid);
  const auto next = found->second.upper_bound(one);
  return next != found->second.begin() && std::prev(next)->second >= one;
}

std::string GtidSet::text() const {
  std::string out;
  for (const auto& [domain, last] : domains_)
    out += fmt::format("{}{}-{}-{}", out.empty() ? "" : ",", domain, last.server, last.number);
  for (const auto& [source, intervals] : sources_) {
    out += (out.empty() ? "" : ",") + source;
    for (const auto& [first, last] : intervals)
      out += first == last ? fmt::format(":{}", first) : fmt::format(":{}-{}", first, last);
  }
  return out;
}

}  // namespace dbsync
