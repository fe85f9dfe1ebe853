// Base 64 with the alphabet of URLs, without padding (RFC 7515, section 2): strict. Padding,
// blanks, the other alphabet and bits that stand for nothing are refused, so that two texts are
// never the same bytes.
#pragma once

#include <string>
#include <string_view>

namespace pawl::jose {

std::string base64url(std::string_view bytes);
bool unbase64url(std::string_view text, std::string& out);

}  // namespace pawl::jose
