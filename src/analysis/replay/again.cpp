#include "analysis/replay/again.h"

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/let_through.h"
#include "kernel/definition/definition.h"
#include "model/facts.h"

namespace pawl {

namespace {

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

// `file:line:column` without the file: the same policy may lie in another place.
std::string place_in_file(std::string_view at) {
  std::size_t colon = at.rfind(':');
  if (colon != std::string_view::npos) colon = at.rfind(':', colon - 1);
  return std::string(colon == std::string_view::npos ? std::string_view{} : at.substr(colon + 1));
}

std::string to_string(const std::vector<SumCharge>& sums) {
  std::string out;
  for (const SumCharge& charge : sums) {
    out += (out.empty() ? "" : ", ") + to_string(charge.add) + " to " + charge.counter;
    if (!charge.key.empty()) out += " of " + charge.key;
    if (charge.window.ns != 0) out += " in " + to_string(charge.window);
  }
  return out;
}

}  // namespace

// Both sides of a decision, member by member.
class Comparison {
 public:
  Comparison(std::uint64_t seq, std::string call) : seq_(seq), call_(std::move(call)) {}

  void member(std::string_view name, const std::string& recorded, const std::string& again) {
    if (recorded == again) return;
    differences_.push_back({seq_, call_, std::string(name), recorded, again});
  }
  void member(std::string_view name, bool recorded, bool again) {
    member(name, yes_or_no(recorded), yes_or_no(again));
  }
  void member(std::string_view name, std::uint64_t recorded, std::uint64_t again) {
    member(name, std::to_string(recorded), std::to_string(again));
  }
  Again done() {
    const bool equal = differences_.empty();
    return {equal ? Again::Kind::equal : Again::Kind::different, std::move(differences_), {}};
  }

