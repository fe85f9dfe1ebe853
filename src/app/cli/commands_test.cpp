#include "app/cli/commands.h"

#include <gmock/gmock.h>

#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/json.h"

namespace pawl::app {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;
using ::testing::StartsWith;

TEST(Dispatch, WithoutWordsItHelps) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {}, {"help"}, {"--help"}, {"-h"}, {"help", "--help"}}) {
    const auto ran = run(words);
    EXPECT_EQ(ran.status, exit_good);
    EXPECT_THAT(ran.out, HasSubstr("pawl"));
    EXPECT_THAT(ran.err, IsEmpty());
  }
}

TEST(Dispatch, HelpExplainsCommandsOfOneWordAndOfTwo) {
  const auto one = run({"help", "check"});
  EXPECT_THAT(one.out, StartsWith("pawl check: "));
  EXPECT_EQ(run({"check", "--help"}).out, one.out);
  const auto two = run({"help", "approvals", "show"});
  EXPECT_THAT(two.out, StartsWith("pawl approvals show: "));
  EXPECT_EQ(run({"approvals", "show", "-h"}).out, two.out);
  EXPECT_THAT(run({"help", "approvals"}).out, HasSubstr("pawl approvals list"));
  EXPECT_EQ(run({"approvals", "--help"}).out, run({"help", "approvals"}).out);
}

TEST(Dispatch, AnUnknownNameGetsTheNearestRightOne) {
  const auto ran = run({"chek", "x"});
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_EQ(ran.err, "pawl: there is no command `chek`: did you mean `check`?\n");
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_EQ(run({"help", "decied"}).err,
            "pawl: there is no command `decied`: did you mean `decide`?\n");
  EXPECT_EQ(run({"zzzzzzzz"}).err,
            "pawl: there is no command `zzzzzzzz`; `pawl help --all` lists them\n");
  EXPECT_THAT(run({"\x1b[2J"}).err, Not(HasSubstr("\x1b")));
  EXPECT_EQ(run({""}).status, exit_usage);
  EXPECT_EQ(run({"--frobnicate"}).status, exit_usage);
}

TEST(Dispatch, AFamilyWithoutItsSecondWord) {
  const auto ran = run({"approvals"});
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(
      ran.err,
      HasSubstr(
          "needs one of these words next: list, show, watch, approve, change, deny, ask, pass"));
  EXPECT_THAT(run({"approvals", "--json"}).err, HasSubstr("needs one of these words next"));
  EXPECT_EQ(run({"approvals", "aprove"}).err,
            "pawl: `pawl approvals` knows no `aprove`: did you mean `approve`?\n");
}

TEST(Dispatch, AWrongOptionShowsTheUsage) {
  const auto ran = run({"check", "--jsn", "f"});
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("did you mean `--json`?\nusage: pawl check "));
  EXPECT_THAT(ran.err, HasSubstr("`pawl help check` says more\n"));
}

TEST(Version, SaysWhatReplayAsksFor) {
  EXPECT_THAT(run({"version"}).out, StartsWith("pawl " PAWL_VERSION "\n"));
  EXPECT_EQ(run({"--version"}).out, run({"version"}).out);
  const auto json = run({"version", "--json"});
  const auto parsed = json::parse(json.out);
  ASSERT_TRUE(parsed) << json.out;
  EXPECT_EQ(parsed->root().text("version"), PAWL_VERSION);
  EXPECT_TRUE(parsed->root()["decision_abi"].is_integer());
  EXPECT_TRUE(parsed->root()["record_format"].is_integer());
}

TEST(HelpCommand, WritesForOtherReaders) {
  EXPECT_THAT(run({"help", "--man", "check"}).out, StartsWith(".TH PAWL\\-CHECK 1"));
  EXPECT_THAT(run({"help", "--man", "approvals", "list"}).out,
              StartsWith(".TH PAWL\\-APPROVALS\\-LIST 1"));
  EXPECT_THAT(run({"help", "--man"}).out, StartsWith(".TH PAWL 1"));
  EXPECT_THAT(run({"help", "--completions", "bash"}).out, HasSubstr("complete "));
  EXPECT_EQ(run({"help", "--completions", "tcsh"}).status, exit_usage);
  EXPECT_THAT(run({"help", "--names"}).out, HasSubstr("approvals list\n"));
  EXPECT_EQ(run({"help", "--man", "approvals"}).status, exit_usage);
}

}  // namespace
}  // namespace pawl::app
