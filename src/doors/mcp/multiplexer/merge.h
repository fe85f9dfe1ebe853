// What several servers said, as if one had said it. Pure functions over parsed messages.
//
// Everything keeps the order of the servers in the deployment, so the same answers give the same
// bytes. A server that did not answer is named wherever something of it would stand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "doors/mcp/protocol/json_edit.h"

namespace pawl::mcp {

// One server's part. `result` is nothing where it did not answer.
struct Part {
  std::string_view server;
  json::View result;
};

// Answers of `initialize`, and of `server/discover` where `stateless`. The revision is the oldest
// that any of them speaks, so that no client is told what it does not know.
std::string merged_hello(const std::vector<Part>& parts, bool stateless);

// One page of each server's list. `member` holds it; names are those of an endpoint where `named`.
// `pawl/list` in `_meta` says how much of it the policy shows, and who did not answer.
std::string merged_page(std::string_view member, bool named, const std::vector<Part>& parts);

// Where the lists of the servers go on: the cursors that they gave, by server.
using Cursors = std::vector<std::pair<std::string, std::string>>;
std::string cursor_text(const Cursors& cursors);
// Nothing: it is not one of ours.
std::optional<Cursors> read_cursor(std::string_view text);

// Params of a log message, with the server's name before that of its logger.
std::string with_logger(std::string_view server, json::View params);
// A state for a client to bring back, with the name of the server that gave it; and without it.
std::string state_of(std::string_view server, std::string_view state);
struct StateOf {
  std::string_view server, state;
};
std::optional<StateOf> read_state(std::string_view text);

}  // namespace pawl::mcp
