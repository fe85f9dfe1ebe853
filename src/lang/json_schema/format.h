// Values of `format`, for a reader that wants them checked. Stricter than the sources in nothing
// and looser only where a line says so.
//   date-time, date, time    RFC 3339; a leap second is :60 at 23:59 UTC
//   email                    RFC 5321 mailbox without a quoted local part or an address literal
//   hostname                 RFC 1123
//   ipv4, ipv6               RFC 2673 and RFC 4291, without a zone
//   uri                      RFC 3986, with a scheme
//   uuid                     RFC 9562, letters of both cases
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pawl::json_schema {

enum class Format : std::uint8_t { date_time, date, time, email, hostname, ipv4, ipv6, uri, uuid };

std::string_view to_string(Format format);
std::optional<Format> format_named(std::string_view name);  // nothing: a remark

bool has_format(Format format, std::string_view text);

}  // namespace pawl::json_schema
