// The deployment file that people accepted (rule 14): what its own user could write, in production,
// counts where it is as strict as before, and else waits for a person.
//
// Which bytes were accepted is a pin of the journal; the bytes themselves are kept beside it, and
// are what the node starts with while the file says something laxer. Where nobody has to accept
// (nobody whom an agent could be may write the file, nothing is for production, or nobody is
// enrolled), the file counts as it is and becomes the accepted one: what binds later begins there.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "gate/state/rollout.h"
#include "kernel/strictness/deployment.h"
#include "node/files/config_files.h"
#include "node/files/kept_deployment.h"
#include "node/node_impl.h"

namespace pawl::node {
namespace {

constexpr std::size_t waiting_said_max = 256;

// Of a file that is not there: of no bytes.
std::string digest_of(const DeploymentRead& read) {
  return read.digest.empty() ? to_string(sha256(std::string_view())) : read.digest;
}

bool works_in_production(const Policy& policy) {
  const auto by_call = [](const ToolRule& entry) { return entry.environment_by != nullptr; };
  return policy.environment == Environment::production ||
         std::ranges::any_of(policy.tools, by_call);
}

// Somebody who is enrolled, and may decide something by this file.
bool somebody_could_accept(const State& state, const Deployment& file) {
  const auto auditors = file.persons(file.auditors);
  return std::ranges::any_of(state.reviewers(), [&](const auto& row) {
    const auto known = file.people.find(row.first);
    return known != file.people.end() && !known->second.automatic && !auditors.contains(row.first);
  });
}

bool counted_for_production(const State& state, std::string_view digest) {
  const Pin* known = state.pin(policy_pin_server, production_pin_name);
  return known != nullptr && known->digest == digest;
}

}  // namespace

// By what the files of its roles say now, and by what was accepted for them and for whoever else
// has a run here.
bool Node::for_production(const Deployment& deployment) const {
  const State& state = gate_->state();
  std::set<std::string, std::less<>> agents;
  for (const auto& [id, run] : state.runs()) agents.insert(run.agent);
  for (const auto& [name, role] : deployment.roles) {
    agents.insert(name);
    const auto file =
        std::filesystem::path(options_.config).parent_path() / home_expanded(role.file);
    const Loaded loaded = read_policy(file.string(), &deployment);
    if (loaded.policy && works_in_production(*loaded.policy)) return true;
  }
  return std::ranges::any_of(agents, [&](const std::string& agent) {
    if (state.pin(policy_pin_server, policy_pin_name(agent)) == nullptr) return false;
    const auto policy = gate_->policies.accepted_policy(agent);
    return !policy || works_in_production(*policy);
  });
}

// Whoever starts a node says where its file is: one that never was, or somebody else's at another
// place, which they need not be able to write.
bool Node::may_be_anybodys(const DeploymentRead& read) const {
  return read.text.empty() || !config_writers().empty() ||
         kept_place(options_.state_directory) != real_path(options_.config);
}

// Also where its policies say less now than when it was accepted: that is nobody's way out.
bool Node::needs_person() const {
  const State& state = gate_->state();
  return somebody_could_accept(state, deployment_) &&
         (counted_for_production(state, config_.digest) || for_production(deployment_));
}

// The bytes first, then the pin that names them.
Status Node::accept_read(const DeploymentRead& read, bool production, const std::string& person) {
  const std::string digest = digest_of(read);
  const std::string place = real_path(options_.config);
  Status kept = keep_deployment(options_.state_directory, {read.text, place}, config_.digest);
  if (!kept) return kept;
  if (Status pinned = gate_->policies.accept_deployment(digest, production, person); !pinned)
    return pinned;
  config_ = {.digest = digest, .text = read.text, .waiting = {}, .laxer = {}};
  return {};
}

// Nobody has to accept it. What cannot be written down counts all the same until the node ends.
void Node::count_read(const DeploymentRead& read, bool production) {
  const bool never = gate_->state().pin(policy_pin_server, deployment_pin_name) == nullptr;
  if (!never || !read.text.empty()) {
    if (Status counted = accept_read(read, production, {}); !counted) {
      log_line("the deployment file counts, and is not kept: " + to_string(counted.error()),
               LogLevel::warning);
    }
  }
  config_ = {.digest = digest_of(read), .text = read.text, .waiting = {}, .laxer = {}};
}

// Whether what was read has to wait; else it is the accepted one from here on.
bool Node::waits(const DeploymentRead& read) {
  const std::string digest = digest_of(read);
  config_.waiting.clear();
  config_.laxer.clear();
  if (digest == config_.digest) return false;
  const bool binds = may_be_anybodys(read) && needs_person();
  if (binds) {
    auto laxer = laxer_deployment(config_.text, read.text, options_.config);
    // One stricter file after another must not lead to one that nobody has to accept.
    if (!somebody_could_accept(gate_->state(), *read.deployment)) {
      laxer.push_back({{options_.config, 0, 0}, "it leaves nobody who could accept the next one"});
    } else if (laxer.empty() && !for_production(*read.deployment)) {
      laxer.push_back({{options_.config, 0, 0}, "it leaves no role that works in production"});
    }
    if (!laxer.empty()) {
      // What only tightens counts, also where the rest waits.
      take_back_keys(*read.deployment);
      config_.waiting = digest;
      config_.laxer = laxer_text(laxer);
      if (control_) say_waiting();
      return true;
    }
  }
  count_read(read, binds || for_production(*read.deployment));
  return false;
}

// People hear of a file once, however often it is read, and not of ever new ones: what waits now
// is in `pawl status`.
void Node::say_waiting() {
  if (config_.waiting.empty() || waiting_said_.size() >= waiting_said_max) return;
  if (!waiting_said_.insert(config_.waiting).second) return;
  const std::string sentence = fmt::format(
      "{} is not the deployment file that was accepted, {}: a reviewer accepts {} before it counts "
      "(`pawl accept --deployment --config {}`); laxer is {}",
      escape_untrusted(options_.config), config_.digest, config_.waiting,
      escape_untrusted(options_.config), config_.laxer);
  (void)gate_->alerts.note({}, "deployment file waits", sentence);
  gate_->alerts.escalate({}, "deployment_changed", sentence);
}

// At the start, when the journal is open.
Status Node::begin_config(const DeploymentRead& read) {
  const State& state = gate_->state();
  const Pin* pin = state.pin(policy_pin_server, deployment_pin_name);
  const std::string accepted = pin == nullptr ? std::string() : pin->digest;
  if (!accepted.empty() && accepted != digest_of(read)) return begin_with_kept(read, accepted);
  config_.digest = accepted;
  count_read(read, counted_for_production(state, accepted) || for_production(*read.deployment));
  use_config(read);
  return {};
}

Status Node::begin_with_kept(const DeploymentRead& read, const std::string& accepted) {
  const State& state = gate_->state();
  config_.digest = accepted;
  const auto text = kept_deployment(options_.state_directory, accepted);
  // What has ended by now is looked at when it is to be in force.
  LoadedDeployment kept;
  if (text && text->empty()) kept.deployment.emplace();
  if (text && !text->empty()) kept = load_deployment(*text, options_.config);
  if (!kept.deployment) {
    const bool binds = counted_for_production(state, accepted) && !state.reviewers().empty() &&
                       may_be_anybodys(read);
    if (binds) {
      // For whoever is told: of what was accepted nobody knows who that would be.
      deployment_ = *read.deployment;
      notifier_->use(deployment_, std::filesystem::path(options_.config).parent_path().string());
      const std::string why = text ? "do not load any more (" + to_string(kept.errors.front()) + ")"
                              : text.error().fault == ErrorKind::missing ? "are gone"
                                                                         : "are damaged";
      return fail(text ? ErrorKind::refused : ErrorKind::corrupt,
                  fmt::format("{} is not the deployment file that was accepted, {}, and the bytes "
                              "of that one in {} {}: {}",
                              escape_untrusted(options_.config), accepted,
                              escape_untrusted(options_.state_directory), why,
                              text ? "accept one that loads here with the version that took it"
                                   : "put the file with this digest back"));
    }
    count_read(read, for_production(*read.deployment));
    use_config(read);
    return {};
  }
  deployment_ = *kept.deployment;
  config_.text = *text;
  if (!waits(read)) {
    use_config(read);
    return {};
  }
  // As it is kept now: without the keys that were taken back.
  const DeploymentRead stays = deployment_of(options_.config, config_.text);
  if (Status right = check_config(stays); !right) {
    say_waiting();  // else nobody knows of which file the mistake is
    return right;
  }
  use_config(stays);
  take_back_keys(*read.deployment);
  return {};
}

// What was shown to the person, and nothing else: the file may be another one by now.
Status Node::accept_config(const std::string& digest, const std::string& person) {
  const DeploymentRead read = read_deployment(options_.config, options_.config_named);
  if (read.errors.empty() && digest_of(read) != digest) {
    return fail(ErrorKind::refused,
                fmt::format("{} is not the file any more that was shown: it is {} now",
                            escape_untrusted(options_.config), digest_of(read)));
  }
  if (Status right = check_config(read); !right) return right;
  const Deployment before = deployment_;
  Status counted = accept_read(read, for_production(*read.deployment), person);
  if (!counted) return counted;
  use_config(read);
  log_line(
      fmt::format("the deployment file {} was accepted by {}", digest, escape_untrusted(person)));
  accept_observations(before, person);
  return follow_config();
}

// They stand in the file that was shown, and would else wait for the same person again.
void Node::accept_observations(const Deployment& before, const std::string& person) {
  for (const ObservationNow& one : gate_->policies.observations()) {
    const auto known = before.roles.find(one.what.agent);
    const bool same = known != before.roles.end() && known->second.observe &&
                      known->second.observe->until == one.what.until &&
                      known->second.observe->reason == one.what.reason;
    if (!one.waits || same) continue;
    Status accepted = gate_->policies.accept_observation(one.what.agent, one.what.digest(), person);
    if (!accepted) log_line(to_string(accepted.error()), LogLevel::warning);
  }
}

// A key that was taken back stays so, also where the file that said it is undone again.
void Node::revoke_in_accepted(const std::vector<std::string>& prefixes) {
  if (!needs_person()) return;
  std::string text = config_.text;
  for (const std::string& prefix : prefixes) text = with_key_revoked(std::move(text), prefix);
  const DeploymentRead without = deployment_of(options_.config, text);
  const bool only_that = without.deployment && text != config_.text &&
                         laxer_deployment(config_.text, text, options_.config).empty();
  if (!only_that) return;
  const DeploymentNow was = config_;
  count_read(without, true);
  config_.waiting = was.waiting;
  config_.laxer = was.laxer;
}

}  // namespace pawl::node
