// The ways to people that the deployment file has, ready to be used: Slack, webhooks, PagerDuty,
// mail, commands (io/notify carries, this transports).
//
//   Notifiers ways(loop, broker, tell);
//   ways.use(deployment, directory);
//   ways.send("slack:@ada", notice, done);
//
// Secrets are read anew for every attempt, so that a rotated one is the next attempt's. A way that
// does not get through is told of (`tell`), and is named in the status, in `/readyz` and in the
// metrics until it does.
// Threads: the node's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/broker/broker.h"
#include "io/http/client.h"
#include "io/net/loop.h"
#include "io/notify/messenger.h"
#include "io/notify/notice.h"
#include "kernel/deployment/deployment.h"

namespace pawl::node {

// How a way fares.
struct WayNow {
  std::string name;  // `slack`, `webhook:siem`, `pagerduty`, `mail`, `command`, `desktop`
  std::string dead;  // why nothing gets through; empty: it does, as far as anybody knows
  std::uint64_t told = 0, failed = 0, waiting = 0;
};

class Notifiers {
 public:
  using Done = std::function<void(const notify::Attempt&)>;
  // `tell`: a way died, with the reason, or lives again.
  using Tell = std::function<void(const std::string& way, bool dead, const std::string& why)>;

  Notifiers(net::Loop& loop, std::shared_ptr<broker::Broker> broker, Tell tell)
      : loop_(loop), broker_(std::move(broker)), tell_(std::move(tell)) {}
  Notifiers(const Notifiers&) = delete;

  // The deployment file in force; relative files are beside it. What waits under ways that are the
  // same stays.
  void use(const Deployment& deployment, const std::string& directory);

  // `via` as a contact has it. `done` once; at once where no person can be reached that way.
  void send(const std::string& via, const notify::Notice& notice, Done done);
  // To everybody who hears of questions: Slack's channel, the webhooks, the mail's `to`.
  void question(const notify::Notice& notice);
  // What happened, to the webhooks that hear of everything, and the deployment's program. Contacts
  // are told one by one, with `send`.
  void escalation(const notify::Notice& notice);
  // To the person who sits here, where there is a session bus and the file does not say otherwise.
  void desktop(const std::string& title, const std::string& sentence);
  // Below a message in Slack: what became of a press of its button.
  void slack_line(const std::string& channel, const std::string& thread,
                  const std::string& sentence);
  // The secret that Slack signs with.
  Task<Result<secrets::Credential>> signing_secret();

  std::vector<WayNow> now() const;
  std::uint64_t waiting() const;

 private:
  std::shared_ptr<http::Client> client_of(const ReachedHost& at);
  notify::Messenger& way(const std::string& name);
  std::string beside(const std::string& file) const;
  void slack(const std::string& channel, const notify::Notice& notice, Done done);
  void webhook(const std::string& name, const notify::Notice& notice, Done done);
  void pagerduty(const std::string& service, const notify::Notice& notice, Done done);
  void mail(const std::string& to, const notify::Notice& notice, Done done);
  void command(std::vector<std::string> words, const notify::Notice& notice, Done done);

  net::Loop& loop_;
  std::shared_ptr<broker::Broker> broker_;
  Tell tell_;
  Deployment deployment_;
  std::string directory_;
  std::map<std::string, std::shared_ptr<http::Client>>
      clients_;  // by address and how it is reached
  std::map<std::string, notify::Messenger> ways_;
};

}  // namespace pawl::node
