#include "app/herald.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "io/net/child.h"

namespace pawl::app {
namespace {

constexpr std::string_view kCommandPrefix = "command:";
constexpr Duration command_within = Duration::seconds(30);
constexpr std::size_t ladder_steps_max = 256;

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

// Waits for a notifier, and ends it when it takes too long.
Task<void> attend(net::Loop& loop, net::Child child, std::function<void(std::string)> done) {
  auto deadline = loop.after(command_within, [&child] { child.kill(); });
  const net::Exit exit = co_await child.ended();
  done(exit.success() ? "told" : net::to_string(exit));
}

}  // namespace

void NodeHerald::use(const Deployment& deployment) {
  desktop_wanted_ = deployment.desktop == Deployment::Desktop::automatic;
  notify_command_ = deployment.notify_command;
}

void NodeHerald::question(const std::string& approval, const std::string& sentence) {
  const std::string text = fmt::format("waiting for a person: {} · {} · pawl approvals show {}",
                                       approval, sentence, approval);
  log_line(text);
  say_({}, text);
  desktop("pawl: a call waits for you", text);
  if (!notify_command_.empty()) run_command({}, "question", text, "notify", notify_command_);
}

void NodeHerald::escalate(const std::string& run, const std::string& event,
                          const std::string& sentence) {
  const std::string text = fmt::format("{}: {} (run {})", event, sentence, run);
  log_line(text, LogLevel::warning);
  say_(run, text);
  desktop("pawl: " + event, text);
  if (!notify_command_.empty()) run_command(run, event, sentence, "notify", notify_command_);
  const auto policy = gate_ == nullptr || run.empty() ? nullptr : gate_->policy_of(run);
  if (!policy) return;
  if (!policy->ceilings.notify.empty()) {
    contact(run, event, sentence,
            Contact{policy->ceilings.notify, policy->ceilings.notify, Duration{}, {}});
  }
  for (const Contact& who : policy->contacts) {
    if (ladder_.size() >= ladder_steps_max) ladder_.clear();
    ladder_.push_back(loop_.after(
        who.after, [this, run, event, sentence, who] { contact(run, event, sentence, who); }));
  }
}

void NodeHerald::contact(const std::string& run, const std::string& event,
                         const std::string& sentence, const Contact& who) {
  if (std::string_view(who.via).starts_with(kCommandPrefix)) {
    const std::string line(trim(std::string_view(who.via).substr(kCommandPrefix.size())));
    run_command(run, event, sentence, who.name, {"/bin/sh", "-c", line});
    return;
  }
  const std::string text = fmt::format("notify {}: {}: {}", who.name, event, sentence);
  log_line(text);
  say_(run, text);
  if (gate_ != nullptr) {
    (void)gate_->escalated(Escalated{run, event, who.name, who.via,
                                     "printed and recorded: this version cannot reach it"});
  }
}

void NodeHerald::desktop(const std::string& title, const std::string& sentence) {
  // The agent's words never get here: the sentence is ours, and its parts are made visible.
  if (!desktop_wanted_ || std::getenv("DBUS_SESSION_BUS_ADDRESS") == nullptr) return;
  net::ChildSpec spec;
  spec.command = {"notify-send", "--app-name=pawl", title, visible(sentence)};
  spec.environment = own_environment();
  spec.error_output = net::ErrorOutput::discard;
  auto started = net::start(spec);
  if (!started) return;  // no notifier installed: the terminal still says it
  spawn(attend(loop_, net::Child(loop_, std::move(*started)), [](std::string) {}));
}

void NodeHerald::run_command(const std::string& run, const std::string& event,
                             const std::string& sentence, const std::string& contact,
                             std::vector<std::string> command) {
  net::ChildSpec spec;
  const std::string via = command.back();
  spec.command = std::move(command);
  spec.environment = own_environment();
  spec.environment.push_back("PAWL_EVENT=" + event);
  spec.environment.push_back("PAWL_RUN_ID=" + run);
  spec.environment.push_back("PAWL_TEXT=" + visible(sentence));
  spec.error_output = net::ErrorOutput::inherit;
  auto started = net::start(spec);
  if (!started) {
    log_line("cannot run the notifier: " + started.error().message);
    if (gate_ != nullptr) {
      (void)gate_->escalated(Escalated{run, event, contact, via, started.error().message});
    }
    return;
  }
  spawn(attend(loop_, net::Child(loop_, std::move(*started)),
               [this, run, event, contact, via](std::string outcome) {
                 if (gate_ != nullptr) {
                   (void)gate_->escalated(Escalated{run, event, contact, via, outcome});
                 }
               }));
}

}  // namespace pawl::app
