// Whatever is called stricter decides no call more generously: policies put together at random,
// changed in a few places at random, and asked about calls at random.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/admit/admit.h"
#include "kernel/strictness/strictness.h"

namespace pawl {
namespace {

// The places of a policy and what may stand there, the usual spelling first.
const std::vector<std::vector<std::string>> kPlaces = {
    {"", "environment: production\n"},
    {"", "    - {name: get_*, class: read_only}\n",
     "    - {name: get_*, class: read_only, scope: [id]}\n",
     "    - {name: get_*, class: read_only, max_calls_per_run: 3}\n"},
    {"", "    - {name: get_x, class: read_only, requires_approval: true}\n",
     "    - {name: get_x, class: read_only}\n",
     "    - {name: \"s/get_x\", class: reversible small}\n"},
    {"put", "[put, set]", "set", "\"s/put\""},
    {"reversible small", "reversible large", "irreversible small", "irreversible large",
     "read_only external_sink", "reversible small external_sink"},
    {"", "      requires_approval: true\n", "      requires_approval: false\n"},
    {"", "      scope: [a]\n", "      scope: [a, b.c]\n", "      scope: [a.x, b]\n"},
    {"", "      max_records_per_run: 3\n", "      max_records_per_run: 6\n",
     "      max_records_per_run: 6\n      records: 2\n"},
    {"", "      max_calls_per_run: 2\n", "      max_calls_per_run: 4\n"},
    {"", "        word: [one, two]\n", "        word: [one]\n", "        word: {not_in: [three]}\n",
     "        word: {not_in: [three, 7]}\n", "        word: {matches: \"[a-z]+\"}\n",
     "        word: {matches: \"(?s)[a-z].*\"}\n", "        word: {prefix: t, required: false}\n",
     "        word: {prefix: [tw, th], single_line: false}\n", "        word: {max_items: 0}\n"},
    {"", "        count: {min: 1, max: 10}\n", "        count: {min: 2, max: 9.5}\n",
     "        count: {max: 10, required: false}\n", "        count: {min: 1, max_items: 2}\n"},
    {"", "        place: {path: {under: /srv}}\n", "        place: {path: {under: /srv/a}}\n",
     "        place: {path: {under: /srv, not_in: [\"*.pem\"]}}\n",
     "        place: {path: {under: /srv, base: /srv}}\n"},
    {"", "        page: {url: {host: [a.example]}}\n",
     "        page: {url: {host: [a.example, b.example], scheme: [http, https]}}\n",
     "        page: {max_length: 30}\n", "        page: {max_length: 3000}\n"},
    {"", "      constraints: {allowed_words: [one, two]}\n",
     "      constraints: {allowed_words: [one]}\n", "      constraints: {denied_words: [one]}\n"},
    {"", "get_y, ", "\"s/put\", ", "get_*, "},
    {"max_steps: 9", "max_steps: 7", "max_denials: 2", "max_denials: 2, max_steps: 5",
     "max_wall_clock: 20s"},
    {"", "approval: {reviewers: [r], quorum: 2}\n", "approval: {reviewers: [r, s]}\n"},
    {"", "autonomy: {default: new}\n", "autonomy: {default: new, gate_reads: true}\n",
     "autonomy: {default: mature}\n"},
    {"",
     "{name: f, from: \"2027-01-01T00:00\", until: \"2027-02-01T00:00\", zone: UTC, "
     "stop: [reversible], then: deny}",
     "{name: f, from: \"2026-01-01T00:00\", until: \"2028-02-01T00:00\", zone: UTC, "
     "stop: [reversible, irreversible], then: hold}"},
    {"", "secrets: {then: deny}\n", "secrets: {listed: [threefold]}\n",
     "secrets: {listed: [threefold, fourfold], then: deny}\n"},
    {"", "      secrets: hold\n", "      secrets: deny\n", "      secrets: allow\n"},
    {"", "      counters: {c: {add: args.count, per: 1h, max: 20}}\n",
     "      counters: {c: {add: args.count, per: 1d, max: 12.5}}\n",
     "      counters: {c: {add: args.count, per: run, max: 20}}\n",
     "      counters: {c: {add: args.count, per: 1h, by: args.word, max: 12}}\n",
     "      counters: [{per: run, max: 3}, {add: args.count, per: 1h, max: 15}]\n",
     "      counters: [{per: run, max: 2}]\n"},
};
using Choice = std::vector<std::size_t>;

std::string text_of(const Choice& choice) {
  const auto part = [&](std::size_t i) { return kPlaces[i][choice[i]]; };
  std::string args;
  for (std::size_t i = 9; i <= 12; ++i) args += part(i);
  if (!args.empty()) args = "      args:\n" + args;
  std::string out = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + part(0);
  out += "tools:\n  allowed:\n" + part(1) + part(2) + "    - name: " + part(3) +
         "\n      class: " + part(4) + "\n" + part(20) + part(21) + part(5) + part(6) + part(7) +
         part(8) + args + part(13);
  out += "  blocked: [" + part(14) + "never]\nexecution: {" + part(15) + "}\n" + part(16) +
         part(17) + part(19);
  if (!part(18).empty()) out += "freeze: [" + part(18) + "]\n";
  return out;
}

std::shared_ptr<const Policy> load_property(const Choice& choice) {
  LoadSources sources;
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  return load_policy(text_of(choice), "p.yaml", sources).policy;  // null: the places do not fit
}

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937 random_;
};

Choice anything(Dice& dice) {
  Choice choice;
  for (const auto& place : kPlaces)
    choice.push_back(dice.below(2) == 0 ? 0 : dice.below(place.size()));
  return choice;
}

constexpr std::array kTools = {"put", "set", "get_x", "get_y", "never", "other", "mcp:x/y"};
constexpr std::array kValues = {R"("one")",
                                R"("two")",
                                R"("three")",
                                R"("so Three-Fold")",
                                R"("x fourfold")",
                                R"("t\nx")",
                                "7",
                                "9007199254740993",
                                R"([])",
                                R"(["one","two"])",
                                R"({"a":"x\ny"})",
                                R"("/srv/a/f")",
                                R"("/srv/k.pem")",
                                R"("f")",
                                R"("/etc/x")",
                                R"("https://a.example/")",
                                R"("http://b.example/")",
                                "5",
                                "10",
                                "1"};
constexpr std::array kNames = {"word", "words", "count", "place", "page", "free"};

// What looks encoded, longer than 512 characters.
std::string encoded() {
  std::string out;
  for (int i = 0; i < 300; ++i) out += "aB3c";
  return "\"" + out + "\"";
}

std::string arguments(Dice& dice) {
  std::string out;
  for (const char* name : kNames) {
    if (dice.below(3) == 0) continue;
    out += (out.empty() ? "" : ",") + ("\"" + std::string(name) + "\":") +
           (dice.below(20) == 0 ? encoded() : dice.one_of(kValues));
  }
  return "{" + out + "}";
}

std::shared_ptr<const ToolDefinition> definition(Dice& dice, const std::string& tool) {
  if (dice.below(2) == 0) return nullptr;
  const std::string text =
      R"({"name":")" + tool +
      R"(","inputSchema":{"type":"object","properties":{)"
      R"("word":{},"count":{},"place":{"type":"string"},"page":{"type":"string"},"free":{}}}})";
  const auto document = json::parse(text);
  auto parsed = parse_definition(document->root(), "s");
  return parsed ? std::make_shared<const ToolDefinition>(std::move(*parsed)) : nullptr;
}

// A run with something behind it.
struct World {
  State state;
  Instant now{1'799'000'000'000'000'000};  // within the freezes
  std::uint32_t calls = 0;

