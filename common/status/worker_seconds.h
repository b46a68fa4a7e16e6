// Where the time of a copy's workers has gone: to waiting, by whom for, and to work of their
// own. Whoever wants to be faster turns what most of it went to.
//
// Plain values, in seconds over all workers: four of them have four seconds a second.
// Threads: as any value.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

namespace dbsync {

enum class Spent {
  source,  // waiting for rows, and for what cuts tables into chunks
  target,  // waiting until it takes rows, and for its COMMIT
  steps,   // waiting for indexes, keys and ANALYZE on the target
  own,     // on a processor: reading, encoding, sending
  limit,   // held back by --max-rate
  idle,    // nothing to do while other workers have, connecting, waiting before a new try
};
inline constexpr std::size_t kSpentKinds = 6;

struct WorkerSeconds {
  std::array<double, kSpentKinds> of{};

  double& operator[](Spent what) { return of[static_cast<std::size_t>(what)]; }
  double operator[](Spent what) const { return of[static_cast<std::size_t>(what)]; }
  double all() const;
  WorkerSeconds& operator+=(const WorkerSeconds& more);
  WorkerSeconds& operator-=(const WorkerSeconds& less);
};

// "source", "target", …: as in the report and the metrics.
std::string spent_field(Spent what);

// "62% waiting for the source, 21% for the target, …"; "" when there is no time at all.
std::string spent_text(const WorkerSeconds& seconds);
// What to turn, by where most of the time went; "" when it is spread.
std::string spent_hint(const WorkerSeconds& seconds);
nlohmann::json spent_json(const WorkerSeconds& seconds);
// What spent_json wrote; what cannot be read is 0.
WorkerSeconds spent_of(const nlohmann::json& json);

}  // namespace dbsync
