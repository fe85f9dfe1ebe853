// For those who watch the machine: numbers for Prometheus, traces for a collector.
//
// Numbers are served at `/metrics` of an address of their own, which only this machine reaches, and
// the time of calls is measured only where one of the two is wanted. A collector that is slow or
// away costs spans and nothing else.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "doors/http/routes.h"
#include "io/http/server.h"
#include "io/net/loop.h"
#include "io/otlp/exporter.h"
#include "kernel/deployment/deployment.h"

namespace pawl {
class Clock;
class Gate;
class Policy;
struct CallOver;
struct CallTrace;
}  // namespace pawl
namespace pawl::broker {
class Broker;
}
namespace pawl::watch {
class Metrics;
struct NodeNow;
}  // namespace pawl::watch

namespace pawl::node {

using BeginTrace = std::function<std::shared_ptr<const CallTrace>(std::string_view traceparent)>;

class Telemetry {
 public:
  // `now` fills in what the node knows. Gate and loop outlive it.
  Telemetry(net::Loop& loop, Gate& gate, Clock& clock, std::function<watch::NodeNow()> now);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;

  Status serve_metrics(const Deployment::Address& where);
  // `broker`: mints what the collector wants to see.
  void send_traces(const Deployment::Traces& where, const std::string& directory,
                   const std::string& instance, std::shared_ptr<broker::Broker> broker,
                   std::function<void(const std::string&)> tell);

  // Names that may be labels.
  void know(const Deployment& deployment);
  void know(const Policy& policy);
  // Empty where nothing is traced.
  BeginTrace begin_trace();
  // Sends what waits. True when nothing does any more.
  Task<bool> flush(Duration within);

 private:
  void measure();
  void over(const CallOver& call);
  void answer(http::Responder responder);
  std::shared_ptr<const CallTrace> begin(std::string_view traceparent);

  net::Loop& loop_;
  Gate& gate_;
  Clock& clock_;
  std::function<watch::NodeNow()> now_;
  std::function<std::string(std::size_t)> random_;
  std::unique_ptr<watch::Metrics> metrics_;
  std::shared_ptr<void> hears_;
  std::optional<otlp::Exporter> exporter_;
  std::uint64_t one_in_ = 1, begun_ = 0;
  http::Routes routes_;
  std::optional<http::Server> server_;
};

// What Prometheus knows of every process, of this one.
std::string process_numbers();

}  // namespace pawl::node
