// `json`: a document of JSON inside of a text, judged by its members.
#include <gtest/gtest.h>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: a test of one page

ArgumentRule member(std::string_view path, Check check, bool required = true) {
  ArgumentRule out;
  out.path = *parse_argument_path(path);
  out.rule = {"args/doc/json/" + std::string(path), {}};
  out.checks.push_back(std::move(check));
  out.required = required;
  return out;
}

// {"to": one of two, "size": at most 5, "tags[]": one of two, "who.name": begins with a}
const ArgumentRule& document() {
  static const ArgumentRule rule = [] {
    Check size = check_of(CheckKind::max);
    size.exact_bound = 5;
    std::vector<ArgumentRule> members;
    members.push_back(member("to", listed(CheckKind::in, {R"("a")", R"("b")"})));
    members.push_back(member("size", compiled(std::move(size)), false));
    members.push_back(member("tags", listed(CheckKind::in, {R"("x")", R"("y")"}), false));
    members.push_back(member("who.name", texts(CheckKind::prefix, {"a"}), false));
    Check check = check_of(CheckKind::json);
    check.members = std::make_shared<const std::vector<ArgumentRule>>(std::move(members));
    ArgumentRule out;
    out.path = *parse_argument_path("doc");
    out.checks.push_back(compiled(std::move(check)));
    return out;
  }();
  return rule;
}

std::optional<Violation> judged(std::string_view text) {
  json::Writer out;
  out.object().key("doc").string(text).end();
  const json::Document call = parsed(out.text());
  std::vector<Rewrite> rewrites;
  auto wrong = evaluate(document(), call.root(), nullptr, {}, rewrites);
  EXPECT_TRUE(rewrites.empty());
  return wrong;
}

TEST(JsonCheck, LetsThroughWhatTheRulesAllow) {
  for (const std::string_view text :
       {R"({"to":"a"})", " {\n\t\"to\" : \"b\" } ", R"({"to":"\u0061"})", R"({"size":5,"to":"a"})",
        R"({"to":"a","size":-3})", R"({"to":"a","size":5.0})", R"({"to":"a","tags":["x","y"]})",
        R"({"to":"a","tags":"x"})", R"({"to":["a","b"]})", R"({"to":"a","who":{"name":"abc"}})",
        R"({"to":"a","who":{"name":"a","age":3}})"}) {
    EXPECT_FALSE(judged(text)) << text << ": " << judged(text)->says;
  }
}

constexpr auto kAttacks = std::to_array<std::string_view>({
    "",
    " ",
    "a",
    "null",
    "true",
    "1",
    R"("a")",
    "[]",
    R"([{"to":"a"}])",
    "{}",
    "{",
    R"({"to")",
    R"({"to":"c"})",
    R"({"to":"A"})",
    R"({"to":"a "})",
    R"({"to":"a\u0000"})",
    R"({"to":"a\n"})",
    R"({"to":null})",
    R"({"to":1})",
    R"({"to":{}})",
    R"({"to":[]})",
    R"({"to":["a","c"]})",
    R"({"to":[["a"]]})",
    R"({"to":"a","to":"c"})",
    R"({"to":"c","to":"a"})",
    R"({"to":"a","To":"c"})",
    R"({"to":"a","t\u006f":"c"})",
    R"({"To":"a"})",
    R"({"to":"a","tｏ":"c"})",
    R"({"to":"a","size":6})",
    R"({"to":"a","size":5.1})",
    R"({"to":"a","size":"5"})",
    R"({"to":"a","size":1e2})",
    R"({"to":"a","size":0x1})",
    R"({"to":"a","size":9007199254740993})",
    R"({"to":"a","size":NaN})",
    R"({"to":"a","size":-Infinity})",
    R"({"to":"a","size":+1})",
    R"({"to":"a","size":01})",
    R"({"to":"a","tags":["x","z"]})",
    R"({"to":"a","tags":[]})",
    R"({"to":"a","other":1})",
    R"({"to":"a","__proto__":{}})",
    R"({"to":"a","who":"a"})",
    R"({"to":"a","who":[]})",
    R"({"to":"a","who":{"name":"b"}})",
    R"({"to":"a","who":[{"name":"a"},{"name":"b"}]})",
    R"({"to":"a","who":{"name":"a","Name":"b"}})",
    R"({"to":"a","who":{"name":"a\nb"}})",
    R"({'to':'a'})",
    R"({to:"a"})",
    R"({"to":"a",})",
    R"({"to":"a"} {"to":"c"})",
    R"({"to":"a"}x)",
    "{\"to\":\"a\"}\n// x",
    "/**/{\"to\":\"a\"}",
    "\xEF\xBB\xBF{\"to\":\"a\"}",
    R"({"to":"\ud800"})",
    R"({"to":"\x61"})",
    "{\"to\":\"\t\"}",
});
static_assert(kAttacks.size() >= 55);

TEST(JsonCheck, NothingElseGetsThrough) {
  for (const std::string_view text : kAttacks) EXPECT_TRUE(judged(text)) << text;
}

TEST(JsonCheck, SaysWhatIsWrongWithoutBytes) {
  EXPECT_EQ(judged(R"({"to":"secret"})")->says,
            "is JSON in which a member is not one of the allowed values");
  EXPECT_EQ(judged(R"({"to":"a","secret":1})")->says,
            "is JSON with a member that the policy does not name");
}

}  // namespace
}  // namespace pawl
