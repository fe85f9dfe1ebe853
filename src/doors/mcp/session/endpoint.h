// What a client is connected to: the session in front of one server (session.h), or the one that
// stands in front of several (connect.h).
#pragma once

#include <memory>
#include <string>

namespace pawl {
class Policy;
}  // namespace pawl

namespace pawl::mcp {

struct SessionEnd {
  std::string why;  // `the client closed`, `the server ended`, …
  bool server_ended = false;
  bool initialized = false;
};

class Endpoint {
 public:
  virtual ~Endpoint() = default;
  // Begins the end: as if the client had closed.
  virtual void finish(const std::string& why) = 0;
  // The switch was thrown over this run: everything in flight is cancelled at its server.
  virtual void cancel_all() = 0;
  virtual const std::string& run() const = 0;
  // The run goes on under another policy: lists are filtered by it, and the client asks again.
  virtual void use_policy(std::shared_ptr<const Policy> policy) = 0;
};

}  // namespace pawl::mcp
