// Who may answer, and who may sign in: the people of the deployment file, those who are enrolled,
// and people for whom its provider vouches.
//
// People for whom the deployment's provider vouches: who they are here, and for how long.
//
// What it says counts as long as a session at the console can last, and is in memory alone: a node
// that starts again asks all to sign in. A person of the file is whom the file says; any
// other counts as long as the file knows one of their groups, and never by a name that is in
// the file already: no one is two persons, and no one becomes another.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/console/console.h"
#include "io/identity/http_keys.h"
#include "io/identity/provider.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"
#include "model/clock.h"

namespace pawl {
class Gate;
}
namespace pawl::broker {
class Broker;
}

namespace pawl::node {

struct ReviewersPorts {
  net::Loop& loop;
  Gate& gate;
  Clock& clock;
  const Deployment& deployment;         // in force
  const std::string& config_directory;  // where its file is
  std::shared_ptr<broker::Broker> broker;
  std::function<void(const std::string& topic, const std::string& text)> refused;
  std::function<void()> told;  // the gate knows who may answer
};

class Reviewers {
 public:
  explicit Reviewers(ReviewersPorts ports)
      : loop_(ports.loop),
        gate_(ports.gate),
        clock_(ports.clock),
        deployment_(ports.deployment),
        config_directory_(ports.config_directory),
        broker_(std::move(ports.broker)),
        refused_(std::move(ports.refused)),
        told_(std::move(ports.told)) {}
  Reviewers(const Reviewers&) = delete;

  void file_changed();
  Status enrol_configured();
  std::vector<std::string> groups_of(std::string_view person) const;
  std::optional<console::Known> known_person(const std::string& person) const;
  std::string owner_of_passkey(std::string_view id) const;
  Task<Result<std::string>> provider_address(console::ProviderSignIn asked);
  Task<Result<console::CameBack>> provider_redeem(console::ProviderSignIn asked, std::string code,
                                                  std::string issuer);
  // All who wait for the provider are answered.
  void finish() {
    if (provider_) provider_->finish();
  }

 private:
  struct Vouching {
    std::string name, issuer;  // as the provider calls them
    std::vector<std::string> groups;
    Instant until{};
  };
  void tell_people();
  bool is_auditor(std::string_view person) const;
  std::set<std::string, std::less<>> auditors() const;
  identity::Provider* provider_in_force();
  std::vector<std::string> groups_through_provider(std::string_view person) const;
  std::string way_of_vouched(std::string_view person) const;
  bool name_is_free(std::string_view name) const;
  void look_at_vouched();

  net::Loop& loop_;
  Gate& gate_;
  Clock& clock_;
  const Deployment& deployment_;
  const std::string& config_directory_;
  std::shared_ptr<broker::Broker> broker_;
  std::function<void(const std::string&, const std::string&)> refused_;
  std::function<void()> told_;
  std::unique_ptr<identity::HttpKeys> keys_;
  std::unique_ptr<identity::Provider> provider_;
  std::map<std::string, Vouching, std::less<>> vouched_;  // by person
  net::Timer vouching_ends_;
};

}  // namespace pawl::node
