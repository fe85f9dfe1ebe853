#include "lang/cel/network.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

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

}  // namespace pawl::cel
