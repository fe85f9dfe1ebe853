#include "io/journal/payload_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "io/journal/frame.h"

namespace pawl::journal {
namespace {

constexpr std::string_view slot_magic = "PWK1";
constexpr std::string_view slot_end = "end.";
constexpr std::uint64_t batch_max = 64;
constexpr std::size_t known_max = 4096;
constexpr std::size_t state_at = 4, number_at = 8, key_at = 16, crc_at = 56, end_at = 60;
// Keys that everybody knows and keys of one run do not meet: this is no slot's.
constexpr Digest open_key{};

enum class SlotState : std::uint32_t { present = 1, destroyed = 2 };

struct Slot {
  SlotState state = SlotState::present;
  PayloadKey number = 0;
  Digest key{};
};

std::string slot_bytes(const Slot& slot) {
  std::string out(key_slot_bytes, '\0');
  std::memcpy(out.data(), slot_magic.data(), slot_magic.size());
  std::memcpy(out.data() + state_at, &slot.state, sizeof slot.state);
  std::memcpy(out.data() + number_at, &slot.number, sizeof slot.number);
  std::memcpy(out.data() + key_at, slot.key.data(), slot.key.size());
  const std::uint32_t crc = crc32c(std::string_view(out).substr(0, crc_at));
  std::memcpy(out.data() + crc_at, &crc, sizeof crc);
  std::memcpy(out.data() + end_at, slot_end.data(), slot_end.size());
  return out;
}

// Nothing unless the bytes are the whole slot of this number.
std::optional<Slot> read_slot(std::string_view bytes, PayloadKey number) {
  Slot slot;
  if (bytes.size() < key_slot_bytes) return std::nullopt;
  std::memcpy(&slot.state, bytes.data() + state_at, sizeof slot.state);
  std::memcpy(&slot.number, bytes.data() + number_at, sizeof slot.number);
  std::memcpy(slot.key.data(), bytes.data() + key_at, slot.key.size());
  const bool state = slot.state == SlotState::present || slot.state == SlotState::destroyed;
  if (!state || slot.number != number || slot_bytes(slot) != bytes.substr(0, key_slot_bytes)) {
    return std::nullopt;
  }
  return slot;
}

// A write reaches the disk from its beginning on, and sector by sector: what a crash tore has no
// end. What has one and is not whole is damaged, and stays to be seen.
bool never_whole(std::string_view bytes) {
  return bytes.size() < key_slot_bytes || bytes[key_slot_bytes - 1] == '\0';
}

std::uint64_t offset_of(PayloadKey number) {
  return (number - 1) * key_slot_bytes;
}

bool possible(PayloadKey number) {
  return number != no_payload_key && number <= area_bytes_max / key_slot_bytes;
}

std::unexpected<Error> no_such_key(PayloadKey number) {
  return fail(ErrorKind::missing, fmt::format("`payload.keys` has no key {}", number));
}

}  // namespace

Result<std::optional<Digest>> read_payload_key(Disk& disk, PayloadKey number) {
  if (number == no_payload_key) return open_key;
  auto file = disk.open(payload_keys_path, Access::read);
  if (!file && file.error().fault == ErrorKind::missing) return no_such_key(number);
  PAWL_TRY(file);
  if (!possible(number)) return no_such_key(number);
  auto bytes = read_there(**file, offset_of(number), key_slot_bytes);
  PAWL_TRY(bytes);
  if (bytes->empty()) return no_such_key(number);
  const auto slot = read_slot(*bytes, number);
  if (!slot) {
    return fail(ErrorKind::corrupt,
                fmt::format("`{}` at {}: the slot of payload key {} is damaged",
                            disk.shown(payload_keys_path), offset_of(number), number));
  }
  if (slot->state == SlotState::destroyed) return std::nullopt;
  return slot->key;
}

Status destroy_payload_key(Disk& disk, PayloadKey number) {
  auto file = disk.open(payload_keys_path, Access::write);
  // Nothing is sealed with what is not there any more.
  if (!file && file.error().fault == ErrorKind::missing) return {};
  PAWL_TRY(file);
  auto size = (*file)->size();
  PAWL_TRY(size);
  if (!possible(number) || *size <= offset_of(number)) return {};
  PAWL_TRY(write_all(**file, offset_of(number),
                     slot_bytes({.state = SlotState::destroyed, .number = number})));
  return (*file)->sync();
}

Result<std::uint64_t> PayloadKeys::repair() {
  auto file = disk_->open(payload_keys_path, Access::write);
  if (!file && file.error().fault == ErrorKind::missing) return 0;
  PAWL_TRY(file);
  auto size = (*file)->size();
  PAWL_TRY(size);
  const PayloadKey last = padded(*size, key_slot_bytes) / key_slot_bytes;
  std::uint64_t torn = 0;
  for (PayloadKey number = last - std::min(last, batch_max) + 1; number <= last; ++number) {
    auto bytes = read_there(**file, offset_of(number), key_slot_bytes);
    PAWL_TRY(bytes);
    if (!never_whole(*bytes)) continue;
    PAWL_TRY(write_all(**file, offset_of(number),
                       slot_bytes({.state = SlotState::destroyed, .number = number})));
    ++torn;
  }
  if (torn > 0) {
    PAWL_TRY((*file)->sync());
  }
  return torn;
}

Status PayloadKeys::write_batch() {
  auto file = disk_->open(payload_keys_path, Access::create);
  PAWL_TRY(file);
  auto size = (*file)->size();
  PAWL_TRY(size);
  const PayloadKey first = padded(*size, key_slot_bytes) / key_slot_bytes + 1;
  std::string out;
  std::vector<Digest> keys(batch_);
  for (std::uint64_t i = 0; i < batch_; ++i) {
    const std::string bytes = random_(keys[i].size());
    std::ranges::copy(bytes, keys[i].begin());
    out += slot_bytes({.state = SlotState::present, .number = first + i, .key = keys[i]});
  }
  PAWL_TRY((*file)->allocate(offset_of(first), out.size()));
  PAWL_TRY(write_all(**file, offset_of(first), out));
  PAWL_TRY((*file)->sync());
  if (first == 1) {
    PAWL_TRY(disk_->sync_directory(""));
  }
  if (known_.size() + keys.size() > known_max) known_.clear();
  for (std::uint64_t i = 0; i < batch_; ++i) known_[first + i] = keys[i];
  next_ = first;
  end_ = first + batch_;
  batch_ = std::min(batch_ * 2, batch_max);
  return {};
}

Result<PayloadKey> PayloadKeys::draw() {
  if (next_ == end_) {
    PAWL_TRY(write_batch());
  }
  return next_++;
}

Result<Digest> PayloadKeys::find(PayloadKey number) {
  if (number == no_payload_key) return open_key;
  if (const auto known = known_.find(number); known != known_.end()) return known->second;
  auto key = read_payload_key(*disk_, number);
  PAWL_TRY(key);
  if (!*key) return no_such_key(number);
  if (known_.size() >= known_max) known_.clear();
  known_[number] = **key;
  return **key;
}

}  // namespace pawl::journal
