// A strict reader of Prometheus' text format: what it takes, every scraper takes.
//
// Header only, for unit tests and cases. Throws std::runtime_error with the line.
// Source: Prometheus manual, "Exposition formats", text-based format.
#pragma once

#include <cctype>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbsync::test {

class Exposition {
 public:
  explicit Exposition(std::string_view text) {
    if (!text.ends_with('\n')) fail("the last line has no end", text);
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      if (line.starts_with("# HELP "))
        help(line.substr(7));
      else if (line.starts_with("# TYPE "))
        type(line.substr(7));
      else
        sample(line);
    }
    for (const std::string& family : families_)
      if (!sampled_.contains(family)) fail("a family without samples", family);
  }

  // By name and one label: value("dbsync_tables", "state", "done").
  double value(const std::string& name, const std::string& label = {}, const std::string& text = {}) const {
    for (const auto& [series, number] : samples_)
      if (series.first == name && (label.empty() || label_of(series.second, label) == text)) return number;
    fail("no such series", name + " " + label + " " + text);
  }
  bool has(const std::string& name) const { return sampled_.contains(name); }
  std::string label(const std::string& name, const std::string& label) const {
    for (const auto& [series, number] : samples_)
      if (series.first == name) return label_of(series.second, label);
    fail("no such series", name);
  }

 private:
  using Labels = std::map<std::string, std::string>;

  [[noreturn]] static void fail(const std::string& what, std::string_view where) {
    throw std::runtime_error(what + ": " + std::string(where));
  }

  static std::string label_of(const Labels& labels, const std::string& label) {
    const auto found = labels.find(label);
    return found == labels.end() ? std::string() : found->second;
  }

  static std::string take_name(std::string_view& text, bool colons) {
    std::string out;
    while (!text.empty() &&
           (std::isalnum(static_cast<unsigned char>(text[0])) != 0 || text[0] == '_' || (colons && text[0] == ':'))) {
      out += text[0];
      text.remove_prefix(1);
    }
    if (out.empty() || std::isdigit(static_cast<unsigned char>(out[0])) != 0) fail("not a name", text);
    return out;
  }

  void help(std::string_view rest) {
    family_ = take_name(rest, true);
    if (!families_.insert(family_).second) fail("a family's second HELP", family_);
    if (!rest.starts_with(' ') || rest.size() < 2) fail("HELP without a text", family_);
    typed_ = false;
  }

  void type(std::string_view rest) {
    const std::string name = take_name(rest, true);
    if (name != family_ || typed_) fail("TYPE without its HELP right above", name);
    if (rest != " gauge" && rest != " counter") fail("an unknown type", rest);
    if (rest == " counter" && !name.ends_with("_total")) fail("a counter whose name does not end with _total", name);
    typed_ = true;
  }

  void sample(std::string_view line) {
    std::string_view rest = line;
    const std::string name = take_name(rest, true);
    if (name != family_ || !typed_) fail("a sample outside of its family", line);
    Labels labels;
    if (rest.starts_with('{')) {
      rest.remove_prefix(1);
      while (!rest.starts_with('}')) take_label(rest, labels);
      rest.remove_prefix(1);
    }
    if (!rest.starts_with(' ')) fail("no blank before the value", line);
    const std::string number(rest.substr(1));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || std::isspace(static_cast<unsigned char>(number[0])) != 0)
      fail("not a number", line);
    if (!samples_.emplace(std::pair(name, labels), value).second) fail("a series twice", line);
    sampled_.insert(name);
  }

  static void take_label(std::string_view& rest, Labels& labels) {
    if (!labels.empty()) {
      if (!rest.starts_with(',')) fail("no comma between labels", rest);
      rest.remove_prefix(1);
    }
    const std::string name = take_name(rest, false);
    if (!rest.starts_with("=\"")) fail("a label without a value", rest);
    rest.remove_prefix(2);
    std::string value;
    for (; !rest.starts_with('"'); rest.remove_prefix(1)) {
      if (rest.empty()) fail("a label's value without an end", name);
      if (rest[0] == '\\') {
        rest.remove_prefix(1);
        if (rest.empty() || std::string_view("\\\"n").find(rest[0]) == std::string_view::npos)
          fail("an unknown escape", rest);
        value += rest[0] == 'n' ? '\n' : rest[0];
      } else {
        value += rest[0];
      }
    }
    rest.remove_prefix(1);
    if (!labels.emplace(name, value).second) fail("a label twice", name);
  }

  std::string family_;
  bool typed_ = false;
  std::set<std::string> families_;
  std::set<std::string> sampled_;
  std::map<std::pair<std::string, Labels>, double> samples_;
};

}  // namespace dbsync::test
