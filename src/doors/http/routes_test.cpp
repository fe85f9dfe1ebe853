#include "doors/http/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "io/http/server.h"
#include "io/http/socket_testing.h"

namespace pawl::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Every row answers with its own name and what stands below it.
struct Table {
  Table() : server(loop, {}, routes.handler()) {
    row("GET", "/healthz", Hosts::any);
    row("GET", "/v1/runs", Hosts::listed);
    row("POST", "/v1/runs", Hosts::listed);
    row("GET", "/v1/", Hosts::listed);
    row("POST", "/mcp/", Hosts::listed);
    port = server.listen("127.0.0.1", 0).value_or(0);
    routes.serve_site(loopback_site(port));
  }

  void row(const std::string& method, const std::string& path, Hosts hosts) {
    routes.add(method, path, hosts, [method, path](const Request& request, Responder responder) {
      Response response;
      response.body = "[" + method + " " + path + " " + std::string(below(path, request)) + "]";
      std::move(responder).answer(std::move(response));
    });
  }

  std::string ask(const std::string& line, const std::string& host = "127.0.0.1",
                  const std::string& more = "") {
    RawClient client(loop, port);
    client.send(line + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n" + more +
                "Connection: close\r\n\r\n");
    EXPECT_TRUE(client.sees_end());
    return client.got();
  }

  net::Loop loop;
  Routes routes;
  Server server;
  std::uint16_t port = 0;
};

TEST(Routes, TheLongestPathWins) {
  Table table;
  EXPECT_THAT(table.ask("GET /v1/runs"), HasSubstr("[GET /v1/runs ]"));
  EXPECT_THAT(table.ask("POST /v1/runs"), HasSubstr("[POST /v1/runs ]"));
  EXPECT_THAT(table.ask("GET /v1/runs/r1"), HasSubstr("[GET /v1/ runs/r1]"));
  EXPECT_THAT(table.ask("GET /v1/runs?a=/mcp/"), HasSubstr("[GET /v1/runs ]"));
  EXPECT_THAT(table.ask("POST /mcp/sre"), HasSubstr("[POST /mcp/ sre]"));
}

TEST(Routes, SaysWhichMethodsThereAre) {
  Table table;
  const std::string answer = table.ask("DELETE /v1/runs");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(answer, HasSubstr("allow: GET, POST\r\n"));
  EXPECT_THAT(table.ask("get /healthz"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(table.ask("GET /"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(table.ask("GET /v1"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(table.ask("GET /healthz/"), StartsWith("HTTP/1.1 404"));
}

TEST(Routes, RefusesPathsThatHaveTwoReadings) {
  Table table;
  for (const char* path : {"/mcp/../v1/runs", "/v1//runs", "/v1/./runs", "/v1/%2e%2e/x",
                           "/v1%2Fruns", "/v1/a\\b", "//v1/runs", "/v1/%252e", "/mcp/.."}) {
    EXPECT_THAT(table.ask(std::string("GET ") + path), StartsWith("HTTP/1.1 400")) << path;
  }
}

TEST(Routes, LooksAtHostAndOriginBeforeAnythingElse) {
  Table table;
  EXPECT_THAT(table.ask("GET /v1/runs", "evil.example"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(table.ask("GET /nothing", "evil.example"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(table.ask("GET /v1/runs", "127.0.0.1", "Origin: https://evil.example\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(table.ask("GET /healthz", "10.0.0.7"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(table.ask("GET /healthz", "10.0.0.7", "Origin: https://evil.example\r\n"),
              StartsWith("HTTP/1.1 403"));
}

}  // namespace
}  // namespace pawl::http
