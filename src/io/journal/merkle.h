// The Merkle tree of RFC 6962 over records: SHA-256, leaves and nodes told apart by a first byte.
//
// `Frontier` is the compact form that grows by one leaf at a time and knows the root at any moment:
// the roots of the perfect subtrees that the leaves so far fall into, largest first.
// Proofs are made from all leaf hashes (32 bytes each); checking them needs only the path.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace pawl::journal {

Digest leaf_hash(std::string_view record);
Digest node_hash(const Digest& left, const Digest& right);

class Frontier {
 public:
  Frontier() = default;
  // ErrorKind::invalid unless there is one hash for each bit that is set in `size`.
  static Result<Frontier> from(std::uint64_t size, std::vector<Digest> hashes);

  void append(const Digest& leaf);
  // Of no leaves: the hash of the empty text.
  Digest root() const;
  std::uint64_t size() const { return size_; }
  std::span<const Digest> hashes() const { return hashes_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> hashes_;
};

Digest tree_root(std::span<const Digest> leaves);

// The path from leaf `index` to the root of the tree over `leaves`. Precondition: index < size.
std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index);
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> path, const Digest& root);

// That the tree over the first `old_size` leaves is a prefix. Precondition: old_size <= size.
std::vector<Digest> consistency_proof(std::span<const Digest> leaves, std::uint64_t old_size);
bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                        const Digest& root, std::span<const Digest> path);

}  // namespace pawl::journal
