#include "kernel/config/name_table.h"

#include <cstring>
#include <utility>

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

std::uint64_t hash_of(const TextKey& key) {
  return mix(key.head ^ kSeed ^ key.size, key.tail ^ kFactor);
}

// A long name: words of eight bytes, each folded in by one multiplication; the last one overlaps.
std::uint64_t hash_of(std::string_view name) {
  if (name.size() <= TextKey::exact_bytes_max) return hash_of(TextKey::of(name));
  std::uint64_t hash = kSeed ^ name.size();
  const char* at = name.data();
  const char* const last = at + name.size() - 8;
  std::uint64_t word = 0;
  for (; at < last; at += 8) {
    std::memcpy(&word, at, 8);
    hash = mix(hash ^ word, kFactor);
  }
  std::memcpy(&word, last, 8);
  return mix(hash ^ word, kFactor);
}

}  // namespace

void NameTable::place(const Slot& slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_of(std::string_view(names_[slot.name - 1])) & mask;
  while (slots_[at].name != 0) at = (at + 1) & mask;
  slots_[at] = slot;
}

void NameTable::grow() {
  std::vector<Slot> before(slots_.empty() ? kSlotsLeast : slots_.size() * 2);
  std::swap(before, slots_);
  for (const Slot& slot : before) {
    if (slot.name != 0) place(slot);
  }
}

void NameTable::add(std::string_view name, std::uint32_t value) {
  if (find(name)) return;
  if ((names_.size() + 1) * 2 > slots_.size()) grow();
  names_.emplace_back(name);
  place({TextKey::of(name), static_cast<std::uint32_t>(names_.size()), value});
}

std::optional<std::uint32_t> NameTable::find(std::string_view name) const {
  const TextKey key = TextKey::of(name);
  if (key.exact()) return find_short(key);
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash_of(name) & mask; slots_[at].name != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.key == key && names_[slot.name - 1] == name) return slot.value;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> NameTable::find_short(const TextKey& key) const {
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash_of(key) & mask; slots_[at].name != 0; at = (at + 1) & mask) {
    if (slots_[at].key == key) return slots_[at].value;
  }
  return std::nullopt;
}

}  // namespace pawl
