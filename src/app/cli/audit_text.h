// Records of the journal as a person reads them: a line each, or all members of one.
//
// Everything in a record may have come from an agent or a server: it is made visible first.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace pawl::app {

// `    36  07:26:53.478  r-xxq0r4sp  deny    read_text_file  …`, one line, coloured.
std::string record_line(json::View record);
inline constexpr std::string_view record_head = "   seq  time (UTC)           run         what";

// The word that people read for what a record says: a reviewer who says no denies, and the record
// has `reject` for it; an approval whose call runs is used. Anything else is what it was, the same
// bytes.
std::string_view word_for_people(std::string_view recorded);

// All members, one a line, sorted as they are stored; nested objects indented.
std::string record_members(json::View record, std::string_view margin);

// A JSON text with line breaks and indentation; anything else, or JSON that cannot be read in one
// way only, as visible text. Cut behind `bytes_max`.
std::string pretty(std::string_view bytes, std::string_view margin, std::size_t bytes_max);

}  // namespace pawl::app
