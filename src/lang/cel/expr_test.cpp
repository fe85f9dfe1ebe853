#include "lang/cel/expr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "lang/cel/case.h"

namespace pawl::cel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kSchema = R"({
  "type": "object",
  "required": ["amount", "status", "tags", "owner"],
  "properties": {
    "amount": {"type": "number"},
    "count": {"type": "integer"},
    "status": {"enum": ["open", "done", "refunded"]},
    "note": {"type": "string"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "weights": {"type": "array", "items": {"type": "number"}},
    "owner": {"$ref": "#/$defs/person"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "maybe": {"type": ["integer", "null"]},
    "free": {}
  },
  "$defs": {"person": {"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string"}, "mail": {"type": "string"}}}}
})";

const Environment& names() {
  static const Environment all = [] {
    Environment environment;
    environment.declare("args", type_of_schema(json::parse(kSchema)->root()));
    environment.declare("run.steps", simple(TypeKind::integer));
    return environment;
  }();
  return all;
}

std::string mistakes(std::string_view text) {
  const auto program = compile({text, {}}, names());
  if (program) return "none";
  std::string all;
  for (const Error& error : program.error()) all += (all.empty() ? "" : "\n") + to_string(error);
  return all;
}

struct Answer {
  std::optional<Program> program;  // the value may point into it
  Scratch scratch;
  json::Document document;
  Value value;
  std::uint64_t fuel = 0;
};

void ask(Answer& answer, std::string_view text, std::string_view arguments,
         std::uint64_t fuel_given = fuel_default) {
  auto program = compile({text, {}}, names(), {.result = nullptr});
  ASSERT_TRUE(program.has_value()) << text << ": " << to_string(program.error().front());
  answer.program = std::move(*program);
  auto document = json::parse(arguments);
  ASSERT_TRUE(document.has_value());
  answer.document = std::move(*document);
  const Value values[] = {Value::of(answer.document.root()), Value::of(std::int64_t{7})};
  Fuel fuel{.left = fuel_given};
  answer.value = answer.program->evaluate(values, answer.scratch, fuel);
  answer.fuel = fuel_given - fuel.left;
}

constexpr std::string_view kCall =
    R"({"amount": 10, "status": "open", "tags": ["a", "b"], "owner": {"name": "x"}})";

std::string result(std::string_view text, std::string_view arguments = kCall) {
  Answer answer;
  ask(answer, text, arguments);
  if (answer.value.failed()) return "error: " + std::string(answer.value.text());
  return encode_value(answer.value);
}

TEST(Expr, ConditionsOverArguments) {
  EXPECT_EQ(result(R"(args.amount <= 10.5 && args.status in ["open"] && "a" in args.tags)"),
            R"({"bool":true})");
  EXPECT_EQ(result("run.steps + 1"), R"({"int":"8"})");
  EXPECT_EQ(result("args.tags.all(t, t.matches('^[ab]$'))"), R"({"bool":true})");
  EXPECT_EQ(result("args.?note.orValue('none')"), R"({"string":"none"})");
  EXPECT_EQ(result("optional.of(1).orValue(1 / 0)"), R"({"int":"1"})");
  EXPECT_EQ(result("optional.of(1).or(optional.of(1 / 0)).value()"), R"({"int":"1"})");
  EXPECT_EQ(result("optional.none().or(optional.of(2)).orValue(3)"), R"({"int":"2"})");
  EXPECT_EQ(result("[7].map(x, optional.none().or(optional.of(x)).orValue(1 / 0))"),
            R"({"list":[{"int":"7"}]})");
  EXPECT_EQ(result("has(args.note) && args.note == 'x'"), R"({"bool":false})");
  EXPECT_EQ(result("args.owner.?mail.hasValue()"), R"({"bool":false})");
  EXPECT_EQ(result("size(args.tags.map(t, t + '!'))"), R"({"int":"2"})");
  EXPECT_EQ(result("args['status']"), R"({"string":"open"})");
}

TEST(Expr, WhatMayBeMissingIsAskedForFirst) {
  EXPECT_THAT(mistakes("args.note == 'x'"), HasSubstr("1:6: `args.note` may be missing: ask "
                                                      "`has(args.note) && ...` first"));
  EXPECT_EQ(mistakes("has(args.note) && args.note == 'x'"), "none");
  EXPECT_EQ(mistakes("!has(args.note) || args.note == 'x'"), "none");
  EXPECT_EQ(mistakes("has(args.note) ? args.note == 'x' : false"), "none");
  EXPECT_EQ(mistakes("!(has(args.note) && args.note == 'x')"), "none");
  EXPECT_EQ(mistakes("'note' in args && args['note'] == 'x'"), "none");
  EXPECT_THAT(mistakes("has(args.note) || args.note == 'x'"), HasSubstr("may be missing"));
  EXPECT_THAT(mistakes("!has(args.note) && args.note == 'x'"), HasSubstr("may be missing"));
  EXPECT_THAT(mistakes("has(args.note) ? false : args.note == 'x'"), HasSubstr("may be missing"));
  EXPECT_THAT(mistakes("args.note == 'x' && has(args.note)"), HasSubstr("may be missing"));
  EXPECT_THAT(mistakes("args.tags.all(t, has(args.note)) && args.note == t"),
              HasSubstr("may be missing"));
  EXPECT_THAT(mistakes("has(args.owner.mail) && args.note == 'x'"), HasSubstr("may be missing"));
}

