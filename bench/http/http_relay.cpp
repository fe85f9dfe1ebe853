// The null relay of the HTTP benchmark: takes a message, sends it on, and sends the answer back.
// The same loop, server and client as pawl's, and nothing that decides or remembers: what is above
// it is what pawl costs. `http_relay PORT` prints its own port.
#include <cstdio>
#include <string>
#include <utility>

#include "base/task.h"
#include "io/http/client.h"
#include "io/http/server.h"
#include "io/net/loop.h"

namespace {

using namespace pawl;

constexpr const char* kSession = "mcp-session-id";

Task<void> pass_on(http::Client& client, std::string url, http::Request request,
                   http::Responder responder) {
  http::Ask ask;
  ask.method = request.method;
  ask.url = std::move(url);
  for (const char* name : {"accept", "content-type", "mcp-protocol-version", kSession}) {
    if (const auto value = request.headers.find(name)) ask.headers.add(name, *value);
  }
  ask.body = std::move(request.body);
  const Result<http::Answer> answer = co_await client.fetch(std::move(ask));
  http::Response response;
  response.status = answer ? answer->status : 502;
  for (const char* name : {"content-type", kSession}) {
    if (!answer) break;
    if (const auto value = answer->headers.find(name)) response.headers.add(name, *value);
  }
  if (answer) response.body = answer->body;
  std::move(responder).answer(std::move(response));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string url = std::string("http://127.0.0.1:") + argv[1] + "/mcp";
  net::Loop loop;
  http::ClientOptions options;
  options.reach.private_hosts = {"127.0.0.1"};
  http::Client client(loop, std::move(options));
  http::Server server(loop, {}, [&](http::Request request, http::Responder responder) {
    spawn(pass_on(client, url, std::move(request), std::move(responder)));
  });
  const auto port = server.listen("127.0.0.1", 0);
  if (!port) return 1;
  std::printf("%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  return loop.run() ? 0 : 1;
}