  World() {
    RunOpened opened;
    opened.run = opened.key = "r";
    opened.agent = "a";
    opened.identity = "a@x";
    apply(opened);
  }
  void apply(Body body) { ASSERT_TRUE(state.apply({state.next_seq(), now, 0, std::move(body)})); }

  void decided(const Verdict& v, const std::string& tool, const BoundTool* bound) {
    if (v.halt || v.effect == Effect::hold) return;
    CallDecided record;
    record.call = "c" + std::to_string(++calls);
    record.run = "r";
    record.tool = tool;
    record.effect = to_string(v.effect);
    record.code = to_string(v.reason.code);
    record.class_text = to_string(v.action_class);
    record.steps = v.reservation.steps;
    record.calls = v.reservation.calls;
    record.records = v.reservation.records;
    record.sums = v.reservation.sums;
    if (bound != nullptr) record.entry = bound->entry->key;
    apply(record);
    if (!v.runs()) return;
    CallEnded ended;
    ended.call = record.call;
    ended.run = "r";
    ended.outcome = "completed";
    ended.records = record.records;
    apply(ended);
  }
};

struct Asked {
  std::string tool, server;
  json::Document arguments;
  std::shared_ptr<const ToolDefinition> definition;
  Facts facts;
};

Asked asked(Dice& dice) {
  Asked out{dice.one_of(kTools),
            dice.below(2) == 0 ? "s" : "",
            std::move(*json::parse(arguments(dice))),
            nullptr,
            {}};
  out.definition = definition(dice, out.tool);
  out.facts.pin = dice.below(4) == 0 ? PinState::first_use : PinState::accepted;
  out.facts.clock_suspect = dice.below(8) == 0;
  return out;
}

struct Judged {
  std::optional<BoundTool> tool;
  Verdict verdict;
};

Judged judge(const Policy& policy, const World& world, const Asked& asked) {
  Judged out{std::nullopt, Verdict(Effect::deny, kMostDangerous)};
  if (const ToolRule* entry = policy.find(asked.server, asked.tool)) {
    out.tool = bind(policy, *entry, asked.definition, world.now);
  }
  out.verdict = admit({.policy = policy,
                       .state = world.state,
                       .run = *world.state.run("r"),
                       .call = {asked.server, asked.tool, asked.arguments.root()},
                       .tool = out.tool ? &*out.tool : nullptr,
                       .facts = asked.facts,
                       .now = world.now});
  return out;
}

// The one way out of a denial that is not laxer: see strictness.h.
bool was_a_mistake(const Judged& before, const Judged& after) {
  return before.verdict.reason.code == Code::schema && after.verdict.effect == Effect::hold;
}

void expect_no_laxer(const Judged& before, const Judged& after, const std::string& context) {
  const Verdict& was = before.verdict;
  const Verdict& is = after.verdict;
  if (was_a_mistake(before, after)) return;
  ASSERT_GE(is.effect, was.effect) << was.reason.says << context;
  if (is.effect == Effect::hold && was.effect == Effect::hold) {
    ASSERT_GE(is.question->quorum, was.question->quorum) << context;
    ASSERT_GE(is.question->typed, was.question->typed) << context;
    ASSERT_LE(is.question->within, was.question->within) << context;
  }
  if (was.halt) {
    ASSERT_TRUE(is.halt || is.effect == Effect::deny) << context;
  }
  if (!is.runs()) return;
  // What comes back: nothing that the old scope kept out.
  const auto result =
      json::parse(R"({"a":{"x":1,"y":2,"id":3},"b":{"c":4,"id":5,"a":6},"id":7,"d":8})");
  const auto leaves = [&](const Judged& judged) {
    std::string out = "all";
    if (judged.tool->entry->scope) (void)judged.tool->entry->scope->project(result->root(), out);
    return out;
  };
  const std::string narrow = leaves(after);
  const std::string wide = leaves(before);
  if (wide == "all") return;
  for (const char digit : std::string_view("12345678")) {
    ASSERT_TRUE(!narrow.contains(digit) || wide.contains(digit)) << wide << narrow << context;
  }
}

TEST(StrictnessProperty, WhatIsCalledStricterLetsNothingMoreThrough) {
  std::uint32_t stricter = 0;
  for (std::uint32_t seed = 1; seed <= 2500; ++seed) {
    Dice dice(seed);
    const Choice choice = anything(dice);
    Choice other = choice;
    for (std::size_t n = dice.below(3); n <= 2; ++n) {
      const std::size_t place = dice.below(other.size());
      other[place] = dice.below(kPlaces[place].size());
    }
    const auto before = load_property(choice);
    const auto after = load_property(other);
    if (!before || !after || choice == other || !laxer_parts(*before, *after).empty()) continue;
    ++stricter;
    World world;
    const std::string context = "\n" + text_of(choice) + "\n" + text_of(other);
    for (int call = 0; call < 60; ++call) {
      const Asked one = asked(dice);
      const Judged was = judge(*before, world, one);
      const Judged is = judge(*after, world, one);
      ASSERT_NO_FATAL_FAILURE(
          expect_no_laxer(was, is, context + one.tool + json::write(one.arguments.root())));
      if (dice.below(4) == 0) {
        world.decided(was.verdict, one.tool, was.tool ? &*was.tool : nullptr);
        world.now = world.now + Duration::seconds(static_cast<std::int64_t>(dice.below(4)));
      }
    }
  }
  EXPECT_GT(stricter, 100U) << "too few to say anything";
}

// The same for counters alone, over hours.
std::shared_ptr<const Policy> counting(Dice& dice) {
  static constexpr std::array kAdd = {"args.count", "1"};
  static constexpr std::array kPer = {"1h", "2h", "run"};
  static constexpr std::array kBy = {"", ", by: args.word"};
  static constexpr std::array kMax = {"4", "10", "10.5", "25"};
  const std::string text = std::string("version: 1\nagent: {id: a, identity: a@x, owner: o}\n") +
                           "tools: {allowed: [{name: put, class: reversible small, counters: " +
                           "{c: {add: " + dice.one_of(kAdd) + ", per: " + dice.one_of(kPer) +
                           dice.one_of(kBy) + ", max: " + dice.one_of(kMax) + "}}}]}\n";
  return load_policy(text, "p.yaml", {}).policy;
}

TEST(StrictnessProperty, CountersThatAreCalledStricterLetNothingMoreThrough) {
  std::uint32_t stricter = 0;
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    Dice dice(seed);
    const auto before = counting(dice);
    const auto after = counting(dice);
    ASSERT_TRUE(before && after);
    if (!laxer_parts(*before, *after).empty()) continue;
    ++stricter;
    World world;
    for (int call = 0; call < 60; ++call) {
      const std::string text = R"({"count":)" + std::to_string(dice.below(9)) + R"(,"word":"w)" +
                               std::to_string(dice.below(2)) + "\"}";
      const Asked one{"put", "", std::move(*json::parse(text)), nullptr, {}};
      const Judged was = judge(*before, world, one);
      ASSERT_NO_FATAL_FAILURE(
          expect_no_laxer(was, judge(*after, world, one), before->bundle + after->bundle + text));
      world.decided(was.verdict, one.tool, &*was.tool);
      world.now = world.now + Duration::seconds(static_cast<std::int64_t>(dice.below(1800)));
    }
  }
  EXPECT_GT(stricter, 50U) << "too few to say anything";
}

}  // namespace
}  // namespace pawl
