#include "node/policy_watch.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "analysis/check/check.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "gate/gate.h"
#include "io/pins/lock.h"
#include "kernel/deployment/deployment.h"
#include "node/common/log.h"
#include "node/files/config_files.h"

namespace pawl::node {
namespace {

constexpr std::size_t watched_max = 1024;
constexpr std::size_t said_max = 1024;

std::string mistake_of(const Loaded& loaded, const std::string& file) {
  return loaded.errors.empty() ? file + " does not load" : to_string(loaded.errors.front());
}

}  // namespace

std::string look_of(const std::vector<std::string>& files) {
  std::string out;
  for (const std::string& file : files) {
    struct stat what{};
    if (::stat(file.c_str(), &what) != 0) {
      out += "gone;";
      continue;
    }
    out += fmt::format("{}.{}.{}.{}.{}.{}.{};", what.st_dev, what.st_ino, what.st_size,
                       what.st_mtim.tv_sec, what.st_mtim.tv_nsec, what.st_ctim.tv_sec,
                       what.st_ctim.tv_nsec);
  }
  return out;
}

// Before a policy is in force. A call that waits for no one is only a call that is refused late,
// and a ceiling that is not measured is not a ceiling: in production these are mistakes of the
// file, and elsewhere they are said, each once.
Status PolicyWatch::fit_for_use(const Policy& policy) {
  const CheckReport report = check_before_use(policy, deployment_, clock_.now());
  for (const Finding& finding : report.findings) {
    const std::string text = to_string(Error{ErrorKind::invalid, finding.message, finding.at});
    if (findings_said_.size() >= said_max || !findings_said_.insert(text).second) continue;
    log_line(escape_untrusted(text), LogLevel::warning);
  }
  if (report.errors.empty()) return {};
  return std::unexpected(report.errors.front());
}

std::string PolicyWatch::file_of_role(const std::string& written) const {
  return real_path((std::filesystem::path(config_directory_) / home_expanded(written)).string());
}

// At the start and when the deployment file was read again: another reviewer may be left to answer,
// or none.
void PolicyWatch::look_at_roles() {
  mistakes_.clear();
  for (const auto& [name, role] : deployment_.roles) {
    const std::string file = file_of_role(role.file);
    std::vector<std::string> parts;
    const Loaded loaded = read_policy(file, &deployment_, &parts);
    watch(file, std::move(parts));
    if (!loaded.policy) {
      mistakes_[file] = mistake_of(loaded, file);
      continue;
    }
    if (const Status answered = fit_for_use(*loaded.policy); !answered) {
      log_line(escape_untrusted(to_string(answered.error())), LogLevel::warning);
    }
  }
}

// The file may have changed again since it was read: it is looked at once more.
void PolicyWatch::watch(const std::string& file, std::vector<std::string> parts) {
  if (watched_.size() >= watched_max && !watched_.contains(file)) return;
  watched_[file] = {std::move(parts), {}};
}

void PolicyWatch::look() {
  bool taken = false;
  for (auto& [file, watched] : watched_) {
    std::string look = look_of(watched.files);
    if (look == watched.seen || !gate_.fault().empty()) continue;
    watched.seen = std::move(look);
    std::vector<std::string> parts;
    Loaded loaded = read_policy(file, &deployment_, &parts);
    const Status answered = loaded.policy ? fit_for_use(*loaded.policy) : Status{};
    if (!answered) loaded = {.policy = nullptr, .errors = {answered.error()}};
    if (!loaded.policy) {
      const std::string why = mistake_of(loaded, file);
      mistakes_[file] = why;
      log_line("the policy file changed and does not load; what was in force stays: " + why);
      (void)gate_.alerts.note({}, "policy does not load", why);
      continue;
    }
    mistakes_.erase(file);
    watched.files = std::move(parts);
    watched.seen = look_of(watched.files) == watched.seen ? watched.seen : std::string();
    for (const std::string& run : gate_.policies.offer_policy(loaded.policy)) {
      log_line(fmt::format("run {}: the stricter policy of {} is in force", run, file));
      taken = true;
    }
  }
  if (taken) changed_();
}

// As its files are now, or, where they do not load or are laxer than what was accepted, what was
// accepted (rule 14).
RolePolicy PolicyWatch::policy_for(const std::string& role) {
  const std::string file = file_of_role(deployment_.roles.at(role).file);
  ReadPolicy& known = role_policies_[role];
  const std::string before = look_of(known.parts);
  if (known.file != file || known.look.empty() || before != known.look) {
    std::vector<std::string> parts;
    const Loaded loaded = read_policy(file, &deployment_, &parts);
    // What changed while it was read is read by the next session.
    const bool still = known.file == file && known.parts == parts && look_of(parts) == before;
    known.file = file;
    known.look = still ? before : std::string();
    known.parts = parts;
    known.policy = loaded.policy;
    if (loaded.policy) {
      known.agent = loaded.policy->agent;
      mistakes_.erase(file);
      watch(file, std::move(parts));
    } else {
      const std::string why = mistake_of(loaded, file);
      mistakes_[file] = why;
      log_line("role `" + role + "` goes on as it was accepted, if it was: " + why);
    }
  }
  const std::string& agent = known.agent.empty() ? role : known.agent;
  auto in_force = gate_.policies.policy_in_force(agent, known.policy);
  if (!in_force) return {.policy = nullptr, .missing = in_force.error(), .file = file};
  const Instant now = clock_.now();
  if (!known.judged.is_of(*in_force, now)) {
    known.judged = {.policy = *in_force,
                    .from = now,
                    .until = same_before_use_until(**in_force, now),
                    .answer = fit_for_use(**in_force)};
  }
  if (const Status& answered = known.judged.answer; !answered) {
    return {.policy = nullptr, .missing = answered.error(), .file = file};
  }
  in_force_(**in_force);
  return {.policy = *in_force, .missing = {}, .file = file};
}

// What a policy file says after the deployment file was read is looked at here.
Status PolicyWatch::is_of_role(const RolePolicy& governs, const std::string& name) const {
  if (!governs.policy || governs.policy->agent == name) return {};
  return fail(ErrorKind::invalid,
              fmt::format("the deployment file gives `{}` to the role `{}`, and its agent is `{}`",
                          escape_untrusted(governs.file), escape_untrusted(name),
                          escape_untrusted(governs.policy->agent)));
}

// The policy that governs a role. The name of a role is that of the agent of its policy: by it the
// door and the journal mean the same.
Result<api::RoleInForce> PolicyWatch::role_as_it_is(const std::string& name) {
  if (!deployment_.roles.contains(name)) {
    return fail(ErrorKind::missing, "there is no role `" + escape_untrusted(name) + "`");
  }
  RolePolicy governs = policy_for(name);
  PAWL_TRY(is_of_role(governs, name));
  auto lock = read_lock(governs.file);
  PAWL_TRY(lock);
  return api::RoleInForce{.policy = std::move(governs.policy),
                          .missing = std::move(governs.missing),
                          .lock = *std::move(lock)};
}

Result<api::RoleInForce> PolicyWatch::role_in_force(const std::string& name) {
  auto role = role_as_it_is(name);
  if (role && !role->policy) return std::unexpected(role->missing);
  return role;
}

}  // namespace pawl::node
