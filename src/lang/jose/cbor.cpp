#include "lang/jose/cbor.h"

#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"

namespace pawl::jose {
namespace {

constexpr std::uint8_t kShortMax = 23;  // above it, the number stands in the bytes that follow
constexpr std::uint8_t kFalse = 20, kTrue = 21, kNull = 22;

class CborReading {
 public:
  explicit CborReading(std::string_view bytes) : bytes_(bytes) {}

  std::optional<Cbor> value(int depth);
  std::size_t at() const { return at_; }

 private:
  struct Head {
    std::uint8_t major = 0, small = 0;
    std::uint64_t number = 0;
  };
  std::optional<Head> head();
  std::optional<std::string> take(std::uint64_t count);
  bool items(Cbor& into, std::uint64_t count, int depth);
  bool members(Cbor& into, std::uint64_t count, int depth);

  std::string_view bytes_;
  std::size_t at_ = 0, values_ = 0;
};

std::optional<CborReading::Head> CborReading::head() {
  if (at_ >= bytes_.size()) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes_[at_++]);
  Head head{static_cast<std::uint8_t>(first >> 5), static_cast<std::uint8_t>(first & 0x1FU), 0};
  if (head.small <= kShortMax) {
    head.number = head.small;
    return head;
  }
  if (head.small > kShortMax + 4) return std::nullopt;  // reserved, or a length that comes later
  const std::size_t width = std::size_t{1} << (head.small - kShortMax - 1);
  if (bytes_.size() - at_ < width) return std::nullopt;
  for (std::size_t i = 0; i < width; ++i) {
    head.number = head.number << 8 | static_cast<std::uint8_t>(bytes_[at_++]);
  }
  // What fits into fewer bytes stands in fewer.
  const std::uint64_t least =
      width == 1 ? kShortMax + 1 : std::uint64_t{1} << (4 * width);  // 2^8, 2^16, 2^32
  if (head.number < least) return std::nullopt;
  return head;
}

std::optional<std::string> CborReading::take(std::uint64_t count) {
  if (bytes_.size() - at_ < count) return std::nullopt;
  std::string taken(bytes_.substr(at_, count));
  at_ += count;
  return taken;
}

bool CborReading::items(Cbor& into, std::uint64_t count, int depth) {
  into.kind = Cbor::Kind::list;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto item = value(depth + 1);
    if (!item) return false;
    into.items.push_back(*std::move(item));
  }
  return true;
}

bool CborReading::members(Cbor& into, std::uint64_t count, int depth) {
  into.kind = Cbor::Kind::map;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto key = value(depth + 1);
    if (!key || (key->kind != Cbor::Kind::number && key->kind != Cbor::Kind::text)) return false;
    for (std::size_t other = 0; other < into.items.size(); other += 2) {
      if (into.items[other] == *key) return false;
    }
    auto under = value(depth + 1);
    if (!under) return false;
    into.items.push_back(*std::move(key));
    into.items.push_back(*std::move(under));
  }
  return true;
}

std::optional<Cbor> CborReading::value(int depth) {
  if (depth > cbor_depth_max || ++values_ > cbor_values_max) return std::nullopt;
  const auto head = this->head();
  if (!head) return std::nullopt;
  Cbor read;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  switch (head->major) {
    case 0:
    case 1:
      if (head->number > most) return std::nullopt;
      read.kind = Cbor::Kind::number;
      read.number = static_cast<std::int64_t>(head->number);
      if (head->major == 1) read.number = -1 - read.number;
      return read;
    case 2:
    case 3: {
      auto text = take(head->number);
      if (!text || (head->major == 3 && !valid_utf8(*text))) return std::nullopt;
      read.kind = head->major == 2 ? Cbor::Kind::bytes : Cbor::Kind::text;
      read.text = *std::move(text);
      return read;
    }
    case 4:
      return items(read, head->number, depth) ? std::optional(std::move(read)) : std::nullopt;
    case 5:
      return members(read, head->number, depth) ? std::optional(std::move(read)) : std::nullopt;
    case 7:
      if (head->small == kNull) return read;
      if (head->small != kFalse && head->small != kTrue) return std::nullopt;
      read.kind = Cbor::Kind::truth;
      read.number = head->small == kTrue ? 1 : 0;
      return read;
    default:  // a tag: nothing that is read here has one
      return std::nullopt;
  }
}

}  // namespace

const Cbor* Cbor::find(std::int64_t key) const {
  if (kind != Kind::map) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind == Kind::number && items[i].number == key) return &items[i + 1];
  }
  return nullptr;
}

Result<CborRead> read_cbor(std::string_view bytes) {
  if (bytes.size() > cbor_bytes_max) return fail(ErrorKind::invalid, "these are too many bytes");
  CborReading reading(bytes);
  auto value = reading.value(0);
  if (!value) return fail(ErrorKind::invalid, "this is not CBOR of the strict form");
  return CborRead{*std::move(value), reading.at()};
}

}  // namespace pawl::jose
