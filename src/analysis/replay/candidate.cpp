#include "analysis/replay/candidate.h"

#include <algorithm>
#include <utility>

#include "analysis/replay/again.h"
#include "base/text.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/policy/commands.h"

namespace pawl {
namespace {

Effect effect_of(std::string_view word) {
  for (const Effect effect :
       {Effect::allow, Effect::notify, Effect::contain, Effect::hold, Effect::deny}) {
    if (to_string(effect) == word) return effect;
  }
  return Effect::deny;
}

template <class T>
bool has_fact(const std::vector<T>& facts, const std::string& pointer) {
  return std::ranges::any_of(facts, [&](const T& fact) { return fact.pointer == pointer; });
}

// What the candidate asks about this call and the facts do not hold; empty: nothing.
std::string missing_fact(const Policy& candidate, const BoundTool& tool, const Policy& in_force,
                         const BoundTool* then, json::View arguments, const Facts& facts) {
  for (const auto& [pointer, path] : paths_to_resolve(tool, arguments)) {
    if (!has_fact(facts.paths, pointer)) return "not checked: where `" + pointer + "` leads";
  }
  for (const auto& [pointer, text] : sql_to_read(tool, arguments)) {
    if (!has_fact(facts.sql, pointer)) return "not checked: the SQL in `" + pointer + "`";
  }
  const auto looks_up = [](const BoundTool* one) {
    return one != nullptr && one->entry->commands != nullptr &&
           !one->entry->commands->directories.empty();
  };
  if (looks_up(&tool) &&
      !(facts.programs_known && looks_up(then) &&
        then->entry->commands->directories == tool.entry->commands->directories)) {
    return "not checked: which programs it starts";
  }
  if (!tool.asks_origin) return {};
  const bool asked = then != nullptr && then->asks_origin;
  const auto known = [&in_force](const OriginSource& source) {
    return std::ranges::find(in_force.sources, source) != in_force.sources.end();
  };
  if (!asked || !std::ranges::all_of(candidate.sources, known)) {
    return "not checked: where its values came from";
  }
  return {};
}

Compared::Kind kind_of(const Said& was, const Said& would) {
  if (would.effect < was.effect) return Compared::Kind::laxer;
  if (was.effect < would.effect) return Compared::Kind::stricter;
  return was.code == would.code ? Compared::Kind::same : Compared::Kind::reason;
}

}  // namespace

// A run that a task file narrowed would be narrowed by it under the candidate too.
Result<std::shared_ptr<const Policy>> Judge::narrowed(
    const std::shared_ptr<const Policy>& candidate, const std::string& task) {
  if (task.empty()) return candidate;
  const auto known = narrowed_.find(task);
  if (known != narrowed_.end()) return known->second;
  Loaded loaded = load_task(*candidate, task, "the task");
  if (!loaded.policy) {
    return fail(ErrorKind::invalid, "the task of its run does not fit the candidate: " +
                                        (loaded.errors.empty() ? std::string("no reason given")
                                                               : to_string(loaded.errors.front())));
  }
  narrowed_.emplace(task, loaded.policy);
  return loaded.policy;
}

Result<Said> Judge::decide_under(const std::shared_ptr<const Policy>& candidate, const State& state,
                                 const Record& record, const CallDecided& decided) {
  const Run* run = state.run(decided.run);
  if (run == nullptr) return fail(ErrorKind::missing, "no record opened its run");
  auto in = inputs(decided);
  PAWL_TRY(in);
  auto with_task = narrowed(candidate, in->policy->task);
  PAWL_TRY(with_task);
  const Policy& would_be = **with_task;
  const auto bound = bind_call(would_be, decided.server, decided.tool, in->definition, record.at);
  const auto then = bind_call(*in->policy, decided.server, decided.tool, in->definition, record.at);
  if (bound) {
    const std::string missing = missing_fact(would_be, *bound, *in->policy, then ? &*then : nullptr,
                                             in->arguments.root(), in->facts);
    if (!missing.empty()) return fail(ErrorKind::missing, missing);
  }
  // An answer that was found was given for what the policy in force asked.
  in->facts.approval.reset();
  const Call call{decided.server, decided.tool, in->arguments.root()};
  const Verdict verdict = admit(Situation{.policy = would_be,
                                          .state = state,
                                          .run = *run,
                                          .call = call,
                                          .tool = bound ? &*bound : nullptr,
                                          .facts = in->facts,
                                          .now = record.at,
                                          .look = Look::proposal});
  Said said;
  said.effect = verdict.effect;
  said.code = to_string(verdict.reason.code);
  if (verdict.reason.rule != nullptr) {
    said.rule = verdict.reason.rule->path;
    said.rule_at = to_string(verdict.reason.rule->at);
  }
  said.reason = reason_text(verdict, call);
  return said;
}

void ComparedCounts::count(Compared::Kind kind) {
  ++calls;
  switch (kind) {
    case Compared::Kind::same:
      ++same;
      return;
    case Compared::Kind::reason:
      ++reason;
      return;
    case Compared::Kind::laxer:
      ++laxer;
      return;
    case Compared::Kind::stricter:
      ++stricter;
      return;
    case Compared::Kind::unknown:
      ++unknown;
      return;
  }
}

class CandidateJudge::Body {
 public:
  Body(std::shared_ptr<const Policy> candidate, PayloadLookup payload)
      : candidate_(std::move(candidate)), payload_(std::move(payload)), judge_(payload_) {}

