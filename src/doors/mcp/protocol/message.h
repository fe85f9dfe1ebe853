// One JSON-RPC message of MCP, taken apart without changing it.
//
// A message is refused as a whole where two readers could see two different messages: a batch, a
// member that JSON-RPC does not have, two members of one name at any depth, an id that is
// neither a string nor an integer, `params` that are not an object. Of a server, whose libraries
// write every member of an answer, one that is `null` beside the other is not there; an answer with
// both, or whose `result` is no object, is refused. The texts of `id`, `result` and `error` are
// slices of the received line, so that what passes unchanged passes byte for byte.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/json_slice.h"

namespace pawl::mcp {

enum class MessageKind : std::uint8_t { request, notification, result, error };

struct Message {
  MessageKind kind = MessageKind::notification;
  std::string_view id;      // raw JSON, of requests and answers; empty for notifications
  std::string_view method;  // of requests and notifications
  json::View params;        // an object, or nothing
  json::View result;        // of results
  std::string_view params_text, result_text, error_text;  // raw JSON
};

// Where the sender stands. What a client sends is decided on: there, two names that are equal after
// folding are one name. What a server sends is data too, whose keys may differ in case alone; two
// that are equal byte by byte are refused, because readers differ in which of them they believe.
enum class Side : std::uint8_t { client, server };

// Parses and takes apart. `line` and `document` must outlive the message. On an error, `id_of` may
// still find an id to answer to.
Result<Message> read_message(std::string_view line, Side side, json::Parser& parser,
                             json::Document& document);

// The raw id of a line that could not be read as a message, or `null`.
std::string id_of(std::string_view line);
// The same for the beginning of a line that is too long to read whole: best effort, else `null`.
std::string id_of_head(std::string_view head);

// Ids that are one value in two spellings are one id.
std::string key_of(std::string_view id);
// That of the request which a cancellation names, if it names one.
std::optional<std::string> key_of_cancelled(json::View params);

// The members that JSON-RPC gives a message.
struct MemberName {
  static constexpr std::string_view jsonrpc = "jsonrpc", id = "id", method = "method",
                                    params = "params", result = "result", error = "error";
};
inline constexpr std::array kMessageMembers = {MemberName::jsonrpc, MemberName::id,
                                               MemberName::method,  MemberName::params,
                                               MemberName::result,  MemberName::error};

// The parts of a line as it came.
using json::elements_of;
using json::Slice;
using json::top_level;

// The method of a line that was refused as a message, for the form of the answer only.
std::string method_of(std::string_view line);

// JSON-RPC error codes that pawl sends.
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int refused_by_policy = -31999;  // outside the range that JSON-RPC reserves

// Of the older revisions, and never sent in the stateless era. With the second one
// `data.elicitations` holds addresses that a person is to open.
inline constexpr int resource_not_found = -32002;
inline constexpr int address_required = -32042;

// How what a server wrote is read: what passes is passed on, so numbers may be any. A whole
// message, or what was never a part of one that was read, is read by `parse_said`; its parts by
// these limits.
inline constexpr json::ParseLimits as_it_came = {.duplicate_keys = json::DuplicateKeys::permit};
// The same, and refused where a name stands twice in one object, at any depth and in any spelling.
Status parse_said(std::string_view text, json::Parser& parser, json::Document& document);

// Line ends between the parts of JSON, where alone they may stand, are blanks: over pipes they end
// a message.
void put_on_one_line(std::string& message);

// Answers, complete lines without newline. `id` is raw JSON.
std::string result_line(std::string_view id, std::string_view result);
std::string error_line(std::string_view id, int code, std::string_view message,
                       std::string_view data_json = {});
std::string error_object(int code, std::string_view message, std::string_view data_json = {});
std::string raw_error_line(std::string_view id, std::string_view error);
std::string request_line(std::uint64_t id, std::string_view method, std::string_view params);
std::string notification_line(std::string_view method, std::string_view params);

}  // namespace pawl::mcp
