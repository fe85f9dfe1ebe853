#include "analysis/replay/timeline.h"

#include <algorithm>

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl {

namespace {

constexpr std::size_t argument_bytes_max = 48;
constexpr std::size_t arguments_bytes_max = 160;

// A text in which blanks, commas and the like are its own stands in quotes: nothing in it looks
// like the next argument.
std::string value_text(json::View value) {
  if (!value.is_string())
    return utf8::shortened(escape_untrusted(json::write(value)), argument_bytes_max);
  const std::string text(value.string());
  if (!text.empty() && text.find_first_of(" ,:\"\t\n") == std::string::npos) {
    return utf8::shortened(escape_untrusted(text), argument_bytes_max);
  }
  std::string quoted = "\"";
  for (const char c : utf8::shortened(escape_untrusted(text), argument_bytes_max)) {
    quoted += c == '"' ? "\\\"" : std::string(1, c);
  }
  return quoted + "\"";
}

// `path: /tmp/a.txt, content: "two words"`: enough to recognise the call.
std::string summary(std::string_view canonical) {
  const auto document = json::parse(canonical);
  if (!document || !document->root().is_object()) return {};
  std::string all;
  for (const auto& [key, value] : document->root().members()) {
    all += (all.empty() ? "" : ", ") + utf8::shortened(escape_untrusted(key), argument_bytes_max) +
           ": " + value_text(value);
    if (all.size() > arguments_bytes_max) break;
  }
  return utf8::shortened(all, arguments_bytes_max);
}

std::string full_name(const CallDecided& decided) {
  return decided.server.empty() ? decided.tool : decided.server + "/" + decided.tool;
}

}  // namespace

// One record told: a function for each type that a run's story has.
struct Telling {
  Story& story;
  const State& state;
  TimelineEntry entry = {};

  bool ours(const std::string& run) const { return !story.run_.empty() && run == story.run_; }
  // Of a switch: what it covers.
  bool concerns(const std::string& scope, const std::string& name) const {
    const Run* run = state.run(story.run_);
    if (run == nullptr || run->phase == RunPhase::closed) return false;
    return scope == "tool" || scope == "upstream" || covers({{}, scope, name, {}, {}, {}}, *run);
  }
  const Approval* asked(const std::string& id) {
    const Approval* approval = state.approval(id);
    entry.approval = id;
    if (approval == nullptr || !ours(approval->asked.run)) return nullptr;
    entry.call = approval->call;
    entry.tool = approval->asked.terms->tool;
    return approval;
  }

  bool operator()(const RunOpened& b) {
    if (!ours(b.run)) return false;
    story.opened_ = b;
    entry.who = b.agent;
    entry.reason = b.sponsor.empty() ? "" : "for " + b.sponsor;
    return true;
  }
  bool operator()(const CallDecided& b) {
    if (!ours(b.run)) return false;
    entry.who = story.opened_.agent;
    entry.call = b.call;
    entry.approval = b.approval;
    entry.tool = full_name(b);
    entry.verdict = b.effect;
    entry.code = b.code;
    entry.reason = b.reason;
    entry.rule = b.rule;
    entry.rule_at = b.rule_at;
    entry.again = b.round > 1;
    entry.enforced = b.enforced;
    if (const auto received = story.judge_.arguments(b)) entry.arguments = summary(*received);
    if (b.effect != "deny" || !b.enforced) story.tools_[b.call] = entry.tool;
    if (entry.again) approvers(b.approval);
    return true;
  }
  void approvers(const std::string& id) {
    const Approval* approval = state.approval(id);
    if (approval == nullptr) return;
    for (const Answer& answer : approval->answers) {
      if (answer.counts && answer.answer == "approve") entry.approved_by.push_back(answer.person);
    }
  }
  bool operator()(const CallEnded& b) {
    if (!ours(b.run)) return false;
    entry.call = b.call;
    entry.verdict = b.outcome;
    entry.is_error = b.is_error;
    entry.took = b.took;
    if (const auto known = story.tools_.find(b.call); known != story.tools_.end()) {
      entry.tool = known->second;
      story.tools_.erase(known);
    }
    for (const std::string& name : b.withheld) {
      entry.reason += (entry.reason.empty() ? "withheld: " : ", ") + name;
    }
    return true;
  }
  bool operator()(const ApprovalOpened& b) {
    if (!ours(b.run)) return false;
    entry.approval = b.approval;
    entry.call = b.call;
    entry.tool = b.tool;
    entry.verdict = "asks";
    entry.reason = b.why;
    return true;
  }
  bool operator()(const ApprovalAnswered& b) {
    entry.who = b.person;
    entry.verdict = b.answer;
    entry.reason = b.reason;
    if (b.for_run) entry.reason += entry.reason.empty() ? "for the run" : " (for the run)";
    if (b.identical > 0) {
      const std::string calls = std::to_string(b.identical) + " identical calls";
      entry.reason += entry.reason.empty() ? "for " + calls : " (for " + calls + ")";
    }
    return asked(b.approval) != nullptr;
  }
  bool operator()(const ApprovalChanged& b) {
    entry.who = b.person;
    entry.verdict = "changes";
    entry.reason = b.reason;
    return asked(b.approval) != nullptr;
  }
  bool operator()(const ApprovalAsked& b) {
    entry.who = b.person;
    entry.verdict = "asks agent";
    entry.reason = b.text;
    return asked(b.approval) != nullptr;
  }
  bool operator()(const ApprovalReplied& b) {
    if (asked(b.approval) == nullptr) return false;
    const auto words = story.judge_.words(b);
    entry.who = story.opened_.agent;
    entry.verdict = "replies";
    entry.reason = words ? "in its own words: " + *words : words.error().message;
    return true;
  }
  bool operator()(const ApprovalPassed& b) {
    entry.who = b.person;
    entry.verdict = "passes on";
    entry.reason = "to " + b.to + (b.reason.empty() ? "" : ": " + b.reason);
    return asked(b.approval) != nullptr;
  }
  bool operator()(const ApprovalEnded& b) {
    entry.verdict = b.how;
    return asked(b.approval) != nullptr;
  }
  bool operator()(const ApprovalAttached& b) {
    entry.verdict = b.attached ? "caller back" : "caller gone";
    return asked(b.approval) != nullptr;
  }
  bool operator()(const RunHalted& b) {
    entry.verdict = "halted";
    entry.code = b.code;
    entry.reason = b.why;
    return ours(b.run);
  }
  bool operator()(const RunTightened& b) {
    entry.verdict = "tightened";
    entry.reason = "a stricter policy is in force from here on: " + b.policy;
    return ours(b.run);
  }
  bool operator()(const RunClosed& b) {
    entry.verdict = "closed";
    entry.reason = b.why;
    return ours(b.run);
  }
  bool operator()(const KillSet& b) {
    entry.who = b.person;
    entry.verdict = "killed";
    entry.tool = b.scope == "tool" ? b.name : "";
    entry.reason = b.scope + (b.name.empty() ? "" : " " + b.name) + ": " + b.reason;
    return concerns(b.scope, b.name);
  }
  bool operator()(const Resumed& b) {
    entry.who = b.person;
    entry.verdict = "resumed";
    entry.reason =
        b.scope + (b.name.empty() ? "" : " " + b.name) + (b.reason.empty() ? "" : ": " + b.reason);
    return concerns(b.scope, b.name);
  }
  bool operator()(const DenialsCounted& b) {
    entry.verdict = "deny";
    if (b.count == 0) return false;  // only how many may follow
    entry.code = b.code;
    entry.reason = b.code.empty()
                       ? "up to " + std::to_string(b.count) + " more, which a crash left uncounted"
                       : std::to_string(b.count) + " more, not written out one by one";
    return ours(b.run);
  }
  bool operator()(const Escalated& b) {
    entry.who = b.contact;
    entry.verdict = "told";
    entry.reason = b.event + (b.outcome.empty() ? "" : ": " + b.outcome);
    return ours(b.run);
  }
  bool operator()(const EscalationOpened& b) {
    entry.verdict = "escalated";
    entry.reason = b.event + " (" + b.escalation + ")" + (b.why.empty() ? "" : ": " + b.why);
    return ours(b.run);
  }
  bool operator()(const EscalationChanged& b) {
    const auto known = state.escalations().find(b.escalation);
    if (known == state.escalations().end()) return false;
    entry.who = b.person;
    entry.verdict = b.how;
    entry.reason = known->second.opened.event + " (" + b.escalation + ")";
    return ours(known->second.opened.run);
  }
  bool operator()(const Drilled& b) {
    entry.who = b.person;
    entry.verdict = b.passed ? "drill passed" : "drill failed";
    entry.reason = "the kill switch was exercised";
    return ours(b.run);
  }
  bool operator()(const GrantMade& b) {
    entry.approval = b.approval;
    entry.call = b.call;
    entry.tool = b.tool;
    entry.verdict = "granted";
    entry.reason = b.grant + " until " + to_string(b.until);
    if (b.calls > 0) entry.reason += ", at most " + std::to_string(b.calls) + " calls";
    for (const GrantedArgument& argument : b.arguments) entry.reason += ", one " + argument.name;
    return ours(b.run);
  }
  bool operator()(const GrantEnded& b) {
    entry.who = b.person;
    entry.verdict = "grant ended";
    entry.reason = b.grant + (b.reason.empty() ? "" : ": " + b.reason);
    return ours(b.run);
  }
  bool operator()(const Noted& b) {
    entry.verdict = b.topic;
    entry.reason = b.text;
    return ours(b.run);
  }
  bool operator()(const NodeStarted&) {
    entry.verdict = "node";
    entry.reason = "the node starts again";
    return concerns("all", {});
  }
  bool operator()(const NodeStopped& b) {
    entry.verdict = "node";
    entry.reason = "the node stops" + (b.why.empty() ? "" : ": " + b.why);
    return concerns("all", {});
  }
  // These belong to no run.
  bool operator()(const PolicyLoaded&) { return false; }
  bool operator()(const DefinitionSeen&) { return false; }
  bool operator()(const PinAccepted&) { return false; }
  bool operator()(const ReviewerEnrolled&) { return false; }
  bool operator()(const SnapshotTaken&) { return false; }
  bool operator()(const Unknown&) { return false; }
};

std::optional<TimelineEntry> Story::before(const State& state, const Record& record) {
  Telling telling{*this, state};
  if (!std::visit(telling, record.body)) return std::nullopt;
  if (std::holds_alternative<RunOpened>(record.body)) start_ = record.at;
  telling.entry.seq = record.seq;
  telling.entry.at = record.at;
  telling.entry.since_start = record.at - start_;
  telling.entry.what = type_of(record.body);
  return std::move(telling.entry);
}

Budgets Story::budgets(const State& state, Instant at) const {
  Budgets now;
  const Run* run = state.run(run_);
  if (run == nullptr) return now;
  now.steps = run->steps.total();
  now.denials = run->denials.total();
  now.clock = run->clock(at);
  now.spent = run->spending;
  if (const auto policy = judge_.policy(run->policy)) {
    now.steps_max = (*policy)->ceilings.steps;
    now.denials_max = (*policy)->ceilings.denials;
    now.tokens_max = (*policy)->ceilings.tokens;
    now.cost_max = (*policy)->ceilings.cost_nano_usd;
    // The call that is refused at a ceiling is charged too; no one has used more than there was.
    if (now.steps_max) now.steps = std::min(now.steps, *now.steps_max);
    now.clock_max = (*policy)->ceilings.wall_clock;
  }
  return now;
}

void Story::describe(const State& state, Replay& into) const {
  into.agent = opened_.agent;
  into.sponsor = opened_.sponsor;
  into.client = opened_.client;
  if (const auto policy = judge_.policy(opened_.policy)) into.policy_file = (*policy)->file;
  if (const Run* run = state.run(run_)) {
    into.phase = to_string(run->phase);
  } else if (!opened_.run.empty()) {
    into.phase = to_string(RunPhase::closed);  // so long ago that the state forgot it
  }
}

}  // namespace pawl
