// The doors on the network: opened with the node, read anew on a signal, closed in order.
#include <signal.h>

#include <fmt/format.h>

#include "app/node_room.h"

namespace pawl::app {
namespace {

// How long answers that are under way may take when the node is told to end.
constexpr Duration drain_within = Duration::seconds(10);

}  // namespace

Status Node::open_gateway() {
  if (!options_.serves) return {};
  if (!deployment_.listen)
    return fail(Fault::usage, "the deployment file has no `listen` any more");
  gateway_ = std::make_unique<Gateway>(loop_, [this] { return gate_->fault(); });
  if (Status listens = gateway_->listen(*deployment_.listen, config_directory_); !listens) {
    return listens;
  }
  log_line(fmt::format("serving at {}", gateway_->address()));
  if (!deployment_.listen->mcp.local() && deployment_.listen->certificate.empty()) {
    log_line("what is sent there is not encrypted: others on the way can read it (`listen.tls`)");
  }
  return {};
}

void Node::signalled(int number) {
  if (number == SIGHUP && options_.serves) return reload();
  if (gateway_ && !std::exchange(ending_, true)) {
    log_line(fmt::format("signal {}: no further requests, what is under way is finished", number));
    spawn(end_serving());
    return;
  }
  log_line(fmt::format("signal {}: the node ends", number));
  loop_.stop();
}

Task<void> Node::end_serving() {
  const bool in_time = co_await gateway_->drain(drain_within);
  if (!in_time) log_line("connections were cut that did not end in time");
  loop_.stop();
}

// A bad file never replaces a good one.
void Node::reload() {
  if (Status read = read_config(); !read) {
    log_line("the deployment file has a mistake; what was in force stays");
    (void)gate_->note({}, "deployment file does not load", to_string(read.error()));
    return;
  }
  if (Status people = enrol_configured(); !people) log_line(to_string(people.error()));
  tell_people();
  if (Status certificate = gateway_->reload(); !certificate) {
    log_line("the certificate stays as it was: " + to_string(certificate.error()));
  }
  log_line("the deployment file was read again");
}

}  // namespace pawl::app
