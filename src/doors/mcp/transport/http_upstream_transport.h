// The transport to a tool server that is reached over HTTP: MCP's Streamable HTTP, in both eras.
//
// Every message is an exchange of its own, a POST that is answered by one JSON text or by a stream
// of events. In the stateful era the server may keep a session (`Mcp-Session-Id`): it is carried
// along, ended by DELETE, and its own stream (GET) is listened to; a stream that breaks is resumed
// with `Last-Event-ID`. A server that lost the session is opened again, and the session behind this
// transport hears that its tools may have changed; what met the loss was not executed and is an
// error. One that does not live for long is opened again after a pause, which grows. In the
// stateless era there is nothing but POSTs, with the headers that repeat what is in the body, and a
// request is cancelled by closing its exchange.
//
// How a request ends that is not answered: as an error where nothing can have acted on it (nothing
// was sent, or the server refused it: 307, 308, 4xx), else as lost. No redirect is followed and
// nothing is sent twice. A server that cannot be reached does not end the transport: it may come
// back. Errors of the way to it name its host and never the rest of its address.
//
// Secrets: `mint` gives one for each request, inside the exchange that carries it, which wipes it.
// Everything that the server says goes through `scrub` before it is read.
// Threads: one loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/transport/transport.h"
#include "io/http/client.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"

namespace pawl::mcp {

inline constexpr std::size_t session_id_bytes_max = 1024;
inline constexpr std::size_t event_id_bytes_max = 1024;
inline constexpr std::size_t refusal_bytes_max = 64UL << 10;
// Tools of a server that want arguments in headers; further ones are called without.
inline constexpr std::size_t mirrored_tools_max = 1024;
// How often in a row a stream is resumed that brings nothing.
inline constexpr unsigned resumptions_max = 5;
// Between two connections: what a server asks for, within these.
inline constexpr Duration again_min = Duration::milliseconds(100);
inline constexpr Duration again_after = Duration::seconds(1);
inline constexpr Duration again_max = Duration::seconds(60);
// One that was opened again and is lost before is opened again after a pause: `again_after`, then
// twice as long each time, up to `again_max`.
inline constexpr Duration session_lives_min = Duration::seconds(60);
// For messages that are no requests; how long a request may take is known to its sender.
inline constexpr Duration accepted_within = Duration::seconds(30);
// A server that has answered may keep its stream open so long.
inline constexpr Duration stream_after_answer_max = Duration::seconds(2);

// A secret that goes with one request, and what may be written down about it.
struct Minted {
  std::string header;         // the field that carries it; empty: the request carries none
  secrets::Credential value;  // the field's whole value
  UsedCredential used = {};
};

struct RemoteServer {
  std::string url;
  // Reaches this server's host and no other. Where it outlives the transport, the end of a session
  // is still told to the server.
  std::shared_ptr<http::Client> client;
  // An error: the request is not sent, and its words are its answer. Empty: there is no secret.
  std::function<Task<Result<Minted>>(Pass)> mint = {};
  std::function<void(std::string&)> scrub = {};
};

std::unique_ptr<Transport> over_http(net::Loop& loop, RemoteServer server);

}  // namespace pawl::mcp
