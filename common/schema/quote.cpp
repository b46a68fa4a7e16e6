#include "schema/quote.h"

#include "base/error.h"

namespace dbsync {

namespace {

std::string quoted(std::string_view text, char quote, bool double_backslash) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\0') throw Error(ErrorKind::internal, "a NUL byte in a name or literal of an SQL statement");
    if (c == quote || (double_backslash && c == '\\')) out += c;
    out += c;
  }
  return out + quote;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quoted(name, '"', false); }

std::string quote_name(const QualifiedName& name) {
  return name.schema.empty() ? quote_identifier(name.name)
                             : quote_identifier(name.schema) + "." + quote_identifier(name.name);
}

std::string quote_literal(std::string_view text) {
  const bool backslash = text.find('\\') != std::string_view::npos;
  return (backslash ? "E" : "") + quoted(text, '\'', backslash);
}

void add_array_element(std::string& out, std::string_view element) {
  if (out.size() > 1) out += ',';
  out += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

std::string array_text(const std::vector<std::string>& elements) {
  std::string out = "{";
  for (const std::string& element : elements) add_array_element(out, element);
  return out + "}";
}

}  // namespace dbsync
