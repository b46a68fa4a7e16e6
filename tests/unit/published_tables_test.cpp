#include "pgsql2pgsql/follow/published_tables.h"

#include <gtest/gtest.h>

namespace dbsync {
namespace {

constexpr std::uint32_t kPlain = 1;
constexpr std::uint32_t kRoot = 2;
constexpr std::uint32_t kFirstLeaf = 3;
constexpr std::uint32_t kSecondLeaf = 4;
constexpr std::uint32_t kUnlogged = 5;

PgRelation relation(std::uint32_t oid, const char* name, char kind = 'r', std::uint32_t parent = 0) {
  PgRelation out;
  out.oid = oid;
  out.name = {"public", name};
  out.kind = kind;
  out.parent = parent;
  out.partition = parent != 0;
  return out;
}

class PublishedTablesTest : public ::testing::Test {
 protected:
  PublishedTablesTest() {
    catalog_.relations = {relation(kPlain, "plain"), relation(kRoot, "root", 'p'),
                          relation(kFirstLeaf, "leaf_1", 'r', kRoot), relation(kSecondLeaf, "leaf_2", 'r', kRoot),
                          relation(kUnlogged, "unlogged")};
    catalog_.relations.back().unlogged = true;
  }
  void select(const std::vector<std::uint32_t>& oids) {
    selected_ = {};
    for (const auto oid : oids) selected_.tables.push_back(catalog_.find(oid));
  }

  PgCatalog catalog_;
  SelectedTables selected_;
};

TEST_F(PublishedTablesTest, WholeTreesArePublishedByTheirRoot) {
  select({kPlain, kFirstLeaf, kSecondLeaf});
  const PublishedTables published(catalog_, selected_, true);
  EXPECT_EQ(published.names(), (std::vector<QualifiedName>{{"public", "plain"}, {"public", "root"}}));
  EXPECT_EQ(published.oids(), (std::vector<std::uint32_t>{kPlain, kRoot}));
  EXPECT_EQ(published.name_of(*catalog_.find(kSecondLeaf)), (QualifiedName{"public", "root"}));
}

TEST_F(PublishedTablesTest, APartOfATreeIsPublishedByItsLeaves) {
  select({kSecondLeaf});
  const PublishedTables published(catalog_, selected_, true);
  EXPECT_EQ(published.names(), (std::vector<QualifiedName>{{"public", "leaf_2"}}));
}

TEST_F(PublishedTablesTest, OlderServersPublishLeaves) {
  select({kFirstLeaf, kSecondLeaf});
  const PublishedTables published(catalog_, selected_, false);
  EXPECT_EQ(published.names(), (std::vector<QualifiedName>{{"public", "leaf_1"}, {"public", "leaf_2"}}));
}

TEST_F(PublishedTablesTest, WhatCannotBeFollowedIsSaid) {
  select({kUnlogged});
  TableListEntry query;
  query.table = "q";
  query.query = "select 1";
  selected_.queries.push_back(&query);
  const PublishedTables published(catalog_, selected_, true);
  EXPECT_TRUE(published.names().empty());
  EXPECT_EQ(published.name_of(*catalog_.find(kUnlogged)), std::nullopt);
  ASSERT_EQ(published.left().size(), 2U);
  EXPECT_EQ(published.left()[0].name.display() + " " + published.left()[0].reason, "public.unlogged it is unlogged");
}

}  // namespace
}  // namespace dbsync