  Result<std::optional<Compared>> take(const Record& record) {
    if (const auto* loaded = std::get_if<PolicyLoaded>(&record.body)) judge_.learn(*loaded);
    if (const auto* seen = std::get_if<DefinitionSeen>(&record.body)) judge_.learn(*seen);
    std::optional<Compared> found;
    if (const auto* decided = std::get_if<CallDecided>(&record.body); decided && ours(*decided)) {
      found = compare(record, *decided);
    }
    if (Status folded = state_.apply(record); !folded) {
      return fail(ErrorKind::corrupt,
                  "record " + std::to_string(record.seq) +
                      " cannot follow those before it: " + folded.error().message);
    }
    return found;
  }

 private:
  // A refusal that the gate made before there was a call has no facts, and no policy made it.
  bool ours(const CallDecided& decided) const {
    if (decided.round != 1 || decided.facts.empty()) return false;
    const Run* run = state_.run(decided.run);
    return run != nullptr && run->agent == candidate_->agent;
  }

  Compared compare(const Record& record, const CallDecided& decided) {
    Compared out;
    out.seq = record.seq;
    out.at = record.at;
    out.run = decided.run;
    out.call = decided.call;
    out.tool = decided.server.empty() ? decided.tool : decided.server + "/" + decided.tool;
    out.was = {effect_of(decided.effect), decided.code, decided.rule, decided.rule_at,
               decided.reason};
    auto would = judge_.decide_under(candidate_, state_, record, decided);
    if (!would) {
      out.kind = Compared::Kind::unknown;
      out.why = would.error().message;
      return out;
    }
    out.would = std::move(*would);
    out.kind = kind_of(out.was, out.would);
    return out;
  }

  std::shared_ptr<const Policy> candidate_;
  PayloadLookup payload_;
  State state_;
  Judge judge_;
};

CandidateJudge::CandidateJudge(std::shared_ptr<const Policy> candidate, PayloadLookup payload)
    : body_(std::make_unique<Body>(std::move(candidate), std::move(payload))) {}
CandidateJudge::~CandidateJudge() = default;
CandidateJudge::CandidateJudge(CandidateJudge&&) noexcept = default;
CandidateJudge& CandidateJudge::operator=(CandidateJudge&&) noexcept = default;

Result<std::optional<Compared>> CandidateJudge::take(const Record& record) {
  return body_->take(record);
}

}  // namespace pawl
