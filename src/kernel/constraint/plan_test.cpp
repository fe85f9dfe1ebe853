// The plan against the evaluation that it shortens.
#include "kernel/constraint/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "kernel/constraint/check_value.h"
#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: a test of the same room

struct Judged {
  std::string at, says;  // both empty where everything passes
  Code code = Code::none;
  std::vector<std::string> rewrites;
  friend bool operator==(const Judged&, const Judged&) = default;
};

std::ostream& operator<<(std::ostream& out, const Judged& judged) {
  return out << judged.at << ": " << judged.says << " (" << to_string(judged.code) << ")";
}

struct Tool {
  std::vector<ArgumentRule> rules;
  std::vector<std::string> named;
  const Shape* shape = nullptr;
};

Judged judge(const Tool& tool, json::View arguments, const Unsettled& left) {
  static const Rule from;
  std::vector<Rewrite> rewrites;
  std::optional<Violation> found;
  for (std::size_t i = 0; i < tool.rules.size() && !found; ++i) {
    if (left.rule(i)) found = evaluate(tool.rules[i], arguments, tool.shape, {}, rewrites);
  }
  if (!found && left.defaults) found = evaluate_unnamed(arguments, tool.shape, tool.named, from);
  Judged out;
  if (found) out = {found->argument, found->says, found->code, {}};
  for (const Rewrite& rewrite : rewrites) {
    out.rewrites.push_back(rewrite.pointer + " " + rewrite.text);
  }
  return out;
}

Judged in_full(const Tool& tool, json::View arguments) {
  return judge(tool, arguments, Unsettled{});
}

Judged by_plan(const Tool& tool, json::View arguments) {
  const auto plan = ArgumentPlan::make(tool.rules, tool.named, tool.shape);
  return judge(tool, arguments, plan == nullptr ? Unsettled{} : plan->look(arguments));
}

// Small pools, so that the same names meet again and again: duplicate_keys, long text, long names,
// paths.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return engine_() % count; }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class T>
  const T& of(const std::vector<T>& pool) {
    return pool[below(pool.size())];
  }

 private:
  std::mt19937 engine_;
};

const std::vector<std::string> names = {"status",
                                        "Status",
                                        "to",
                                        "TO",
                                        "body",
                                        "note",
                                        "count",
                                        "a",
                                        "ab",
                                        "a.b",
                                        "d\\u00e9j\\u00e0",
                                        "a_name_of_more_than_16_bytes",
                                        "a_name_of_mOre_than_16_bytes",
                                        "edits"};

const std::vector<std::string> values = {R"("refunded")",
                                         R"("cancelled")",
                                         R"("ORD-1")",
                                         R"("ORD")",
                                         R"("")",
                                         R"("two\nlines")",
                                         R"("a text of much more than sixteen bytes")",
                                         R"("x\u2028y")",
                                         R"("\u00e9t\u00e9")",
                                         R"("REFUNDED")",
                                         R"("/srv/ok/a")",
                                         R"("rel")",
                                         "7",
                                         "0",
                                         "-3",
                                         "101",
                                         "9007199254740993",
                                         "18446744073709551615",
                                         "1.5",
                                         "true",
                                         "null",
                                         "[]",
                                         "{}",
                                         R"(["refunded"])",
                                         "[7,8]",
                                         R"({"b":"x"})",
                                         R"([{"path":"two\nlines"}])",
                                         R"(["a","two\nlines"])"};

const std::vector<std::string> shapes = {
    R"({"status":{"type":"string"},"to":{"type":"string"},"count":{"type":"integer"}})",
    R"({"status":{"type":"string","maxLength":5000},"body":{"type":"string"},"a":{},"ab":{}})",
    R"({"Status":{"type":"string"},"note":{"type":"string"},"a.b":{"type":"string"},
        "a_name_of_more_than_16_bytes":{"type":"string"},"count":{"type":"integer"},
        "edits":{"type":"array","items":{"type":"object","properties":{"path":{}}}}})",
    R"({})"};

