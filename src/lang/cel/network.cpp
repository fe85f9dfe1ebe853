#include "lang/cel/network.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <vector>

#include <fmt/format.h>

#include "lang/cel/functions.h"

namespace pawl::cel {
namespace {

bool read_group(std::string_view text, int base, unsigned most, unsigned& value) {
  const std::size_t digits_max = base == 10 ? 3 : 4;
  if (text.empty() || text.size() > digits_max) return false;
  if (base == 10 && text.size() > 1 && text.front() == '0') return false;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && value <= most;
}

std::optional<AddressValue> parse_four(std::string_view text) {
  AddressValue out;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t end = i < 3 ? text.find('.') : text.size();
    unsigned value = 0;
    if (end == text.npos || !read_group(text.substr(0, end), 10, 255, value)) return {};
    out.bytes[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Groups between colons, at most `most` of them. An empty text has none.
bool read_groups(std::string_view text, std::size_t most, std::vector<unsigned>& groups) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    unsigned value = 0;
    if (groups.size() == most || !read_group(text.substr(0, end), 16, 0xFFFF, value)) return false;
    groups.push_back(value);
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
    if (text.empty()) return false;
  }
  return true;
}

std::optional<AddressValue> parse_six(std::string_view text) {
  const std::size_t gap = text.find("::");
  std::vector<unsigned> front, back;
  if (!read_groups(text.substr(0, gap), 8, front)) return {};
  if (gap != text.npos && !read_groups(text.substr(gap + 2), 8, back)) return {};
  const std::size_t count = front.size() + back.size();
  if (gap == text.npos ? count != 8 : count > 7) return {};
  AddressValue out;
  out.six = true;
  const auto put = [&out](std::size_t group, unsigned value) {
    out.bytes[group * 2] = static_cast<std::uint8_t>(value >> 8);
    out.bytes[group * 2 + 1] = static_cast<std::uint8_t>(value & 0xFF);
  };
  for (std::size_t i = 0; i < front.size(); ++i) put(i, front[i]);
  for (std::size_t i = 0; i < back.size(); ++i) put(8 - back.size() + i, back[i]);
  return out;
}

// ::ffff:c0a8:1 is the IPv4 address 192.168.0.1.
AddressValue unmapped(const AddressValue& address) {
  const std::uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!address.six || !std::equal(prefix, prefix + 12, address.bytes)) return address;
  AddressValue out;
  std::copy(address.bytes + 12, address.bytes + 16, out.bytes);
  return out;
}

}  // namespace

std::optional<AddressValue> parse_ip(std::string_view text) {
  if (text.find(':') == text.npos) return parse_four(text);
  const auto six = parse_six(text);
  if (!six) return {};
  return unmapped(*six);
}

std::optional<AddressValue> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return {};
  const std::string_view digits = text.substr(slash + 1);
  const std::string_view host = text.substr(0, slash);
  auto address = host.find(':') == host.npos ? parse_four(host) : parse_six(host);
  unsigned length = 0;
  if (!address || !read_group(digits, 10, address->six ? 128 : 32, length)) return {};
  if (unmapped(*address).six != address->six) return {};  // two lengths at once
  address->length = static_cast<std::uint8_t>(length);
  return address;
}

std::string address_text(const AddressValue& address, bool with_length) {
  std::string out;
  if (!address.six) {
    const auto& b = address.bytes;
    out = fmt::format("{}.{}.{}.{}", b[0], b[1], b[2], b[3]);
  } else {
    unsigned groups[8];
    for (std::size_t i = 0; i < 8; ++i) {
      groups[i] = static_cast<unsigned>(address.bytes[i * 2] << 8 | address.bytes[i * 2 + 1]);
    }
    std::size_t gap = 8, length = 1;  // the first longest run of at least two zeros
    for (std::size_t i = 0; i < 8; ++i) {
      std::size_t end = i;
      while (end < 8 && groups[end] == 0) ++end;
      if (end - i > length) {
        gap = i;
        length = end - i;
      }
    }
    for (std::size_t i = 0; i < 8; ++i) {
      if (i == gap) {
        out += "::";
        i += length - 1;
        continue;
      }
      if (!out.empty() && !out.ends_with(':')) out += ':';
      out += fmt::format("{:x}", groups[i]);
    }
  }
  return with_length ? fmt::format("{}/{}", out, address.length) : out;
}

// ip(), cidr() and what can be asked of addresses and prefixes.

