// One strict reading of a mail address: `local@domain` and nothing around it.
//
// Mailers differ in comments, quotes, routes, encoded words and percent signs (case P12),
// so the local part has only letters, digits and `._+'=&~-`, and the domain is lower case. An
// address with a domain in capitals is refused, not changed: other checks of the same value then
// compare what is forwarded.
#pragma once

#include <cstddef>
#include <string_view>

namespace pawl {

inline constexpr std::size_t mail_bytes_max = 254;
inline constexpr std::size_t mail_local_bytes_max = 64;

// Sets the domain, or says what is wrong; an empty answer is a good address.
std::string_view read_mail(std::string_view text, std::string_view& domain);

}  // namespace pawl
