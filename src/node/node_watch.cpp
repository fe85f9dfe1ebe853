// For those who watch the machine: numbers and traces of this node.
#include "node/files/config_files.h"
#include "node/node_impl.h"

namespace pawl::node {
namespace {

constexpr Duration last_traces_within = Duration::milliseconds(1500);
constexpr Duration last_look_within = Duration::seconds(2);

Task<void> flush_into(Telemetry& watching, std::shared_ptr<bool> done) {
  (void)co_await watching.flush(last_traces_within);
  *done = true;
}

}  // namespace

Status Node::open_telemetry() {
  telemetry_ = std::make_unique<Telemetry>(loop_, *gate_, *clock_, [this] { return numbers(); });
  if (options_.serves && deployment_.listen && !deployment_.listen->metrics.none()) {
    const Deployment::Address& where = deployment_.listen->metrics;
    if (Status served = telemetry_->serve_metrics(where); !served) {
      Error error = served.error();
      error.at = where.at;
      return std::unexpected(std::move(error));
    }
  }
  if (deployment_.traces) {
    telemetry_->send_traces(*deployment_.traces, config_directory_, journal_->origin(),
                            remotes_->broker(), [](const std::string& text) { log_line(text); });
  }
  telemetry_->know(deployment_);
  if (logs_json()) logs_ = gate_->on_record(log_record);
  return {};
}

// Calls are over by now; a collector that is not there is not waited for.
void Node::send_last_traces() {
  if (!telemetry_) return;
  const auto done = std::make_shared<bool>(false);
  spawn(flush_into(*telemetry_, done));
  (void)loop_.run_until([done] { return *done; }, last_look_within);
}

watch::NodeNow Node::numbers() const {
  watch::NodeNow now;
  now.version = PAWL_VERSION;
  now.ending = ending_;
  now.sessions = door_ ? door_->sessions() : 0;
  now.joined = joined_.size();
  now.connections = gateway_ ? gateway_->connections() : 0;
  now.server_processes = processes_->servers().live();
  now.journal_records = journal_->next();
  now.journal_synced = journal_->synced();
  now.journal_bytes = journal_->bytes_written();
  for (const WayNow& way : notifier_->notifiers().now()) {
    now.ways.push_back({way.name, way.dead.empty(), way.told, way.failed});
  }
  return now;
}

}  // namespace pawl::node
