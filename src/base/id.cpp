#include "base/id.h"

#include <cassert>
#include <cstdint>

namespace pawl {
namespace {

constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t group_bytes = 5;
constexpr std::size_t group_characters = 8;

}  // namespace

std::string make_id(std::string_view prefix, std::string_view random_bytes) {
  assert(!random_bytes.empty() && random_bytes.size() % group_bytes == 0);
  std::string out(prefix);
  out += '-';
  for (std::size_t i = 0; i + group_bytes <= random_bytes.size(); i += group_bytes) {
    std::uint64_t bits = 0;
    for (char c : random_bytes.substr(i, group_bytes)) {
      bits = bits << 8 | static_cast<unsigned char>(c);
    }
    for (int shift = 35; shift >= 0; shift -= 5) out += digits[bits >> shift & 31];
  }
  return out;
}

bool valid_id(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return !text.empty() && text.size() <= id_characters_max && text.size() % group_characters == 0 &&
         text.find_first_not_of(digits) == std::string_view::npos;
}

}  // namespace pawl
