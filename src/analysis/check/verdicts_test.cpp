// The verdict columns against admit: policies and calls made at random. No call may meet a verdict
// that its column does not have; and where one case, or one row, fits alone, its own line is true.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "analysis/check/describe.h"
#include "analysis/check/parts.h"
#include "kernel/admit/admit.h"
#include "kernel/admit/trace.h"

namespace pawl {
namespace {

using checking::Outcome;

const Instant kVerdictsNow = *parse_instant("2026-11-25T12:00:00Z");

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::string one(std::initializer_list<const char*> texts) {
    return *(texts.begin() + static_cast<std::ptrdiff_t>(random_() % texts.size()));
  }
  bool often() { return random_() % 2 == 0; }

  std::string word() { return one({"allow", "notify", "hold", "deny"}); }
  std::string stated_class() {
    return one({"read_only", "reversible small", "reversible large", "irreversible small",
                "irreversible large"});
  }
  std::string approval() {
    return one({"", ", approval: {quorum: 2}", ", approval: {typed: true}",
                ", approval: {by: [others], quorum: 3}"});
  }
  std::string situation(std::string_view condition) {
    std::string out = "{if: " + std::string(condition);
    const std::string asked = often() ? approval() : "";
    out += asked.empty() ? ", then: " + word() : asked;
    if (often()) out += ", class: " + stated_class();
    return out + "}";
  }

  std::string entry() {
    std::string out = "    - name: t\n      class: " + stated_class() + "\n";
    out += one({"", "", "      requires_approval: true\n", "      requires_approval: false\n",
                "      requires_approval: args.n > 5\n"});
    out += one({"", "      approval: {quorum: 2}\n", "      approval: {typed: true}\n"});
    out += "      args:\n        s: {in: [a, b]" + one({"", ", else: hold"}) + "}\n";
    out += "        n: {max: 9" + one({"", ", else: hold"}) + "}\n";
    out += "        p: {under: /w, required: false" + one({"", ", else: hold"}) + "}\n";
    out += "        j: {json: {k: {in: [1]" + one({"", ", else: hold"}) + "}}, required: false}\n";
    if (often()) return out;
    out += "      cases:\n        - " + situation("'args.s == \"a\"'") + "\n";
    if (often()) out += "        - " + situation("'args.n > 3'") + "\n";
    if (often()) out += "        - " + situation("{s: [b]}") + "\n";
    if (often()) out += "      else: " + word() + "\n";
    return out;
  }

  std::string shell() {
    std::string out = "    - name: sh\n      class: " + stated_class() + "\n      commands:\n";
    for (const char* run : {"ls", "echo", "\"git push\""}) {
      out += "        - {run: [" + std::string(run) + "], ";
      if (often()) out += "class: " + stated_class() + ", ";
      if (often()) {
        out += "cases: [{if: 'size(cmd.args) > 1', then: " + word() + ", class: " + stated_class() +
               "}], else: " + word() + "}\n";
      } else {
        out += "then: " + word() + "}\n";
      }
    }
    return out + "      else: " + one({"hold", "deny"}) + "\n";
  }

  std::string policy() {
    std::string out = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n";
    const std::string place = one({"", "development", "staging", "production"});
    if (!place.empty()) out += "environment: " + place + "\n";
    out += one({"", "autonomy: {default: new}\n", "autonomy: {default: established}\n",
                "autonomy: {default: mature}\n", "autonomy: {default: new, gate_reads: true}\n",
                "autonomy: {default: mature, types: {t: {stage: new}}}\n"});
    out += one({"", "", "approval: {quorum: 2}\n", "approval: {reviewers: [r], typed: true}\n"});
    const std::string stop = one({"[reversible]", "[irreversible, reversible]"});
    out += one({"", "",
                ("freeze: [{name: f, from: 2026-11-25T00:00, until: 2026-11-26T00:00, "
                 "zone: UTC, stop: " +
                 stop + ", then: " + one({"hold", "deny"}) + "}]\n")
                    .c_str()});
    if (often()) {
      out +=
          "accept_risk: [{rule: tools/t/requires_approval, reason: r, owner: o, until: "
          "2026-12-01}, {rule: tools/sh/requires_approval, reason: r, owner: o, until: "
          "2026-12-01}]\n";
    }
    return out + "tools:\n  allowed:\n" + entry() + shell();
  }

