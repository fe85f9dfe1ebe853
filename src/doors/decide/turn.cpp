#include "doors/decide/turn.h"

#include <utility>

#include "doors/decide/project.h"
#include "kernel/admit/decision_record.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/repeats.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

// The two words of the decision table. That a tool can carry data outside is a third mark, which
// constrains arguments and is not part of this answer.
std::string plain_class(Class c) {
  c.external_sink = false;
  return to_string(c);
}

}  // namespace

Status DecideStream::Turn::apply(Body body) {
  return stream.state_.apply({stream.state_.next_seq(), stream.now_, 0, std::move(body)});
}

// A tool that is sent with its server in its name is that server's tool.
void DecideStream::Turn::name_call() {
  server = line.server;
  tool = line.tool;
  const std::size_t slash = tool.find('/');
  if (server.empty() && slash != std::string::npos && slash > 0 && !tool.starts_with("mcp:")) {
    server = tool.substr(0, slash);
    tool.erase(0, slash + 1);
  }
  proposed = Call{server, tool, line.arguments};
}

Status DecideStream::Turn::open_run() {
  if (stream.state_.run(run) != nullptr) return {};
  RunOpened opened;
  opened.run = run;
  opened.key = run;
  opened.agent = stream.policy_->agent;
  opened.identity = stream.policy_->identity;
  opened.sponsor = run;  // the run that the line names
  opened.policy = to_string(stream.policy_->digest);
  return apply(opened);
}

void DecideStream::Turn::gather() {
  if (stream.policy_->asks_origin && !line.words.empty()) {
    stream.origins_of(run).add_words(line.words, stream.now_);
  }
  const ToolRule* entry = stream.policy_->find(server, tool);
  if (entry == nullptr) return;
  auto found = stream.bound(*this);
  if (!found) {
    trouble = "the tool's definition cannot be read: " + found.error().message;
    return;
  }
  bound = std::move(*found);
  const ToolDefinition& definition = *bound->definition;
  if (definition.hidden_characters) facts.pin = PinState::hidden;
  if (!tool.starts_with("mcp:") && !refused_names({definition}).front().empty()) {
    facts.pin = PinState::ambiguous;
  }
  // There is no file system here: every path is compared as it is written.
  for (auto& [pointer, path] : paths_to_resolve(*bound, line.arguments)) {
    facts.paths.push_back(PathFact{pointer, "", ""});
  }
  if (bound->asks_origin) {
    facts.origins = find_origins(*bound, line.arguments, stream.origins_of(run));
  }
  for (const auto& [pointer, text] : sql_to_read(*bound, line.arguments)) {
    facts.sql.push_back(stream.read_sql_
                            ? stream.read_sql_(pointer, text)
                            : sql::Fact{pointer, "SQL is not understood at this door", {}});
  }
}

CallDecided DecideStream::Turn::decided(const Verdict& verdict) const {
  CallDecided d = decision_record(verdict, proposed, bound.get());
  d.call = call;
  d.run = run;
  d.class_text = plain_class(verdict.action_class);
  d.mark = mark;
  return d;
}

Status DecideStream::Turn::record(const Verdict& verdict) {
  if (verdict.effect == Effect::hold) return record_hold(verdict);
  return apply(decided(verdict));
}

// The question is opened, so that the hold is charged as one, and withdrawn: no one waits for it.
Status DecideStream::Turn::record_hold(const Verdict& verdict) {
  CallDecided d = decided(verdict);
  d.approval = "a" + call;
  ApprovalOpened question;
  question.approval = d.approval;
  question.call = call;
  question.run = run;
  question.binding = "line " + call;
  question.quorum = verdict.question->quorum;
  question.expires = stream.now_ + verdict.question->within;
  PAWL_TRY(apply(d));
  PAWL_TRY(apply(question));
  PAWL_TRY(apply(ApprovalEnded{d.approval, "withdrawn", call}));
  CallEnded ended;
  ended.call = call;
  ended.run = run;
  ended.outcome = "aborted";
  return apply(ended);
}

Status DecideStream::Turn::settle(const Verdict& verdict, LineDecision& decision) {
  const Ending ending = line.ending.value_or(Ending{});
  const bool failed = ending.is_error || (line.result.is_object() &&
                                          line.result["isError"].kind() == json::Kind::boolean &&
                                          line.result["isError"].boolean());
  CallEnded ended;
  ended.call = call;
  ended.run = run;
  ended.outcome = ending.outcome;
  ended.is_error = failed;
  if (!mark.empty()) ended.mark = mark_of_result(failed);
  ended.records = settled_records(*bound->entry, verdict.reservation.records, ending.records);
  PAWL_TRY(apply(ended));
  const Run* after = stream.state_.run(run);
  if (after->phase == RunPhase::halted) decision.obligations.halt = after->why;

  if (const Scope* scope = bound->entry->scope.get()) {
    decision.obligations.scope = &scope->fields();
    if (!line.result.exists()) return {};
    Projected projected = project_any(*scope, line.result);
    decision.obligations.result = std::move(projected.result);
    decision.obligations.withheld = std::move(projected.withheld);
  }
  if (!failed && ending.outcome == "completed") learn(decision);
  return {};
}

