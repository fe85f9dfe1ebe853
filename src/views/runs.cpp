#include "views/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/text.h"
#include "kernel/admit/access.h"
#include "kernel/policy/policy.h"

namespace pawl::views {
namespace {

constexpr std::size_t events_of_run_max = 500;
constexpr std::uint64_t graduate_answers_min = 20;
constexpr double graduate_share_min = 0.95;

void write_budget(json::Writer& out, std::string_view name, std::uint64_t used, std::uint64_t most,
                  std::string_view unit = {}) {
  // The call that is refused at a ceiling is charged too; no one has used more than there was.
  out.object().key("name").string(name).key("used").natural(std::min(used, most));
  out.key("most").natural(most);
  if (!unit.empty()) out.key("unit").string(unit);
  out.end();
}

std::uint64_t in_seconds(Duration span) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, span.ns / 1'000'000'000));
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

double median_seconds(const std::deque<Duration>& each) {
  std::vector<std::int64_t> took;
  for (const Duration one : each) took.push_back(one.ns);
  if (took.empty()) return 0;
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::nth_element(took.begin(), middle, took.end());
  return std::round(static_cast<double>(*middle) / 1e8) / 10.0;
}

// An agent that always hears yes need not ask, where what was asked for can be undone and carries
// nothing outside: anything else is looked at however often it was fine.
void write_advice(json::Writer& out, const ActivityFeed& activity) {
  out.key("advice").array();
  for (const auto& [tool, asked] : activity.tools()) {
    if (asked.grave > 0 || asked.answered < graduate_answers_min ||
        share(asked.approved, asked.answered) < graduate_share_min) {
      continue;
    }
    out.string(fmt::format(
        "`{}` was approved {} times of {}: say in the policy which of these calls need no reviewer",
        escape_untrusted(tool), asked.approved, asked.answered));
  }
  out.end();
}

}  // namespace

void write_budgets(json::Writer& out, const Gate& gate, const Run& run, Instant now,
                   const ActivityFeed& activity) {
  if (const Instant last = activity.last_of(run.id); last.ns != 0) {
    out.key("last").string(to_string(last));
  }
  const auto policy = gate.runs.policy_of(run.id);
  out.key("budgets").array();
  if (policy != nullptr) {
    const Ceilings& most = policy->ceilings;
    if (most.steps) write_budget(out, "steps", run.steps.total(), *most.steps);
    if (most.denials) write_budget(out, "denials", run.denials.total(), *most.denials);
    if (most.repeats) write_budget(out, "repetitions", run.repeats.now(), *most.repeats);
    const Spending& spent = run.spending;
    if (most.model_calls) write_budget(out, "model calls", spent.calls.total(), *most.model_calls);
    if (most.tokens) write_budget(out, "tokens", spent.tokens(), *most.tokens);
    if (most.input_tokens) write_budget(out, "input", spent.input.total(), *most.input_tokens);
    if (most.output_tokens) write_budget(out, "output", spent.output.total(), *most.output_tokens);
    if (most.cost_nano_usd) {
      write_budget(out, "money", spent.money.total(), *most.cost_nano_usd, " nano-USD");
    }
    if (most.wall_clock) {
      write_budget(out, "clock", in_seconds(run.clock(now)), in_seconds(*most.wall_clock), " s");
    }
  }
  out.end();
}

namespace {

// The entry under which calls of a grant are counted; null where the run's policy has no such line
// any more.
const ToolRule* entry_of_grant(const Policy& policy, const Grant& grant) {
  for (const Askable& line : policy.askable) {
    for (const ToolRule& entry : line.lent) {
      if (line_digest(policy, line, entry) == grant.line) return &entry;
    }
  }
  return nullptr;
}

// Calls of its line since it was made, those under way included.
std::optional<std::uint64_t> used_of(const Gate& gate, const Run& run, const Grant& grant) {
  const auto policy = gate.runs.policy_of(run.id);
  const ToolRule* entry = policy == nullptr ? nullptr : entry_of_grant(*policy, grant);
  if (entry == nullptr) return std::nullopt;
  const auto counts = run.entries.find(entry->key);
  const std::uint64_t now = counts == run.entries.end() ? 0 : counts->second.calls.total();
  return now < grant.before ? 0 : now - grant.before;
}

void write_givers(json::Writer& out, const State& state, std::string_view approval) {
  out.key("by").array();
  if (const Approval* asked = state.approval(approval)) {
    for (const Answer& answer : asked->answers) {
      if (answer.counts && answer.answer == "approve") out.string(escape_untrusted(answer.person));
    }
  }
  out.end();
}

// Approvals that are good for more calls of their runs, by their ids.
void write_standing(json::Writer& out, const State& state, Instant now) {
  std::vector<std::pair<const Standing*, const Run*>> all;
  for (const auto& [id, run] : state.runs()) {
    for (const Standing& one : run.standing) {
      const bool counts = run.stands(one.approval, now) != nullptr;
      if (counts && state.approval(one.approval) != nullptr) all.emplace_back(&one, &run);
    }
  }
  std::ranges::sort(all, {},
                    [](const auto& one) -> const std::string& { return one.first->approval; });
  for (const auto& [one, run] : all) {
    out.object().key("grant").string(one->approval).key("run").string(run->id);
    out.key("agent").string(run->agent).key("sponsor").string(run->sponsor);
    out.key("tool").string(one->tool);
    out.key("approval").string(one->approval);
    write_givers(out, state, one->approval);
    if (one->until) {
      out.key("until").string(to_string(*one->until));
      out.key("left_ms").integer((*one->until - now).ns / 1'000'000);
    }
    if (one->for_run) {
      out.key("stands").string("for the run").end();
    } else {
      out.key("calls").natural(one->left).key("stands").string("for identical calls").end();
    }
  }
}

}  // namespace

void write_grants(json::Writer& out, const Gate& gate, Instant now) {
  const State& state = gate.state();
  std::vector<std::pair<const Grant*, const Run*>> all;
  for (const auto& [id, run] : state.runs()) {
    for (const Grant& grant : run.grants) {
      if (now < grant.until) all.emplace_back(&grant, &run);
    }
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return std::pair(a.first->until, a.first->id) < std::pair(b.first->until, b.first->id);
  });
  out.key("grants").array();
  for (const auto& [grant, run] : all) {
    out.object().key("grant").string(grant->id).key("run").string(run->id);
    out.key("agent").string(run->agent).key("sponsor").string(run->sponsor);
    out.key("tool").string(grant->tool);
    write_givers(out, state, grant->approval);
    if (const auto used = used_of(gate, *run, *grant)) out.key("used").natural(*used);
    out.key("approval").string(grant->approval).key("until").string(to_string(grant->until));
    out.key("left_ms").integer((grant->until - now).ns / 1'000'000);
    if (grant->calls > 0) out.key("calls").natural(grant->calls);
    if (!grant->arguments.empty()) {
      out.key("arguments").array();
      for (const GrantedArgument& argument : grant->arguments) out.string(argument.name);
      out.end();
    }
    out.end();
  }
  write_standing(out, state, now);
  out.end();
}

