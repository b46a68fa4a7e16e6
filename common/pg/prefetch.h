// Questions of one phase of the work, sent ahead without waiting: over a distance many of
// them take one round trip, and those to two servers travel side by side.
//
// While a PgPrefetch lives, ask() of pg/together.h takes the answer to a question that was
// sent from here, as often as it asks: all of a phase sees one answer. The answers are
// dropped when anything but
// ask(), ask_together() and the statements of a PgPipeline is run on the connection, since
// that could change them (those of a PgPipeline change rows of the user's tables). So prefetch
// nothing that has to be seen behind an event of another session within the phase.
//
// What the bookkeeping notes may be sent so, too, ahead of questions that do not depend on it,
// when it does no harm that it is run twice: ask() is to wait for it.
//
// A connection has one at most: the last one counts. Threads: as PgConnection. Errors: that
// of an answer, where it is asked for.
#pragma once

#include <memory>
#include <vector>

#include "pg/connection.h"
#include "pg/together.h"

namespace dbsync {

class PgPrefetch {
 public:
  // Within a transaction only what cannot fail: it would fail with the question.
  PgPrefetch(PgConnection& connection, std::vector<PgQuery> questions);
  ~PgPrefetch();
  PgPrefetch(const PgPrefetch&) = delete;
  PgPrefetch& operator=(const PgPrefetch&) = delete;

  // More of them, which the answers that are there may have led to.
  void more(std::vector<PgQuery> questions);
  // For the one that the connection has; nothing where it has none.
  static void more_of(PgConnection& connection, std::vector<PgQuery> questions);
  // Whether the connection has one that was asked this.
  static bool has(const PgConnection& connection, const PgQuery& question);

 private:
  std::shared_ptr<PrefetchedAnswers> answers_;
};

// Of two connections at once, each unless there is nothing to ask; as long as what is returned
// lives.
std::shared_ptr<void> prefetch_both(PgConnection& one, std::vector<PgQuery> of_one, PgConnection& other,
                                    std::vector<PgQuery> of_other);

}  // namespace dbsync