namespace {

Value made(Context& context, const AddressValue& address, ValueKind kind) {
  auto* place = context.scratch.take_many<AddressValue>(1);
  if (place == nullptr) return context.out_of_memory();
  *place = address;
  Value out{.kind = kind};
  out.as.address = place;
  return out;
}

Value no_ip() {
  return Value::failed(Failure::invalid,
                       "IP address parse error: no zone, no leading zeros, no IPv4 inside IPv6");
}

Value no_cidr() {
  return Value::failed(Failure::invalid, "network address parse error during conversion");
}

// Of an address, of a text that is one, or nothing.
std::optional<AddressValue> ip_argument(const Value& value) {
  if (value.is(ValueKind::ip)) return *value.as.address;
  return value.is(ValueKind::string) ? parse_ip(value.text()) : std::nullopt;
}

std::optional<AddressValue> cidr_argument(const Value& value) {
  if (value.is(ValueKind::cidr)) return *value.as.address;
  return value.is(ValueKind::string) ? parse_cidr(value.text()) : std::nullopt;
}

Value ip(Context& context, Arguments a) {
  if (a[0].is(ValueKind::cidr)) {
    AddressValue address = *a[0].as.address;
    address.length = 0;
    return made(context, address, ValueKind::ip);
  }
  if (!a[0].is(ValueKind::string)) return a[0].is(ValueKind::ip) ? a[0] : no_such_overload();
  const auto address = parse_ip(a[0].text());
  return address ? made(context, *address, ValueKind::ip) : no_ip();
}

Value cidr(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return a[0].is(ValueKind::cidr) ? a[0] : no_such_overload();
  const auto prefix = parse_cidr(a[0].text());
  return prefix ? made(context, *prefix, ValueKind::cidr) : no_cidr();
}

Value is_ip(Context&, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  return Value::of(parse_ip(a[0].text()).has_value());
}

Value is_cidr(Context&, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  return Value::of(parse_cidr(a[0].text()).has_value());
}

Value is_canonical(Context&, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  const auto address = parse_ip(a[0].text());
  return address ? Value::of(address_text(*address, false) == a[0].text()) : no_ip();
}

Value family(Context&, Arguments a) {
  if (!a[0].is(ValueKind::ip)) return no_such_overload();
  return Value::of(std::int64_t{a[0].as.address->six ? 6 : 4});
}

bool is_unspecified(const AddressValue& a) {
  return std::ranges::all_of(a.bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool is_loopback(const AddressValue& a) {
  if (!a.six) return a.bytes[0] == 127;
  return a.bytes[15] == 1 &&
         std::all_of(a.bytes, a.bytes + 15, [](auto byte) { return byte == 0; });
}

bool is_link_local_unicast(const AddressValue& a) {
  if (!a.six) return a.bytes[0] == 169 && a.bytes[1] == 254;
  return a.bytes[0] == 0xFE && (a.bytes[1] & 0xC0) == 0x80;
}

bool is_link_local_multicast(const AddressValue& a) {
  if (!a.six) return a.bytes[0] == 224 && a.bytes[1] == 0 && a.bytes[2] == 0;
  return a.bytes[0] == 0xFF && (a.bytes[1] & 0x0F) == 2;
}

bool is_multicast(const AddressValue& a) {
  return a.six ? a.bytes[0] == 0xFF : (a.bytes[0] & 0xF0) == 0xE0;
}

bool is_global_unicast(const AddressValue& a) {
  const bool broadcast =
      !a.six && std::all_of(a.bytes, a.bytes + 4, [](auto byte) { return byte == 0xFF; });
  return !broadcast && !is_unspecified(a) && !is_loopback(a) && !is_multicast(a) &&
         !is_link_local_unicast(a);
}

using AddressQuestion = bool (*)(const AddressValue&);
template <AddressQuestion question>
Value asked_of_address(Context&, Arguments a) {
  return a[0].is(ValueKind::ip) ? Value::of(question(*a[0].as.address)) : no_such_overload();
}

AddressValue masked(AddressValue address, unsigned length) {
  for (unsigned bit = length; bit < 128; ++bit) {
    address.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  }
  return address;
}

bool inside(const AddressValue& prefix, const AddressValue& address) {
  if (prefix.six != address.six) return false;
  const AddressValue a = masked(prefix, prefix.length);
  const AddressValue b = masked(address, prefix.length);
  return std::ranges::equal(a.bytes, b.bytes);
}

Value contains_ip(Context&, Arguments a) {
  if (!a[0].is(ValueKind::cidr)) return no_such_overload();
  if (!a[1].is(ValueKind::ip) && !a[1].is(ValueKind::string)) return no_such_overload();
  const auto address = ip_argument(a[1]);
  return address ? Value::of(inside(*a[0].as.address, *address)) : no_ip();
}

Value contains_cidr(Context&, Arguments a) {
  if (!a[0].is(ValueKind::cidr)) return no_such_overload();
  if (!a[1].is(ValueKind::cidr) && !a[1].is(ValueKind::string)) return no_such_overload();
  const auto inner = cidr_argument(a[1]);
  if (!inner) return no_cidr();
  return Value::of(inner->length >= a[0].as.address->length && inside(*a[0].as.address, *inner));
}

Value masked_cidr(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::cidr)) return no_such_overload();
  return made(context, masked(*a[0].as.address, a[0].as.address->length), ValueKind::cidr);
}

Value prefix_length(Context&, Arguments a) {
  if (!a[0].is(ValueKind::cidr)) return no_such_overload();
  return Value::of(std::int64_t{a[0].as.address->length});
}

constexpr std::string_view kQuestion = "net.IP.() bool";

constexpr auto kNetworkRows = std::to_array<FunctionRow>({
    {"ip", "(string) net.IP; (net.IP) net.IP; net.CIDR.() net.IP", ip},
    {"cidr", "(string) net.CIDR; (net.CIDR) net.CIDR", cidr},
    {"isIP", "(string) bool", is_ip},
    {"isCIDR", "(string) bool", is_cidr},
    {"ip.isCanonical", "(string) bool", is_canonical},
    {"family", "net.IP.() int", family},
    {"isUnspecified", kQuestion, asked_of_address<is_unspecified>},
    {"isLoopback", kQuestion, asked_of_address<is_loopback>},
    {"isGlobalUnicast", kQuestion, asked_of_address<is_global_unicast>},
    {"isLinkLocalMulticast", kQuestion, asked_of_address<is_link_local_multicast>},
    {"isLinkLocalUnicast", kQuestion, asked_of_address<is_link_local_unicast>},
    {"containsIP", "net.CIDR.(net.IP) bool; net.CIDR.(string) bool", contains_ip},
    {"containsCIDR", "net.CIDR.(net.CIDR) bool; net.CIDR.(string) bool", contains_cidr},
    {"masked", "net.CIDR.() net.CIDR", masked_cidr},
    {"prefixLength", "net.CIDR.() int", prefix_length},
});

}  // namespace

std::span<const FunctionRow> network_rows() {
  return kNetworkRows;
}

}  // namespace pawl::cel