Check some_check(Dice& dice) {
  switch (dice.below(10)) {
    case 0:
      return listed(CheckKind::in, {R"("refunded")", "7", "null"});
    case 1:
      return listed(CheckKind::not_in, {R"("cancelled")", "0"});
    case 2:
      return bounded(CheckKind::max, 100);
    case 3:
      return bounded(CheckKind::min, 1);
    case 4:
      return texts(CheckKind::prefix, {"ORD-"});
    case 5:
      return texts(CheckKind::prefix, {"a text of much", "two"});
    case 6:
      return counted(CheckKind::max_length, 8);
    case 7:
      return counted(CheckKind::max_items, dice.below(3));
    case 8:
      return counted(CheckKind::min_items, dice.below(3));
    default:
      return texts(CheckKind::matches, {"[a-z]+"});
  }
}

ArgumentRule some_rule(Dice& dice) {
  const std::vector<std::string> paths = {
      "status", "to",  "body",         "count",   "a",  "ab",
      "note",   "a.b", "edits[].path", "edits[]", "TO", "a_name_of_more_than_16_bytes"};
  std::vector<Check> checks;
  for (std::size_t i = dice.below(3); i > 0; --i) checks.push_back(some_check(dice));
  if (dice.one_in(12)) checks.push_back(path_check({{"/srv/ok"}, {}, "/srv/ok"}));
  if (dice.one_in(40)) checks.push_back(check_of(CheckKind::in));  // never compiled
  ArgumentRule rule = rule_of(dice.of(paths), std::move(checks));
  rule.required = !dice.one_in(2);
  rule.min_items = dice.below(3);
  rule.lines_allowed = dice.one_in(4);
  return rule;
}

std::string some_call(Dice& dice) {
  std::string text = "{";
  std::vector<std::string> used;
  for (std::size_t i = dice.below(6); i > 0; --i) {
    const std::string& name = dice.of(names);
    if (std::ranges::find(used, name) != used.end()) continue;
    used.push_back(name);
    text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + dice.of(values);
  }
  return text + "}";
}

json::Document with_near_names(const std::string& text) {
  json::Document document;
  json::ParseLimits limits;
  limits.duplicate_keys =
      json::DuplicateKeys::refuse_exact_only;  // the plan must be right without the parser too
  EXPECT_TRUE(json::Parser().parse(text, document, limits)) << text;
  return document;
}

TEST(PlanTest, SaysWhatTheFullEvaluationSays) {
  Dice dice(20240611);
  std::vector<Shape> known;
  for (const std::string& text : shapes) known.push_back(shape_of(text));
  int passed = 0;
  int at_once = 0;
  for (int round = 0; round < 3000; ++round) {
    Tool tool;
    for (std::size_t i = dice.below(4); i > 0; --i) {
      tool.rules.push_back(some_rule(dice));
      if (!dice.one_in(6)) tool.named.push_back(tool.rules.back().path.front().name);
      if (dice.one_in(6)) tool.named.push_back(to_string(tool.rules.back().path));
    }
    if (!dice.one_in(4)) tool.shape = &dice.of(known);
    for (int call = 0; call < 12; ++call) {
      const std::string text = some_call(dice);
      const json::Document document = with_near_names(text);
      const Judged wanted = in_full(tool, document.root());
      ASSERT_EQ(by_plan(tool, document.root()), wanted) << text;
      passed += wanted.code == Code::none ? 1 : 0;
      const auto plan = ArgumentPlan::make(tool.rules, tool.named, tool.shape);
      at_once += plan->look(document.root()).nothing() ? 1 : 0;
    }
  }
  // Both ends of the test are there: calls that pass, and calls that pass at once.
  EXPECT_GT(passed, 1000);
  EXPECT_GT(at_once, 500);
}

