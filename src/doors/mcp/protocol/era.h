// The two eras of MCP, and what differs on the transport. Pure functions over parsed messages.
//
// Up to revision 2025-11-25 a client says `initialize` once, and either side sends requests. Since
// 2026-07-28 every request carries its envelope in `_meta`, there is no session, and what a server
// wants to know comes back as a result that says `input_required`. Inside this door results and
// questions have the older form; the newer one is put on, and taken off, at its edges, so that a
// client of either era talks to a server of either.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace pawl {
class Policy;
}  // namespace pawl

namespace pawl::mcp {

struct Shown;  // reply.h

enum class Era : std::uint8_t { unknown, stateful, stateless };

inline constexpr std::string_view stateless_revision = "2026-07-28";

// Keys of `_meta` that the protocol itself reads.
inline constexpr std::string_view meta_prefix = "io.modelcontextprotocol/";
inline constexpr std::string_view meta_version = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view meta_client = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view meta_capabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view meta_log_level = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view meta_server = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view meta_subscription = "io.modelcontextprotocol/subscriptionId";
inline constexpr std::string_view meta_related_task = "io.modelcontextprotocol/related-task";

// JSON-RPC errors of the stateless era.
inline constexpr int header_mismatch = -32020;
inline constexpr int missing_capability = -32021;
inline constexpr int unsupported_version = -32022;

// What a request of the stateless era says about its sender. Views into the params.
struct Envelope {
  bool claimed = false;    // the version key is there: the sender speaks the stateless era
  bool supported = false;  // … and it is a version that is served
  std::string_view wrong;  // the key that is missing or of the wrong kind; empty: none
  std::string_view version, log_level;
  json::View capabilities, client;
};
Envelope read_envelope(json::View params);

// How grave a log message is, from `debug`; -1 for no level of the protocol.
int gravity(std::string_view level);

// What a client can be asked for.
struct Offers {
  bool form = false, address = false, sampling = false, roots = false;
  bool cover(std::string_view method, json::View params) const;
};
Offers offers_of(json::View capabilities);

// The error of a version that is not served, with what is.
std::string unsupported_error(std::string_view requested);
// A JSON-RPC error object of a server, with codes that the stateless era no longer has replaced.
std::string error_for_stateless(std::string_view error);

// Which results say how long they may be kept. What a client may see follows the policy, which may
// change at any moment, so it is never longer than now and never for others.
enum class Cached : std::uint8_t { no, yes };
// A result as a stateless client gets it: `resultType`, and the two cache fields where they belong.
// What the server wrote in their place is taken out, however it is spelled.
std::string result_for_stateless(std::string_view result, Cached cached);

// A stateless server's result in the older form.
struct FromStateless {
  enum class Kind : std::uint8_t { complete, input_required, task, invalid };
  Kind kind = Kind::invalid;
  std::string text;  // of complete: without what only the stateless era has
};
FromStateless from_stateless(std::string_view result);

// Answer of `server/discover` from what a server said about itself in the form of `initialize`.
std::string discover_result(json::View said, const Shown& to, bool with_instructions);
// A stateless server's `server/discover` in the form of an `initialize` result; empty where it does
// not serve the stateless revision.
std::string said_in_discover(json::View result);

// The members of `_meta` of a request to a stateless server, without braces: pawl's own envelope,
// with those capabilities of the client whose requests the policy grants.
std::string envelope_for_server(json::View capabilities, json::View client, const Policy& policy,
                                std::string_view server);

}  // namespace pawl::mcp