 private:
  std::uint64_t seq_;
  std::string call_;
  std::vector<Difference> differences_;
};

namespace {

// What the call runs under: the verdict's own, or what lets it through all the same.
struct Terms {
  Class action_class;
  const std::string* credential;
  const Reservation& reservation;
  const std::vector<Rewrite>& rewrites;
  bool runs;
};
Terms terms_of(const Verdict& verdict, const std::optional<LetThrough>& passing) {
  if (passing) {
    return {passing->action_class, passing->credential, passing->reservation, passing->rewrites,
            true};
  }
  return {verdict.action_class, verdict.credential, verdict.reservation, verdict.rewrites,
          verdict.effect != Effect::deny};
}

void compare(Comparison& sides, const CallDecided& recorded, const Verdict& again,
             const Terms& terms) {
  sides.member("effect", recorded.effect, std::string(to_string(again.effect)));
  sides.member("code", recorded.code, std::string(to_string(again.reason.code)));
  const Rule* rule = again.reason.rule;
  sides.member("rule", recorded.rule, rule == nullptr ? std::string() : rule->path);
  sides.member("rule_at", place_in_file(recorded.rule_at),
               rule == nullptr ? std::string() : place_in_file(to_string(rule->at)));
  sides.member("class", recorded.class_text, to_string(terms.action_class));
  if (!recorded.credential.empty()) {
    sides.member("credential", recorded.credential,
                 terms.credential == nullptr ? std::string() : *terms.credential);
  }
  sides.member("halt", recorded.halt, again.halt);
  sides.member("notify", recorded.notify, again.notify);
  sides.member("retry", recorded.retry, again.retry);
  sides.member("steps", std::uint64_t{recorded.steps}, std::uint64_t{terms.reservation.steps});
  sides.member("calls", std::uint64_t{recorded.calls}, std::uint64_t{terms.reservation.calls});
  sides.member("records", recorded.records, terms.reservation.records);
  sides.member("sums", to_string(recorded.sums), to_string(terms.reservation.sums));
}

// The people's answer is a fact of the record; who gave it is in the records before.
void compare_approval(Comparison& sides, const State& state, const Facts& facts, Instant now) {
  if (!facts.approval || !facts.approval->granted) return;
  const Approval* asked = state.approval(facts.approval->approval);
  const Run* run = asked == nullptr ? nullptr : state.run(asked->asked.run);
  const Standing* standing = run == nullptr ? nullptr : run->stands(facts.approval->approval, now);
  const bool stands = standing != nullptr && asked->phase == ApprovalPhase::consumed;
  const std::string phase(asked == nullptr ? "no such approval request"
                          : stands         ? to_string(ApprovalPhase::approved)
                                           : to_string(asked->phase));
  sides.member("approval", std::string("approved"), phase);
  if (asked == nullptr) return;
  const bool alike = stands && standing->for_run;
  sides.member("approval.binding", facts.approval->binding,
               alike ? asked->asked.terms->likeness : asked->binding());
}

Again refused_at_the_door(const Record& record, const CallDecided& decided) {
  Comparison sides(record.seq, decided.call);
  sides.member("effect", decided.effect, std::string(to_string(Effect::deny)));
  Again again = sides.done();
  if (again.kind == Again::Kind::equal) again.kind = Again::Kind::at_the_door;
  return again;
}

Again unknown(std::string why) {
  return {Again::Kind::indeterminate, {}, std::move(why)};
}

}  // namespace

void Judge::learn(const PolicyLoaded& loaded) {
  policy_sources_[loaded.digest] = {loaded.payload, loaded.file};
}

void Judge::learn(const DefinitionSeen& seen) {
  definition_payloads_[seen.digest] = seen.payload;
}

Result<std::string> Judge::text(std::string_view commitment, std::string_view what) const {
  const std::string name = "the text of " + std::string(what);
  if (commitment.empty()) return fail(ErrorKind::missing, "no record holds " + std::string(what));
  auto stored = payload_(commitment);
  if (!stored) return fail(stored.error().fault, name + ": " + stored.error().message);
  switch (stored->kind) {
    case StoredText::Kind::present:
      return std::move(stored->bytes);
    case StoredText::Kind::erased:
      return fail(ErrorKind::missing, name + " is erased");
    case StoredText::Kind::missing:
      return fail(ErrorKind::missing, name + " is not kept");
  }
  return fail(ErrorKind::missing, name + " is not kept");
}

Result<std::shared_ptr<const Policy>> Judge::policy(std::string_view digest) {
  if (const auto known = policies_.find(digest); known != policies_.end()) return known->second;
  const auto source = policy_sources_.find(digest);
  if (source == policy_sources_.end()) {
    return fail(ErrorKind::missing, "no record holds the policy " + escape_untrusted(digest));
  }
  auto bundle = text(source->second.payload, "the policy");
  PAWL_TRY(bundle);
  Loaded loaded = load_bundle(*bundle, source->second.file);
  if (!loaded.policy) {
    return fail(ErrorKind::invalid, "this version cannot load the recorded policy: " +
                                        (loaded.errors.empty() ? std::string("no reason given")
                                                               : to_string(loaded.errors.front())));
  }
  if (to_string(loaded.policy->digest) != digest) {
    return fail(ErrorKind::corrupt, "the recorded policy has another digest than its record says");
  }
  policies_.emplace(digest, loaded.policy);
  return loaded.policy;
}

Result<std::shared_ptr<const ToolDefinition>> Judge::definition(std::string_view digest,
                                                                const std::string& server) {
  if (digest.empty()) return nullptr;
  const std::string key = server + "\n" + std::string(digest);
  if (const auto known = definitions_.find(key); known != definitions_.end()) {
    return known->second;
  }
  const auto payload = definition_payloads_.find(digest);
  if (payload == definition_payloads_.end()) {
    return fail(ErrorKind::missing, "no record holds the tool's definition");
  }
  auto bytes = text(payload->second, "the tool's definition");
  PAWL_TRY(bytes);
  if (to_string(sha256(*bytes)) != digest) {
    return fail(ErrorKind::corrupt,
                "the recorded definition has another digest than its record says");
  }
  const auto document = json::parse(*bytes, {.duplicate_keys = json::DuplicateKeys::permit});
  PAWL_TRY(document);
  auto parsed = parse_definition(document->root(), server);
  PAWL_TRY(parsed);
  auto made = std::make_shared<const ToolDefinition>(std::move(*parsed));
  definitions_.emplace(key, made);
  return made;
}

Result<std::string> Judge::arguments(const CallDecided& decided) const {
  return text(decided.args, "the arguments");
}

Result<std::string> Judge::words(const ApprovalReplied& replied) const {
  return text(replied.words, "its words");
}

Result<Judge::Inputs> Judge::inputs(const CallDecided& decided) {
  Inputs in;
  const auto facts_text = json::parse(decided.facts);
  if (!facts_text) return fail(ErrorKind::invalid, "its facts: " + facts_text.error().message);
  auto facts = parse_facts(facts_text->root());
  if (!facts) return fail(ErrorKind::invalid, "its facts: " + facts.error().message);
  in.facts = std::move(*facts);
  auto in_force = policy(decided.policy);
  PAWL_TRY(in_force);
  in.policy = std::move(*in_force);
  auto received = arguments(decided);
  PAWL_TRY(received);
  in.received = std::move(*received);
  auto document = json::parse(in.received);
  if (!document) return fail(ErrorKind::invalid, "the arguments: " + document.error().message);
  in.arguments = std::move(*document);
  auto tool = definition(in.facts.definition, decided.server);
  PAWL_TRY(tool);
  in.definition = std::move(*tool);
  return in;
}

// What was sent must be the received arguments, or those with the rewrites of this verdict.
Status Judge::compare_forwarded(const Inputs& in, const CallDecided& decided,
                                std::span<const Rewrite> rewrites, Comparison& sides) const {
  if (rewrites.empty()) {
    sides.member("forwarded", decided.forwarded, std::string());
    return {};
  }
  const auto again = forwarded_arguments(in.arguments.root(), rewrites);
  PAWL_TRY(again);
  const auto recorded = text(decided.forwarded, "what was forwarded");
  PAWL_TRY(recorded);
  sides.member("forwarded", *recorded, *again);
  return {};
}

Again Judge::decide(const State& state, const Record& record, const CallDecided& decided) {
  if (decided.abi != decision_abi) {
    return {Again::Kind::not_comparable,
            {},
            "it was decided by decision version " + std::to_string(decided.abi) + ", this is " +
                std::to_string(decision_abi)};
  }
  if (decided.facts.empty()) return refused_at_the_door(record, decided);
  const Run* run = state.run(decided.run);
  if (run == nullptr) return unknown("no record opened its run");
  auto in = inputs(decided);
  if (!in) return unknown(in.error().message);

  const std::optional<BoundTool> bound =
      bind_call(*in->policy, decided.server, decided.tool, in->definition, record.at);
  const Call call{decided.server, decided.tool, in->arguments.root()};
  const Situation situation{.policy = *in->policy,
                            .state = state,
                            .run = *run,
                            .call = call,
                            .tool = bound ? &*bound : nullptr,
                            .facts = in->facts,
                            .now = record.at,
                            .look = decided.round == 1 ? Look::proposal : Look::after_hold};
  const Verdict verdict = admit(situation);
  // Whether the role was watched, the record says; whether this call may be, is decided again.
  std::optional<LetThrough> passing;
  if (!decided.enforced) passing = let_through(situation, verdict, in->definition);
  const Terms terms = terms_of(verdict, passing);
  Comparison sides(record.seq, decided.call);
  compare(sides, decided, verdict, terms);
  sides.member("enforced", decided.enforced, !passing);
  sides.member("grant", decided.grant, verdict.grant);
  compare_approval(sides, state, in->facts, record.at);
  sides.member("policy", decided.policy, run->policy);
  sides.member("definition", decided.definition, in->facts.definition);
  sides.member("entry", decided.entry, bound ? bound->entry->key : std::string());
  if (verdict.effect == Effect::hold && bound && !passing) {
    sides.member("args_digest", decided.args_digest,
                 to_string(binding_of(*in->policy, *bound, *run, call, in->facts)));
  }
  const Status sent =
      terms.runs ? compare_forwarded(*in, decided, terms.rewrites, sides) : Status{};
  Again again = sides.done();
  // A difference that is known stands, whatever else is gone.
  if (!sent && again.kind == Again::Kind::equal) return unknown(sent.error().message);
  return again;
}

}  // namespace pawl
