// What a run is asked to do. Plain values.
#pragma once

namespace dbsync {

enum class Verb {
  copy,             // the rows as of one moment, and end
  copy_and_follow,  // the rows, then the changes of a source that can send them
  follow,           // the changes alone: the target holds the rows already
  resync,           // copy some tables of a task again
  ddl,              // print the DDL of the target tables
  check,            // look for what is in the way of a load
  verify,           // compare the rows of both sides
  status,           // print what the status tables say
  cleanup,          // end the task, remove the bookkeeping
};

}  // namespace dbsync
