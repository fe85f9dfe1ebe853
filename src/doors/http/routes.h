// Which request goes to which handler: one small table for everything that listens on HTTP.
//
//   Routes routes(site);
//   routes.add("GET", "/healthz", Hosts::any, health);
//   routes.add("POST", "/mcp/", Hosts::listed, …);          // everything below
//   http::Server server(loop, limits, routes.handler());
//
// A path that ends in `/` stands for everything below it, any other for itself alone; the longest
// that fits wins. Methods know upper from lower case; HEAD is not GET. What no row fits is
// answered with 404, a path whose row has another method with 405 and `Allow`.
// Before a handler sees a request, its `Host` and `Origin` are looked at (io/http/site.h): rows of
// `Hosts::any` are served under any host, because what probes a machine's health calls it by
// its address, but to no foreign page.
// Paths are compared as they were sent: nothing is decoded, and a path that has an empty segment, a
// dot segment, a backslash or an escaped character of those is refused, because a proxy
// before us could have read it in another way.
// Threads: one loop. Rows are added before the first request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/http/message.h"
#include "io/http/responder.h"
#include "io/http/site.h"

namespace pawl::http {

enum class Hosts : std::uint8_t { listed, any };

class Routes {
 public:
  explicit Routes(Site site = {}) : site_(std::move(site)) {}

  void add(std::string_view method, std::string_view path, Hosts hosts, Handler handler);
  // Names and origins that are served from now on: the port may be known only after listening.
  void serve_site(Site site) { site_ = std::move(site); }

  void serve(Request request, Responder responder) const;
  // For a server; this table outlives it.
  Handler handler() const;

 private:
  struct Row {
    std::string method, path;
    Hosts hosts;
    Handler handler;
  };
  const Row* find(std::string_view method, std::string_view path, std::string& methods) const;

  Site site_;
  std::vector<Row> rows_;
};

// The part of a request's path below a row's: `sre` of `/mcp/sre` below `/mcp/`.
std::string_view below(std::string_view path, const Request& request);

}  // namespace pawl::http