TEST(Expr, EverythingThatDoesNotFitIsNamed) {
  EXPECT_THAT(mistakes("arg.amount > 1.0"), HasSubstr("there is no `arg` here; `args` is meant?"));
  EXPECT_THAT(mistakes("args.amuont > 1.0"),
              HasSubstr("`args` has no `amuont`; `amount` is meant?"));
  EXPECT_THAT(mistakes("args.status == 'refund'"),
              HasSubstr("`refund` is not one of the values: open, done, refunded; "
                        "`refunded` is meant?"));
  EXPECT_THAT(mistakes("args.status in ['open', 'x']"), HasSubstr("`x` is not one of the values"));
  EXPECT_THAT(mistakes("args.tags + 1 == 2"), HasSubstr("`+` does not work with list(string) and "
                                                        "int"));
  EXPECT_THAT(mistakes("args.amount"), HasSubstr("this is of type double, expected bool"));
  EXPECT_THAT(mistakes("args.status.startWith('o')"),
              HasSubstr("there is no function `startWith`; `startsWith` is meant?"));
  EXPECT_THAT(mistakes("args.status.startsWith(1)"),
              HasSubstr("there is no string.startsWith(int); expected string.startsWith(string)"));
  EXPECT_THAT(mistakes("args.status.matches(args.status)"), HasSubstr("has to be a constant"));
  EXPECT_THAT(mistakes("args.status.matches('(a')"), HasSubstr("is not a pattern of RE2"));
  EXPECT_THAT(mistakes("args.amount > 'x' && args.foo == 1"), HasSubstr("\n"));
  EXPECT_THAT(mistakes("args.tags.all(t, args.tags.all(u, args.tags.all(v, true)))"),
              HasSubstr("at most 2 inside each other"));
  EXPECT_THAT(mistakes("args.amount ? true : false"), HasSubstr("a condition is a bool"));
  EXPECT_THAT(mistakes("args.owner == null"), HasSubstr("does not work"));
  EXPECT_EQ(mistakes("args.free == 'anything' || args.free.x > 1"),
            "1:6: `args.free` may be missing: ask `has(args.free) && ...` first, or write "
            "`args.?free.orValue(...)`\n1:33: `args.free` may be missing: ask `has(args.free) && "
            "...` first, or write `args.?free.orValue(...)`");
  EXPECT_EQ(mistakes("has(args.maybe) && args.maybe != null && args.maybe > 3"), "none");
}

// The type was believed when the expression was checked, so a value of another one must not answer.
TEST(Expr, AValueOfAnotherTypeIsAnError) {
  const std::string_view bad =
      R"({"amount": "10", "status": ["open"], "tags": [["a"]], "owner": {"name": "x"}})";
  EXPECT_EQ(result("args.status != 'refunded'", bad), "error: `args.status` is not of type string");
  EXPECT_EQ(result("!('a' in args.tags)", bad), "error: `args.tags` is not of type list(string)");
  EXPECT_EQ(result("args.tags.all(t, t != 'a')", bad),
            "error: `args.tags` is not of type list(string)");
  EXPECT_EQ(result("args.amount != 5.0", bad), "error: `args.amount` is not of type double");
  EXPECT_EQ(result("args.?status.orValue('open') != 'done'", bad),
            "error: `args.?status` is not of type string");
  const std::string_view other = R"({"amount": 1, "status": "Done", "tags": [], "owner": 1})";
  EXPECT_EQ(result("args.status != 'done'", other), "error: `args.status` is not of type string");
  EXPECT_EQ(result("args.owner.name != 'x'", other), "error: no such overload");
  EXPECT_THAT(result("args.exists(k, k == 'owner')", other), HasSubstr("error"));
}

TEST(Expr, WholeNumbersBecomeDoublesWhereTheSchemaSaysNumber) {
  EXPECT_EQ(result("args.amount * 1.5"), R"({"double":"15.0"})");
  EXPECT_EQ(
      result("has(args.weights) && args.weights.all(w, w * 2.0 > 1.0)", R"({"weights": [1, 2.5]})"),
      R"({"bool":true})");
  EXPECT_EQ(result("has(args.weights) && args.weights[0] * 2.0 == 2.0", R"({"weights": [1]})"),
            R"({"bool":true})");
  EXPECT_EQ(result("args.amount > 1.0", R"({"amount": 9007199254740993})"),
            "error: `args.amount` is not of type double");
}

