// The quick way of a chain against the machine: the same values, the same errors, the same fuel.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "lang/cel/expr.h"

namespace pawl::cel {
namespace {

constexpr std::string_view kChainSchema = R"({
  "type": "object",
  "required": ["count", "share", "yes", "status", "long", "to", "maybe", "free", "inner",
               "a_name_of_more_than_sixteen_bytes"],
  "properties": {
    "count": {"type": "integer"}, "share": {"type": "number"}, "yes": {"type": "boolean"},
    "status": {"enum": ["open", "done", "refunded", ""]},
    "long": {"enum": ["open", "a choice of more than sixteen bytes"]},
    "to": {"type": "string"}, "maybe": {"type": ["string", "null"]}, "free": {},
    "a_name_of_more_than_sixteen_bytes": {"type": "string"},
    "inner": {"type": "object", "required": ["to"], "properties": {"to": {"type": "string"}}}
  }})";

constexpr std::array<std::string_view, 32> kConditions = {
    "args.count <= 10",
    "args.count > -3",
    "args.count == 7",
    "args.count != 7",
    "args.share < 1.5",
    "args.share == 2",
    "args.yes == true",
    "args.status == 'done'",
    "args.status != 'done'",
    "args.status != ''",
    "args.status in ['open', 'done']",
    "args.status in ['refunded', '']",
    "args.long == 'open'",
    "args.long != 'a choice of more than sixteen bytes'",
    "args.to == 'me'",
    "args.to != 'someone@myco.example'",
    "args.to in ['me', 'you', 'someone@x.example']",
    "args.to in ['me', 'you']",
    "args.to.endsWith('@x.example')",
    "args.to.endsWith('')",
    "args.to.startsWith('some')",
    "args.to.startsWith('someone@myco.example')",
    "args.to.contains('@')",
    "args.to.matches('^[a-z]+$')",
    "args.maybe == 'me'",
    "args.free == 'me'",
    "args.free <= 3",
    "args.free in ['me', 3]",
    "args.a_name_of_more_than_sixteen_bytes == 'me'",
    "args.inner.to == 'me'",
    "tool in ['read', 'write']",
    "steps < 3",
};

constexpr std::array<std::string_view, 12> kCalls = {
    R"({"count": 7, "share": 2, "yes": true, "status": "done", "long": "open", "to": "me",
        "maybe": null, "free": 3,
        "a_name_of_more_than_sixteen_bytes": "me", "inner": {"to": "me"}})",
    R"({"count": 11, "share": 1.5, "yes": false, "status": "", "to": "someone@x.example",
        "long": "a choice of more than sixteen bytes", "maybe": "me", "free": "me", "inner": {}})",
    R"({"to": "", "status": "open", "count": -3, "free": null})",
    R"({"to": "someone@myco.example", "status": "refunded", "count": 9223372036854775807})",
    R"({"status": "of no choice", "long": "of no choice", "to": 7, "count": "7", "maybe": 7})",
    R"({"count": 18446744073709551615, "to": ["me"], "status": ["done"], "free": ["me"]})",
    R"({"count": 7.5, "share": "2", "yes": "true", "inner": "me", "to": null, "status": null})",
    R"({"to": "0123456789abcdef", "count": 0, "status": "done"})",
    R"({"to": "0123456789abcdefg", "count": 10, "status": "dona"})",
    R"({"to": "0123456789012345678901234567890123456789012345678901234567890123456789"})",
    R"({"inner": {"to": "you"}, "share": 1e300, "count": -9223372036854775808, "to": "@x.y"})",
    "[]",
};

const Environment& chain_names() {
  static const Environment all = [] {
    Environment names;
    names.declare("args", type_of_schema(json::parse(kChainSchema)->root()));
    names.declare("tool", simple(TypeKind::string));
    names.declare("steps", simple(TypeKind::integer));
    return names;
  }();
  return all;
}

std::string said(const Value& value) {
  if (value.is_true()) return "true";
  if (value.is_false()) return "false";
  return std::string(value.text());
}

Value ask(const Program& program, const json::Document& call, Scratch& scratch, Fuel& fuel) {
  const Value values[] = {Value::of(call.root()), Value::of(std::string_view("read")),
                          Value::of(std::int64_t{2})};
  return program.evaluate(values, scratch, fuel);
}

// With little fuel a chain leaves the answer to the machine, so what both take is seen.
std::uint64_t fuel_of_machine(const Program& program, const json::Document& call) {
  Scratch scratch;
  for (std::uint64_t given = 1; given < 1000; ++given) {
    Fuel fuel{given};
    const Value value = ask(program, call, scratch, fuel);
    if (!value.failed() || value.failure != Failure::exhausted) return given - fuel.left;
  }
  return 0;
}

class Chains : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string_view call : kCalls) documents_.push_back(*json::parse(call));
  }
  void agree(const std::string& text) {
    const auto chain = compile({text, {}}, chain_names());
    const auto plain = compile({"(" + text + ") ? true : false", {}}, chain_names());
    ASSERT_TRUE(chain) << text << ": " << to_string(chain.error().front());
    ASSERT_TRUE(plain) << text << ": " << to_string(plain.error().front());
    for (std::size_t i = 0; i < documents_.size(); ++i) {
      Scratch scratch, other;
      Fuel plenty, more;
      const std::string ours = said(ask(*chain, documents_[i], scratch, plenty));
      EXPECT_EQ(ours, said(ask(*plain, documents_[i], other, more))) << text << " of " << kCalls[i];
      EXPECT_EQ(Fuel().left - plenty.left, fuel_of_machine(*chain, documents_[i]))
          << text << " of " << kCalls[i];
    }
  }
  std::vector<json::Document> documents_;
};

TEST_F(Chains, OneConditionSaysWhatTheMachineSays) {
  for (const std::string_view condition : kConditions) agree(std::string(condition));
}

TEST_F(Chains, JoinedOnesDoToo) {
  std::mt19937_64 random(20261123);
  for (int round = 0; round < 600; ++round) {
    const std::string_view join = round % 2 == 0 ? " && " : " || ";
    std::string text;
    for (std::size_t count = 2 + random() % 4; count > 0; --count) {
      text += text.empty() ? std::string_view() : join;
      text += kConditions[random() % kConditions.size()];
    }
    ASSERT_NO_FATAL_FAILURE(agree(text));
  }
}

}  // namespace
}  // namespace pawl::cel
