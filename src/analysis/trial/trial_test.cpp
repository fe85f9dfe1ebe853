#include "analysis/trial/trial.h"

#include <gmock/gmock.h>

#include "analysis/trial/extent.h"
#include "base/json.h"

namespace pawl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view two_tests = R"(policy: role.yaml
at: 2026-11-23T09:00:00Z
tests:
  - name: one call
    call: [crm/send_mail, {to: [a@b.example], urgent: true, size: 3, note: "3"}]
    given: {outcome: failed}
    expect: {effect: deny, code: constraint, at: args.to}
  - name: a run
    steps:
      - call: [read_order]
        times: 3
        expect:
          effect: allow
          reason: "all is: well"   # a remark
      - {call: [read_order, '{"id":1,"id":2}'], at: 2026-11-24T09:00:00Z, expect: {effect: hold}}
)";

TEST(ReadTrials, makes_lines_of_decide) {
  const TrialFile file = read_trials(two_tests, "t.yaml");
  ASSERT_THAT(file.errors, IsEmpty());
  EXPECT_EQ(file.policy, "role.yaml");
  ASSERT_THAT(file.trials, SizeIs(2));
  EXPECT_EQ(file.trials[0].steps[0].line,
            R"({"server":"crm","tool":"send_mail","arguments":{"to":["a@b.example"],"urgent":true,)"
            R"("size":3,"note":"3"},"now":"2026-11-23T09:00:00Z","outcome":"failed"})");
  ASSERT_THAT(file.trials[1].steps, SizeIs(2));
  EXPECT_EQ(file.trials[1].steps[0].line,
            R"({"tool":"read_order","arguments":{},"now":"2026-11-23T09:00:00Z"})");
  EXPECT_EQ(file.trials[1].steps[0].times, 3U);
  EXPECT_EQ(file.trials[1].steps[1].line,
            R"({"tool":"read_order","arguments":{"id":1,"id":2},"now":"2026-11-24T09:00:00Z"})");
}

TEST(ReadTrials, says_every_mistake_with_its_place) {
  const TrialFile file = read_trials(R"(policy: [a]
test: 1
tests:
  - call: {tool: x}
    expect: {efect: deny, effect: forbid, code: nope, typed: perhaps}
  - name: none
    at: tomorrow
    times: 0
    call: [x, "no"]
)",
                                     "t.yaml");
  std::vector<std::string> all;
  for (const Error& error : file.errors) all.push_back(to_string(error));
  EXPECT_THAT(all, testing::IsSupersetOf({
                       HasSubstr("t.yaml:2:1: unknown key `test`: did you mean `tests`?"),
                       HasSubstr("`policy` names the file under test"),
                       HasSubstr("t.yaml:4:5: a test has a `name`"),
                       HasSubstr("`call` is [tool, {arguments}]"),
                       HasSubstr("unknown key `efect`: did you mean `effect`?"),
                       HasSubstr("`forbid` is not an effect"),
                       HasSubstr("`nope` is not a code"),
                       HasSubstr("`typed` is true or false"),
                       HasSubstr("`at` is"),
                       HasSubstr("`times` is"),
                       HasSubstr("the arguments are"),
                       HasSubstr("`expect` says what the answer is"),
                   }));
}

// Answers every line with the same text and keeps the lines.
struct Fixed {
  std::string answer;
  std::vector<std::string> lines;
  Answerer answerer() {
    return [this](std::string_view line) {
      lines.emplace_back(line);
      return answer;
    };
  }
};

TEST(RunTrial, compares_what_is_named_and_nothing_else) {
  const TrialFile file = read_trials(two_tests, "t.yaml");
  Fixed fixed{.answer = R"({"effect":"deny","code":"constraint","rule":"tools/x/args/to/in",)"
                        R"("reason":"r","class":null,"obligations":{},"run":"test"})",
              .lines = {}};
  Reached reached;
  const TrialResult result = run_trial(file.trials[0], fixed.answerer(), reached);
  EXPECT_TRUE(result.passed());
  EXPECT_THAT(fixed.lines, ElementsAre(testing::StartsWith(R"({"run":"test","server":"crm")")));
  EXPECT_EQ(reached["tools/x/args/to/in"], 1U);
}

