#include "node/rollout.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "gate/gate.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"
#include "node/common/log.h"
#include "node/files/config_files.h"
#include "node/policy_watch.h"

namespace pawl::node {
namespace {

Candidate candidate_of_role(const std::string& role, const std::string& file,
                            const Deployment& deployment, std::vector<std::string>& parts) {
  Candidate made{.agent = role, .file = file, .policy = nullptr};
  Loaded loaded = read_policy(file, &deployment, &parts);
  if (!loaded.policy) {
    made.why = loaded.errors.empty() ? "it does not load" : to_string(loaded.errors.front());
  } else if (loaded.policy->agent != role) {
    made.why = fmt::format("its agent is `{}`", escape_untrusted(loaded.policy->agent));
  } else {
    made.policy = std::move(loaded.policy);
  }
  return made;
}

std::string said_of(const ObservationNow& one) {
  return fmt::format("role `{}` {} watched and not enforced until {}: {}",
                     escape_untrusted(one.what.agent),
                     one.waits ? "waits for a reviewer to be" : "is", to_string(one.what.until),
                     escape_untrusted(one.what.reason));
}

}  // namespace

// After the deployment file was read: what it says of a role now is what counts.
void Rollout::begin() {
  std::vector<Observation> observations;
  for (const auto& [name, role] : deployment_.roles) {
    if (role.observe) {
      observations.push_back({name, role.observe->until, role.observe->reason});
    }
  }
  gate_.policies.set_observations(observations);
  candidates_.clear();
  look();
}

// Once a second: a candidate whose files changed is read again, and an observation that ended is
// said.
void Rollout::look() {
  bool changed = false;
  for (const auto& [name, role] : deployment_.roles) {
    if (role.candidate.empty()) continue;
    const std::string file = candidate_file(deployment_.file, role);
    ReadCandidate& known = candidates_[name];
    if (!known.parts.empty() && look_of(known.parts) == known.look) continue;
    known.what = candidate_of_role(name, file, deployment_, known.parts);
    if (known.parts.empty()) known.parts = {file};
    known.look = look_of(known.parts);
    changed = true;
  }
  if (changed || candidates_.size() != gate_.policies.candidates().size()) {
    std::vector<Candidate> all;
    for (const auto& [name, read] : candidates_) all.push_back(read.what);
    gate_.policies.set_candidates(std::move(all));
  }
  tell();
}

void Rollout::tell() {
  std::set<std::string> now;
  for (const ObservationNow& one : gate_.policies.observations()) now.insert(said_of(one));
  for (const CandidateNow& one : gate_.policies.candidates()) {
    now.insert(one.why.empty()
                   ? fmt::format("candidate of role `{}`: {} is judged beside the policy ({})",
                                 escape_untrusted(one.agent), escape_untrusted(one.file),
                                 one.digest)
                   : fmt::format("candidate of role `{}` cannot be judged: {}",
                                 escape_untrusted(one.agent), escape_untrusted(one.why)));
  }
  for (const std::string& text : now) {
    if (!said_.contains(text)) log_line(text);
  }
  for (const std::string& text : said_) {
    if (!now.contains(text)) log_line("no longer: " + text);
  }
  said_ = std::move(now);
}

}  // namespace pawl::node
