// Notices of this node: what Slack posts back, and whether people can be reached.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "io/http/server.h"
#include "io/notify/slack_answer.h"

namespace pawl {
class Clock;
class Gate;
class Journal;
struct Deployment;
}  // namespace pawl
namespace pawl::net {
class Loop;
}

namespace pawl::node {

class NodeNotifier;

struct NotificationPorts {
  Gate& gate;
  Journal& journal;
  Clock& clock;
  NodeNotifier& notifier;
  const Deployment& deployment;  // in force
  std::function<std::vector<std::string>(std::string_view person)> groups_of;
  std::function<std::string(const std::string& run)> why_to_deny;  // attention_checks.h
  std::function<void(const std::string& topic, const std::string& text)> refused;
};

class Notifications {
 public:
  explicit Notifications(NotificationPorts ports)
      : gate_(ports.gate),
        journal_(ports.journal),
        clock_(ports.clock),
        notifier_(ports.notifier),
        deployment_(ports.deployment),
        groups_of_(std::move(ports.groups_of)),
        why_to_deny_(std::move(ports.why_to_deny)),
        refused_(std::move(ports.refused)) {}
  Notifications(const Notifications&) = delete;

  // What Slack posts back where a person pressed a button.
  Task<void> posted(http::Request request, http::Responder responder);
  std::string unheard() const;
  std::string degraded() const;
  std::string notices_json() const;

 private:
  Status pressed(const notify::SlackAnswer& answer, const std::string& person);

  Gate& gate_;
  Journal& journal_;
  Clock& clock_;
  NodeNotifier& notifier_;
  const Deployment& deployment_;
  std::function<std::vector<std::string>(std::string_view)> groups_of_;
  std::function<std::string(const std::string&)> why_to_deny_;
  std::function<void(const std::string&, const std::string&)> refused_;
  notify::SlackProofs proofs_;
};

// The node does not start for this error: people hear of a damaged journal, and others are in the
// log alone.
void tell_of_no_start(net::Loop& loop, NodeNotifier& notifier, const Deployment& deployment,
                      const Error& error);

}  // namespace pawl::node
