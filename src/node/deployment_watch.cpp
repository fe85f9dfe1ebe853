#include "node/deployment_watch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "gate/gate.h"
#include "gate/state/rollout.h"
#include "kernel/strictness/deployment.h"
#include "node/common/log.h"
#include "node/files/config_files.h"
#include "node/files/kept_deployment.h"
#include "node/gateway.h"

namespace pawl::node {

namespace {

constexpr int links_max = 40;  // as Linux has it

// Who may write this file, or put another one in the place of it or of a folder on the way to it,
// besides its owner's people; empty: no user that an agent or a server could be.
std::string writers_on_the_way(const std::filesystem::path& file) {
  struct stat what{};
  const uid_t own = ::geteuid();
  bool below_is_there = false;  // and belongs to another user
  for (std::filesystem::path one = file; !one.empty(); one = one.parent_path()) {
    if (::lstat(one.c_str(), &what) == 0) {
      // In a folder such as /tmp no user replaces what is another's.
      const bool sticky = S_ISDIR(what.st_mode) && (what.st_mode & S_ISVTX) != 0;
      const bool kept = sticky && below_is_there && what.st_uid != own;
      const bool link = S_ISLNK(what.st_mode);  // it has no mode of its own
      if ((what.st_mode & S_IWOTH) != 0 && !kept && !link) return "every user of this machine";
      // An owner may give themselves the right that they lack.
      const bool writes = what.st_uid == own || (!link && ::access(one.c_str(), W_OK) == 0);
      if (writes && !kept) return "the user that this node runs as";
      below_is_there = true;
    }
    if (one == one.parent_path()) break;
  }
  return {};
}

// By the way that the name says, by those that its links say, and by where all of them lead.
std::string writers_of_file(const std::string& file) {
  std::filesystem::path one = file;
  std::error_code failed;
  for (int links = 0; links < links_max; ++links) {
    if (std::string who = writers_on_the_way(one); !who.empty()) return who;
    if (!std::filesystem::is_symlink(one, failed)) break;
    one = one.parent_path() / std::filesystem::read_symlink(one, failed);
  }
  return writers_on_the_way(real_path(file));
}

}  // namespace

std::string DeploymentWatch::writers() const {
  return writers_of_file(file_);
}

// Rule 14: the journal says which deployment file counted from when on, and whose word it may be.
void DeploymentWatch::note() {
  if (noted_ == digest_) return;
  std::string text = file_ + " is " + digest_;
  if (digest_.empty()) text = file_ + " is not there";
  // What is not there cannot be written.
  const std::string who = digest_.empty() ? std::string() : writers();
  if (!who.empty()) text += ", and can be written by " + who;
  // What the journal has no room for now is said with the next one that is read.
  if (gate_->alerts.note({}, "deployment file", text)) noted_ = digest_;
}

void DeploymentWatch::warn_of_writers() {
  const std::string who = digest_.empty() ? std::string() : writers();
  if (who.empty()) return;
  log_line(fmt::format(
      "warning: {} can be written by {}, and so by agents and servers that run as "
      "such: {}",
      file_, who,
      needs_person() ? "what it loosens waits for a reviewer" : "what it says is then their word"));
}

Status DeploymentWatch::check(const DeploymentRead& read) const {
  const std::vector<Error> errors = serves_ ? serving_mistakes(read) : deployment_mistakes(read);
  for (const Error& error : errors) log_line(to_string(error));
  return errors.empty() ? Status{} : std::unexpected(errors.front());
}

// A bad file never replaces a good one, and a laxer one waits for a person.
Status DeploymentWatch::read() {
  const DeploymentRead read = read_deployment(file_, named_);
  if (Status right = check(read); !right) {
    (void)gate_->alerts.note({}, "deployment file does not load", to_string(right.error()));
    if (read.deployment) take_back_keys(*read.deployment);
    return right;
  }
  if (waits(read)) return {};
  use(read);
  return {};
}

// Sessions keep what they began with; new ones, and people, get what the file says now.
void DeploymentWatch::use(const DeploymentRead& read) {
  deployment_ = *read.deployment;
  digest_ = read.digest;
  directory_ = std::filesystem::path(read.path).parent_path().string();
  in_force_();
  if (gate_ != nullptr) note();
}

// What only tightens counts at once, whatever else is wrong with the file: a key that it calls
// revoked opens nothing any more, of whichever agent it was.
void DeploymentWatch::take_back_keys(const Deployment& file) {
  std::vector<std::string> taken;
  for (const auto& [name, agent] : file.agents) {
    for (const std::string& prefix : agent.revoked) {
      for (auto& [owner, known] : deployment_.agents) {
        const auto is_it = [&prefix](const jose::KeptKey& key) { return key.prefix == prefix; };
        if (std::erase_if(known.keys, is_it) > 0) taken.push_back(prefix);
      }
    }
  }
  if (taken.empty()) return;
  keys_taken_();
  revoke_in_accepted(taken);
  for (const std::string& prefix : taken) {
    log_line("the key " + escape_untrusted(prefix) +
             " is taken back, as the file says; no other line of it "
             "is in force");
  }
}

// The deployment file that people accepted (rule 14): what its own user could write, in production,
// counts where it is as strict as before, and else waits for a person.
//
// Which bytes were accepted is a pin of the journal; the bytes themselves are kept beside it, and
// are what the node starts with while the file says something laxer. Where no reviewer has to
// accept (no user that an agent could be may write the file, nothing is for production, or no
// reviewer is enrolled), the file counts as it is and becomes the accepted one: what binds later
// begins there.

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

// A reviewer who is enrolled, and may decide something by this file.
bool has_accepting_reviewer(const State& state, const Deployment& file) {
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

// By what the files of its roles say now, and by what was accepted for them and for every other one
// who has a run here.
bool DeploymentWatch::for_production(const Deployment& deployment) const {
  const State& state = gate_->state();
  std::set<std::string, std::less<>> agents;
  for (const auto& [id, run] : state.runs()) agents.insert(run.agent);
  for (const auto& [name, role] : deployment.roles) {
    agents.insert(name);
    const auto file = std::filesystem::path(file_).parent_path() / home_expanded(role.file);
    const Loaded loaded = read_policy(file.string(), &deployment);
    if (loaded.policy && works_in_production(*loaded.policy)) return true;
  }
  return std::ranges::any_of(agents, [&](const std::string& agent) {
    if (state.pin(policy_pin_server, policy_pin_name(agent)) == nullptr) return false;
    const auto policy = gate_->policies.accepted_policy(agent);
    return !policy || works_in_production(*policy);
  });
}

// The operator who starts a node says where its file is: one that never was, or another user's at
// another place, which they need not be able to write.
bool DeploymentWatch::may_be_anybodys(const DeploymentRead& read) const {
  return read.text.empty() || !writers().empty() ||
         kept_place(state_directory_) != real_path(file_);
}

// Also where its policies say less now than when it was accepted: that is no way out.
bool DeploymentWatch::needs_person() const {
  const State& state = gate_->state();
  return has_accepting_reviewer(state, deployment_) &&
         (counted_for_production(state, known_.digest) || for_production(deployment_));
}

// The bytes first, then the pin that names them.
Status DeploymentWatch::accept_read(const DeploymentRead& read, bool production,
                                    const std::string& person) {
  const std::string digest = digest_of(read);
  const std::string place = real_path(file_);
  Status kept = keep_deployment(state_directory_, {read.text, place}, known_.digest);
  if (!kept) return kept;
  PAWL_TRY(gate_->policies.accept_deployment(digest, production, person));
  known_ = {.digest = digest, .text = read.text, .waiting = {}, .laxer = {}};
  return {};
}

// No reviewer has to accept it. What cannot be written down counts all the same until the node
// ends.
void DeploymentWatch::count_read(const DeploymentRead& read, bool production) {
  const bool never = gate_->state().pin(policy_pin_server, deployment_pin_name) == nullptr;
  if (!never || !read.text.empty()) {
    if (Status counted = accept_read(read, production, {}); !counted) {
      log_line("the deployment file counts, and is not kept: " + to_string(counted.error()),
               LogLevel::warning);
    }
  }
  known_ = {.digest = digest_of(read), .text = read.text, .waiting = {}, .laxer = {}};
}

// Whether what was read has to wait; else it is the accepted one from here on.
bool DeploymentWatch::waits(const DeploymentRead& read) {
  const std::string digest = digest_of(read);
  known_.waiting.clear();
  known_.laxer.clear();
  if (digest == known_.digest) return false;
  const bool binds = may_be_anybodys(read) && needs_person();
  if (binds) {
    auto laxer = laxer_deployment(known_.text, read.text, file_);
    // One stricter file after another must not lead to one that no reviewer has to accept.
    if (!has_accepting_reviewer(gate_->state(), *read.deployment)) {
      laxer.push_back({{file_, 0, 0}, "it leaves no reviewer who could accept the next one"});
    } else if (laxer.empty() && !for_production(*read.deployment)) {
      laxer.push_back({{file_, 0, 0}, "it leaves no role that works in production"});
    }
    if (!laxer.empty()) {
      // What only tightens counts, also where the rest waits.
      take_back_keys(*read.deployment);
      known_.waiting = digest;
      known_.laxer = laxer_text(laxer);
      if (started_) say_waiting();
      return true;
    }
  }
  count_read(read, binds || for_production(*read.deployment));
  return false;
}

// People hear of a file once, however often it is read, and not of ever new ones: what waits now
// is in `pawl status`.
void DeploymentWatch::say_waiting() {
  if (known_.waiting.empty() || waiting_said_.size() >= waiting_said_max) return;
  if (!waiting_said_.insert(known_.waiting).second) return;
  const std::string sentence = fmt::format(
      "{} is not the deployment file that was accepted, {}: a reviewer accepts {} before it counts "
      "(`pawl accept --deployment --config {}`); laxer is {}",
      escape_untrusted(file_), known_.digest, known_.waiting, escape_untrusted(file_),
      known_.laxer);
  (void)gate_->alerts.note({}, "deployment file waits", sentence);
  gate_->alerts.escalate({}, "deployment_changed", sentence);
}

// At the start, when the journal is open.
Status DeploymentWatch::begin(Gate& gate, const DeploymentRead& read) {
  gate_ = &gate;
  const State& state = gate_->state();
  const Pin* pin = state.pin(policy_pin_server, deployment_pin_name);
  const std::string accepted = pin == nullptr ? std::string() : pin->digest;
  if (!accepted.empty() && accepted != digest_of(read)) return begin_with_kept(read, accepted);
  known_.digest = accepted;
  count_read(read, counted_for_production(state, accepted) || for_production(*read.deployment));
  use(read);
  return {};
}

Status DeploymentWatch::begin_with_kept(const DeploymentRead& read, const std::string& accepted) {
  const State& state = gate_->state();
  known_.digest = accepted;
  const auto text = kept_deployment(state_directory_, accepted);
  // What has ended by now is looked at when it is to be in force.
  LoadedDeployment kept;
  if (text && text->empty()) kept.deployment.emplace();
  if (text && !text->empty()) kept = load_deployment(*text, file_);
  if (!kept.deployment) {
    const bool binds = counted_for_production(state, accepted) && !state.reviewers().empty() &&
                       may_be_anybodys(read);
    if (binds) {
      // For those who are told: of what was accepted it is not known who that would be.
      deployment_ = *read.deployment;
      told_(std::filesystem::path(file_).parent_path().string());
      const std::string why = text ? "do not load any more (" + to_string(kept.errors.front()) + ")"
                              : text.error().fault == ErrorKind::missing ? "are gone"
                                                                         : "are damaged";
      return fail(
          text ? ErrorKind::refused : ErrorKind::corrupt,
          fmt::format("{} is not the deployment file that was accepted, {}, and the bytes "
                      "of that one in {} {}: {}",
                      escape_untrusted(file_), accepted, escape_untrusted(state_directory_), why,
                      text ? "accept one that loads here with the version that took it"
                           : "put the file with this digest back"));
    }
    count_read(read, for_production(*read.deployment));
    use(read);
    return {};
  }
  deployment_ = *kept.deployment;
  known_.text = *text;
  if (!waits(read)) {
    use(read);
    return {};
  }
  // As it is kept now: without the keys that were taken back.
  const DeploymentRead stays = deployment_of(file_, known_.text);
  if (Status right = check(stays); !right) {
    say_waiting();  // else it is not known of which file the mistake is
    return right;
  }
  use(stays);
  take_back_keys(*read.deployment);
  return {};
}

// What was shown to the person, and nothing else: the file may be another one by now.
Status DeploymentWatch::accept(const std::string& digest, const std::string& person) {
  const DeploymentRead read = read_deployment(file_, named_);
  if (read.errors.empty() && digest_of(read) != digest) {
    return fail(ErrorKind::refused,
                fmt::format("{} is not the file any more that was shown: it is {} now",
                            escape_untrusted(file_), digest_of(read)));
  }
  PAWL_TRY(check(read));
  const Deployment before = deployment_;
  Status counted = accept_read(read, for_production(*read.deployment), person);
  if (!counted) return counted;
  use(read);
  log_line(
      fmt::format("the deployment file {} was accepted by {}", digest, escape_untrusted(person)));
  accept_observations(before, person);
  return {};
}

// They stand in the file that was shown, and would else wait for the same person again.
void DeploymentWatch::accept_observations(const Deployment& before, const std::string& person) {
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
void DeploymentWatch::revoke_in_accepted(const std::vector<std::string>& prefixes) {
  if (!needs_person()) return;
  std::string text = known_.text;
  for (const std::string& prefix : prefixes) text = with_key_revoked(std::move(text), prefix);
  const DeploymentRead without = deployment_of(file_, text);
  const bool only_that = without.deployment && text != known_.text &&
                         laxer_deployment(known_.text, text, file_).empty();
  if (!only_that) return;
  const views::DeploymentNow was = known_;
  count_read(without, true);
  known_.waiting = was.waiting;
  known_.laxer = was.laxer;
}

}  // namespace pawl::node
