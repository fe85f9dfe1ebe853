#include "base/json_twins.h"

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

void TwinCheck::begin(Twins twins, std::string_view arena) {
  twins_ = twins;
  arena_ = arena;
  names_.clear();
  first_not_ascii_ = SIZE_MAX;
}

void TwinCheck::push(std::uint32_t offset, std::uint32_t size) {
  const char* at = arena_.data() + offset;
  std::uint64_t head = load(at);
  std::uint64_t tail = 0;
  bool ascii = true;
  if (size < 8) {
    head = size == 0 ? 0 : head & (~std::uint64_t{0} >> (64 - 8 * size));
    ascii = (head & high_bits) == 0;
  } else {
    tail = load(at + size - 8);
    ascii = size <= 16 ? ((head | tail) & high_bits) == 0 : is_ascii({at, size});
  }
  // Setting the bit that tells the cases apart is a coarse folding: it may only join more names.
  const std::uint64_t mixed = (head | lower_bits) * 0x9E37'79B9'7F4A'7C15 ^
                              std::rotl((tail | lower_bits) * 0xC2B2'AE3D'27D4'EB4F, 29) ^ size;
  if (!ascii) first_not_ascii_ = std::min(first_not_ascii_, names_.size());
  names_.push_back({mixed, offset, size});
}

std::optional<TwinCheck::Pair> TwinCheck::close(std::uint32_t mark) {
  const std::size_t count = names_.size() - mark;
  // One such name anywhere on the stack sends all objects inside the slow way: right, and rare.
  const bool ascii = first_not_ascii_ == SIZE_MAX;
  std::optional<Pair> found;
  if (count > 1 && twins_ != Twins::permit) {
    if (!ascii && twins_ == Twins::refuse) {
      found = search_folded(mark);
    } else if (count <= pairwise_members_max) {
      found = search_small(mark);
    } else {
      found = search_large(mark);
    }
  }
  names_.resize(mark);
  if (first_not_ascii_ >= mark) first_not_ascii_ = SIZE_MAX;
  return found;
}

bool TwinCheck::same(const Name& a, const Name& b) const {
  if (twins_ == Twins::refuse_exact_only) return text(a) == text(b);
  return compare_lower(text(a), text(b)) == 0;
}

std::optional<TwinCheck::Pair> TwinCheck::search_small(std::size_t first) const {
  for (std::size_t i = first; i < names_.size(); ++i) {
    for (std::size_t j = i + 1; j < names_.size(); ++j) {
      if (names_[i].signature == names_[j].signature && same(names_[i], names_[j])) {
        return Pair{text(names_[i]), text(names_[j])};
      }
    }
  }
  return std::nullopt;
}

std::optional<TwinCheck::Pair> TwinCheck::search_large(std::size_t first) {
  const auto before = [this](const Name& a, const Name& b) {
    if (a.signature != b.signature) return a.signature < b.signature;
    if (twins_ == Twins::refuse_exact_only) return text(a) < text(b);
    return compare_lower(text(a), text(b)) < 0;
  };
  const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, names_.end(), before);
  for (std::size_t i = first + 1; i < names_.size(); ++i) {
    const Name& a = names_[i - 1];
    const Name& b = names_[i];
    if (a.signature != b.signature || !same(a, b)) continue;
    return a.offset < b.offset ? Pair{text(a), text(b)} : Pair{text(b), text(a)};
  }
  return std::nullopt;
}

std::optional<TwinCheck::Pair> TwinCheck::search_folded(std::size_t first) const {
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
    if (folded[i - 1].first == folded[i].first) {
      return Pair{text(folded[i - 1].second), text(folded[i].second)};
    }
  }
  return std::nullopt;
}

}  // namespace pawl::json