TEST(PlanTest, AnOrdinaryCallIsSettledAtOnce) {
  const Shape shape = shape_of(
      R"({"status":{"type":"string"},"order":{"type":"string"},"count":{"type":"integer"},
          "label":{"type":"string"},"why":{"type":"string"}})");
  ArgumentRule optional = rule_of("why", {counted(CheckKind::max_length, 10)});
  optional.required = false;
  const Tool tool{
      {rule_of("status", {listed(CheckKind::in, {R"("refunded")"})}),
       rule_of("order", {texts(CheckKind::prefix, {"ORD-"})}),
       rule_of("count", {bounded(CheckKind::min, 1), bounded(CheckKind::max, 9)}), optional},
      {"status", "order", "count", "why"},
      &shape};
  const auto plan = ArgumentPlan::make(tool.rules, tool.named, tool.shape);
  const auto nothing_left = [&](std::string_view text) {
    const json::Document document = parsed(text);
    return plan->look(document.root()).nothing();
  };
  EXPECT_TRUE(nothing_left(R"({"status":"refunded","order":"ORD-1","count":3,"label":"x"})"));
  EXPECT_TRUE(nothing_left(R"({"why":"x","count":3,"order":"ORD-1","status":"refunded"})"));
  EXPECT_FALSE(nothing_left(R"({"order":"ORD-1","count":3})"));
  EXPECT_FALSE(nothing_left(R"({"status":"shipped","order":"ORD-1","count":3})"));
  EXPECT_FALSE(nothing_left(R"({"status":"refunded","order":"ORD-1","count":3,"Why":"x"})"));
  EXPECT_FALSE(nothing_left(R"({"status":"refunded","order":"ORD-1","count":3,"other":1})"));
  EXPECT_FALSE(nothing_left(R"({"status":"refunded","order":"ORD-1","count":3,"label":"x\ny"})"));
}

TEST(PlanTest, IsForNothingElse) {
  const Shape shape = shape_of(R"({"a":{"type":"string"}})");
  const std::vector<ArgumentRule> rules = {rule_of("a", {})};
  const std::vector<ArgumentRule> copy = rules;
  const std::vector<std::string> named = {"a"};
  const auto plan = ArgumentPlan::make(rules, named, &shape);
  EXPECT_TRUE(plan->is_for(rules, named, &shape));
  EXPECT_FALSE(plan->is_for(copy, named, &shape));
  EXPECT_FALSE(plan->is_for(rules, named, nullptr));
  EXPECT_FALSE(plan->is_for(rules, std::vector(named), &shape));
  EXPECT_FALSE(plan->is_for(std::span(rules).first(0), named, &shape));
}

TEST(PlanTest, MoreRulesThanItKeepsAreEvaluatedInFull) {
  const std::vector<ArgumentRule> rules(65, rule_of("a", {}));
  EXPECT_EQ(ArgumentPlan::make(rules, {}, nullptr), nullptr);
  EXPECT_TRUE(Unsettled{}.rule(64));
  EXPECT_TRUE((Unsettled{0, false}.rule(64)));
  const auto plan = ArgumentPlan::make(std::span(rules).first(64), {}, nullptr);
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->look(parsed("{}").root()).rules, ~std::uint64_t{0});
}

// The reference: one character after the other.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0xFF;
    if (c < 0x20 || c == 0x7F || (c == 0xC2 && next < 0xA0)) return true;
    if (text.substr(i, 3) == "\u2028" || text.substr(i, 3) == "\u2029") return true;
  }
  return false;
}

TEST(BreaksLineTest, AtEveryPlaceOfEveryLength) {
  const std::vector<std::string> odd = {"\n",     "\x7F",   std::string(1, '\0'),
                                        "\x1F",   "\u0085", "\u00A0",
                                        "\u2028", "\u2029", "\u2027",
                                        "é",      "\x7E",   " "};
  for (std::size_t size = 0; size <= 140; ++size) {
    const std::string plain(size, 'n');
    ASSERT_FALSE(breaks_line(plain)) << size;
    for (std::size_t at = 0; at <= size; ++at) {
      for (const std::string& one : odd) {
        std::string text = plain;
        text.insert(at, one);
        ASSERT_EQ(breaks_line(text), has_control(one)) << size << " at " << at << " " << one;
      }
    }
  }
}

}  // namespace
}  // namespace pawl
