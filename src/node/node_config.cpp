// The deployment file: read at the start, on a signal, when something joins and when a command
// says that it changed; and what counts of one that has a mistake.
//
// All of these go through `read_config`, so that none of them is a way round the checks of another.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "node/files/config_files.h"
#include "node/node_impl.h"

namespace pawl::node {
namespace {

constexpr int links_max = 40;  // as Linux has it

// Who may write this file, or put another one in the place of it or of a folder on the way to it,
// besides its owner's people; empty: nobody whom an agent or a server could be.
std::string writers_on_the_way(const std::filesystem::path& file) {
  struct stat what{};
  const uid_t own = ::geteuid();
  bool below_is_there = false;  // and belongs to somebody else
  for (std::filesystem::path one = file; !one.empty(); one = one.parent_path()) {
    if (::lstat(one.c_str(), &what) == 0) {
      // In a folder such as /tmp nobody replaces what is another's.
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

std::string Node::config_writers() const {
  return writers_of_file(options_.config);
}

// Rule 14: the journal says which deployment file counted from when on, and whose word it may be.
void Node::note_config() {
  if (config_noted_ == config_digest_) return;
  std::string text = options_.config + " is " + config_digest_;
  if (config_digest_.empty()) text = options_.config + " is not there";
  // Nobody writes what is not there.
  const std::string writers = config_digest_.empty() ? std::string() : config_writers();
  if (!writers.empty()) text += ", and can be written by " + writers;
  // What the journal has no room for now is said with the next one that is read.
  if (gate_->alerts.note({}, "deployment file", text)) config_noted_ = config_digest_;
}

void Node::warn_of_writers() {
  const std::string writers = config_digest_.empty() ? std::string() : config_writers();
  if (writers.empty()) return;
  log_line(fmt::format(
      "warning: {} can be written by {}, and so by agents and servers that run as "
      "such: {}",
      options_.config, writers,
      needs_person() ? "what it loosens waits for a reviewer" : "what it says is then their word"));
}

Status Node::check_config(const DeploymentRead& read) const {
  const std::vector<Error> errors =
      options_.serves ? serving_mistakes(read) : deployment_mistakes(read);
  for (const Error& error : errors) log_line(to_string(error));
  return errors.empty() ? Status{} : std::unexpected(errors.front());
}

// A bad file never replaces a good one, and a laxer one waits for a person.
Status Node::read_config() {
  const DeploymentRead read = read_deployment(options_.config, options_.config_named);
  if (Status right = check_config(read); !right) {
    (void)gate_->alerts.note({}, "deployment file does not load", to_string(right.error()));
    if (read.deployment) take_back_keys(*read.deployment);
    return right;
  }
  if (waits(read)) return {};
  use_config(read);
  return {};
}

// Sessions keep what they began with; new ones, and people, get what the file says now.
void Node::use_config(const DeploymentRead& read) {
  deployment_ = *read.deployment;
  config_digest_ = read.digest;
  if (identities_) identities_->use(deployment_);
  config_directory_ = std::filesystem::path(read.path).parent_path().string();
  remotes_->use(deployment_, config_directory_);
  use_limits();
  end_local_streams();
  notifier_->use(deployment_, config_directory_);
  if (policies_) policies_->file_changed();
  if (telemetry_) telemetry_->know(deployment_);
  if (!gate_) return;
  if (control_) rollout_->begin();  // else the node starts, and does that when it knows its people
  note_config();
}

// What only tightens counts at once, whatever else is wrong with the file: a key that it calls
// revoked opens nothing any more, of whichever agent it was.
void Node::take_back_keys(const Deployment& file) {
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
  if (identities_) identities_->use(deployment_);
  revoke_in_accepted(taken);
  for (const std::string& prefix : taken) {
    log_line("the key " + escape_untrusted(prefix) +
             " is taken back, as the file says; no other line of it "
             "is in force");
  }
}

// What follows from a file that is in force now. Who is no longer in it is nobody from here on,
// also where a new one could not be enrolled.
Status Node::follow_config() {
  const Status people = reviewers_->enrol_configured();
  people_changed();
  policies_->look_at_roles();
  reload_console();
  return people;
}

// For `reread` of the control socket: empty where the file is in force, else the mistake for which
// what was in force stays.
Result<std::string> Node::reread_config() {
  if (Status read = read_config(); !read) return to_string(read.error());
  if (Status followed = follow_config(); !followed) return std::unexpected(followed.error());
  return std::string();
}

// On SIGHUP. Where it listens is decided once.
void Node::reload() {
  if (Status read = read_config(); !read) {
    return log_line("the deployment file has a mistake; what was in force stays");
  }
  if (Status followed = follow_config(); !followed) log_line(to_string(followed.error()));
  if (Status certificate = gateway_->reload(); !certificate) {
    log_line("the certificate stays as it was: " + to_string(certificate.error()));
  }
  log_line(config_.waiting.empty()
               ? "the deployment file was read again"
               : "the deployment file was read again, and waits for a reviewer");
}

// The deployment file was read: who may answer may be other people now, and so may be the calls by
// which people are measured.
void Node::people_changed() {
  reviewers_->file_changed();
  attention_->file_changed();
  if (options_.serves) attention_->plan();
}

}  // namespace pawl::node
