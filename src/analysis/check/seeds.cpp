// Calls of `vigilance`: whether this file would ask people about them at all.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/explain.h"
#include "kernel/definition/made.h"
#include "kernel/state/state.h"
#include "kernel/state/vigilance.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

// The first call of a fresh run, on a day without a freeze.
class Rehearsal {
 public:
  explicit Rehearsal(const Subject& subject) : calm_(subject.policy), now_(subject.now) {
    calm_.freezes.clear();
    calm_.index();
    RunOpened opened;
    opened.run = "seed";
    opened.key = std::string(vigilance_key) + opened.run;
    opened.agent = calm_.agent;
    opened.identity = calm_.identity;
    opened.sponsor = "unknown";
    (void)state_.apply({state_.next_seq(), now_, 0, std::move(opened)});
  }

  // What is wrong with it; empty: people are asked.
  std::string wrong(const Vigilance::Seed& seed) const {
    const auto arguments = json::parse(seed.arguments);
    const auto made = arguments ? tool_that_takes(seed.server, seed.tool, arguments->root())
                                : std::optional<ToolDefinition>();
    if (!made) return "is not a call that can be held";
    const auto tool = std::make_shared<const ToolDefinition>(*made);
    const ToolRule* entry = calm_.find(seed.server, seed.tool);
    std::optional<BoundTool> bound;
    if (entry != nullptr) bound.emplace(bind(calm_, *entry, tool, now_));
    const Call call{seed.server, seed.tool, arguments->root()};
    Facts facts;
    facts.pin = PinState::accepted;
    if (bound) {
      if (!sql_to_read(*bound, call.arguments).empty()) return {};  // only the node reads it
      for (auto& [pointer, path] : paths_to_resolve(*bound, call.arguments)) {
        facts.paths.push_back({pointer, "", ""});
      }
    }
    const Verdict verdict = admit({.policy = calm_,
                                   .state = state_,
                                   .run = *state_.run("seed"),
                                   .call = call,
                                   .tool = bound ? &*bound : nullptr,
                                   .facts = facts,
                                   .now = now_});
    if (verdict.effect == Effect::hold) return {};
    if (verdict.runs())
      return "is allowed, so no reviewer would be asked: it is refused with a record";
    return "is denied (" + escape_untrusted(reason_text(verdict, call)) +
           "), so no reviewer would be asked";
  }

 private:
  Policy calm_;
  Instant now_;
  State state_;
};

}  // namespace

void check_seeds(const Subject& subject) {
  if (subject.deployment == nullptr || !subject.deployment->vigilance) return;
  std::optional<Rehearsal> rehearsal;
  for (const Vigilance::Seed& seed : subject.deployment->vigilance->calls) {
    if (seed.role != subject.policy.agent) continue;
    if (!rehearsal) rehearsal.emplace(subject);
    const std::string wrong = rehearsal->wrong(seed);
    if (wrong.empty()) continue;
    subject.finding(warning, seed.at,
                    fmt::format("this call of `{}` {}", escape_untrusted(seed.tool), wrong));
  }
}

}  // namespace pawl::checking
