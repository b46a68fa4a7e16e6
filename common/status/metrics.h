// --metrics-file: how the run is doing, in Prometheus' text format, for the textfile
// collector of node_exporter.
//
// One per process, as the log is. The file is written every five seconds and at the
// end, each time under another name and renamed, so that no reader sees a part.
// Threads: any. Errors: open() only; what cannot be written later is a warning, once.
// Source: Prometheus manual, "Exposition formats", text-based format.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "status/run_status.h"

namespace dbsync::metrics {

// Begins to write. Errors: ErrorKind::usage when the file cannot be written.
void open(const std::string& path, const std::string& program, const std::string& version);

// From the status writer; without open() they do nothing.
void copy(const RunStatus& run, const std::vector<TableStatus>& tables);
void retained(std::uint64_t bytes);
void follow(const RunStatus& run);

// The run has ended: the last write, with its exit status.
void close(int exit_status);

// What the file holds.
struct Figures {
  std::string program;
  std::string version;
  std::string task;
  double started = 0;  // Unix time
  double updated = 0;
  std::optional<int> exit_status;
  struct Copy {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t estimated_rows = 0;
    std::uint64_t estimated_bytes = 0;
    std::uint64_t chunks = 0;
    std::uint64_t chunks_done = 0;
    std::uint64_t retries = 0;
    std::uint64_t rejected = 0;
    std::map<std::string, std::uint64_t> tables;  // by state
    WorkerSeconds spent = {};
    double snapshot_seconds = 0;
  };
  std::optional<Copy> copy;
  std::optional<FollowStatus> follow;
  std::optional<std::uint64_t> retained_bytes;
};
std::string text(const Figures& figures);

}  // namespace dbsync::metrics
