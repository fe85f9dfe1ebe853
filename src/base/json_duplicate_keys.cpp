#include "base/json_duplicate_keys.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "base/text.h"

namespace pawl::json {
namespace {

// Up to here comparing every pair is quicker than sorting.
constexpr std::size_t pairwise_members_max = 16;

constexpr std::uint64_t lower_bits = 0x2020'2020'2020'2020;
constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;

std::uint64_t load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

int compare_lower(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < size; ++i) {
    const char x = lower(a[i]);
    const char y = lower(b[i]);
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

}  // namespace

void DuplicateKeyCheck::begin(DuplicateKeys duplicate_keys, std::string_view arena) {
  duplicate_keys_ = duplicate_keys;
  arena_ = arena;
  names_.clear();
  first_not_ascii_ = SIZE_MAX;
}

void DuplicateKeyCheck::push(std::uint32_t offset, std::uint32_t size) {
  const char* at = arena_.data() + offset;
  // The first and the last eight bytes, without an unpredictable branch.
  const std::uint64_t kept = size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * size) - 1;
  const std::uint64_t head = load(at) & kept;
  const std::uint64_t tail = load(at + (size >= 8 ? size - 8 : 0)) & kept;
  const bool ascii = ((head | tail) & high_bits) == 0 && (size <= 16 || is_ascii({at, size}));
  // Setting the bit that tells the cases apart is a coarse folding: it may only join more names.
  const std::uint64_t mixed = (head | lower_bits) * 0x9E37'79B9'7F4A'7C15 ^
                              std::rotl((tail | lower_bits) * 0xC2B2'AE3D'27D4'EB4F, 29) ^ size;
  if (!ascii) first_not_ascii_ = std::min(first_not_ascii_, names_.size());
  names_.emplace_back(mixed, offset, size);
}

bool DuplicateKeyCheck::close(std::uint32_t mark) {
  const std::size_t count = names_.size() - mark;
  bool differ = true;
  if (count > 1 && duplicate_keys_ != DuplicateKeys::permit) {
    // One such name anywhere on the stack sends all objects inside the slow way: right, and rare.
    const bool ascii = first_not_ascii_ == SIZE_MAX;
    if (!ascii && duplicate_keys_ == DuplicateKeys::refuse) {
      differ = search_folded(mark);
    } else if (count <= pairwise_members_max) {
      differ = search_small(mark);
    } else {
      differ = search_large(mark);
    }
  }
  names_.resize(mark);
  if (first_not_ascii_ >= mark) first_not_ascii_ = SIZE_MAX;
  return differ;
}

bool DuplicateKeyCheck::same(const Name& a, const Name& b) const {
  if (duplicate_keys_ == DuplicateKeys::refuse_exact_only) return text(a) == text(b);
  return compare_lower(text(a), text(b)) == 0;
}

bool DuplicateKeyCheck::search_small(std::size_t first) {
  const Name* const end = names_.data() + names_.size();
  for (const Name* a = names_.data() + first; a != end; ++a) {
    for (const Name* b = a + 1; b != end; ++b) {
      if (a->signature != b->signature || !same(*a, *b)) continue;
      found_ = {text(*a), text(*b)};
      return false;
    }
  }
  return true;
}

bool DuplicateKeyCheck::search_large(std::size_t first) {
  const auto before = [this](const Name& a, const Name& b) {
    if (a.signature != b.signature) return a.signature < b.signature;
    if (duplicate_keys_ == DuplicateKeys::refuse_exact_only) return text(a) < text(b);
    return compare_lower(text(a), text(b)) < 0;
  };
  const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, names_.end(), before);
  for (std::size_t i = first + 1; i < names_.size(); ++i) {
    const Name& a = names_[i - 1];
    const Name& b = names_[i];
    if (a.signature != b.signature || !same(a, b)) continue;
    found_ = a.offset < b.offset ? Pair{text(a), text(b)} : Pair{text(b), text(a)};
    return false;
  }
  return true;
}

bool DuplicateKeyCheck::search_folded(std::size_t first) {
  std::vector<std::pair<std::string, Name>> folded;
  folded.reserve(names_.size() - first);
  for (std::size_t i = first; i < names_.size(); ++i) {
    folded.emplace_back(fold(text(names_[i])), names_[i]);
  }
  std::sort(folded.begin(), folded.end(), [](const auto& a, const auto& b) {
    const int order = a.first.compare(b.first);
    return order != 0 ? order < 0 : a.second.offset < b.second.offset;
  });
  for (std::size_t i = 1; i < folded.size(); ++i) {
    if (folded[i - 1].first != folded[i].first) continue;
    found_ = {text(folded[i - 1].second), text(folded[i].second)};
    return false;
  }
  return true;
}

}  // namespace pawl::json
