// Who hears of questions and escalations: the node's log, the standard error of the client's
// `pawl mcp`, a desktop notification where there is a session bus, and the ways to people that the
// deployment file has (notifiers.h).
//
// The gate climbs the escalation of an escalation and asks for each step here; how it went goes
// back to the gate as a record. A way that does not get through is itself escalated, once each time
// that it dies: the escalation of that goes on past contacts who cannot be reached.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gate/state/ports.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"
#include "node/automated_reviewer.h"
#include "node/common/log.h"
#include "node/notifiers.h"

namespace pawl {
class Gate;
class Journal;
class State;
struct Approval;
}  // namespace pawl

namespace pawl::node {

class NodeNotifier final : public Notifier {
 public:
  // `say` reaches the people at the clients of a run; an empty run means all of them.
  NodeNotifier(net::Loop& loop, std::shared_ptr<broker::Broker> broker,
               std::function<void(const std::string& run, const std::string&)> say);

  void use(Gate* gate, Journal* journal) {
    gate_ = gate;
    journal_ = journal;
    automated_.use(gate, journal);
  }
  void use(const Deployment& deployment, const std::string& directory);
  AutomatedReviewers& automated() { return automated_; }
  Notifiers& notifiers() { return notifiers_; }
  const Notifiers& notifiers() const { return notifiers_; }

  void question(const std::string& approval, const std::string& sentence) override;
  void news(const QuestionNews& news) override;
  void escalate(const std::string& run, const std::string& event,
                const std::string& sentence) override;
  void tell(const EscalationStep& step) override;
  void changed(const EscalationOpened& opened, const std::string& how) override;

 private:
  void way_changed(const std::string& way, bool dead, const std::string& why);
  notify::Notice notice(notify::Notice::Kind kind, const std::string& run, const std::string& event,
                        const std::string& sentence) const;

  net::Loop& loop_;
  std::function<void(const std::string&, const std::string&)> say_;
  Gate* gate_ = nullptr;
  Journal* journal_ = nullptr;
  Deployment deployment_;
  Notifiers notifiers_;
  AutomatedReviewers automated_;
};

// Whether this question may be approved by a button: its class is reversible and nothing has to be
// typed. What its display is, where all of it can be shown there; else its digest is empty.
bool approvable_by_button(const Approval& approval);
struct ButtonDisplay {
  std::vector<notify::ShownValue> values;
  std::string shown;
};
ButtonDisplay display_for_button(const State& state, Journal& journal, const std::string& approval);

}  // namespace pawl::node
