#include "views/activity.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/utf8.h"
#include "kernel/state/eyes.h"

namespace pawl::views {
namespace {

constexpr std::size_t kLastMax = 4096;
constexpr std::size_t kToolsMax = 1024;
constexpr std::int64_t kHourNs = 3'600'000'000'000;

std::string full_name(const CallDecided& b) {
  return b.server.empty() ? b.tool : b.server + "/" + b.tool;
}

}  // namespace

// One function for each type of record that people hear of.
struct ActivityTeller {
  ActivityFeed& into;
  const Record& record;
  const State& state;

  Happening begin(std::string run, std::string_view word) const {
    Happening one;
    one.seq = record.seq;
    one.at = record.at;
    one.run = std::move(run);
    one.word = word;
    if (const Run* known = state.run(one.run)) one.agent = known->agent;
    return one;
  }
  void say(Happening one, std::string said) const {
    one.said = utf8::shortened(said, into.limits_.said_bytes_max);
    into.add(std::move(one));
  }

  // Something that was said about a question.
  void about(const std::string& id, std::string_view word, std::string said) const {
    const Approval* approval = state.approval(id);
    if (approval == nullptr) return;
    Happening one = begin(approval->asked.run, word);
    one.tool = approval->asked.terms->tool;
    one.call = approval->call;
    say(std::move(one), std::move(said));
  }