TEST(Expr, ErrorsAreStrict) {
  Answer answer;
  ask(answer, "args.owner.name == 'x'", "{}");
  EXPECT_FALSE(true_to_allow(answer.value));
  EXPECT_TRUE(true_to_stop(answer.value));
  ask(answer, "args.amount > 100.0", R"({"amount": 5})");
  EXPECT_FALSE(true_to_allow(answer.value));
  EXPECT_FALSE(true_to_stop(answer.value));
}

TEST(Expr, FuelEndsEverythingAndNothingAbsorbsIt) {
  Answer answer;
  std::string many = R"({"tags": [)";
  for (int i = 0; i < 500; ++i) many += "\"t\",";
  many += "\"t\"]}";
  ask(answer, "args.tags.all(a, args.tags.all(b, a == b)) || true", many);
  EXPECT_TRUE(answer.value.failed());
  EXPECT_EQ(answer.value.failure, Failure::exhausted);
  EXPECT_EQ(answer.fuel, fuel_default);
  ask(answer, "args.tags.all(a, a == 't')", many);
  EXPECT_TRUE(answer.value.is_true());
  EXPECT_LT(answer.fuel, 20'000U);
}

// Path, constant, comparison and `&&` are one instruction; they cost what they would cost alone.
TEST(Expr, JoinedInstructionsTakeTheFuelOfTheirParts) {
  constexpr const char* three =
      "args.status == 'open' && args.owner.name.startsWith('x') && run.steps < 10";
  Answer answer;
  ask(answer, three, kCall);
  EXPECT_TRUE(answer.value.is_true());
  EXPECT_EQ(answer.fuel, 14U);
  ask(answer, three, kCall, 14);
  EXPECT_TRUE(answer.value.is_true());
  for (std::uint64_t fuel = 0; fuel < 14; ++fuel) {
    ask(answer, three, kCall, fuel);
    EXPECT_EQ(answer.value.failure, Failure::exhausted) << fuel;
    EXPECT_EQ(answer.fuel, fuel) << "nothing is left for the rest of the decision";
  }
  ask(answer, "args.status == 'done' && args.owner.name == 'x'", kCall);
  EXPECT_TRUE(answer.value.is_false());
  EXPECT_EQ(answer.fuel, 5U);
  ask(answer, "args.status != 'done' || args.owner.name == 'x'", kCall);
  EXPECT_TRUE(answer.value.is_true());
  EXPECT_EQ(answer.fuel, 5U);
}

TEST(Expr, AnErrorBehindAConditionIsAbsorbedOnlyByWhatDecides) {
  constexpr std::string_view wrong =
      R"({"amount": 10, "status": "lost", "tags": [], "owner": {"name": 7}})";
  EXPECT_EQ(result("run.steps == 7 && args.status == 'open'", wrong),
            "error: `args.status` is not of type string");
  EXPECT_EQ(result("args.status != 'open' && run.steps == 8", wrong), R"({"bool":false})");
  EXPECT_EQ(result("args.status == 'open' || run.steps == 7", wrong), R"({"bool":true})");
  EXPECT_EQ(result("run.steps == 8 || args.owner.name.endsWith('x')", wrong),
            "error: `args.owner.name` is not of type string");
  EXPECT_EQ(result("args.status in ['open'] || args.owner.name != 'x'", wrong),
            "error: `args.status` is not of type string");
  EXPECT_EQ(result("run.steps == 7 && args.owner.name == 'x'",
                   R"({"amount": 10, "status": "open", "tags": []})"),
            "error: no such key: `args.owner.name`");
}

TEST(Expr, MemoryIsBounded) {
  Answer answer;
  std::string text = "args.status";
  for (int i = 0; i < 40; ++i) text = "cel.bind(x, " + text + ", x + x)";
  ask(answer, "size(" + text + ") > 0 || true", kCall, 1'000'000'000);
  EXPECT_TRUE(answer.value.failed());
  EXPECT_EQ(answer.value.failure, Failure::exhausted);
}

TEST(Expr, ConstantsAreKnownBeforeTheRun) {
  const auto value = [](std::string_view text) {
    const auto program = compile({text, {}}, names(), {.result = nullptr});
    return program && program->constant() ? encode_value(*program->constant()) : "none";
  };
  EXPECT_EQ(value("1 < 2 && [1, 2].exists(x, x == 2)"), R"({"bool":true})");
  EXPECT_EQ(value("['a', 'b'].map(x, x + '!')"), R"({"list":[{"string":"a!"},{"string":"b!"}]})");
  EXPECT_EQ(value("args.amount > 1.0"), "none");
  EXPECT_EQ(value("1 / 0"), "none");
}

TEST(Expr, ReferencesTellWhatIsRead) {
  const auto program =
      compile({"has(args.note) && args.owner.name == 'x' && args.tags.exists(t, t == 'a') && "
               "run.steps > 1",
               {}},
              names());
  ASSERT_TRUE(program.has_value());
  EXPECT_THAT(program->references(),
              ElementsAre(Reference{"args", "note", true}, Reference{"args", "owner.name"},
                          Reference{"args", "tags"}, Reference{"args", "tags[]"},
                          Reference{"run.steps", ""}));
}

}  // namespace
}  // namespace pawl::cel
