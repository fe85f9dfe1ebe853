// The look at a head's bytes before the parser has them, and the parser. Inside of this room only.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "io/http/head.h"

namespace pawl::http {

// How many field lines there are, where every line has a form that has one reading.
std::expected<std::size_t, Refusal> scan_head(std::string_view bytes, const ServerLimits& limits);

// Boost.Beast's reading: method, target, version and fields. The framing is not judged yet.
std::expected<Head, Refusal> parse_head(std::string_view bytes, std::size_t fields);

// Judges the fields that say where the request ends and whom it is for.
std::expected<void, Refusal> judge_framing(Head& head, const ServerLimits& limits);

inline std::unexpected<Refusal> refuse(int status, std::string reason) {
  return std::unexpected<Refusal>(Refusal{status, std::move(reason)});
}

}  // namespace pawl::http
