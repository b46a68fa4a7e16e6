#include "base/interruption.h"

#include "base/shutdown.h"

namespace dbsync {

void note_interruption(Error& error, bool cancelled) {
  if (connections_given_up() && error.connection_lost())
    error.recast(ErrorKind::interrupted, "interrupted: the server did not answer, and the connection was given up");
  else if (statements_cancelled() && cancelled)
    error.recast(ErrorKind::interrupted, "interrupted: the statement was cancelled");
  else
    return;
  error.hint({});
}

}  // namespace dbsync
