#include "doors/control/views.h"

#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "doors/control/display.h"
#include "kernel/admit/typed.h"

namespace pawl {
namespace {

void write_question(json::Writer& out, const Approval& approval, Instant now) {
  const OpenedQuestion& asked = approval.asked;
  const QuestionTerms& terms = *asked.terms;
  out.key("approval").string(asked.approval);
  out.key("phase").string(to_string(approval.phase));
  out.key("run").string(asked.run);
  out.key("agent").string(terms.agent);
  out.key("sponsor").string(terms.sponsor);
  out.key("tool").string(terms.tool);
  out.key("call").string(approval.call);
  out.key("quorum").natural(terms.quorum);
  out.key("typed").boolean(terms.typed);
  if (!terms.typed_of.empty()) {
    out.key("typed_of").array();
    for (const std::string& argument : terms.typed_of) out.string(argument);
    out.end();
  }
  out.key("deny_on_timeout").boolean(terms.deny_on_timeout);
  if (!terms.credential.empty()) out.key("credential").string(terms.credential);
  out.key("why").string(terms.why);
  out.key("binding").string(approval.binding());
  if (approval.changed) out.key("changed_by").string(approval.changed->person);
  out.key("opened").string(to_string(approval.opened));
  out.key("expires").string(to_string(asked.expires));
  out.key("left_ms").integer(std::max<std::int64_t>(0, (asked.expires - now).ns / 1'000'000));
  out.key("attached").boolean(approval.attached);
  out.key("reviewers").array();
  for (const std::string& reviewer : terms.reviewers) out.string(reviewer);
  out.end();
  out.key("answers").array();
  for (const Answer& answer : approval.answers) {
    out.object().key("person").string(answer.person).key("answer").string(answer.answer);
    out.key("reason").string(answer.reason).key("at").string(to_string(answer.at));
    out.key("counts").boolean(answer.counts).end();
  }
  out.end();
}

bool unspell(std::string_view spelled, Digest& out) {
  std::string bytes;
  constexpr std::string_view prefix = "sha256:";
  if (!spelled.starts_with(prefix) || !unhex(spelled.substr(prefix.size()), bytes) ||
      bytes.size() != out.size()) {
    return false;
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

Result<std::string> stored_arguments(Journal& journal, std::string_view at) {
  Digest commitment{};
  if (!unspell(at, commitment)) {
    return fail(Fault::corrupt, "the question does not say where its arguments are");
  }
  auto payload = journal.payload(commitment);
  if (!payload) return std::unexpected(payload.error());
  if (payload->state != PayloadState::present) {
    return fail(Fault::missing, "the arguments of this call are not stored any more");
  }
  return std::move(payload->bytes);
}

void write_display(json::Writer& out, const Approval& approval, std::string_view arguments,
                   bool full) {
  const auto document = json::parse(arguments);
  if (!document) return;
  const Display shown = display(approval, document->root(), full);
  out.key("display").array();
  for (const ShownArgument& argument : shown.arguments) {
    out.object().key("name").string(argument.name).key("text").string(argument.text);
    if (argument.hidden) out.key("hidden").boolean(true);
    if (argument.mixed) out.key("mixed").boolean(true);
    if (argument.folded > 0) out.key("folded").natural(argument.folded);
    out.end();
  }
  out.end();
  if (!shown.digest.empty()) out.key("shown").string(shown.digest);
}

Result<std::string> text_to_type_with(const QuestionTerms& terms,
                                      const Result<std::string>& arguments) {
  if (terms.typed_of.empty()) return text_to_type({}, {}, terms.tool);
  if (!arguments) return std::unexpected(arguments.error());
  const auto document = json::parse(*arguments);
  if (!document) return std::unexpected(document.error());
  return text_to_type(document->root(), terms.typed_of, terms.tool);
}

// The whole of one question, with the arguments that would run.
std::string question_json(const State& state, Journal& journal, const Approval& approval,
                          const Result<std::string>& arguments, Instant now, bool full) {
  json::Writer out;
  out.object().key("ok").boolean(true).key("approval").object();
  write_question(out, approval, now);
  const auto text = text_to_type_with(*approval.asked.terms, arguments);
  if (approval.asked.terms->typed && text) out.key("type_this").string(*text);
  if (arguments) {
    out.key("arguments").raw(*arguments);
    write_display(out, approval, *arguments, full);
  } else {
    out.key("arguments_missing").string(arguments.error().message);
  }
  if (approval.changed) {
    if (const auto first = stored_arguments(journal, approval.asked.args)) {
      out.key("asked").raw(*first);
    }
  }
  if (const Run* run = state.run(approval.asked.run)) {
    out.key("run_steps").natural(run->steps.total());
    out.key("run_denials").natural(run->denials.total());
    out.key("run_opened").string(to_string(run->opened));
    out.key("run_phase").string(to_string(run->phase));
  }
  out.end().end();
  return out.take();
}

}  // namespace

Result<std::string> text_to_type_of(Journal& journal, const Approval& approval) {
  return text_to_type_with(*approval.asked.terms, stored_arguments(journal, approval.args()));
}

std::string approvals_json(const State& state, Instant now) {
  std::vector<const Approval*> open;
  for (const auto& [id, approval] : state.approvals()) {
    if (approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved) {
      open.push_back(&approval);
    }
  }
  std::sort(open.begin(), open.end(), [](const Approval* a, const Approval* b) {
    const auto risk = [](const Approval& x) {
      return x.asked.terms->quorum * 2 + (x.asked.terms->typed ? 1 : 0);
    };
    if (risk(*a) != risk(*b)) return risk(*a) > risk(*b);
    if (a->asked.expires != b->asked.expires) return a->asked.expires < b->asked.expires;
    return a->asked.approval < b->asked.approval;
  });
  json::Writer out;
  out.object().key("ok").boolean(true).key("approvals").array();
  for (const Approval* approval : open) {
    out.object();
    write_question(out, *approval, now);
    out.end();
  }
  out.end().end();
  return out.take();
}

Result<std::string> approval_json(const State& state, Journal& journal, const std::string& id,
                                  Instant now, bool full) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr) {
    return fail(Fault::missing, "there is no question `" + visible(id) + "`");
  }
  return question_json(state, journal, *approval, stored_arguments(journal, approval->args()), now,
                       full);
}

Result<std::string> changed_json(const State& state, Journal& journal, const std::string& id,
                                 const Changed& changed, Instant now, bool full) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr) {
    return fail(Fault::missing, "there is no question `" + visible(id) + "`");
  }
  Approval as_changed = *approval;
  as_changed.changed =
      std::make_shared<const ChangedQuestion>(ChangedQuestion{{}, changed.binding, {}});
  as_changed.answers.clear();  // of the call as it was
  return question_json(state, journal, as_changed, changed.arguments, now, full);
}

