#include "io/approvals/ways.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "io/approvals/proof.h"

namespace pawl {
namespace {

std::string in_a_row(const std::vector<std::string>& ways) {
  std::string text;
  for (const std::string& way : ways) text += (text.empty() ? "" : " ") + way;
  return text;
}

}  // namespace

std::vector<std::string> ways_of(std::string_view verifier) {
  std::vector<std::string> ways;
  for (const std::string_view way : split(verifier, ' ')) {
    if (!way.empty()) ways.emplace_back(way);
  }
  return ways;
}

std::vector<jose::Passkey> passkeys_of(std::string_view verifier) {
  std::vector<jose::Passkey> found;
  for (const std::string& way : ways_of(verifier)) {
    if (auto passkey = jose::read_passkey(way)) found.push_back(*std::move(passkey));
  }
  return found;
}

std::string kinds_of(std::string_view verifier) {
  const auto ways = ways_of(verifier);
  const bool phrase = std::ranges::any_of(ways, valid_verifier);
  const bool passkey = !passkeys_of(verifier).empty();
  return phrase && passkey ? "passphrase, passkey" : passkey ? "passkey" : "passphrase";
}

bool is_known_by(std::string_view verifier, std::string_view wanted) {
  const auto known = ways_of(verifier);
  const auto asked = ways_of(wanted);
  return !asked.empty() && std::ranges::all_of(asked, [&known](const std::string& way) {
    return std::ranges::find(known, way) != known.end();
  });
}

Result<std::string> with_passkey(std::string_view verifier, std::string_view passkey) {
  const auto added = jose::read_passkey(passkey);
  if (!added) return fail(ErrorKind::invalid, "this is not a passkey");
  const auto known = passkeys_of(verifier);
  if (known.size() >= passkeys_max) {
    return fail(ErrorKind::refused, fmt::format("a person has at most {} passkeys", passkeys_max));
  }
  if (std::ranges::find(known, added->id, &jose::Passkey::id) != known.end()) {
    return fail(ErrorKind::refused, "this passkey is enrolled already");
  }
  std::vector<std::string> ways = ways_of(verifier);
  ways.push_back(jose::to_string(*added));
  return in_a_row(ways);
}

Result<std::string> without_passkey(std::string_view verifier, std::string_view id) {
  std::vector<std::string> ways = ways_of(verifier);
  const auto removed = std::erase_if(ways, [id](const std::string& way) {
    const auto passkey = jose::read_passkey(way);
    return passkey && passkey->id == id;
  });
  if (removed == 0) return fail(ErrorKind::missing, "there is no such passkey");
  if (ways.empty()) {
    return fail(ErrorKind::refused, "nothing would be left by which the person is known");
  }
  return in_a_row(ways);
}

}  // namespace pawl
