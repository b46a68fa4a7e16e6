// Errors of servers that a signal has caused: connections that were given up, statements
// that were cancelled.
//
// Threads: any.
#pragma once

#include "base/error.h"

namespace dbsync {

// Where a client library's message becomes an Error, for both of them: ErrorKind::interrupted
// when the run itself has ended what failed. `cancelled`: the server says that the statement
// was cancelled.
void note_interruption(Error& error, bool cancelled);

}  // namespace dbsync
