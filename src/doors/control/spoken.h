// How requests and answers of the control door are spelled. Private to this room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace pawl {

std::string refusal(const Error& error);

inline constexpr std::size_t spoken_bytes_max = 4096;  // of what people write into a member

// A member that has to be a text, and not an endless one.
Result<std::string> text(json::View object, std::string_view key);

// The arguments of a changed call: an object, or its text, which keeps numbers that a page cannot
// hold as they are.
Result<std::string> arguments_in(json::View object);

std::string done();

// The questions whose cards a request asks for; none: it asks for something else.
std::vector<std::string> cards_of(std::string_view op, json::View request);

}  // namespace pawl
