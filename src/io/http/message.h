// Requests and responses as values: what a handler is given, and what it gives back.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/http/headers.h"

namespace pawl::http {

// What a client proved by its certificate; only chains that were verified get here.
struct ClientCertificate {
  std::string subject;  // RFC 2253, as OpenSSL prints it
  std::vector<std::string> dns_names;
  std::vector<std::string> uris;  // a SPIFFE id is one of these
  std::vector<std::string> emails;
  std::string sha256;  // of the certificate's DER, in hexadecimal: what `cnf.x5t#S256` is made of
  // Seconds since 1970 at which it is over: connections live longer than handshakes.
  std::int64_t not_after = 0;
};

// Who is on the other side of a connection.
struct Remote {
  std::string address;        // `127.0.0.1`, `2001:db8::1`; empty on a Unix socket
  std::uint16_t port = 0;     // 0 on a Unix socket
  std::optional<uid_t> user;  // of a Unix socket only
  bool encrypted = false;
  std::optional<ClientCertificate> certificate;
};

struct Request {
  std::string method;  // as it came: methods know upper from lower case
  std::string target;  // begins with `/`, or is `*`; the scheme and host of an absolute one are cut
  Headers headers;
  std::string body;
  std::shared_ptr<const Remote> remote;
};

struct Response {
  int status = 200;
  // Without length, coding, connection and date: framing belongs to the connection.
  Headers headers;
  std::string body;
};

// Why a request was not answered by a handler; also what handlers may say no with.
struct Refusal {
  int status = 400;
  std::string reason;  // one sentence, without anything the client sent
};
// The refusal as plain text.
Response respond(const Refusal& refusal);

// `Not Found` of 404. Empty where the number has no name here.
std::string_view phrase_of(int status);

// The part of a target before `?`, and the part after it.
std::string_view path_of(std::string_view target);
std::string_view query_of(std::string_view target);

}  // namespace pawl::http