  void operator()(const RunOpened& b) const {
    Happening one = begin(b.run, "opened");
    one.agent = b.agent;
    say(std::move(one), "for " + b.sponsor);
  }
  void operator()(const RunHalted& b) const { say(begin(b.run, "halted"), b.why); }
  void operator()(const RunClosed& b) const { say(begin(b.run, "closed"), b.why); }
  void operator()(const KillSet& b) const {
    say(begin({}, "kill"), b.scope + " " + b.name + " by " + b.person + ": " + b.reason);
  }
  void operator()(const Resumed& b) const {
    say(begin(b.scope == "run" ? b.name : std::string(), "resumed"),
        b.scope + " " + b.name + " by " + b.person + ": " + b.reason);
  }
  void operator()(const CallDecided& b) const {
    if (b.effect == "hold" && !b.approval.empty() && b.round == 1) into.judge(b);
    if (b.round > 1 && !b.approval.empty()) into.forget(b.approval);
    Happening one = begin(b.run, b.effect);
    one.tool = full_name(b);
    one.rule_at = b.rule_at;
    one.call = b.call;
    say(std::move(one), b.round > 1 ? b.reason + " (after the hold)" : b.reason);
  }
  void operator()(const CallEnded& b) const {
    const auto asked = into.asked_calls_.find(b.call);
    if (asked != into.asked_calls_.end()) asked->second = EndedCall{b.outcome, b.is_error, b.took};
    if (b.outcome == "completed" && !b.is_error) return;
    Happening one = begin(b.run, b.outcome);
    one.call = b.call;
    say(std::move(one), b.is_error ? "the tool reports an error" : "");
  }
  void operator()(const ApprovalOpened& b) const {
    if (into.since_.ns == 0) into.since_ = record.at;
    into.watch_call(b.call);
    if (is_vigilance(state, b.run)) return;  // not one that an agent asked
    ++into.questions_;
    const std::int64_t hour = record.at.ns / kHourNs % 24;
    ++into.hours_[static_cast<std::size_t>(hour < 0 ? hour + 24 : hour)];
  }
  void operator()(const ApprovalAnswered& b) const {
    const Approval* approval = state.approval(b.approval);
    if (approval == nullptr) return;
    into.answered(b, *approval, record.at, is_vigilance(state, approval->asked.run));
    Happening one = begin(approval->asked.run, b.answer);
    one.tool = approval->asked.terms->tool;
    one.call = approval->call;
    say(std::move(one), "by " + b.person + (b.reason.empty() ? "" : ": " + b.reason));
  }
  // A reviewer who changes a call has read it; whether it was approved as asked, it was not.
  void operator()(const ApprovalChanged& b) const {
    const Approval* approval = state.approval(b.approval);
    if (approval == nullptr) return;
    ApprovalAnswered as_answer;
    as_answer.approval = b.approval;
    as_answer.person = b.person;
    as_answer.answer = "change";
    into.answered(as_answer, *approval, record.at, is_vigilance(state, approval->asked.run));
    into.displays_.erase(b.approval);  // of what would not run any more
    Happening one = begin(approval->asked.run, "change");
    one.tool = approval->asked.terms->tool;
    one.call = approval->call;
    say(std::move(one), "by " + b.person + (b.reason.empty() ? "" : ": " + b.reason));
  }
  void operator()(const ApprovalAttached& b) const { into.watch_call(b.call); }
  void operator()(const ApprovalAsked& b) const {
    about(b.approval, "asked", "by " + b.person + ": " + b.text);
  }
  void operator()(const ApprovalReplied& b) const { about(b.approval, "replied", {}); }
  void operator()(const ApprovalPassed& b) const {
    about(b.approval, "passed on",
          "by " + b.person + " to " + b.to + (b.reason.empty() ? "" : ": " + b.reason));
  }
  void operator()(const ApprovalEnded& b) const {
    into.forget(b.approval);
    const Approval* approval = state.approval(b.approval);
    if (approval == nullptr) return;
    Happening one = begin(approval->asked.run, b.how);
    one.tool = approval->asked.terms->tool;
    one.call = b.call;
    say(std::move(one), {});
  }
  void operator()(const GrantMade& b) const {
    Happening one = begin(b.run, "granted");
    one.tool = b.tool;
    one.call = b.call;
    say(std::move(one), b.grant + " until " + to_string(b.until));
  }
  void operator()(const GrantEnded& b) const {
    say(begin(b.run, "grant ended"),
        b.grant + " by " + b.person + (b.reason.empty() ? "" : ": " + b.reason));
  }
  void operator()(const Escalated& b) const {
    say(begin(b.run, "escalated"), b.event + " to " + b.contact + ": " + b.outcome);
  }
  template <class T>
  void operator()(const T&) const {}
};

namespace {

// Halts, kills and closed runs withdraw questions; a second look uses them up.
struct ChangesQuestions {
  bool operator()(const CallDecided& b) const { return !b.approval.empty(); }
  bool operator()(const ApprovalOpened&) const { return true; }
  bool operator()(const ApprovalAnswered&) const { return true; }
  bool operator()(const ApprovalChanged&) const { return true; }
  bool operator()(const ApprovalAsked&) const { return true; }
  bool operator()(const ApprovalReplied&) const { return true; }
  bool operator()(const ApprovalPassed&) const { return true; }
  bool operator()(const ApprovalEnded&) const { return true; }
  bool operator()(const ApprovalAttached&) const { return true; }
  bool operator()(const RunHalted&) const { return true; }
  bool operator()(const RunClosed&) const { return true; }
  bool operator()(const KillSet&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

}  // namespace

void ActivityFeed::note(const Record& record, const State& state) {
  if (first_.ns == 0) begins_ = first_ = record.at;
  if (std::visit(ChangesQuestions{}, record.body)) ++changes_;
  std::visit(ActivityTeller{*this, record, state}, record.body);
}

void ActivityFeed::add(Happening happening) {
  if (!happening.run.empty()) {
    if (last_.size() >= kLastMax && !last_.contains(happening.run)) {
      last_.erase(
          std::ranges::min_element(last_, {}, [](const auto& entry) { return entry.second.ns; }));
    }
    last_[happening.run] = happening.at;
  }
  happenings_.push_back(std::move(happening));
  if (happenings_.size() <= limits_.happenings_max) return;
  happenings_.pop_front();
  begins_ = happenings_.front().at;
}

void ActivityFeed::judge(const CallDecided& b) {
  while (judged_.size() >= limits_.judged_max && !order_.empty()) {
    judged_.erase(order_.front());
    order_.pop_front();
  }
  const Judged how{b.class_text, b.rule_at};
  if (judgements_.size() >= limits_.judgements_max && !judgements_.contains(how)) return;
  const Judged* kept = &*judgements_.insert(how).first;
  const bool facts_too =
      judged_.size() < limits_.facts_kept_max && b.facts.size() <= limits_.facts_bytes_max;
  JudgedCall call{kept, b.args_bytes, facts_too, facts_too ? b.facts : std::string()};
  if (judged_.emplace(b.approval, std::move(call)).second) {
    order_.push_back(b.approval);
  }
  // Those that were forgotten meanwhile leave their place in the order behind.
  while (order_.size() > 2 * limits_.judged_max) order_.pop_front();
}

void ActivityFeed::forget(const std::string& approval) {
  judged_.erase(approval);
  displays_.erase(approval);
}

void ActivityFeed::watch_call(const std::string& call) {
  if (!asked_calls_.emplace(call, std::nullopt).second) return;
  asked_order_.push_back(call);
  if (asked_order_.size() <= limits_.ended_max) return;
  asked_calls_.erase(asked_order_.front());
  asked_order_.pop_front();
}

const EndedCall* ActivityFeed::ended(std::string_view call) const {
  const auto found = asked_calls_.find(call);
  return found == asked_calls_.end() || !found->second ? nullptr : &*found->second;
}

void ActivityFeed::recall(const std::string& approval, const CallDecided* found) {
  std::erase_if(recalled_, [&](const Recalled& one) { return one.approval == approval; });
  Recalled& one = recalled_.emplace_back();
  one.approval = approval;
  if (found != nullptr) {
    one.found = true;
    one.how = {found->class_text, found->rule_at};
    one.call.args_bytes = found->args_bytes;
    one.call.has_facts = found->facts.size() <= limits_.recalled_bytes_max;
    if (one.call.has_facts) one.call.facts = found->facts;
  }
  one.call.how = &one.how;
  if (recalled_.size() > limits_.recalled_max) recalled_.pop_front();
}

void ActivityFeed::displayed(const std::string& approval, const std::string& person, Instant at) {
  auto known = displays_.find(approval);
  if (known == displays_.end()) {
    while (displays_order_.size() >= limits_.displays_max) {
      displays_.erase(displays_order_.front());
      displays_order_.pop_front();
    }
    displays_order_.push_back(approval);
    known = displays_.emplace(approval, std::vector<std::pair<std::string, Instant>>()).first;
  }
  if (first_display(approval, person) || known->second.size() >= limits_.readers_max) return;
  known->second.emplace_back(person, at);
}

std::optional<Instant> ActivityFeed::first_display(const std::string& approval,
                                                   const std::string& person) const {
  const auto known = displays_.find(approval);
  if (known == displays_.end()) return std::nullopt;
  for (const auto& [reader, at] : known->second) {
    if (reader == person) return at;
  }
  return std::nullopt;
}

void ActivityFeed::answered(const ApprovalAnswered& b, const Approval& approval, Instant at,
                            bool seeded) {
  if (answering_.size() >= limits_.persons_max && !answering_.contains(b.person)) return;
  Answering& person = answering_[b.person];
  const Duration took{at.ns - approval.opened.ns};
  const bool yes = b.answer == "approve";
  if (seeded) {
    ++person.seeded;
    person.caught += b.answer == "reject" ? 1 : 0;
    return;
  }
  ++person.answers;
  person.approved += yes ? 1 : 0;
  person.at_once += yes && took < hasty_below ? 1 : 0;
  person.took.push_back(took);
  if (person.took.size() > limits_.times_max) person.took.pop_front();
  if (const auto first = first_display(b.approval, b.person)) {
    const Duration read{at.ns - first->ns};
    ++person.displayed;
    person.hasty += yes && read < hasty_below ? 1 : 0;
    person.read.push_back(read);
    if (person.read.size() > limits_.times_max) person.read.pop_front();
  }
  const std::string& tool = approval.asked.terms->tool;
  if (tools_.size() >= kToolsMax && !tools_.contains(tool)) return;
  Asked& asked = tools_[tool];
  ++asked.answered;
  asked.approved += yes ? 1 : 0;
  asked.grave += is_mild(*approval.asked.terms) ? 0 : 1;
}

const JudgedCall* ActivityFeed::judged(std::string_view approval) const {
  const auto kept = judged_.find(approval);
  if (kept != judged_.end() && kept->second.has_facts) return &kept->second;
  for (const Recalled& one : recalled_) {
    if (one.found && one.approval == approval) return &one.call;
  }
  return kept == judged_.end() ? nullptr : &kept->second;
}

bool ActivityFeed::remembers(std::string_view approval) const {
  const JudgedCall* known = judged(approval);
  return (known != nullptr && known->has_facts) ||
         std::ranges::any_of(recalled_,
                             [&](const Recalled& one) { return one.approval == approval; });
}

Instant ActivityFeed::last_of(std::string_view run) const {
  const auto found = last_.find(run);
  return found == last_.end() ? Instant{} : found->second;
}

}  // namespace pawl::views
