// The mark of a chunk, which is committed with its rows in one round trip: COMMIT is on
// its way before anybody knows whether another process has done the chunk.
#include <gtest/gtest.h>

#include "copy/load_journal.h"
#include "tests/harness/target_db.h"

namespace dbsync::test {
namespace {

class ChunkMarkTest : public ::testing::Test {
 protected:
  ChunkMarkTest() : connection(target.conninfo(), "target", "test"), journal(connection, {"test", "source", ""}) {
    journal.open();
    target.exec("create table t (v int)");
    task.name = "t";
    task.target = {"public", "t"};
    journal.add_tables(connection, {{.number = 0, .task = &task, .created = true, .owned = true, .whole = true}});
  }

  // A row and the mark, as a worker does.
  bool load(int value) {
    PgTransaction transaction(connection);
    connection.exec("INSERT INTO public.t VALUES (" + std::to_string(value) + ")");
    LoadOutcome outcome;
    outcome.rows = 1;
    const bool done = journal.mark_done_and_commit(connection, 0, 0, outcome);
    if (done) transaction.was_committed();
    return done;
  }

  TargetDb target;
  CopyTask task;
  PgConnection connection;
  LoadJournal journal;
};

TEST_F(ChunkMarkTest, CommitsTheRowsWithTheMark) {
  EXPECT_TRUE(load(1));
  EXPECT_FALSE(connection.in_transaction());
  EXPECT_EQ(target.value("select string_agg(v::text, ',') from t"), "1");
  EXPECT_EQ(target.value("select row_count from dbsync.copy_chunk where done is not null"), "1");
}

TEST_F(ChunkMarkTest, OfAChunkThatAnotherProcessHasDoneCommitsNothing) {
  ASSERT_TRUE(load(1));
  EXPECT_FALSE(load(2));
  EXPECT_EQ(target.value("select string_agg(v::text, ',') from t"), "1");
  target.exec("delete from dbsync.copy_chunk");
  EXPECT_FALSE(load(3)) << "there is no such chunk";
  EXPECT_EQ(target.value("select string_agg(v::text, ',') from t"), "1");
}

TEST_F(ChunkMarkTest, FailsWithTheCommitAndTheConnectionGoesOn) {
  target.exec("alter table t add constraint once unique (v) deferrable initially deferred");
  target.exec("insert into t values (1)");
  EXPECT_THROW(load(1), Error);
  EXPECT_EQ(target.value("select count(*) from t"), "1");
  EXPECT_TRUE(load(2));
}

}  // namespace
}  // namespace dbsync::test