// What the agent is given of the result may be where later values come from.
void DecideStream::Turn::learn(const LineDecision& decision) {
  const bool asked = !stream.policy_->sources.empty() && !bound->entry->untrusted;
  if (!asked || !line.result.exists()) return;
  RunOrigins& origins = stream.origins_of(run);
  if (bound->entry->scope == nullptr) {
    origins.add_result(server, tool, call, line.result);
  } else if (const auto given = json::parse(decision.obligations.result)) {
    origins.add_result(server, tool, call, given->root());
  }
}

LineDecision DecideStream::Turn::describe(const Verdict& verdict) const {
  LineDecision decision;
  decision.effect = verdict.effect;
  decision.code = verdict.reason.code;
  decision.rule = verdict.reason.rule;
  decision.reason = reason_text(verdict, proposed);
  if (bound) decision.class_text = plain_class(verdict.action_class);
  decision.run = run;
  decision.obligations.approval = verdict.question.get();
  if (verdict.halt) decision.obligations.halt = verdict.reason.says;
  if (verdict.notify) decision.obligations.notify = decision.reason;
  return decision;
}

std::string DecideStream::Turn::refuse(Code code, const std::string& what) {
  LineDecision decision;
  decision.code = code;
  decision.reason = what;
  decision.run = run;
  if (run.empty()) return to_json(decision, *stream.policy_);  // there is no run to charge
  Status done = open_run();
  if (done) {
    const Verdict verdict = admit_refused({.policy = *stream.policy_,
                                           .state = stream.state_,
                                           .run = *stream.state_.run(run),
                                           .call = proposed,
                                           .tool = nullptr,
                                           .facts = facts,
                                           .now = stream.now_},
                                          code, what);
    decision.code = verdict.reason.code;
    decision.rule = verdict.reason.rule;
    decision.reason = verdict.reason.says;
    if (verdict.halt) decision.obligations.halt = verdict.reason.says;
    done = apply(decided(verdict));
  }
  if (!done) {
    decision.code = Code::internal;
    decision.reason = done.error().message;
  }
  return to_json(decision, *stream.policy_);
}

// After open_run(). Nothing of the stream is kept, so these digests need no key.
void DecideStream::Turn::mark_call() {
  if (!stream.policy_->ceilings.repeats) return;
  const std::string arguments = line.arguments.exists() ? json::write(line.arguments) : "{}";
  const std::string lengths = std::to_string(server.size()) + " " + std::to_string(tool.size());
  mark = hex(sha256({lengths, " ", server, tool, arguments}));
  facts.repeats = stream.state_.run(run)->repeats.of(mark);
}

// What is not told is like nothing else; that it failed is one error, with or without words.
std::string DecideStream::Turn::mark_of_result(bool failed) const {
  const std::string_view outcome = line.ending.value_or(Ending{}).outcome;
  const bool told = line.result.exists() || failed || outcome == "failed";
  if (!told) return {};
  const std::string result = line.result.exists() ? json::write(line.result) : std::string();
  return hex(sha256({outcome, failed ? " error " : " ", result}));
}

void DecideStream::Turn::warn(const Verdict& verdict, LineDecision& decision) const {
  if (mark.empty() || verdict.halt || verdict.effect == Effect::hold) return;
  const Repeats& repeats = stream.state_.run(run)->repeats;
  if (repeats.empty() || repeats.last().back().call != mark) return;
  decision.obligations.warning = repeats_warning(stream.policy_->ceilings, repeats.now());
}

// After open_run().
Situation DecideStream::Turn::situation() const {
  return {.policy = *stream.policy_,
          .state = stream.state_,
          .run = *stream.state_.run(run),
          .call = proposed,
          .tool = bound.get(),
          .facts = facts,
          .now = stream.now_};
}

Status DecideStream::Turn::look(const std::function<void(const Situation&)>& see) {
  name_call();
  gather();
  if (!trouble.empty()) return fail(ErrorKind::invalid, trouble);
  PAWL_TRY(open_run());
  mark_call();
  see(situation());
  return {};
}

std::string DecideStream::Turn::answer() {
  name_call();
  gather();
  const bool blocked = stream.policy_->blocks(server, tool) != nullptr;
  if (!trouble.empty() && !blocked) return refuse(Code::schema, trouble);
  if (const Status opened = open_run(); !opened) {
    return refuse(Code::internal, opened.error().message);
  }

  mark_call();
  const Verdict verdict = admit(situation());
  LineDecision decision = describe(verdict);
  Status done = record(verdict);
  if (done && verdict.runs()) {
    if (!verdict.rewrites.empty()) {
      const auto forward = forwarded_arguments(line.arguments, verdict.rewrites);
      if (forward) decision.obligations.forward = *forward;
      if (!forward) done = std::unexpected(forward.error());
    }
    if (done) done = settle(verdict, decision);
  }
  if (done) warn(verdict, decision);
  if (!done) {
    decision = LineDecision{};
    decision.reason = done.error().message;
    decision.run = run;
  }
  return to_json(decision, *stream.policy_);
}

}  // namespace pawl
