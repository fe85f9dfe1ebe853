// `pawl explain` and `pawl describe` as they are called, on files.
#include <gmock/gmock.h>

#include "app/cli/explain.h"
#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "kernel/admit/stages.h"

namespace pawl::app {
namespace {

using ::testing::AllOf;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;
using ::testing::StartsWith;

constexpr std::string_view kExplainedPolicy = R"(version: 1
agent: {id: clerk, identity: clerk@example.iam}
lists: {payees: [acme-secret-payee, other-payee]}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - name: pay
      class: irreversible small
      args: {to: {in: $payees}, api_key: {max_length: 3}}
      instead: "ask accounting"
    - {name: write_note, class: reversible small, max_calls_per_run: 1}
  blocked: [delete_note]
execution: {max_steps: 4}
)";

class Explain : public ::testing::Test {
 protected:
  Explain() {
    policy = folder.write("clerk.yaml", std::string(kExplainedPolicy));
    config =
        folder.write("pawl.yaml", "people: {ada: {groups: [leads]}, default_reviewers: [leads]}\n");
  }
  testing::Ran explain(const std::string& input, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"explain", "--policy", policy, "--config", config};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, input);
  }

  Folder folder;
  std::string policy, config;
};

TEST_F(Explain, ADenialBeginsWithTheLineThatDecided) {
  const auto ran = explain(R"({"tool":"pay","arguments":{"to":"x","api_key":"a"}})");
  EXPECT_EQ(ran.status, exit_no) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("DENIED  pay  irreversible small  [constraint]\n"
                                  "`to` is not one of the allowed values\n\n" +
                                  policy + ":9:19  tools/pay/args/to/in"));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\n     9 |       args: {to: {in: $payees}"),
                             HasSubstr("\n       |                   ^\n"),
                             HasSubstr("instead: ask accounting"),
                             HasSubstr("to = \"x\"  wants one of 2 permitted values  NO")));
}

TEST_F(Explain, NeitherSecretsNorListsAreInIt) {
  for (const char* flag : {"--json", ""}) {
    std::vector<std::string> more;
    if (*flag != 0) more.emplace_back(flag);
    const auto ran = explain(R"({"tool":"pay","arguments":{"to":"x","api_key":"hunter2"}})", more);
    EXPECT_THAT(ran.out, AllOf(Not(HasSubstr("acme-secret-payee")), Not(HasSubstr("hunter2"))));
    EXPECT_THAT(ran.out, HasSubstr("a secret, not shown"));
  }
}

TEST_F(Explain, AHeldCallNamesWhoCouldAnswer) {
  const auto ran = explain(R"({"tool":"pay","arguments":{"to":"other-payee","api_key":"a"}})");
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, AllOf(StartsWith("HELD  pay"), HasSubstr("1 of ada (reviewers: leads)")));
}

TEST_F(Explain, AnAuditorIsNotAmongThoseWhoCouldAnswer) {
  const std::string call = R"({"tool":"pay","arguments":{"to":"other-payee","api_key":"a"}})";
  folder.write("pawl.yaml",
               "people: {ada: {groups: [leads]}, eve: {groups: [leads, audit]}, auditors: [audit], "
               "default_reviewers: [leads]}\n");
  const auto ran = explain(call);
  EXPECT_THAT(ran.out, HasSubstr("1 of ada (reviewers: leads)")) << ran.err;
  const auto read = json::parse(explain(call, {"--json"}).out);
  ASSERT_TRUE(read);
  EXPECT_EQ(json::write(read->root()["question"]["persons"]), R"(["ada"])");
  folder.write("pawl.yaml",
               "people: {eve: {groups: [leads]}, auditors: [leads], default_reviewers: [leads]}\n");
  EXPECT_THAT(explain(call).out, HasSubstr("no one (reviewers: leads)"));
}

TEST_F(Explain, AJsonAnswerHasEveryStage) {
  const auto ran = explain(R"({"tool":"delete_note","arguments":{}})", {"--json"});
  const auto parsed = json::parse(ran.out);
  ASSERT_TRUE(parsed) << ran.out;
  EXPECT_EQ(parsed->root().text("code"), "blocked");
  EXPECT_EQ(parsed->root()["at"]["line"].natural(), 12U);
  EXPECT_EQ(parsed->root()["stages"].size(), deny_stages().size() + hold_stages().size());
}

TEST_F(Explain, TheCallsBeforeItCount) {
  const auto before =
      folder.write("before.jsonl", R"({"run":"r","tool":"write_note","arguments":{}})"
                                   "\n");
  const std::string call = R"({"run":"r","tool":"write_note","arguments":{}})";
  EXPECT_EQ(explain(call).status, exit_good);
  const auto ran = explain(call, {"--after", before});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, HasSubstr("calls in this run = 1  wants at most 1  NO"));
}

// What a terminal shows of a call that was made to be looked at.
TEST_F(Explain, NothingOfTheCallMovesACursor) {
  const auto ran = explain(
      R"({"tool":"pay\u001b[2J","arguments":{"to":"\u001b]52;c;x\u0007\u202e","api_key":"a"}})");
  EXPECT_THAT(ran.out, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xe2\x80\xae"))));
}

TEST_F(Explain, WhatIsNoCallIsSaid) {
  EXPECT_EQ(explain("").status, exit_usage);
  const auto duplicate_keys = explain(R"({"tool":"x","Tool":"y","arguments":{}})");
  EXPECT_EQ(duplicate_keys.status, exit_no);
  EXPECT_THAT(duplicate_keys.err, HasSubstr("`Tool`"));
  EXPECT_EQ(explain("[1]").status, exit_no);
}

TEST(QuotedLine, PutsTheMarkBelowTheColumn) {
  EXPECT_EQ(quoted_line("a: 1\nbb: äx\n", {"f", 2, 6}, 0), "     2 | bb: äx\n       |      ^\n");
  EXPECT_EQ(quoted_line("a: 1\n", {"f", 7, 1}, 0), "");
  EXPECT_EQ(quoted_line("a: 1\n", {"f", 0, 0}, 0), "");
}

TEST_F(Explain, DescribeSaysItInSentencesAndAsATable) {
  const auto ran = run({"describe", "--config", config, policy});
  EXPECT_EQ(ran.status, exit_good) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("`to` must be: one of `acme-secret-payee`, `other-payee`"),
                    HasSubstr("asked: 1 of `leads`, within 5m; no answer is a denial"),
                    HasSubstr("pay            hold         hold     hold typed  irreversible"),
                    HasSubstr("delete_note    deny         deny     deny        blocked"),
                    Not(HasSubstr("\x1b["))));
  const auto as_json = json::parse(run({"describe", "--json", "--config", config, policy}).out);
  ASSERT_TRUE(as_json);
  EXPECT_EQ(as_json->root()["tools"].size(), 3U);
  EXPECT_EQ(run({"describe", "--config", config, folder.write("bad.yaml", "agnt: {}\n")}).status,
            exit_no);
}

}  // namespace
}  // namespace pawl::app
