#include "node/notifier.h"

#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "gate/gate.h"
#include "io/journal/journal.h"
#include "io/net/clock.h"
#include "kernel/state/eyes.h"
#include "views/cards.h"

namespace pawl::node {
namespace {

using notify::Notice;

}  // namespace

bool approvable_by_button(const Approval& approval) {
  const QuestionTerms& terms = *approval.asked.terms;
  return !terms.typed && is_mild(terms);
}

// Shown is approved: a value that is cut, or that a person cannot see as it is, is not shown.
ButtonDisplay display_for_button(const State& state, Journal& journal,
                                 const std::string& approval) {
  const auto text = views::approval_json(state, journal, approval, {}, true);
  if (!text) return {};
  const auto document = json::parse(*text);
  if (!document) return {};
  const json::View root = document->root()["approval"];
  const json::View display = root["display"];
  const std::string shown(root.text("shown").value_or(""));
  if (shown.empty() || !display.is_array()) return {};
  ButtonDisplay all;
  std::size_t bytes = 0;
  for (const json::View argument : display.elements()) {
    notify::ShownValue value{std::string(argument.text("name").value_or("")),
                             std::string(argument.text("text").value_or(""))};
    bytes += value.name.size() + value.text.size() + 4;
    const bool whole = !argument["hidden"].exists() && !argument["mixed"].exists() &&
                       !argument["folded"].exists() && notify::neutral(value.text) == value.text &&
                       notify::neutral(value.name) == value.name;
    if (!whole || bytes > notify::shown_bytes_max) return {};
    all.values.push_back(std::move(value));
  }
  all.shown = shown;
  return all;
}

NodeNotifier::NodeNotifier(net::Loop& loop, std::shared_ptr<broker::Broker> broker,
                           std::function<void(const std::string&, const std::string&)> say)
    : loop_(loop),
      say_(std::move(say)),
      notifiers_(loop, broker,
                 [this](const std::string& way, bool dead, const std::string& why) {
                   way_changed(way, dead, why);
                 }),
      automated_(loop, std::move(broker)) {}

void NodeNotifier::use(const Deployment& deployment, const std::string& directory) {
  deployment_ = deployment;
  notifiers_.use(deployment, directory);
  automated_.use(deployment, directory);
  if (gate_ != nullptr) {
    gate_->alerts.set_contacts(deployment.notices.contacts, deployment.notices.acknowledge_within);
  }
}

Notice NodeNotifier::notice(Notice::Kind kind, const std::string& run, const std::string& event,
                            const std::string& sentence) const {
  Notice notice;
  notice.kind = kind;
  notice.run = run;
  notice.event = event;
  notice.sentence = sentence;
  notice.link = deployment_.notices.link;
  notice.at = net::wall_time();
  return notice;
}

void NodeNotifier::question(const std::string& approval, const std::string& sentence) {
  const bool alone =
      gate_ != nullptr && gate_->state().reviewers().empty() && !deployment_.provider;
  const std::string text =
      fmt::format("waiting for a person: {} · {} · {}", approval, sentence,
                  alone ? "no reviewer is enrolled yet: pawl reviewers add NAME"
                        : "pawl approvals show " + approval);
  log_line(text);
  say_({}, text);
  notifiers_.desktop("pawl: a call waits for you", text);
  Notice asked = notice(Notice::Kind::question, {}, "question", sentence);
  asked.id = approval;
  const auto& slack = deployment_.notices.slack;
  const Approval* known = gate_ == nullptr ? nullptr : gate_->state().approval(approval);
  if (known != nullptr) asked.run = known->asked.run;
  if (known != nullptr && journal_ != nullptr && slack && slack->approve_reversible &&
      approvable_by_button(*known)) {
    ButtonDisplay display = display_for_button(gate_->state(), *journal_, approval);
    asked.values = std::move(display.values);
    asked.shown = std::move(display.shown);
  }
  notifiers_.question(asked);
  automated_.ask(approval);
}

// To everybody who hears of questions, and to those whom it concerns where Slack knows them.
void NodeNotifier::news(const QuestionNews& news) {
  const std::string text =
      fmt::format("{} · {} · pawl approvals show {}", news.approval, news.sentence, news.approval);
  log_line(text);
  say_({}, text);
  notifiers_.desktop("pawl: a call waits for you", text);
  const Approval* known = gate_ == nullptr ? nullptr : gate_->state().approval(news.approval);
  Notice told = notice(Notice::Kind::question, known == nullptr ? "" : known->asked.run,
                       std::string(to_string(news.kind)), news.sentence);
  told.id = news.approval;
  notifiers_.question(told);
  if (!deployment_.notices.slack) return;
  for (const std::string& name : deployment_.persons(news.to)) {
    const auto person = deployment_.people.find(name);
    if (person == deployment_.people.end() || person->second.slack.empty()) continue;
    told.contact = name;
    notifiers_.send("slack:@" + name, told, [](const notify::Attempt&) {});
  }
}

void NodeNotifier::escalate(const std::string& run, const std::string& event,
                            const std::string& sentence) {
  const std::string where = run.empty() ? std::string() : fmt::format(" (run {})", run);
  const std::string text = fmt::format("{}: {}{}", event, sentence, where);
  log_line(text, LogLevel::warning);
  say_(run, text);
  notifiers_.desktop("pawl: " + event, text);
  notifiers_.escalation(notice(Notice::Kind::told, run, event, sentence));
}

void NodeNotifier::tell(const EscalationStep& step) {
  const bool answerable = !step.escalation.empty();
  Notice told = notice(answerable ? Notice::Kind::escalation : Notice::Kind::told, step.run,
                       step.event, step.sentence);
  told.id = step.escalation;
  told.contact = step.contact.name;
  notifiers_.send(step.contact.via, told, [this, step](const notify::Attempt& attempt) {
    const bool failed = attempt.end != notify::Attempt::End::told;
    Escalated record{step.run, step.event, step.contact.name, step.contact.via,
                     failed ? escape_untrusted(attempt.why) : "told"};
    record.escalation = step.escalation;
    record.step = step.step;
    record.failed = failed;
    if (failed) {
      const std::string text = fmt::format("{} was not told of {} ({}): {}", step.contact.name,
                                           step.event, step.sentence, record.outcome);
      log_line(text, LogLevel::warning);
      say_(step.run, text);
    }
    if (gate_ != nullptr) (void)gate_->alerts.escalated(record);
  });
}

void NodeNotifier::changed(const EscalationOpened& opened, const std::string& how) {
  log_line(fmt::format("the escalation {} ({}) is {}", opened.escalation, opened.event, how));
  Notice told = notice(how == "resolved" ? Notice::Kind::resolved : Notice::Kind::acknowledged,
                       opened.run, opened.event, opened.why);
  told.id = opened.escalation;
  // Where an incident is open, or a webhook counts them. People who were told by word are not told
  // again.
  for (const LadderContact& contact : opened.contacts) {
    const auto way = parse_way(contact.via);
    if (!way || (way->kind != "pagerduty" && way->kind != "webhook")) continue;
    told.contact = contact.name;
    notifiers_.send(contact.via, told, [](const notify::Attempt&) {});
  }
}

void NodeNotifier::way_changed(const std::string& way, bool dead, const std::string& why) {
  if (!dead) return log_line(fmt::format("notices get through again by {}", way));
  const std::string sentence =
      fmt::format("notices do not get through by {}: {}", way, escape_untrusted(why));
  log_line(sentence, LogLevel::warning);
  // In a later turn: the message that found out is told of first.
  if (gate_ == nullptr) return;
  loop_.post([this, sentence] {
    if (gate_ != nullptr) gate_->alerts.escalate({}, "notifier_failed", sentence);
  });
}

}  // namespace pawl::node
