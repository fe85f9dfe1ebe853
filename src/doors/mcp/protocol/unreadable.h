// What a server wrote and cannot be read as it stands: read all the same where only its characters
// are wrong, and else told to the request that waits for it.
//
// A server may write anything, and no call may be without an end because of it. A text with half of
// an emoji or a byte of Latin-1 is read with U+FFFD in its place, and what is judged, pinned and
// shown is that text. A line that was meant for an answer but is not one ends the requests that it
// names; a list of tools loses those that are nested too deep. Anything else (what servers print to
// the wrong stream) ends nothing: each request has its own time. Pure functions over raw JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {

// Reads a line of a server. Where its characters had to be replaced, `mended` holds the text that
// was read, and `line` is that text; else `mended` stays as it is.
Result<Message> read_server_message(std::string_view& line, std::string& mended,
                                    json::Parser& parser, json::Document& document);

// The number that an id of ours is, in any spelling: `3`, `3.0`, `3e0`, and `"3"`, since we give no
// texts for ids. Nothing: it is not one of ours.
std::optional<std::uint64_t> own_id(std::string_view raw);

// What an unreadable line was meant for.
struct MeantFor {
  bool answer = false;                // it has the members of an answer, and no method
  bool question = false;              // it has a method and an id
  std::vector<std::string_view> ids;  // raw, of the line; texts and whole numbers, each valid JSON
  std::string_view error;             // raw, of the line; empty: it has none
};
// Of a whole line, or of the beginning of one that is too long to read.
enum class OfLine : std::uint8_t { whole, beginning };
MeantFor meant_for(std::string_view line, OfLine part = OfLine::whole);

// Why a request ends that such a line names.
std::string cannot_be_read(const std::string& why);

// The answer to a `tools/list` without the tools that are nested too deep to be read, whose names
// are told. Nothing where that is not what is wrong with it.
struct Shortened {
  std::string line;
  std::vector<std::string> left_out;
};
std::optional<Shortened> without_deep_tools(std::string_view line);

}  // namespace pawl::mcp
