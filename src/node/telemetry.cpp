#include "node/telemetry.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "doors/watch/metrics.h"
#include "doors/watch/spans.h"
#include "kernel/policy/policy.h"
#include "node/common/log.h"
#include "node/servers/remotes.h"

namespace pawl::node {

namespace {

constexpr std::size_t kMetricsConnections = 64;

template <std::size_t N>
void fill(std::array<std::uint8_t, N>& id, std::string_view bytes) {
  std::ranges::copy(bytes.substr(0, N), id.begin());
}

std::string reach_text(const ReachedHost& server) {
  const bool bare = server.host.find(':') == std::string::npos;
  return fmt::format("{}:{}", bare ? server.host : "[" + server.host + "]", server.port);
}

Task<Result<otlp::Proof>> proof_of(std::shared_ptr<broker::Broker> broker, std::string name,
                                   std::string header) {
  auto value = co_await broker->own(name);
  PAWL_CO_TRY(value);
  auto whole = in_field(header, *std::move(value), name);
  PAWL_CO_TRY(whole);
  co_return otlp::Proof{header.empty() ? "authorization" : header, *std::move(whole)};
}

}  // namespace

Telemetry::Telemetry(net::Loop& loop, Gate& gate, Clock& clock, std::function<watch::NodeNow()> now)
    : loop_(loop), gate_(gate), clock_(clock), now_(std::move(now)), random_(random_in_batches()) {}

Telemetry::~Telemetry() {
  gate_.calls.on_over({});
}

void Telemetry::measure() {
  gate_.calls.on_over([this](const CallOver& call) { over(call); });
}

void Telemetry::over(const CallOver& call) {
  if (metrics_) metrics_->over(call);
  if (!exporter_) return;
  auto spans = watch::spans_of(call, {clock_.now(), clock_.boot(), random_});
  if (!spans.empty()) exporter_->add(std::move(spans));
}

Status Telemetry::serve_metrics(const Deployment::Address& where) {
  metrics_ = std::make_unique<watch::Metrics>(gate_);
  hears_ = gate_.on_record([this](const Record& record) { metrics_->note(record); });
  measure();
  routes_.add(
      "GET", "/metrics", http::Hosts::any,
      [this](const http::Request&, http::Responder responder) { answer(std::move(responder)); });
  http::ServerLimits limits;
  limits.connections_max = kMetricsConnections;
  server_.emplace(loop_, limits, routes_.handler());
  if (!where.socket.empty()) {
    PAWL_TRY(server_->listen_unix(where.socket, {.replace_stale = true}));
    log_line("metrics at unix:" + where.socket);
    return {};
  }
  const bool bracketed = where.host.starts_with('[');
  const std::string host = bracketed ? where.host.substr(1, where.host.size() - 2) : where.host;
  const auto port = server_->listen(host, where.port);
  PAWL_TRY(port);
  routes_.serve_site(http::loopback_site(*port));
  log_line(fmt::format("metrics at http://{}:{}/metrics", where.host, *port));
  return {};
}

void Telemetry::answer(http::Responder responder) {
  watch::NodeNow now = now_();
  now.now = clock_.now();
  if (exporter_) {
    now.traces = true;
    now.spans_sent = exporter_->sent();
    now.spans_lost = exporter_->lost();
    now.spans_waiting = exporter_->waiting();
  }
  http::Response response;
  response.headers.add("content-type", watch::exposition_type);
  response.headers.add("cache-control", "no-store");
  response.body = metrics_->write(now) + process_numbers();
  std::move(responder).answer(std::move(response));
}

void Telemetry::send_traces(const Deployment::Traces& where, const std::string& directory,
                            const std::string& instance, std::shared_ptr<broker::Broker> broker,
                            std::function<void(const std::string&)> tell) {
  const ReachedHost& collector = where.collector;
  otlp::ExporterSetup setup;
  setup.collector = collector.url;
  http::Reach& reach = setup.client.reach;
  (collector.own_network ? reach.private_hosts : reach.hosts) = {reach_text(collector)};
  if (!collector.ca.empty()) {
    setup.client.ca_file = (std::filesystem::path(directory) / collector.ca).string();
  }
  setup.client.user_agent = "pawl/" PAWL_VERSION;
  setup.resource = {"pawl", PAWL_VERSION, instance};
  if (!where.credential.empty()) {
    setup.prove = [broker = std::move(broker), name = where.credential, header = where.header] {
      return proof_of(broker, name, header);
    };
  }
  exporter_.emplace(loop_, std::move(setup), std::move(tell));
  one_in_ = where.one_in;
  measure();
}

void Telemetry::know(const Deployment& deployment) {
  if (!metrics_) return;
  std::vector<std::string> roles, servers;
  for (const auto& [name, role] : deployment.roles) roles.push_back(name);
  for (const auto& [name, server] : deployment.servers) servers.push_back(name);
  metrics_->know(roles, servers);
}

// Orchestrators name servers that only the policy knows.
void Telemetry::know(const Policy& policy) {
  if (!metrics_) return;
  std::vector<std::string> servers;
  for (const ToolRule& tool : policy.tools) {
    for (const std::string& name : tool.names) {
      const std::string server = name.substr(0, name.find('/'));
      if (server.size() < name.size() && server.find('*') == std::string::npos) {
        servers.push_back(server);
      }
    }
  }
  metrics_->know({policy.agent}, servers);
}

BeginTrace Telemetry::begin_trace() {
  if (!exporter_) return {};
  return [this](std::string_view traceparent) { return begin(traceparent); };
}

std::shared_ptr<const CallTrace> Telemetry::begin(std::string_view traceparent) {
  auto trace = std::make_shared<CallTrace>();
  const auto parent = parse_traceparent(traceparent);
  if (parent) {
    trace->own.trace = parent->trace;
    trace->own.sampled = parent->sampled;
    trace->parent = parent->span;
  } else {
    fill(trace->own.trace, random_(trace->own.trace.size()));
    trace->own.sampled = begun_++ % one_in_ == 0;
  }
  fill(trace->own.span, random_(trace->own.span.size()));
  fill(trace->upstream, random_(trace->upstream.size()));
  return trace;
}

Task<bool> Telemetry::flush(Duration within) {
  if (!exporter_) co_return true;
  co_return co_await exporter_->flush(within);
}

namespace {

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t whole = 0, resident = 0;
  statm >> whole >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code wrong;
  double count = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd", wrong)) {
    (void)file;
    ++count;
  }
  return count;
}

double files_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::string process_numbers() {
  using watch::Family;
  using enum Family::Kind;
  struct Number {
    std::string_view name, help;
    Family::Kind kind;
    double value;
  };
  const Number numbers[] = {
      {"process_cpu_seconds_total", "Time on processors.", counter, cpu_seconds()},
      {"process_resident_memory_bytes", "Memory that is there.", gauge, resident_bytes()},
      {"process_open_fds", "Open files.", gauge, open_files()},
      {"process_max_fds", "Files that may be open.", gauge, files_max()},
  };
  std::string out;
  for (const Number& number : numbers) {
    Family family(number.name, number.help, number.kind);
    family.set({}, number.value);
    family.write(out);
  }
  return out;
}

}  // namespace pawl::node
