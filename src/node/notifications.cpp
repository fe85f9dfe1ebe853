#include "node/notifications.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "gate/gate.h"
#include "io/journal/journal.h"
#include "io/net/clock.h"
#include "kernel/deployment/deployment.h"
#include "kernel/state/state.h"
#include "node/common/log.h"
#include "node/notifier.h"

namespace pawl::node {
namespace {

constexpr Duration last_words_within = Duration::seconds(10);

// The value of a field that stands once; empty: it does not.
std::string_view once(const http::Request& request, std::string_view name) {
  if (request.headers.count(name) != 1) return {};
  return request.headers.find(name).value_or(std::string_view());
}

std::string_view verb(notify::Pressed pressed) {
  switch (pressed) {
    case notify::Pressed::approve:
      return "approved";
    case notify::Pressed::reject:
      return "denied";
    case notify::Pressed::acknowledge:
      return "acknowledged";
    case notify::Pressed::open:
      return "opened";
  }
  return "opened";
}

}  // namespace

// Nothing of the body is looked at before its signature fits. The person who presses hears below
// the notice what became of it; Slack itself only that the post was taken.
Task<void> Notifications::posted(http::Request request, http::Responder responder) {
  auto secret = co_await notifier_.notifiers().signing_secret();
  if (!secret) {
    refused_("slack refused", secret.error().message);
    co_return std::move(responder).answer(http::respond({503, "nothing can be checked now"}));
  }
  const Status proved = proofs_.check(secret->bytes(),
                                      {once(request, "x-slack-request-timestamp"),
                                       once(request, "x-slack-signature"), request.body},
                                      clock_.now());
  if (!proved) {
    refused_("slack refused", proved.error().message);
    co_return std::move(responder).answer(http::respond({401, "this is not from Slack"}));
  }
  const auto answer = notify::read_slack_answer(request.body);
  if (!answer) {
    refused_("slack refused", answer.error().message);
    co_return std::move(responder).answer(http::respond({400, "this cannot be read"}));
  }
  http::Response taken;
  taken.headers.add("cache-control", "no-store");
  std::move(responder).answer(std::move(taken));
  if (answer->pressed == notify::Pressed::open) co_return;
  const std::string person = deployment_.person_of_slack(answer->account);
  const Status done = pressed(*answer, person);
  if (!done) refused_("slack refused", done.error().message);
  const std::string who = person.empty() ? "an unknown person" : person;
  std::string text = done ? fmt::format("{} by {}", verb(answer->pressed), who)
                          : fmt::format("not {}: {}", verb(answer->pressed), done.error().message);
  const Approval* asked = done ? gate_.state().approval(answer->id) : nullptr;
  const std::string wrong = asked ? why_to_deny_(std::string(asked->asked.run)) : std::string();
  if (!wrong.empty()) {
    text += ". It was asked for to see whether people read, and ought to be denied: " + wrong;
  }
  notifier_.notifiers().slack_line(answer->channel, answer->thread, text);
}

// The account has to be an enrolled reviewer's, whatever is pressed; an auditor's press the gate
// refuses. What may be approved here is looked at now, and not when the notice was posted.
Status Notifications::pressed(const notify::SlackAnswer& answer, const std::string& person) {
  if (person.empty()) {
    return fail(ErrorKind::refused, "the deployment file has no person with the account `" +
                                        escape_untrusted(answer.account) + "`");
  }
  if (!gate_.state().reviewers().contains(person)) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(person) + "` is not an enrolled reviewer");
  }
  if (answer.pressed == notify::Pressed::acknowledge) {
    return gate_.alerts.acknowledge(answer.id, person, "slack", false);
  }
  const bool approve = answer.pressed == notify::Pressed::approve;
  const Approval* asked = gate_.state().approval(answer.id);
  if (asked == nullptr) {
    return fail(ErrorKind::missing,
                "there is no approval request `" + escape_untrusted(answer.id) + "`");
  }
  std::string shown;
  if (approve) {
    const auto& slack = deployment_.notices.slack;
    if (!slack || !slack->approve_reversible || !approvable_by_button(*asked)) {
      return fail(ErrorKind::refused, "this is not approved in Slack; sign in to answer it");
    }
    shown = display_for_button(gate_.state(), journal_, answer.id).shown;
    if (shown.empty() || shown != answer.shown) {
      return fail(ErrorKind::refused, "what was shown is not all of what would run");
    }
  }
  // The agent reads why: there is no field for words at a button.
  const std::string reason = approve ? "in Slack" : "denied by " + person + " in Slack";
  return gate_.approvals.answer(answer.id, person, groups_of_(person), approve, reason, "slack",
                                shown);
}

// Why people might not hear of what happens, for `/readyz`. Empty: nothing is known to be wrong.
std::string Notifications::unheard() const {
  if (gate_.alerts.escalations_full()) return "more escalations wait than can be kept";
  for (const auto& [id, escalation] : gate_.state().escalations()) {
    if (escalation.phase == Escalation::Phase::unanswered) {
      return "an escalation is unanswered";
    }
  }
  return {};
}

// Names of the file alone: what a way answered may be anybody's words, and anybody may ask.
std::string Notifications::degraded() const {
  std::string ways;
  for (const WayNow& way : notifier_.notifiers().now()) {
    if (!way.dead.empty()) ways += (ways.empty() ? "" : ", ") + way.name;
  }
  return ways.empty() ? ways : "notices do not get through by " + ways;
}

std::string Notifications::notices_json() const {
  json::Writer out;
  out.array();
  for (const WayNow& way : notifier_.notifiers().now()) {
    out.object().key("dead").string(way.dead).key("failed").natural(way.failed);
    out.key("name").string(way.name).key("told").natural(way.told);
    out.key("waiting").natural(way.waiting).end();
  }
  out.end();
  return out.take();
}

// A journal that was damaged or cut is not opened, and nothing can be recorded: everybody hears of
// it now, and each once for every start that fails so.
void tell_of_no_start(net::Loop& loop, NodeNotifier& notifier, const Deployment& deployment,
                      const Error& error) {
  if (error.fault != ErrorKind::corrupt) return;
  notify::Notice notice;
  notice.event = "tampering";
  notice.sentence = "the node cannot start: " + error.message;
  notice.at = net::wall_time();
  const auto told = [](const notify::Attempt& attempt) {
    if (attempt.end != notify::Attempt::End::told) log_line("not delivered: " + attempt.why);
  };
  notifier.notifiers().escalation(notice);
  for (const Contact& contact : deployment.notices.contacts) {
    notice.contact = contact.name;
    notifier.notifiers().send(contact.via, notice, told);
  }
  (void)loop.run_until([&notifier] { return notifier.notifiers().waiting() == 0; },
                       last_words_within);
}

}  // namespace pawl::node
