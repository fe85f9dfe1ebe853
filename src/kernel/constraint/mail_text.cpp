#include "kernel/constraint/mail_text.h"

#include <array>

#include "base/text.h"
#include "kernel/constraint/host_set.h"

namespace pawl {
namespace {

constexpr std::array<bool, 256> local_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("._+'=&~-")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto local_characters = local_table();

bool good_local(std::string_view local) {
  if (local.empty() || local.size() > mail_local_bytes_max) return false;
  // A leading hyphen is an option to some mailers' command lines.
  if (local.front() == '.' || local.back() == '.' || local.front() == '-') return false;
  char before = '\0';
  for (char c : local) {
    if (!local_characters[static_cast<unsigned char>(c)]) return false;
    if (c == '.' && before == '.') return false;
    before = c;
  }
  return true;
}

}  // namespace

std::string_view read_mail(std::string_view text, std::string_view& domain) {
  if (text.size() > mail_bytes_max) return "is longer than a mail address may be";
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos) {
    return "is not one plain mail address";
  }
  if (!good_local(text.substr(0, at))) {
    return "is not one plain mail address: the part before `@` has other characters than letters, "
           "digits and `._+'=&~-`";
  }
  domain = text.substr(at + 1);
  if (canonical_domain(domain)) return {};
  return is_ascii(domain) && canonical_domain(lower_ascii(domain))
             ? "has a domain that is not in lower case"
             : "has a domain that is not in its canonical spelling";
}

}  // namespace pawl
