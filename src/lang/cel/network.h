// Internet addresses as values.
//
// IPv4 is four decimal numbers without leading zeros, IPv6 any spelling of RFC 4291 without a
// zone. An IPv4 address inside IPv6 with dots is refused; with hexadecimal digits it is the IPv4
// address, so that both compare as the one host they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lang/cel/value.h"

namespace pawl::cel {

std::optional<AddressValue> parse_ip(std::string_view text);
std::optional<AddressValue> parse_cidr(std::string_view text);
std::string address_text(const AddressValue& address, bool with_length);  // RFC 5952

}  // namespace pawl::cel
