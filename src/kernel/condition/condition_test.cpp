#include "kernel/condition/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/json.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class World : public Surroundings {
 public:
  explicit World(std::string_view arguments = "{}") : document_(*json::parse(arguments)) {}
  int asked = 0;

 protected:
  cel::Value value(Known which) override {
    ++asked;
    if (which == Known::args) return cel::Value::of(document_.root());
    if (which == Known::tool) return cel::Value::of(std::string_view("send"));
    if (which == Known::run_steps) return cel::Value::of(std::int64_t{7});
    return cel::Value::failed(cel::Failure::invalid, "it is not known");
  }
  std::uint64_t count(const CountAsked& one) override {
    if (one.name.empty()) return one.records ? 5 : 6;
    return one.records ? 2 : 3;
  }

 private:
  json::Document document_;
};

Rule place() {
  return {"tools/send/if", {"p.yaml", 8, 11}};
}
std::shared_ptr<const Condition> made(std::string text, Polarity polarity = Polarity::grants) {
  auto condition = Condition::compile(std::move(text), place(), polarity);
  EXPECT_TRUE(condition) << to_string(condition.error().front());
  return condition ? *condition : nullptr;
}
std::string mistake(std::string text) {
  const auto condition = Condition::compile(std::move(text), place(), Polarity::grants);
  return condition ? "none" : to_string(condition.error().front());
}

TEST(Condition, AFailureGrantsNothingAndStopsEverything) {
  World world(R"({"amount": "much"})");
  EXPECT_FALSE(made("args.amount <= 5")->holds(world));
  EXPECT_TRUE(made("args.amount <= 5", Polarity::stops)->holds(world));
  EXPECT_FALSE(made("args.note == 'x'")->holds(world));
  EXPECT_TRUE(made("args.note == 'x'", Polarity::stops)->holds(world));
  EXPECT_FALSE(made("run.tokens < 5")->holds(world));
  EXPECT_TRUE(made("run.tokens > 5", Polarity::stops)->holds(world));
}

TEST(Condition, ValuesAreMadeOnceAndOnlyWhereAsked) {
  World world(R"({"amount": 5})");
  const auto condition = made("args.amount == 5 && run.steps == 7");
  EXPECT_TRUE(condition->holds(world));
  EXPECT_TRUE(condition->holds(world));
  EXPECT_EQ(world.asked, 2);
  world.renew(Known::run_steps);
  EXPECT_TRUE(condition->holds(world));
  EXPECT_EQ(world.asked, 3);
}

TEST(Condition, CountsAreAskedForByName) {
  World world;
  EXPECT_TRUE(made(R"(run.records["a"] == 2 && run.seen["b"] == 3)")->holds(world));
  EXPECT_TRUE(made("run.records[tool] == 5 && run.seen[tool] == 6")->holds(world));
  EXPECT_TRUE(made(R"([1].all(n, run.seen["b"] > n))")->holds(world));
  EXPECT_THAT(mistake("run.records.size() > 0"), HasSubstr("one name at a time"));
  EXPECT_THAT(mistake("'a' in run.seen"), HasSubstr("one name at a time"));
  EXPECT_THAT(mistake("run.seen[agent] > 0"), HasSubstr("one name at a time"));
  EXPECT_THAT(mistake("has(run.records.a)"), HasSubstr("one name at a time"));
  EXPECT_THAT(mistake("cel.bind(r, run.seen, r['a'] == 0)"), HasSubstr("one name at a time"));
}

TEST(Condition, MistakesHaveTheirPlaceInTheFile) {
  EXPECT_THAT(mistake("args.amount <= "), HasSubstr("p.yaml:8:"));
  EXPECT_THAT(mistake("true"), HasSubstr("always true"));
  EXPECT_THAT(mistake("1 > 2"), HasSubstr("always false"));
  EXPECT_THAT(mistake("run.stepz > 2"), HasSubstr("`run.steps` is meant?"));
  EXPECT_THAT(mistake("env == 'prod'"), HasSubstr("production"));
  EXPECT_THAT(mistake("run.steps"), HasSubstr("bool"));
  EXPECT_THAT(mistake("now.getHours('Europe/Berlin') < 8"), HasSubstr("zone"));
}

TEST(Condition, IsCheckedAgainWithTheTypesOfASchema) {
  const auto schema = json::parse(R"({"type": "object", "required": ["status"], "properties":
    {"status": {"enum": ["open", "done"]}, "note": {"type": "string"}}})");
  const cel::TypeRef types = cel::type_of_schema(schema->root());
  const auto wrong = [&](std::string text) {
    const auto typed = made(std::move(text))->retyped(types);
    return typed ? "none" : to_string(typed.error().front());
  };
  EXPECT_EQ(wrong("args.status == 'open'"), "none");
  EXPECT_THAT(wrong("args.status == 'opened'"), HasSubstr("`open` is meant?"));
  EXPECT_THAT(wrong("args.state == 'open'"), HasSubstr("state"));
  EXPECT_THAT(wrong("args.note == 'x'"), HasSubstr("has(args.note)"));
  World world(R"({"status": "done"})");
  EXPECT_TRUE((*made("args.status != 'open'")->retyped(types))->holds(world));
}

TEST(Condition, KnowsExtraVariables) {
  const std::vector<cel::Variable> extra = {
      {"cmd", cel::record_of({{"force", cel::simple(cel::TypeKind::boolean), true}})}};
  const auto condition = Condition::compile("cmd.force", place(), Polarity::stops, extra);
  ASSERT_TRUE(condition);
  World world;
  EXPECT_TRUE((*condition)->holds(world));  // no record has set it
  const auto command = json::parse(R"({"force": false})");
  const cel::Value values[] = {cel::Value::of(command->root())};
  world.extra(values);
  EXPECT_FALSE((*condition)->holds(world));
  EXPECT_FALSE((*(*condition)->retyped(cel::simple(cel::TypeKind::dyn)))->holds(world));
}

TEST(Condition, OneDecisionHasOneFuel) {
  World world(R"({"n": [1,2,3,4,5,6,7,8,9,10]})");
  const auto heavy =
      made("args.n.all(a, args.n.all(b, (a + b + a + b + a + b + a + b + a + b) > 0))");
  const auto light = made("run.steps > 100", Polarity::stops);
  EXPECT_FALSE(light->holds(world));
  bool ran_out = false;
  for (int i = 0; i < 200 && !ran_out; ++i) ran_out = !heavy->holds(world);
  EXPECT_TRUE(ran_out);
  EXPECT_TRUE(light->holds(world));
}

TEST(Condition, NamesTheArgumentsItReads) {
  EXPECT_THAT(made("has(args.a.b) && args.list[0].c == 1 && args['odd'] == 2")->arguments(),
              ElementsAre("a", "list", "odd"));
}

}  // namespace
}  // namespace pawl
