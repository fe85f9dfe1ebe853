// Policy files that change while the node runs: looked at once a second, by what `stat` says alone,
// and read only where that differs. What the file means then is the gate's business (rule 14).
#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "analysis/check/check.h"
#include "base/text.h"
#include "node/files/config_files.h"
#include "node/node_impl.h"

namespace pawl::node {
namespace {

constexpr std::size_t watched_max = 1024;
constexpr std::size_t said_max = 1024;

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

// Before a policy is in force. A call that waits for nobody is only a call that is refused late,
// and a ceiling that nobody measures is none: in production these are mistakes of the file, and
// elsewhere they are said, each once.
Status Node::fit_for_use(const Policy& policy) {
  const CheckReport report = check_before_use(policy, deployment_, clock_->now());
  for (const Finding& finding : report.findings) {
    const std::string text = to_string(Error{ErrorKind::invalid, finding.message, finding.at});
    if (findings_said_.size() >= said_max || !findings_said_.insert(text).second) continue;
    log_line(escape_untrusted(text), LogLevel::warning);
  }
  if (report.errors.empty()) return {};
  return std::unexpected(report.errors.front());
}

// At the start and when the deployment file was read again: somebody else may be left to answer, or
// nobody.
void Node::look_at_roles() {
  for (const auto& [name, role] : deployment_.roles) {
    const auto file = std::filesystem::path(config_directory_) / home_expanded(role.file);
    const Loaded loaded = read_policy(file.string(), &deployment_);
    if (!loaded.policy) continue;
    if (const Status answered = fit_for_use(*loaded.policy); !answered) {
      log_line(escape_untrusted(to_string(answered.error())), LogLevel::warning);
    }
  }
}

// The file may have changed again since it was read: it is looked at once more.
void Node::watch(const std::string& file, std::vector<std::string> parts) {
  if (watched_.size() >= watched_max && !watched_.contains(file)) return;
  watched_[file] = {std::move(parts), {}};
}

void Node::watch_policies() {
  bool taken = false;
  for (auto& [file, watched] : watched_) {
    std::string look = look_of(watched.files);
    if (look == watched.seen || !gate_->fault().empty()) continue;
    watched.seen = std::move(look);
    std::vector<std::string> parts;
    Loaded loaded = read_policy(file, &deployment_, &parts);
    const Status answered = loaded.policy ? fit_for_use(*loaded.policy) : Status{};
    if (!answered) loaded = {.policy = nullptr, .errors = {answered.error()}};
    if (!loaded.policy) {
      const std::string why =
          loaded.errors.empty() ? file + " does not load" : to_string(loaded.errors.front());
      log_line("the policy file changed and does not load; what was in force stays: " + why);
      (void)gate_->note({}, "policy does not load", why);
      continue;
    }
    watched.files = std::move(parts);
    watched.seen = look_of(watched.files) == watched.seen ? watched.seen : std::string();
    for (const std::string& run : gate_->offer_policy(loaded.policy)) {
      log_line(fmt::format("run {}: the stricter policy of {} is in force", run, file));
      taken = true;
    }
  }
  if (taken) use_policies();
}

// Every session filters its lists by the policy of its run.
void Node::use_policies() {
  for (auto& [id, joined] : joined_) {
    if (joined->session && !joined->over)
      joined->session->use_policy(gate_->policy_of(joined->run));
  }
  if (!door_) return;
  door_->each(
      [this](mcp::Endpoint& endpoint) { endpoint.use_policy(gate_->policy_of(endpoint.run())); });
}

}  // namespace pawl::node
