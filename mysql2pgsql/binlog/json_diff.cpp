#include "mysql2pgsql/binlog/json_diff.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <vector>

#include "mysql2pgsql/binlog/json_value.h"

namespace dbsync {

namespace {

constexpr std::size_t kDeepest = 100;  // the server's own limit

// A value that is as it was, or the members of one within which something was changed.
struct Node {
  enum class Kind : std::uint8_t { value, object, array };

  Kind kind = Kind::value;
  JsonValue value;
  std::vector<std::string_view> keys;  // of an object's members
  std::vector<Node> members;

  // Its members in sight.
  void open();
};

void Node::open() {
  if (kind != Kind::value || (!value.is_object() && !value.is_array())) return;
  kind = value.is_object() ? Kind::object : Kind::array;
  JsonMembers all(value);
  for (JsonMember member; all.next(member);) {
    if (kind == Kind::object) keys.push_back(member.key);
    members.push_back({Kind::value, member.value, {}, {}});
  }
}

struct Leg {
  std::optional<std::uint64_t> index;  // else a name
  std::string_view name;
};

enum class What : std::uint8_t { replace = 0, insert = 1, remove = 2 };

class Document {
 public:
  Document(std::string_view binary, std::string_view changes) : in_(changes, "changes of a JSON value") {
    root_.value = json_document(binary);
  }

  void change() {
    while (in_.remaining() > 0) {
      const std::uint8_t what = in_.u8();
      if (what > static_cast<std::uint8_t>(What::remove)) in_.fail("an unknown change");
      const auto legs = path(in_.bytes(in_.lenenc()));
      JsonValue value;
      if (what != static_cast<std::uint8_t>(What::remove)) value = json_document(in_.bytes(in_.lenenc()));
      apply(static_cast<What>(what), legs, value);
    }
  }

  void print(JsonPrinter& out) const { print(root_, out, 1); }

 private:
  std::vector<Leg> path(std::string_view text);
  std::string_view quoted_name(std::string_view& text);
  std::string_view unescaped(std::string_view quoted);
  Node& find(const std::vector<Leg>& legs, std::size_t count);
  std::size_t place(const Node& node, std::string_view key, bool& there) const;
  void apply(What what, const std::vector<Leg>& legs, const JsonValue& value);
  void apply_to_object(What what, Node& node, std::string_view key, Node value);
  void apply_to_array(What what, Node& node, std::uint64_t index, Node value);
  static void print(const Node& node, JsonPrinter& out, unsigned depth);

  LittleReader in_;
  Node root_;
  std::deque<std::string> names_;  // that were written with escapes
};

std::vector<Leg> Document::path(std::string_view text) {
  std::vector<Leg> out;
  if (!text.starts_with('$')) in_.fail("a path that is none");
  text.remove_prefix(1);
  while (!text.empty()) {
    if (out.size() == kDeepest) in_.fail("a path that is too long");
    Leg& leg = out.emplace_back();
    if (text.starts_with('[')) {
      std::uint64_t index = 0;
      const char* const end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data() + 1, end, index);
      if (error != std::errc{} || stop == end || *stop != ']') in_.fail("a path with an index that is none");
      text.remove_prefix(static_cast<std::size_t>(stop + 1 - text.data()));
      leg.index = index;
      continue;
    }
    if (!text.starts_with('.') || text.size() < 2) in_.fail("a path that is none");
    text.remove_prefix(1);
    if (text.starts_with('"')) {
      leg.name = quoted_name(text);
      continue;
    }
    leg.name = text.substr(0, text.find_first_of(".["));
    if (leg.name.empty()) in_.fail("a path without a name");
    text.remove_prefix(leg.name.size());
  }
  return out;
}

std::string_view Document::quoted_name(std::string_view& text) {
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) in_.fail("a path with a name that does not end");
  const std::string_view inner = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return inner.find('\\') == std::string_view::npos ? inner : unescaped(inner);
}

