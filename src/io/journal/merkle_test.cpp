#include "io/journal/merkle.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::journal {
namespace {

constexpr std::size_t leaves_max = 40;

std::vector<Digest> some_leaves(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i)
    leaves.push_back(leaf_hash("record " + std::to_string(i)));
  return leaves;
}

// The definition of RFC 6962, section 2.1, word by word.
Digest defined_root(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256(std::string_view{});
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  return sha256(
      {"\x01", bytes_of(defined_root(leaves.first(k))), bytes_of(defined_root(leaves.subspan(k)))});
}

TEST(Merkle, TheEmptyTreeIsTheHashOfNothing) {
  EXPECT_EQ(hex(Frontier().root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Merkle, LeafAndNodeHashesAreApart) {
  EXPECT_EQ(leaf_hash("x"), sha256(std::string_view("\0x", 2)));
  const Digest leaf = leaf_hash("x");
  EXPECT_NE(node_hash(leaf, leaf),
            leaf_hash(std::string(bytes_of(leaf)) + std::string(bytes_of(leaf))));
}

TEST(Merkle, TheFrontierAgreesWithTheDefinitionAtEverySize) {
  const auto leaves = some_leaves(leaves_max);
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(frontier.size(), size);
    EXPECT_EQ(frontier.root(), defined_root(std::span(leaves).first(size)));
    auto again = Frontier::from(size, {frontier.hashes().begin(), frontier.hashes().end()});
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->root(), frontier.root());
    if (size < leaves.size()) frontier.append(leaves[size]);
  }
}

TEST(Merkle, AFrontierWithAWrongNumberOfHashesIsRefused) {
  EXPECT_FALSE(Frontier::from(3, {Digest{}}).has_value());
  EXPECT_FALSE(Frontier::from(0, {Digest{}}).has_value());
  EXPECT_TRUE(Frontier::from(0, {}).has_value());
}

TEST(Merkle, InclusionOfEveryLeafInEverySize) {
  const auto all = some_leaves(leaves_max);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const auto leaves = std::span(all).first(size);
    const Digest root = defined_root(leaves);
    for (std::size_t index = 0; index < size; ++index) {
      auto path = inclusion_proof(leaves, index);
      ASSERT_TRUE(verify_inclusion(leaves[index], index, size, path, root));
      // For every other leaf, place, size or root it proves nothing.
      EXPECT_FALSE(verify_inclusion(leaf_hash("other"), index, size, path, root));
      EXPECT_FALSE(verify_inclusion(leaves[index], index, size, path, leaf_hash("other")));
      for (std::size_t other = 0; other < size + 1; ++other) {
        if (other != index) {
          EXPECT_FALSE(verify_inclusion(leaves[index], other, size, path, root));
        }
      }
      EXPECT_FALSE(verify_inclusion(leaves[index], index, index, path, root));
      path.push_back(root);
      EXPECT_FALSE(verify_inclusion(leaves[index], index, size, path, root));
      path.pop_back();
      if (path.empty()) continue;
      path.pop_back();
      EXPECT_FALSE(verify_inclusion(leaves[index], index, size, path, root));
    }
  }
}

TEST(Merkle, ConsistencyOfEveryPairOfSizes) {
  const auto all = some_leaves(leaves_max);
  for (std::size_t size = 0; size <= all.size(); ++size) {
    const auto leaves = std::span(all).first(size);
    const Digest root = defined_root(leaves);
    for (std::size_t old_size = 0; old_size <= size; ++old_size) {
      const Digest old_root = defined_root(leaves.first(old_size));
      auto path = consistency_proof(leaves, old_size);
      ASSERT_TRUE(verify_consistency(old_size, old_root, size, root, path))
          << old_size << " of " << size;
      EXPECT_FALSE(verify_consistency(old_size, leaf_hash("other"), size, root, path));
      if (old_size > 0) {
        EXPECT_FALSE(verify_consistency(old_size, old_root, size, leaf_hash("other"), path));
      }
      if (old_size != size) EXPECT_FALSE(verify_consistency(size, root, old_size, old_root, path));
      path.push_back(root);
      EXPECT_FALSE(verify_consistency(old_size, old_root, size, root, path));
      path.pop_back();
      if (path.empty()) continue;
      path.pop_back();
      EXPECT_FALSE(verify_consistency(old_size, old_root, size, root, path));
    }
  }
}

// A log that changed one old record can prove nothing about its past.
TEST(Merkle, AChangedPastHasNoConsistencyProof) {
  auto leaves = some_leaves(20);
  const Digest old_root = defined_root(std::span(leaves).first(13));
  leaves[5] = leaf_hash("rewritten");
  const Digest root = defined_root(leaves);
  EXPECT_FALSE(verify_consistency(13, old_root, 20, root, consistency_proof(leaves, 13)));
}

}  // namespace
}  // namespace pawl::journal