TEST(RunTrial, a_part_of_a_name_is_not_a_part_of_the_path) {
  const TrialFile file = read_trials(two_tests, "t.yaml");
  Fixed fixed{.answer = R"({"effect":"deny","code":"constraint","rule":"tools/x/args/total"})",
              .lines = {}};
  Reached reached;
  const TrialResult result = run_trial(file.trials[0], fixed.answerer(), reached);
  ASSERT_FALSE(result.passed());
  ASSERT_THAT(result.steps[0].differences, SizeIs(1));
  EXPECT_EQ(result.steps[0].differences[0].name, "at");
  EXPECT_EQ(result.steps[0].differences[0].found, "tools/x/args/total");
}

TEST(RunTrial, an_allowed_call_of_which_a_person_is_told_is_notify) {
  const TrialFile file = read_trials(two_tests, "t.yaml");
  Fixed fixed{.answer =
                  R"({"effect":"allow","code":"none","rule":"tools/x","reason":"all is: well",)"
                  R"("obligations":{"notify":{"why":"large"}}})",
              .lines = {}};
  Reached reached;
  const TrialResult result = run_trial(file.trials[1], fixed.answerer(), reached);
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.steps[0].failed_at, 1U);
  EXPECT_EQ(result.steps[0].differences[0].found, "notify");
}

TEST(RunTrial, an_answer_that_is_no_json_fails_the_test) {
  const TrialFile file = read_trials(two_tests, "t.yaml");
  Fixed fixed{.answer = "ouch", .lines = {}};
  Reached reached;
  EXPECT_FALSE(run_trial(file.trials[0], fixed.answerer(), reached).passed());
}

TEST(Accepted, rewrites_the_failed_expectations_and_nothing_else) {
  const TrialFile file = read_trials(two_tests, "t.yaml");
  Fixed fixed{.answer = R"({"effect":"deny","code":"ceiling","rule":"execution/max_steps",)"
                        R"("reason":"no: more","obligations":{}})",
              .lines = {}};
  Reached reached;
  std::vector<TrialResult> results;
  for (const Trial& trial : file.trials) {
    results.push_back(run_trial(trial, fixed.answerer(), reached));
  }
  const std::string text = accepted(two_tests, results);
  EXPECT_THAT(text, HasSubstr("    expect: {effect: deny, code: ceiling, at: execution/max_steps}\n"
                              "  - name: a run\n"));
  EXPECT_THAT(text, HasSubstr("        expect: {effect: deny, reason: \"no: more\"}\n"
                              "      - {call: [read_order"));
  EXPECT_THAT(text, HasSubstr("Z, expect: {effect: deny}}\n"));
  // What was accepted passes.
  const TrialFile again = read_trials(text, "t.yaml");
  ASSERT_THAT(again.errors, IsEmpty());
  for (const Trial& trial : again.trials) {
    EXPECT_TRUE(run_trial(trial, fixed.answerer(), reached).passed()) << trial.name;
  }
}

TEST(Extents, end_where_the_value_ends) {
  const std::string text =
      "k: {a: \"}\", b: 'it''s}', c: x'y, d: [1, {e: 2}]} # }\nnext: 1\nblock:\n  a: ä\n\n  b: "
      "2\nlast: "
      "3\n";
  const yaml::Read read = yaml::read(text, "f");
  ASSERT_THAT(read.errors, IsEmpty());
  const Extent flow = extent_of(text, *read.root.entry("k"));
  EXPECT_EQ(text.substr(flow.begin, flow.end - flow.begin),
            "k: {a: \"}\", b: 'it''s}', c: x'y, d: [1, {e: 2}]}");
  const Extent block = extent_of(text, *read.root.entry("block"));
  EXPECT_EQ(text.substr(block.begin, block.end - block.begin), "block:\n  a: ä\n\n  b: 2");
}

}  // namespace
}  // namespace pawl
