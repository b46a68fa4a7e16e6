#include "base/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <string_view>
#include <vector>

namespace dbsync {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kShortestHidden = 4;

struct Passwords {
  std::mutex mutex;
  std::vector<std::string> all;  // longest first: one may be a part of another
};

Passwords& passwords() {
  static Passwords known;
  return known;
}

// As parts of names: sslpassword, db_passwd, secret_access_key.
constexpr std::array<std::string_view, 10> kNames{"password",    "passwd",       "passphrase", "pwd",
                                                  "secret",      "token",        "access_key", "api_key",
                                                  "private_key", "identified by"};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

char at(std::string_view text, std::size_t i) { return i < text.size() ? text[i] : '\0'; }

std::size_t after_blanks(std::string_view text, std::size_t i) {
  while (is_blank(at(text, i))) ++i;
  return i;
}

// Behind the name that begins at `i`; npos when none does. "password_encryption"
// is none, "secret_access_key" is.
std::size_t after_name(std::string_view text, std::size_t i) {
  for (const std::string_view name : kNames) {
    if (text.size() - i < name.size()) continue;
    if (!std::equal(name.begin(), name.end(), text.begin() + static_cast<std::ptrdiff_t>(i),
                    [](char want, char have) { return want == lower(have); }))
      continue;
    std::size_t end = i + name.size();
    if (name == "secret")
      while (is_name(at(text, end))) ++end;
    if (!is_name(at(text, end))) return end;
  }
  return std::string_view::npos;
}

// Behind "=", ":=", "=>", ":" or "(" and the blanks around it; `i` where none stands.
std::size_t after_sign(std::string_view text, std::size_t i) {
  std::size_t end = after_blanks(text, i);
  const char first = at(text, end);
  if (first != '=' && first != ':' && first != '(') return i;
  ++end;
  if ((first == ':' && at(text, end) == '=') || (first == '=' && at(text, end) == '>')) ++end;
  return after_blanks(text, end);
}

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Between quotes: 'it''s', E'it\'s', "x", and ''x'' within a literal. Without a
// closing quote, all the rest.
Span in_quotes(std::string_view text, std::size_t i) {
  const char quote = text[i];
  const auto ends_list = [](char c) { return c == '\0' || c == ',' || c == ')' || c == ';' || is_blank(c); };
  if (at(text, i + 1) == quote) {
    if (ends_list(at(text, i + 2))) return {i + 1, i + 1};
    const std::size_t close = text.find(std::string(2, quote), i + 2);
    return {i + 2, close == std::string_view::npos ? text.size() : close};
  }
  std::size_t end = i + 1;
  for (; end < text.size(); ++end) {
    if (text[end] == '\\' || (text[end] == quote && at(text, end + 1) == quote))
      ++end;
    else if (text[end] == quote)
      break;
  }
  return {i + 1, std::min(end, text.size())};
}

Span in_dollars(std::string_view text, std::size_t i) {
  std::size_t open = i + 1;
  while (is_name(at(text, open))) ++open;
  if (at(text, open) != '$') return {};
  const std::string_view tag = text.substr(i, open + 1 - i);
  const std::size_t close = text.find(tag, open + 1);
  return {open + 1, close == std::string_view::npos ? text.size() : close};
}

Span bare(std::string_view text, std::size_t i) {
  std::size_t end = i;
  while (end < text.size() && !is_blank(text[end]) &&
         std::string_view(";,&)'\"").find(text[end]) == std::string_view::npos)
    ++end;
  return {i, end};
}

// The value of the name that ends at `i`; nothing ("begin" 0) when there is none.
Span value_after(std::string_view text, std::size_t i) {
  if (at(text, i) == '"' || at(text, i) == '\'') ++i;  // the name's own
  const std::size_t value = after_sign(text, i);
  const bool sign = value != i;
  std::size_t quote = after_blanks(text, value);
  if ((at(text, quote) == 'E' || at(text, quote) == 'e') && at(text, quote + 1) == '\'') ++quote;
  if (at(text, quote) == '\'' || (sign && at(text, quote) == '"')) return in_quotes(text, quote);
  if (at(text, quote) == '$') return in_dollars(text, quote);
  if (!sign) return {};
  const std::size_t call = after_name(text, value);  // PASSWORD = PASSWORD('p')
  return call != std::string_view::npos && at(text, call) == '(' ? Span{} : bare(text, value);
}

// user:password@ behind "://".
Span password_of_uri(std::string_view text, std::size_t i) {
  const auto stops = [](char c) { return c == '\0' || c == '/' || c == '@' || c == '\'' || c == '"' || is_blank(c); };
  std::size_t colon = i;
  while (!stops(at(text, colon)) && text[colon] != ':') ++colon;
  if (at(text, colon) != ':') return {};
  std::size_t end = colon + 1;
  while (!stops(at(text, end))) ++end;
  return at(text, end) == '@' ? Span{colon + 1, end} : Span{};
}

}  // namespace

std::string mask_secrets(std::string text) {
  const std::string_view all = text;
  std::string out;
  std::size_t done = 0;  // copied so far
  for (std::size_t i = 0; i < all.size(); ++i) {
    Span secret;
    if (all.substr(i).starts_with("://"))
      secret = password_of_uri(all, i + 3);
    else if (const std::size_t end = after_name(all, i); end != std::string_view::npos)
      secret = value_after(all, end);
    if (secret.begin == 0 || secret.begin == secret.end) continue;
    out.append(all.substr(done, secret.begin - done)).append(kMask);
    done = secret.end;
    i = secret.end - 1;
  }
  if (done == 0) return text;
  out.append(all.substr(done));
  return out;
}

void remember_password(const std::string& password, std::initializer_list<std::string_view> shown) {
  if (password.size() < kShortestHidden || std::find(shown.begin(), shown.end(), password) != shown.end()) return;
  Passwords& known = passwords();
  const std::lock_guard lock(known.mutex);
  if (std::find(known.all.begin(), known.all.end(), password) != known.all.end()) return;
  known.all.push_back(password);
  std::stable_sort(known.all.begin(), known.all.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string hide_passwords(std::string text) {
  Passwords& known = passwords();
  const std::lock_guard lock(known.mutex);
  for (const std::string& password : known.all)
    for (std::size_t at = text.find(password); at != std::string::npos; at = text.find(password, at + kMask.size()))
      text.replace(at, password.size(), kMask);
  return text;
}

}  // namespace dbsync
