// What a message of ours is, for the transport that has to carry it over HTTP: read from its own
// text, because the headers have to agree with what the body says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {

// Arguments of a call that its request says a second time, outside of the message: header fields by
// their names in small letters. No text: the field says something that cannot be read.
using Repeated = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct Outgoing {
  MessageKind kind = MessageKind::notification;
  std::string id;           // raw JSON, of a request
  std::string method;       // of requests and notifications
  std::string name;         // the tool, the prompt or the resource that it is about
  std::string cancels;      // raw id of the request that this notification takes back
  bool stateless = false;   // it carries the envelope of the stateless era
  std::string traceparent;  // of a call that is traced
  std::vector<std::pair<std::string, std::string>> mirrored;  // header fields of its arguments
};

// `document` is filled with the message.
Result<Outgoing> read_outgoing(std::string_view message, json::Parser& parser,
                               json::Document& document);

// A text as the value of a header: as it is where it is plain, else in base64 between marks.
std::string header_text(std::string_view text);

// Arguments that a server of the stateless era wants to see in headers too: those whose schema has
// an `x-mcp-header`.
struct Mirrored {
  struct Argument {
    std::vector<std::string> path;
    std::string header;  // the whole name of the field
  };
  std::vector<Argument> arguments;
  std::string fault;  // not empty: the schema asks for what cannot be, and the tool is not called
};
Mirrored mirrored_by(json::View input_schema);
// The fields for these arguments. One that is absent, null or no plain value has none.
std::vector<std::pair<std::string, std::string>> mirror(const Mirrored& wanted,
                                                        json::View arguments);
// What is wrong with the fields in which the client repeated these arguments, as a sentence;
// empty: they say the same. Fields that the schema does not ask for are ignored.
std::string disagreement(const Repeated& said, const Mirrored& wanted, json::View arguments);

}  // namespace pawl::mcp
