#include "io/journal/merkle.h"

#include <fmt/format.h>

#include <bit>
#include <cassert>

namespace pawl::journal {
namespace {

constexpr std::string_view leaf_prefix{"\x00", 1};
constexpr std::string_view node_prefix{"\x01", 1};

// The largest power of two below n. Precondition: n >= 2.
std::size_t left_part(std::size_t n) {
  return std::bit_floor(n - 1);
}

void consistency_path(std::span<const Digest> leaves, std::size_t old_size, bool old_known,
                      std::vector<Digest>& path) {
  if (old_size == leaves.size()) {
    if (!old_known) path.push_back(tree_root(leaves));
    return;
  }
  const std::size_t split = left_part(leaves.size());
  if (old_size <= split) {
    consistency_path(leaves.first(split), old_size, old_known, path);
    path.push_back(tree_root(leaves.subspan(split)));
  } else {
    consistency_path(leaves.subspan(split), old_size - split, false, path);
    path.push_back(tree_root(leaves.first(split)));
  }
}

}  // namespace

Digest leaf_hash(std::string_view record) {
  return sha256({leaf_prefix, record});
}

Digest node_hash(const Digest& left, const Digest& right) {
  return sha256({node_prefix, bytes_of(left), bytes_of(right)});
}

Result<Frontier> Frontier::from(std::uint64_t size, std::vector<Digest> hashes) {
  if (static_cast<std::size_t>(std::popcount(size)) != hashes.size()) {
    return fail(ErrorKind::invalid, fmt::format("a tree of {} leaves has {} subtrees, not {}", size,
                                                std::popcount(size), hashes.size()));
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.hashes_ = std::move(hashes);
  return frontier;
}

void Frontier::append(const Digest& leaf) {
  hashes_.push_back(leaf);
  ++size_;
  // Every trailing zero of the new size joins two subtrees of equal height.
  for (std::uint64_t rest = size_; (rest & 1) == 0; rest >>= 1) {
    const Digest right = hashes_.back();
    hashes_.pop_back();
    hashes_.back() = node_hash(hashes_.back(), right);
  }
}

Digest Frontier::root() const {
  if (hashes_.empty()) return sha256(std::string_view{});
  Digest root = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i > 0; --i) root = node_hash(hashes_[i - 1], root);
  return root;
}

Digest tree_root(std::span<const Digest> leaves) {
  Frontier frontier;
  for (const Digest& leaf : leaves) frontier.append(leaf);
  return frontier.root();
}

std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index) {
  assert(index < leaves.size());
  std::vector<Digest> downwards;
  std::size_t at = index;
  while (leaves.size() > 1) {
    const std::size_t split = left_part(leaves.size());
    if (at < split) {
      downwards.push_back(tree_root(leaves.subspan(split)));
      leaves = leaves.first(split);
    } else {
      downwards.push_back(tree_root(leaves.first(split)));
      leaves = leaves.subspan(split);
      at -= split;
    }
  }
  return {downwards.rbegin(), downwards.rend()};
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> path, const Digest& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& step : path) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(step, hash);
      // A last node without a sibling moves up unchanged until it is a right child.
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, step);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

std::vector<Digest> consistency_proof(std::span<const Digest> leaves, std::uint64_t old_size) {
  assert(old_size <= leaves.size());
  std::vector<Digest> path;
  if (old_size == 0 || old_size == leaves.size()) return path;
  consistency_path(leaves, old_size, true, path);
  return path;
}

bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                        const Digest& root, std::span<const Digest> path) {
  if (old_size > size) return false;
  if (old_size == size) return path.empty() && old_root == root;
  if (old_size == 0) return path.empty() && old_root == sha256(std::string_view{});

  // The old tree's last node, as far up as it is a complete subtree of the new one.
  std::uint64_t node = old_size - 1;
  std::uint64_t last = size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  std::size_t next = 0;
  if (node != 0 && path.empty()) return false;
  Digest old_hash = node != 0 ? path[next++] : old_root;
  Digest new_hash = old_hash;
  for (; next < path.size(); ++next) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(path[next], old_hash);
      new_hash = node_hash(path[next], new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, path[next]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && new_hash == root;
}

}  // namespace pawl::journal
