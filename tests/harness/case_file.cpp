#include "tests/harness/case_file.h"

#include <charconv>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync::test {

namespace {

// A "== heading" line and the lines below it.
struct Section {
  std::string heading;
  int line = 0;
  std::vector<std::string> body;

  std::string text() const {
    std::string out;
    for (const auto& body_line : body) out += body_line + "\n";
    return out;
  }
  bool blank() const { return trim(text()).empty(); }
};

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

// Words as a shell would split them: blanks, '…' and "…" without escapes.
std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (const char c : text) {
    const bool blank = quote == 0 && (c == ' ' || c == '\t' || c == '\n');
    if (blank) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = 0;
    else
      words.back() += c;
  }
  if (quote != 0) return std::nullopt;
  return words;
}

// One parser a file; keeps the place for messages.
class Parser {
 public:
  Parser(std::string_view text, const std::string& path) {
    case_.path = path;
    split_sections(text);
  }

  CaseFile parse() {
    for (; next_ < sections_.size(); ++next_) parse_section(sections_[next_]);
    bool runs = false;
    for (const auto& step : case_.steps) runs = runs || step.kind == CaseStep::Kind::run;
    if (!runs) fail(1, "no == run");
    return std::move(case_);
  }

 private:
  [[noreturn]] void fail(int line, const std::string& what) const {
    throw CaseError(fmt::format("{}:{}: {}", case_.path, line, what));
  }

  void split_sections(std::string_view text) {
    int number = 0;
    for (const auto& line : split_lines(text)) {
      ++number;
      if (line.starts_with("== "))
        sections_.push_back({std::string(trim(line.substr(3))), number, {}});
      else if (line.starts_with("=="))
        fail(number, "a heading is written \"== name\"");
      else if (sections_.empty())
        case_.description += (case_.description.empty() ? "" : "\n") + line;
      else
        sections_.back().body.push_back(line);
    }
    case_.description = trim(case_.description);
    if (case_.description.empty()) fail(1, "a case begins with a description");
  }

  CaseStep& add(CaseStep::Kind kind, const Section& section) {
    CaseStep& step = case_.steps.emplace_back();
    step.kind = kind;
    step.line = section.line;
    step.text = section.text();
    return step;
  }

  // The section that must follow, such as the rows behind a check.
  const Section& expect_next(const Section& after, const std::string& heading) {
    if (next_ + 1 >= sections_.size() || sections_[next_ + 1].heading != heading)
      fail(after.line, fmt::format("\"== {}\" must be followed by \"== {}\"", after.heading, heading));
    return sections_[++next_];
  }

  void parse_section(const Section& section) {
    using Kind = CaseStep::Kind;
    const std::string& heading = section.heading;
    if (heading == "source")
      add(Kind::source_sql, section);
    else if (heading == "target")
      add(Kind::target_sql, section);
    else if (heading == "config")
      add(Kind::config, section);
    else if (heading == "tables")
      add(Kind::file, section).name = "tab_list.txt";
    else if (heading.starts_with("file "))
      add(Kind::file, section).name = heading.substr(5);
    else if (heading == "run")
      parse_run(section);
    else if (heading == "load stdout")
      add(Kind::load_stdout, section);
    else if (heading == "check")
      add(Kind::check_rows, section).rows = parse_rows(expect_next(section, "rows"));
    else if (heading == "check source")
      add(Kind::check_equal, section).target_text = expect_next(section, "equals target").text();
    else if (heading == "formats none")
      case_.both_formats = false;
    else if (heading == "verify none")
      case_.verify = false;
    else if (heading == "program pgsql2pgsql")
      case_.pg_source = true;
    else if (heading.starts_with("needs "))
      parse_need(section);
    else if (!parse_expectation(section))
      fail(section.line, fmt::format("unknown heading \"== {}\"", heading));
  }

  void parse_run(const Section& section) {
    const auto words = split_words(section.text());
    if (!words) fail(section.line, "the command line has an open quote");
    if (words->empty()) fail(section.line, "the command line is missing");
    add(CaseStep::Kind::run, section).words = *words;
  }

  // exit N, stdout has, stderr lacks, …: belong to the run above them.
  bool parse_expectation(const Section& section) {
    const auto words = split_words(section.heading).value_or(std::vector<std::string>{});
    if (words.size() != 2) return false;
    const bool is_exit = words[0] == "exit";
    const bool is_output = (words[0] == "stdout" || words[0] == "stderr") && (words[1] == "has" || words[1] == "lacks");
    if (!is_exit && !is_output) return false;
    if (case_.steps.empty() || case_.steps.back().kind != CaseStep::Kind::run)
      fail(section.line, fmt::format("\"== {}\" must follow a run", section.heading));
    CaseStep& run = case_.steps.back();
    if (is_exit)
      run.exit_code = parse_number(words[1], section.line);
    else
      add_output_checks(run, words, section);
    return true;
  }

  void add_output_checks(CaseStep& run, const std::vector<std::string>& words, const Section& section) {
    if (section.blank()) fail(section.line, "the texts to look for are missing");
    int line = section.line;
    for (const auto& text : section.body) {
      ++line;
      if (trim(text).empty()) continue;
      const auto stream = words[0] == "stdout" ? OutputCheck::Stream::out : OutputCheck::Stream::err;
      run.output.push_back({stream, words[1] == "has", std::string(trim(text)), line});
    }
  }

  int parse_number(const std::string& text, int line) const {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) fail(line, text + " is not a number");
    return number;
  }

  void parse_need(const Section& section) {
    const auto words = split_words(section.heading).value_or(std::vector<std::string>{});
    const bool known = words.size() >= 2 && (words[1] == "mariadb" || words[1] == "mysql" || words[1] == "postgresql");
    if (!known || words.size() > 3) fail(section.line, "write \"== needs mariadb|mysql|postgresql [version]\"");
    CaseNeed& need = case_.needs.emplace_back();
    need.server = words[1];
    std::string rest = words.size() == 3 ? words[2] : "";
    while (!rest.empty()) {
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      need.version.push_back(parse_number(rest.substr(0, dot), section.line));
      rest.erase(0, dot + 1);
    }
  }

  Rows parse_rows(const Section& section) const {
    Rows rows;
    int line = section.line;
    for (const auto& text : section.body) {
      ++line;
      if (!trim(text).empty()) rows.push_back(parse_row(text, line));
    }
    return rows;
  }

  // Values separated by | with blanks around them ignored.
  Row parse_row(const std::string& text, int line) const {
    Row row;
    std::string cell;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (i == text.size() || text[i] == '|') {
        row.push_back(parse_value(trim(cell), line));
        cell.clear();
        continue;
      }
      cell += text[i];
      if (text[i] == '\\' && i + 1 < text.size()) cell += text[++i];  // "\|" is no separator
    }
    return row;
  }

  std::optional<std::string> parse_value(std::string_view text, int line) const {
    if (text == "\\N") return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      switch (++i < text.size() ? text[i] : '\0') {
        case '\\': out += '\\'; break;
        case '|': out += '|'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 's': out += ' '; break;
        case 'e': break;  // nothing: a value that is an empty string
        default: fail(line, fmt::format("unknown escape in \"{}\"", text));
      }
    }
    return out;
  }

  CaseFile case_;
  std::vector<Section> sections_;
  std::size_t next_ = 0;
};

}  // namespace

CaseFile parse_case(std::string_view text, const std::string& path) { return Parser(text, path).parse(); }

}  // namespace dbsync::test
