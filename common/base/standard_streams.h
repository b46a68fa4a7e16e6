// The descriptors 0, 1 and 2 of a process that a careless caller has closed.
#pragma once

namespace dbsync {

// Puts /dev/null in the place of those that are closed: else the next socket would
// get such a number, and log lines would be written to a server. Standard output gets
// one that cannot be written to, so that what was asked for (-d, --status) is not lost
// without an error. To be called first, before there are threads.
void open_standard_streams();

}  // namespace dbsync
