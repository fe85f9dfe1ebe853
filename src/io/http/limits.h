// Every bound of the server. A configuration may change each; none can be switched off.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace pawl::http {

struct ServerLimits {
  // One request.
  std::size_t header_bytes_max = 32UL << 10;  // request line, fields and the blank line
  std::size_t header_count_max = 100;
  std::size_t target_bytes_max = 8UL << 10;
  std::size_t body_bytes_max = 16UL << 20;
  // What the chunks of one body may carry beside the body.
  std::size_t chunk_extension_bytes_max = 4096;

  // One connection.
  std::size_t requests_in_flight_max = 16;
  // What is read while that many are being answered, so that a client's leaving is still noticed.
  std::size_t input_ahead_bytes_max = 64UL << 10;
  // Where a client leaves this much of its answers unread, a streamed one cuts it off.
  std::size_t response_queued_bytes_max = 16UL << 20;
  // `Stream::drained` waits until less than this is queued; so does the next request.
  std::size_t response_queued_bytes_low = 64UL << 10;

  // All connections.
  std::size_t connections_max = 16'384;
  // From one address; of IPv6 the first 64 bits count. Unix sockets are not counted.
  std::size_t connections_per_peer_max = 4096;
  // Bodies that are being read; what exceeds it is answered with 503.
  std::size_t bodies_bytes_max = 512UL << 20;

  // Times.
  Duration header_time = Duration::seconds(10);  // first byte to blank line; a handshake too
  Duration body_time = Duration::seconds(60);    // blank line to last byte of the body
  Duration idle_time = Duration::seconds(75);    // between requests
  Duration write_time = Duration::seconds(30);   // without one byte taken by the client
  Duration linger_time = Duration::seconds(2);   // after a refusal, so that it is read
};

}  // namespace pawl::http
