// Requests parsed and answered, per second of CPU: the head alone, a whole connection without its
// socket, and both ends of a socket in one thread; and what an idle connection holds.
#include <benchmark/benchmark.h>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/http/conversation.h"
#include "io/http/head.h"
#include "io/http/server.h"
#include "io/net/fd.h"

namespace pawl::http {
namespace {

// What a client of the protocol sends with a call, and a body of its usual size.
std::string request_text(std::size_t body_bytes) {
  return "POST /mcp/support HTTP/1.1\r\nHost: gate.example:8443\r\nAccept: application/json, "
         "text/event-stream\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
         std::string(200, 't') +
         "\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: "
         "update_order\r\nUser-Agent: bench/1.0\r\nContent-Length: " +
         std::to_string(body_bytes) + "\r\n\r\n";
}

void read_a_head(benchmark::State& state) {
  const std::string text = request_text(500);
  const ServerLimits limits;
  for (auto _ : state) {
    auto head = read_head(text, limits);
    if (!head) std::abort();
    benchmark::DoNotOptimize(head);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_a_head);

Handler answer_500() {
  return [body = std::string(500, 'a')](const Request&, Responder responder) {
    Response response;
    response.headers.add("content-type", "application/json");
    response.body = body;
    std::move(responder).answer(std::move(response));
  };
}

void answer_a_request(benchmark::State& state) {
  const auto body_bytes = static_cast<std::size_t>(state.range(0));
  const std::string text = request_text(body_bytes) + std::string(body_bytes, 'b');
  Service service;
  service.handler = answer_500();
  Conversation conversation(service, std::make_shared<Remote>(), [] {});
  for (auto _ : state) {
    conversation.receive(text);
    if (conversation.out().empty()) std::abort();
    conversation.wrote(conversation.out().bytes());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(answer_a_request)->Arg(500)->Arg(100'000);

// Client and server take turns in one thread: the cost of both, four system calls included.
void over_a_socket(benchmark::State& state) {
  const std::string text = request_text(500) + std::string(500, 'b');
  net::Loop loop;
  Server server(loop, {}, answer_500());
  auto pair = net::make_socket_pair();
  if (!pair) std::abort();
  server.serve(std::move(pair->one), {});
  std::string answer(4096, '\0');
  for (auto _ : state) {
    if (::send(pair->other.get(), text.data(), text.size(), 0) < 0) std::abort();
    ssize_t count = -1;
    while (count < 0) {
      loop.turn();
      count = ::recv(pair->other.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(over_a_socket);

// What a connection holds after its first request, without what the kernel holds for it.
void hold_a_connection(benchmark::State& state) {
  const std::string text = request_text(500) + std::string(500, 'b');
  rlimit open{};
  ::getrlimit(RLIMIT_NOFILE, &open);
  open.rlim_cur = open.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &open);
  const std::size_t wanted = std::min<std::size_t>(4000, open.rlim_cur / 4);
  for (auto _ : state) {
    net::Loop loop;
    Server server(loop, {}, answer_500());
    std::vector<net::Fd> clients;
    clients.reserve(wanted);
    loop.read_buffer();
    const std::size_t before = ::mallinfo2().uordblks;
    while (clients.size() < wanted) {
      auto pair = net::make_socket_pair();
      if (!pair || ::send(pair->other.get(), text.data(), text.size(), 0) < 0) std::abort();
      server.serve(std::move(pair->one), {});
      clients.push_back(std::move(pair->other));
      loop.turn();
      loop.turn();
    }
    if (server.connections() != wanted) std::abort();
    state.counters["bytes_each"] =
        static_cast<double>(::mallinfo2().uordblks - before) / static_cast<double>(wanted);
  }
}
BENCHMARK(hold_a_connection)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pawl::http
