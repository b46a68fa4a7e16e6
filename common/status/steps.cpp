#include "status/steps.h"

#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

constexpr std::array kKinds{StepKind::index,       StepKind::key,        StepKind::check,
                            StepKind::foreign_key, StepKind::statistics, StepKind::other};

std::string_view step_field(StepKind kind) {
  switch (kind) {
    case StepKind::index: return "index";
    case StepKind::key: return "key";
    case StepKind::check: return "check";
    case StepKind::foreign_key: return "foreign_key";
    case StepKind::statistics: return "statistics";
    case StepKind::other: break;
  }
  return "other";
}

}  // namespace

StepCounts& StepCounts::operator+=(const StepCounts& other) {
  done += other.done;
  failed += other.failed;
  open += other.open;
  seconds += other.seconds;
  return *this;
}

StepSummary& operator+=(StepSummary& all, const StepSummary& more) {
  for (const auto& [kind, counts] : more) all[kind] += counts;
  return all;
}

std::string step_name(StepKind kind, std::size_t count) {
  const auto word = [&](std::string_view one, std::string_view many) { return std::string(count == 1 ? one : many); };
  switch (kind) {
    case StepKind::index: return word("index", "indexes");
    case StepKind::key: return word("key", "keys");
    case StepKind::check: return word("check", "checks");
    case StepKind::foreign_key: return word("foreign key", "foreign keys");
    case StepKind::statistics: return "ANALYZE";
    case StepKind::other: break;
  }
  return word("other step", "other steps");
}

std::string open_text(const StepSummary& steps) {
  std::vector<std::string> parts;
  for (const auto& [kind, counts] : steps)
    if (counts.open > 0) parts.push_back(fmt::format("{} {}", counts.open, step_name(kind, counts.open)));
  return join(parts, ", ");
}

std::string steps_text(const StepSummary& steps) {
  std::vector<std::string> parts;
  for (const auto& [kind, counts] : steps) {
    if (counts.all() == 0) continue;
    std::string part = fmt::format("{} {} ({:.2f} s", counts.all(), step_name(kind, counts.all()), counts.seconds);
    if (counts.failed > 0) part += fmt::format(", {} FAILED", counts.failed);
    if (counts.open > 0) part += fmt::format(", {} not made yet", counts.open);
    parts.push_back(part + ")");
  }
  return join(parts, ", ");
}

nlohmann::json steps_json(const StepSummary& steps) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [kind, counts] : steps)
    out[std::string(step_field(kind))] = {
        {"done", counts.done}, {"failed", counts.failed}, {"open", counts.open}, {"seconds", counts.seconds}};
  return out;
}

StepSummary steps_of(const nlohmann::json& json) {
  StepSummary out;
  for (const StepKind kind : kKinds) {
    const auto found = json.find(step_field(kind));
    if (found == json.end() || !found->is_object()) continue;
    const auto number = [&](const char* name, auto otherwise) {
      const auto value = found->find(name);
      return value != found->end() && value->is_number() ? value->template get<decltype(otherwise)>() : otherwise;
    };
    out[kind] = {.done = number("done", std::size_t{0}),
                 .failed = number("failed", std::size_t{0}),
                 .open = number("open", std::size_t{0}),
                 .seconds = number("seconds", 0.0)};
  }
  return out;
}

}  // namespace dbsync