  std::string layer() {
    return one({"", "", "require: [{if: 'class.reversibility == \"irreversible\"', then: hold}]\n",
                "require: [{if: 'args.n > 7', then: deny}]\n",
                "require: [{if: 'class.blast_radius == \"large\"', then: notify}]\n"});
  }

 private:
  std::mt19937 random_;
};

class Verdicts : public testing::Test {
 protected:
  void SetUp() override {
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "a";
    opened.identity = "a@x";
    opened.sponsor = "s";
    ASSERT_TRUE(state_.apply({state_.next_seq(), kVerdictsNow, 0, opened}));
  }

  static std::vector<std::string> calls(std::string_view tool) {
    std::vector<std::string> out;
    if (tool == "sh") {
      for (const char* line :
           {"ls", "ls -l /x", "echo a b c", "git push", "git push o x", "ls; echo hi",
            "ls -l a; git push o x", "unheard of", "echo 'a", "ls; unheard"}) {
        json::Writer call;
        call.object().key("command").string(line).end();
        out.push_back(call.take());
      }
      return out;
    }
    for (const char* s : {"a", "b", "c"}) {
      for (const char* n : {"1", "4", "6", "8", "10"}) {
        for (const char* more : {"", R"(,"p":"/w/x")", R"(,"p":"/etc/x")", R"(,"p":"/w/../x")",
                                 R"(,"j":"{\"k\":1}")", R"(,"j":"{\"k\":2}")"}) {
          out.push_back(std::string(R"({"s":")") + s + R"(","n":)" + n + more + "}");
        }
      }
    }
    return out;
  }

  // What is not about the limits of the entry: `c`, 10 and other places are values elsewhere.
  static bool keeps_limits(std::string_view call) {
    for (const char* other : {R"("s":"c")", R"("n":10)", "/etc", "..", R"(\"k\":2)"}) {
      if (call.contains(other)) return false;
    }
    return true;
  }

  static const Outcome* find(const std::vector<Outcome>& all, Outcome::By by, std::size_t at = 0) {
    const auto found = std::ranges::find_if(
        all, [&](const Outcome& one) { return one.by == by && (one.at == at || at == 0); });
    return found == all.end() ? nullptr : &*found;
  }

  State state_;
};

// The line that alone is about this call; null where several may be.
const Outcome* alone(const std::vector<Outcome>& all, const ToolRule& entry, const Verdict& v) {
  for (const Outcome& one : all) {
    const bool more = one.by == Outcome::By::layer || one.by == Outcome::By::freeze ||
                      one.by == Outcome::By::condition;
    if (more) return nullptr;
  }
  for (const Outcome& one : all) {
    if (entry.cases.empty() && one.by == Outcome::By::call) return &one;
    if (entry.cases.empty()) continue;
    if (v.cases == 0 && one.by == Outcome::By::otherwise) return &one;
    if (one.by == Outcome::By::situation && v.cases == std::uint64_t{1} << one.at) return &one;
  }
  return nullptr;
}

// Whether the column says all that this question asks: the most that any of its lines does.
bool tells_of(const std::vector<Outcome>& outcomes, const Question& asked) {
  std::uint8_t quorum = 1;
  bool typed = false, free = false;
  for (const Outcome& one : outcomes) {
    if (one.question.effect != Effect::hold) continue;
    free = free || one.by == Outcome::By::layer || one.by == Outcome::By::freeze;
    quorum = std::max(quorum, one.question.quorum);
    typed = typed || one.question.typed;
  }
  return free || (quorum >= asked.quorum && (typed || !asked.typed));
}

// Whether `describe` has these effects where the policy works; it may not describe that place.
bool describes(const Description& all, std::string_view name, Environment where,
               const std::vector<Effect>& effects) {
  const auto place = std::ranges::find(described_environments, where);
  if (place == described_environments.end()) return true;
  const auto told = std::ranges::find(all.tools, name, &Description::Tool::name);
  const auto at = static_cast<std::size_t>(place - described_environments.begin());
  return told->cells[at].effects == effects;
}

Loaded load_with(const std::string& policy, const std::string& rows_of_layer) {
  LoadSources sources;
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  if (!rows_of_layer.empty()) {
    const std::string head = "version: 1\nlayer: org\nowner: o\n";
    sources.layers.push_back({"org.yaml", head + rows_of_layer, {}});
  }
  return load_policy(policy, "p.yaml", sources);
}

// The verdict with its explanation, which says the same.
Verdict judged_twice(const Situation& situation) {
  const Verdict v = admit(situation);
  const auto explained = trace(situation);
  EXPECT_TRUE(explained && explained->verdict.effect == v.effect);
  return v;
}

TEST_F(Verdicts, NoCallMeetsAVerdictThatItsColumnLacks) {
  std::size_t loaded_policies = 0, judged = 0, told_alone = 0;
  for (std::uint32_t seed = 0; seed < 1200; ++seed) {
    Maker maker(seed);
    const std::string text = maker.policy();
    const Loaded loaded = load_with(text, maker.layer());
    if (loaded.policy == nullptr) continue;  // a class or a limit beside `then: deny`, say
    ++loaded_policies;
    const Policy& policy = *loaded.policy;
    const Description description = describe(policy, nullptr, kVerdictsNow);
    CheckReport report;
    const checking::Subject subject{policy, nullptr, {}, kVerdictsNow, false, report};
    for (const char* name : {"t", "sh"}) {
      const ToolRule& entry = *policy.find("", name);
      const BoundTool bound = bind(policy, entry, nullptr, kVerdictsNow);
      const std::vector<Outcome> outcomes = checking::outcomes_of(subject, entry, bound);
      const std::vector<Effect> effects = checking::effects_of(outcomes);
      EXPECT_TRUE(describes(description, name, policy.environment, effects)) << text;
      for (const std::string& arguments : calls(name)) {
        const auto document = json::parse(arguments);
        const Call call{"", name, document->root()};
        const Facts facts;
        const Situation situation{.policy = policy,
                                  .state = state_,
                                  .run = *state_.run("r"),
                                  .call = call,
                                  .tool = &bound,
                                  .facts = facts,
                                  .now = kVerdictsNow};
        const Verdict v = judged_twice(situation);
        const bool by_limit = v.effect == Effect::deny && v.reason.rule != nullptr &&
                              v.reason.rule->path.contains("/args/");
        if (by_limit) {
          EXPECT_FALSE(keeps_limits(arguments)) << arguments << "\n" << text;
          continue;
        }
        ++judged;
        EXPECT_NE(std::ranges::find(effects, v.effect), effects.end())
            << seed << ": " << to_string(v.effect) << " is not of " << checking::spoken(effects)
            << " for " << arguments << "\n"
            << v.reason.says << "\n"
            << text;
        EXPECT_TRUE(v.effect != Effect::hold || tells_of(outcomes, *v.question))
            << seed << ": " << arguments << "\n"
            << text;
        const bool plain = name == std::string_view("t") && keeps_limits(arguments);
        const Outcome* one = plain ? alone(outcomes, entry, v) : nullptr;
        if (one == nullptr) continue;
        ++told_alone;
        EXPECT_EQ(one->question.effect, v.effect)
            << seed << ": " << arguments << " " << one->when << "\n"
            << text;
      }
    }
  }
  EXPECT_GT(loaded_policies, 200U);
  EXPECT_GT(judged, 10'000U);
  EXPECT_GT(told_alone, 1'000U);
}

}  // namespace
}  // namespace pawl
