// For tests of admit(): a policy made by hand, a state fed with records, and one call at a time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/admit/admit.h"
#include "kernel/policy/policy.h"

namespace pawl {

struct TestWorld {
  Policy policy;
  State state;
  Facts facts;
  Instant now = Instant{1'800'000'000'000'000'000};
  int calls = 0;

  static Rule rule(std::string path, std::uint32_t line) {
    return Rule{std::move(path), Position{"policy.yaml", line, 1}};
  }
  static constexpr Class read{Reversibility::read_only, Blast::small};
  static constexpr Class small{Reversibility::reversible, Blast::small};
  static constexpr Class large{Reversibility::reversible, Blast::large};
  static constexpr Class mail{Reversibility::irreversible, Blast::small};

  TestWorld() {
    policy.agent = "agent";
    policy.identity = "agent@myco.iam";
    policy.default_rule = rule("tools", 3);
    policy.tools.reserve(16);
  }

  // An entry; `index()` has to follow.
  ToolRule& grant(const std::string& name) {
    ToolRule entry;
    entry.rule = rule("tools/" + name, 10 + static_cast<std::uint32_t>(policy.tools.size()));
    entry.names = {name};
    entry.key = name;
    entry.index = static_cast<std::uint32_t>(policy.tools.size());
    return policy.tools.emplace_back(std::move(entry));
  }
  void block(const std::string& folded) {
    policy.blocked.push_back({folded, rule("tools/blocked", 40)});
  }
  // A rule that a named argument is one of some texts.
  static ArgumentRule one_of(const std::string& argument, const std::vector<std::string>& texts) {
    ArgumentRule out;
    out.path = *parse_argument_path(argument);
    out.rule = rule("tools/x/args/" + argument, 20);
    Check check{};
    check.kind = CheckKind::in;
    check.rule = out.rule;
    for (const std::string& text : texts) {
      Literal value;
      json::write_string(text, value.json);
      value.string = text;
      check.values.push_back(std::move(value));
    }
    EXPECT_TRUE(compile(check));
    out.checks.push_back(std::move(check));
    return out;
  }

  void apply(Body body) {
    const Status done = state.apply({state.next_seq(), now, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
  }
  void open(const std::string& run = "r", const std::string& sponsor = "sponsor") {
    RunOpened opened;
    opened.run = opened.key = run;
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    opened.sponsor = sponsor;
    apply(opened);
  }
  void wait(std::int64_t seconds) { now = now + Duration::seconds(seconds); }

  std::optional<BoundTool> bind_to(const std::string& tool, Class c,
                                   std::string_view server = "") const {
    const ToolRule* entry = policy.find(server, tool);
    if (entry == nullptr) return std::nullopt;
    BoundTool bound;
    bound.entry = entry;
    bound.arguments = entry->arguments;
    bound.named = entry->named;
    bound.conditions = entry->conditions;
    bound.action_class = c;
    bound.make_plan();
    return bound;
  }

  // One look. The reason's rule points into `policy` or into what is kept here.
  std::vector<std::unique_ptr<std::optional<BoundTool>>> kept;
  Verdict look(const std::string& tool, Class c = small, const std::string& arguments = "{}",
               Look which = Look::proposal, const std::string& run = "r",
               const std::string& server = "") {
    const auto document = json::parse(arguments);
    EXPECT_TRUE(document);
    const Call call{server, tool, document->root()};
    kept.push_back(std::make_unique<std::optional<BoundTool>>(bind_to(tool, c, server)));
    const std::optional<BoundTool>& bound = *kept.back();
    return admit({.policy = policy,
                  .state = state,
                  .run = *state.run(run),
                  .call = call,
                  .tool = bound ? &*bound : nullptr,
                  .facts = facts,
                  .now = now,
                  .look = which});
  }
  std::string binding(const std::string& tool, Class c, const std::string& arguments) const {
    const auto document = json::parse(arguments);
    const Call call{"", tool, document->root()};
    return to_string(binding_of(policy, *bind_to(tool, c), *state.run("r"), call, facts));
  }

  // Looks, and folds what was decided as the gate does. Returns the call's id in `last`.
  std::string last;
  Verdict propose(const std::string& tool, Class c = small, const std::string& arguments = "{}") {
    Verdict v = look(tool, c, arguments);
    last = "c" + std::to_string(++calls);
    CallDecided d;
    d.call = last;
    d.run = "r";
    d.tool = tool;
    d.effect = to_string(v.effect);
    d.code = to_string(v.reason.code);
    d.reason = v.reason.says;
    d.halt = v.halt;
    d.steps = v.reservation.steps;
    d.calls = v.reservation.calls;
    d.records = v.reservation.records;
    d.sums = v.reservation.sums;
    if (const ToolRule* entry = policy.find("", tool)) d.entry = entry->key;
    d.class_text = to_string(v.action_class);
    if (v.effect == Effect::hold) d.approval = "a" + last;
    apply(d);
    if (v.effect == Effect::hold) ask(v, tool, c, arguments);
    return v;
  }
  void ask(const Verdict& v, const std::string& tool, Class c, const std::string& arguments) {
    ApprovalOpened q;
    q.approval = "a" + last;
    q.call = last;
    q.run = "r";
    q.binding = binding(tool, c, arguments);
    q.agent = "agent";
    q.sponsor = "sponsor";
    q.tool = tool;
    q.quorum = v.question->quorum;
    q.apart = v.question->apart;
    q.typed = v.question->typed;
    q.expires = now + v.question->within;
    q.why = v.question->why;
    apply(q);
  }
  void end(const std::string& call, const std::string& outcome = "completed",
           std::uint64_t records = 0) {
    CallEnded e;
    e.call = call;
    e.run = "r";
    e.outcome = outcome;
    e.records = records;
    apply(e);
  }
  // `person` approves the question of the last call; the fact is what the gate would find.
  void approve(const std::string& person = "first") {
    apply(ApprovalAnswered{"a" + last, person, "approve", "", "", ""});
    const Approval* asked = state.approval("a" + last);
    ApprovalFact fact;
    fact.approval = "a" + last;
    fact.binding = asked->asked.binding.text();
    fact.granted = asked->phase == ApprovalPhase::approved;
    facts.approval = fact;
  }
};

}  // namespace pawl