std::string reviewers_json(const State& state, const std::string& config) {
  json::Writer out;
  out.object().key("ok").boolean(true).key("config").string(config).key("reviewers").array();
  for (const auto& [name, reviewer] : state.reviewers()) {
    out.object().key("person").string(name).key("proof").string(reviewer.proof);
    out.key("by").string(reviewer.by).end();
  }
  out.end().end();
  return out.take();
}

std::string status_json(const Gate& gate, const Journal& journal, Instant now,
                        const std::string& version) {
  const State& state = gate.state();
  json::Writer out;
  out.object().key("ok").boolean(true);
  out.key("version").string(version);
  out.key("node").string(journal.public_key());
  out.key("records").natural(journal.next());
  out.key("synced").natural(journal.synced());
  out.key("fault").string(gate.fault());
  out.key("now").string(to_string(now));
  out.key("kills").array();
  for (const Kill& kill : state.kills()) {
    out.object().key("scope").string(kill.scope).key("name").string(kill.name);
    out.key("person").string(kill.person).key("reason").string(kill.reason).end();
  }
  out.end().key("policies_waiting").array();
  for (const WaitingPolicy& waiting : gate.waiting_policies()) {
    out.object().key("agent").string(waiting.agent).key("file").string(waiting.file);
    out.key("digest").string(waiting.digest).key("laxer").string(waiting.laxer).end();
  }
  out.end().key("runs").array();
  for (const auto& [id, run] : state.runs()) {
    // A halt outlives its run: it stops every further run of the agent for that sponsor.
    if (run.phase == RunPhase::closed && run.halted.empty()) continue;
    out.object().key("run").string(id).key("agent").string(run.agent);
    out.key("sponsor").string(run.sponsor).key("phase").string(to_string(run.phase));
    if (!run.halted.empty()) out.key("halted").string(run.halted);
    out.key("why").string(run.why).key("steps").natural(run.steps.total());
    out.key("denials").natural(run.denials.total());
    out.key("clock_ms").integer(run.clock(now).ns / 1'000'000);
    out.key("opened").string(to_string(run.opened)).end();
  }
  out.end();
  std::size_t open = 0;
  for (const auto& [id, approval] : state.approvals()) {
    open += approval.phase == ApprovalPhase::open ? 1 : 0;
  }
  out.key("questions").natural(open);
  out.end();
  return out.take();
}

std::string policy_json(const State& state, Journal& journal, std::string_view agent) {
  const Pin* accepted = state.pin(policy_pin_server, policy_pin_name(agent));
  std::string bundle;
  Digest commitment{};
  if (accepted != nullptr && unspell(state.policy_payload(accepted->digest), commitment)) {
    const auto payload = journal.payload(commitment);
    if (payload && payload->state == PayloadState::present) bundle = payload->bytes;
  }
  json::Writer out;
  out.object().key("bundle").string(bundle);
  out.key("digest").string(accepted == nullptr ? std::string() : accepted->digest);
  return out.key("ok").boolean(true).end().take();
}

}  // namespace pawl
