#include "status/worker_seconds.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace dbsync {

namespace {

constexpr double kMost = 0.4;  // of all: what is turned there is felt

constexpr std::array kKinds{Spent::source, Spent::target, Spent::steps, Spent::own, Spent::limit, Spent::idle};

std::string_view words(Spent what) {
  switch (what) {
    case Spent::source: return "waiting for the source";
    case Spent::target: return "waiting for the target";
    case Spent::steps: return "waiting for indexes, keys and ANALYZE on the target";
    case Spent::own: return "own work on a CPU";
    case Spent::limit: return "held back by --max-rate";
    case Spent::idle: break;
  }
  return "without work";
}

std::string_view remedy(Spent what) {
  switch (what) {
    case Spent::source:
      return "the source is what takes the time: more workers (-j) help while it has idle CPUs and disks; over a slow "
             "network, compression of the connection does";
    case Spent::target:
      return "the target is what takes the time: more workers (-j) help while it has idle CPUs; see its log for "
             "checkpoints that come too often (max_wal_size), and take indexes and triggers off tables that have them";
    case Spent::steps:
      return "indexes and keys are what takes the time: raise maintenance_work_mem and "
             "max_parallel_maintenance_workers for the role of [desc.pgsql]";
    case Spent::own:
      return "this program is what takes the time: more workers (-j) help up to the CPUs of this machine";
    case Spent::limit: return "--max-rate holds the copy back";
    case Spent::idle: break;
  }
  return "most workers had nothing to do: a smaller --chunk-size shares large tables out, and fewer workers (-j) are "
         "enough otherwise";
}

}  // namespace

double WorkerSeconds::all() const { return std::accumulate(of.begin(), of.end(), 0.0); }

WorkerSeconds& WorkerSeconds::operator+=(const WorkerSeconds& more) {
  for (std::size_t i = 0; i < of.size(); ++i) of[i] += more.of[i];
  return *this;
}

WorkerSeconds& WorkerSeconds::operator-=(const WorkerSeconds& less) {
  for (std::size_t i = 0; i < of.size(); ++i) of[i] -= less.of[i];
  return *this;
}

std::string spent_field(Spent what) {
  switch (what) {
    case Spent::source: return "source";
    case Spent::target: return "target";
    case Spent::steps: return "steps";
    case Spent::own: return "own";
    case Spent::limit: return "limit";
    case Spent::idle: break;
  }
  return "idle";
}

std::string spent_text(const WorkerSeconds& seconds) {
  const double all = seconds.all();
  if (all <= 0) return {};
  std::vector<std::string> parts;
  for (const Spent what : kKinds)
    if (const auto percent = std::lround(100 * seconds[what] / all); percent > 0)
      parts.push_back(fmt::format("{}% {}", percent, words(what)));
  return join(parts, ", ");
}

std::string spent_hint(const WorkerSeconds& seconds) {
  const double all = seconds.all();
  const Spent most =
      *std::max_element(kKinds.begin(), kKinds.end(), [&](Spent a, Spent b) { return seconds[a] < seconds[b]; });
  return all > 0 && seconds[most] >= kMost * all ? std::string(remedy(most)) : "";
}

nlohmann::json spent_json(const WorkerSeconds& seconds) {
  nlohmann::json out;
  for (const Spent what : kKinds) out[spent_field(what)] = std::round(seconds[what] * 1000) / 1000;
  return out;
}

WorkerSeconds spent_of(const nlohmann::json& json) {
  WorkerSeconds out;
  if (!json.is_object()) return out;
  for (const Spent what : kKinds)
    if (const auto found = json.find(spent_field(what)); found != json.end() && found->is_number())
      out[what] = found->get<double>();
  return out;
}

}  // namespace dbsync
