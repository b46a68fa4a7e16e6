#include "base/error_cause.h"

#include <algorithm>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "base/log_error.h"

namespace dbsync {

namespace {

bool is_word(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '$';
}

void blank_out(std::string& text, const std::string& name) {
  if (name.empty()) return;
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const std::size_t end = at + name.size();
    if (begins && (end == text.size() || !is_word(text[end]))) text.replace(at, name.size(), "*");
  }
}

// Without what stands in quotes, and without numbers.
std::string without_particulars(std::string_view text) {
  std::string out;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '`') {
      quote = c;
      out += '*';
    } else if (c >= '0' && c <= '9') {
      if (out.empty() || out.back() != '#') out += '#';
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string cause_of(const Error& error, const std::vector<std::string>& names) {
  if (error.sqlstate().starts_with("23")) return {};
  std::vector<std::string> longest_first = names;
  std::sort(longest_first.begin(), longest_first.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  const std::string& message = error.message();
  // What stands behind is detail: values, lines.
  std::string text = message.substr(0, std::min(message.find("; "), message.find('\n')));
  std::string hint = error.hint();
  for (const std::string& name : longest_first) {
    blank_out(text, name);
    blank_out(hint, name);
  }
  return fmt::format("{} {} {} {}\n{}", kind_name(error.kind()), error.sqlstate(), error.native_code(),
                     without_particulars(text), without_particulars(hint));
}

std::string some_of(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

void log::error_once(std::string_view component, const Error& error, const std::string& cause) {
  static std::mutex mutex;
  static std::set<std::string> said;
  bool first = cause.empty();
  if (!first) {
    const std::lock_guard lock(mutex);
    first = said.insert(cause).second;
  }
  if (first) return log::error(component, error);
  log::debug(component, error.what());
}

}  // namespace dbsync
