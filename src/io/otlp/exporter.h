// Sends spans to a collector, whenever it takes them: OTLP/HTTP in its JSON encoding.
//
//   Exporter exporter(loop, {.collector = "http://127.0.0.1:4318/v1/traces", …}, ports);
//   exporter.add(spans);
//   co_await exporter.flush(within);   // at the end
//
// Nothing waits for it: what finds no room is lost and counted. One request is under way at a time;
// a collector that is not there, or says that it has too much to do, is asked again later with the
// same spans, up to `tries_max` times; one that refuses them gets them once. It is reached by the
// rules of io/http/client.h, at the one address that it was given, and a redirect is a refusal.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/http/client.h"
#include "io/net/loop.h"
#include "io/otlp/span.h"
#include "io/secrets/credential.h"

namespace pawl::otlp {

struct ExporterLimits {
  std::size_t waiting_max = 8192;  // spans
  std::size_t batch_max = 512;
  Duration pause = Duration::milliseconds(500);  // between a span and the request that has it
  Duration again_after = Duration::seconds(2);   // doubled each time
  Duration again_max = Duration::seconds(30);
  Duration deadline = Duration::seconds(10);
  unsigned tries_max = 6;
};

// What a collector wants to see before it takes anything.
struct Proof {
  std::string header;
  secrets::Credential value;  // all of the field
};

struct ExporterSetup {
  std::string collector;  // its URL
  http::ClientOptions client;
  Resource resource;
  // Asked for each request, so that a rotated secret is the next one's; may be empty.
  std::function<Task<Result<Proof>>()> prove = {};
  ExporterLimits limits = {};
};

class Exporter {
 public:
  // `tell`: that the collector is not heard of, and that it is again. A sentence for people.
  Exporter(net::Loop& loop, ExporterSetup setup, std::function<void(const std::string&)> tell);
  ~Exporter();
  Exporter(const Exporter&) = delete;

  // All of them find room, or none does.
  void add(std::vector<Span> spans);
  // True when nothing waits any more.
  Task<bool> flush(Duration within);

  std::size_t waiting() const;
  std::uint64_t sent() const;
  std::uint64_t lost() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::otlp
