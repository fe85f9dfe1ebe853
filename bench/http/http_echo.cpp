// The tool server of the HTTP benchmark: MCP over Streamable HTTP, in native code. Prints the port.
#include <cstdio>
#include <string>
#include <utility>

#include "../echo.h"
#include "io/http/server.h"
#include "io/net/loop.h"

namespace {

using namespace pawl;

void answer(const http::Request& request, http::Responder responder) {
  http::Response response;
  if (request.method != "POST") {
    response.status = request.method == "DELETE" ? 204 : 405;
  } else {
    echo::answer(request.body, response.body);
    response.status = response.body.empty() ? 202 : 200;
    if (!response.body.empty()) response.headers.add("content-type", "application/json");
    if (request.body.find("\"initialize\"") != std::string::npos) {
      response.headers.add("mcp-session-id", "bench");
    }
  }
  std::move(responder).answer(std::move(response));
}

}  // namespace

int main() {
  net::Loop loop;
  http::ServerLimits limits;
  http::Server server(loop, limits, answer);
  const auto port = server.listen("127.0.0.1", 0);
  if (!port) return 1;
  std::printf("%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  return loop.run() ? 0 : 1;
}
