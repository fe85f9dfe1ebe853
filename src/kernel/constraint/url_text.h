// One strict reading of an URL (RFC 3986, hierarchical, with a host).
//
// Parsers of browsers, C libraries and servers disagree about backslashes, blanks, user names,
// percent signs and foreign letters in the authority (case P11). Whatever they disagree
// about is refused here, so that the host that is compared is the host that is met.
#pragma once

#include <cstddef>
#include <string_view>

namespace pawl {

inline constexpr std::size_t url_bytes_max = 16UL << 10;

struct UrlParts {
  std::string_view scheme;
  std::string_view host;    // brackets of IPv6 included
  std::string_view port;    // empty where none is written
  std::string_view path;    // empty or from its slash on
  std::string_view behind;  // query and fragment, without the first mark
};

// Fills the parts, or says what is wrong; an empty answer is a good URL.
std::string_view read_url(std::string_view text, UrlParts& into);

}  // namespace pawl