void write_alarms(json::Writer& out, const Gate& gate) {
  out.key("alarms").array();
  if (const std::string fault = gate.fault(); !fault.empty()) {
    out.string("nothing is granted: " + escape_untrusted(fault));
  }
  for (const Kill& kill : gate.state().kills()) {
    if (kill.scope == "all")
      out.string("the kill switch is set for everything, by " + escape_untrusted(kill.person));
  }
  out.end();
}

Result<std::string> run_json(const Gate& gate, const std::string& id, Instant now,
                             const ActivityFeed& activity) {
  const Run* run = gate.state().run(id);
  if (run == nullptr)
    return fail(ErrorKind::missing, "there is no run `" + escape_untrusted(id) + "`");
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(id).key("agent").string(run->agent);
  out.key("sponsor").string(run->sponsor).key("phase").string(to_string(run->phase));
  out.key("why").string(run->why).key("opened").string(to_string(run->opened));
  write_budgets(out, gate, *run, now, activity);
  std::vector<const Happening*> found;
  const auto& all = activity.happenings();
  for (auto at = all.rbegin(); at != all.rend() && found.size() < events_of_run_max; ++at) {
    if (at->run == id) found.push_back(&*at);
  }
  out.key("events").array();
  for (auto at = found.rbegin(); at != found.rend(); ++at) {
    const Happening& one = **at;
    out.object().key("at").string(to_string(one.at)).key("word").string(one.word);
    out.key("tool")
        .string(escape_untrusted(one.tool))
        .key("said")
        .string(escape_untrusted(one.said));
    if (!one.rule_at.empty()) out.key("rule_at").string(escape_untrusted(one.rule_at));
    out.end();
  }
  return out.end().end().take();
}

std::string people_json(const State& state, Instant now, const ActivityFeed& activity,
                        const std::function<void(json::Writer& out)>& more) {
  std::uint64_t answers = 0, approved = 0, hasty = 0, displayed = 0, at_once = 0;
  json::Writer out;
  out.object().key("reviewers").array();
  for (const auto& [name, person] : activity.answering()) {
    answers += person.answers;
    approved += person.approved;
    hasty += person.hasty;
    displayed += person.displayed;
    at_once += person.at_once;
    out.object()
        .key("person")
        .string(escape_untrusted(name))
        .key("answers")
        .natural(person.answers);
    out.key("approved").number(share(person.approved, person.answers));
    out.key("at_once").natural(person.at_once).key("displayed").natural(person.displayed);
    out.key("median_open_seconds").number(median_seconds(person.took));
    out.key("median_seconds").number(median_seconds(person.read));
    out.key("hasty").natural(person.hasty).key("seeded").natural(person.seeded);
    out.key("caught").natural(person.caught);
    out.key("enrolled").boolean(state.reviewers().contains(name)).end();
  }
  out.end();
  const double days =
      activity.since().ns == 0
          ? 0.0
          : std::max(1.0, static_cast<double>((now - activity.since()).ns) / 86'400e9);
  const double per_day = days > 0 ? static_cast<double>(activity.questions()) / days : 0.0;
  out.key("per_day").number(std::round(per_day * 10) / 10.0);
  out.key("days").natural(static_cast<std::uint64_t>(days));
  out.key("answers").natural(answers).key("approved").number(share(approved, answers));
  out.key("hasty").natural(hasty).key("displayed").natural(displayed);
  out.key("at_once").natural(at_once).key("since").string(to_string(activity.counts_since()));
  out.key("hours").array();
  for (const std::uint64_t count : activity.hours()) out.natural(count);
  out.end();
  write_advice(out, activity);
  if (more) more(out);
  return out.key("ok").boolean(true).end().take();
}

}  // namespace pawl::views