// As JsonPrinter::quoted() writes them.
std::string_view Document::unescaped(std::string_view quoted) {
  std::string& out = names_.emplace_back();
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] != '\\' || i + 1 == quoted.size()) {
      out += quoted[i];
      continue;
    }
    switch (const char c = quoted[++i]; c) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        unsigned code = 0;
        const std::string_view digits = quoted.substr(i + 1, 4);
        const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (digits.size() != 4 || error != std::errc{} || stop != digits.data() + 4 || code >= 0x80)
          in_.fail("a path with an escape that is none");
        out += static_cast<char>(code);
        i += 4;
        break;
      }
      default: out += c;
    }
  }
  return out;
}

// Members are in the order of the length of their keys, then of their bytes.
std::size_t Document::place(const Node& node, std::string_view key, bool& there) const {
  const auto found = std::lower_bound(
      node.keys.begin(), node.keys.end(), key,
      [](std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  there = found != node.keys.end() && *found == key;
  return static_cast<std::size_t>(found - node.keys.begin());
}

Node& Document::find(const std::vector<Leg>& legs, std::size_t count) {
  Node* at = &root_;
  for (std::size_t i = 0; i < count; ++i) {
    at->open();
    const Leg& leg = legs[i];
    if (leg.index) {
      if (at->kind != Node::Kind::array && *leg.index == 0) continue;  // a single value counts as an array of one
      if (at->kind != Node::Kind::array || *leg.index >= at->members.size())
        in_.fail("a path to an element that is not there");
      at = &at->members[*leg.index];
      continue;
    }
    bool there = false;
    const std::size_t index = place(*at, leg.name, there);
    if (at->kind != Node::Kind::object || !there) in_.fail("a path to a member that is not there");
    at = &at->members[index];
  }
  return *at;
}

void Document::apply(What what, const std::vector<Leg>& legs, const JsonValue& value) {
  const Node made{Node::Kind::value, value, {}, {}};
  if (legs.empty()) {
    if (what != What::replace) in_.fail("the whole value cannot be inserted or removed");
    root_ = made;
    return;
  }
  if (what == What::replace) {
    find(legs, legs.size()) = made;
    return;
  }
  Node& node = find(legs, legs.size() - 1);
  node.open();
  const Leg& last = legs.back();
  if (last.index)
    apply_to_array(what, node, *last.index, made);
  else
    apply_to_object(what, node, last.name, made);
}

void Document::apply_to_object(What what, Node& node, std::string_view key, Node value) {
  bool there = false;
  const std::size_t at = place(node, key, there);
  if (node.kind != Node::Kind::object || there != (what == What::remove)) in_.fail("a member that does not fit");
  const auto offset = static_cast<std::ptrdiff_t>(at);
  if (what == What::remove) {
    node.keys.erase(node.keys.begin() + offset);
    node.members.erase(node.members.begin() + offset);
  } else {
    node.keys.insert(node.keys.begin() + offset, key);
    node.members.insert(node.members.begin() + offset, std::move(value));
  }
}

void Document::apply_to_array(What what, Node& node, std::uint64_t index, Node value) {
  if (node.kind != Node::Kind::array) in_.fail("an element of what is no array");
  const std::size_t count = node.members.size();
  if (what == What::insert) {
    node.members.insert(node.members.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(index, count)),
                        std::move(value));
    return;
  }
  if (index >= count) in_.fail("an element that is not there");
  node.members.erase(node.members.begin() + static_cast<std::ptrdiff_t>(index));
}

void Document::print(const Node& node, JsonPrinter& out, unsigned depth) {
  if (node.kind == Node::Kind::value) return out.value(node.value, depth);
  const bool object = node.kind == Node::Kind::object;
  out.plain(object ? "{" : "[");
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    if (i > 0) out.plain(", ");
    if (object) {
      out.quoted(node.keys[i]);
      out.plain(": ");
    }
    print(node.members[i], out, depth + 1);
  }
  out.plain(object ? "}" : "]");
}

}  // namespace

void json_text_changed(std::string_view binary, std::string_view changes, std::string& out) {
  Document document(binary, changes);
  document.change();
  out.clear();
  JsonPrinter printer(out, binary.size() + changes.size());
  document.print(printer);
}

}  // namespace dbsync
