// The keys of the deployment file about `pawl serve` itself: where it listens, how much of it there
// is, and who is told how calls went.
#include <array>

#include "kernel/config/keys_parts.h"

namespace pawl {
namespace {

using enum Section;

constexpr auto kServingKeys = std::to_array<Key>({
    {listen, "mcp", "text", "required", 0,
     "The address of the MCP door: `127.0.0.1:8080`, `[::1]:8080`, or the path of a socket."},
    {listen, "hosts", "list of texts", "the loopback's names", 0,
     "Names and addresses by which clients call; a request for another host is refused."},
    {listen, "origins", "list of texts", "the loopback's", 0,
     "Origins of web pages that may call; a request from another page is refused."},
    {listen, "url", "text", "the address itself", 0,
     "How clients reach it, such as `https://gate.example`: the issuer of credentials, and their "
     "audience."},
    {listen, "tls", "mapping", "not encrypted", 0, "Encrypts what is listened on."},
    {listen, "console", "text", "nowhere", 0,
     "The address of the console, for people with a browser: `127.0.0.1:8443`. One that other "
     "machines can reach needs `tls`. Without it, `pawl console` opens one on this machine."},
    {listen, "metrics", "text", "nowhere", 0,
     "The address of the metrics, one of this machine alone: `127.0.0.1:9464`, or the path of a "
     "socket."},
    {tls, "certificate", "text", "required", 0,
     "A PEM file: the certificate, then those between it and the root."},
    {tls, "key", "text", "required", 0, "A PEM file: the private key."},
    {tls, "client_ca", "text", "no certificates of clients", 0,
     "A PEM file: who may have signed certificates of clients. A client that shows another one is "
     "not let in."},
    {tls, "clients", "`optional` or `required`", "optional", 0,
     "Whether a client without a certificate is let in as far as its request."},

    {gateway_limits, "processes", "whole number", "1024", 0,
     "Processes of servers that run at once, those that end included."},
    {gateway_limits, "processes_of_caller", "whole number", "128, at most half of `processes`", 0,
     "Of these, what one caller may have. Processes that sessions share are nobody's."},
    {gateway_limits, "sessions", "whole number", "16384", 0,
     "Sessions that are open at once, those that end included."},
    {gateway_limits, "sessions_of_caller", "whole number", "4096, at most half of `sessions`", 0,
     "Of these, what one caller may have."},
    {gateway_limits, "new_sessions_per_minute", "whole number", "600", 0,
     "Sessions that one caller may begin in a minute."},
    {gateway_limits, "requests_of_session", "whole number", "1000", 0,
     "Requests of a session without an answer."},
    {gateway_limits, "requests_per_second", "whole number", "100000", 0,
     "Requests that one caller may make in a second."},
    {gateway_limits, "request_mib", "whole number", "512", 0,
     "MiB of all requests that are under way. One request has at most 16."},
    {gateway_limits, "request_mib_of_caller", "whole number", "128, at most half of `request_mib`",
     0, "Of these, what one caller may have."},
    {gateway_limits, "connections", "whole number", "16384", 0,
     "Connections that are open at once. Counts from the next start."},
    {gateway_limits, "connections_of_address", "whole number",
     "4096, at most half of `connections`", 0,
     "Of these, what one address may have. Counts from the next start."},

    {traces, "url", "text", "required", 0,
     "Where a collector takes traces over OTLP/HTTP: `http://127.0.0.1:4318/v1/traces`. `http` "
     "only on this machine, or with `private`."},
    {traces, "private", "true or false", "false", 0,
     "Its name may stand for an address in a private network or on this machine."},
    {traces, "ca", "text", "the system's", 0,
     "A PEM file: the certificates that vouch for it, and no others do."},
    {traces, "credential", "text", "none", 13,
     "The name of the credential that the collector wants to see. No call carries it."},
    {traces, "header", "text", "`Authorization: Bearer`", 13,
     "The header field whose whole value the credential is."},
    {traces, "one_in", "whole number", "1", 0,
     "Of so many traces that begin here, one is kept. Of a client's own trace, its client says."},
});

}  // namespace

std::span<const Key> keys_of_serving() {
  return kServingKeys;
}

}  // namespace pawl
