#include "kernel/policy/name_table.h"

#include <cstring>

namespace pawl {
namespace {

constexpr std::uint64_t kSeed = 0x243F6A8885A308D3;
constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
constexpr std::size_t kSlotsLeast = 16;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Words of eight bytes, each folded in by one multiplication; the last one overlaps.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = kSeed ^ name.size();
  const char* at = name.data();
  std::uint64_t word = 0;
  if (name.size() < 8) {
    for (const char c : name) word = word << 8U | static_cast<unsigned char>(c);
    return mix(hash ^ word, kFactor);
  }
  const char* const last = at + name.size() - 8;
  for (; at < last; at += 8) {
    std::memcpy(&word, at, 8);
    hash = mix(hash ^ word, kFactor);
  }
  std::memcpy(&word, last, 8);
  return mix(hash ^ word, kFactor);
}

}  // namespace

void NameTable::grow() {
  std::vector<Slot> wider(slots_.empty() ? kSlotsLeast : slots_.size() * 2);
  const std::size_t mask = wider.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.name == 0) continue;
    std::size_t at = slot.hash & mask;
    while (wider[at].name != 0) at = (at + 1) & mask;
    wider[at] = slot;
  }
  slots_ = std::move(wider);
}

void NameTable::add(std::string_view name, std::uint32_t value) {
  if (find(name)) return;
  if ((names_.size() + 1) * 2 > slots_.size()) grow();
  const std::uint64_t hash = hash_of(name);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].name != 0) at = (at + 1) & mask;
  names_.emplace_back(name);
  slots_[at] = {hash, static_cast<std::uint32_t>(names_.size()), value};
}

std::optional<std::uint32_t> NameTable::find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint64_t hash = hash_of(name);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].name != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && names_[slot.name - 1] == name) return slot.value;
  }
  return std::nullopt;
}

}  // namespace pawl
