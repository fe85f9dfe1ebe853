// docs/guide/writing-policies.md: each block of YAML is a file, written down in the order of the
// page.
#include <gmock/gmock.h>

#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "kernel/policy/table.h"
#include "model/class.h"
#include "model/environment.h"

namespace pawl::app {
namespace {

using testing::bytes_of;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;

struct Block {
  std::string name, text;
};

// `# NAME` is the first line of each.
std::vector<Block> blocks_of(const std::string& page) {
  constexpr std::string_view begin = "```yaml\n", end = "\n```\n";
  std::vector<Block> out;
  for (std::size_t at = 0; (at = page.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    const std::string text = page.substr(at, page.find(end, at) - at + 1);
    const std::size_t line = text.find('\n');
    EXPECT_TRUE(text.starts_with("# ")) << text;
    out.push_back({text.substr(2, line - 2), text});
  }
  return out;
}

TEST(Guide, EveryBlockIsAFileThatWorks) {
  Folder folder;
  std::string config =
      folder.write("pawl.yaml",
                   "version: 1\npeople: {ada: {groups: [support-leads, web-leads]}, "
                   "default_reviewers: [support-leads]}\n");
  std::size_t policies = 0, tests = 0;
  for (const Block& block :
       blocks_of(bytes_of(PAWL_SOURCE_DIR "/docs/guide/writing-policies.md"))) {
    const std::string file = folder.write(block.name, block.text);
    if (block.name == "policy.yaml") {
      const auto ran = run({"check", "--config", config, file});
      EXPECT_EQ(ran.status, exit_good) << ran.out << ran.err;
      EXPECT_THAT(ran.out, Not(HasSubstr("never true"))) << ran.out;
      ++policies;
    } else if (block.name.ends_with(".test.yaml")) {
      const auto ran = run({"test", "--config", config, file});
      EXPECT_EQ(ran.status, exit_good) << ran.out << ran.err;
      ++tests;
    } else {
      EXPECT_EQ(block.name, "pawl.yaml");
    }
  }
  EXPECT_GE(policies, 8U);
  EXPECT_GE(tests, 3U);
}

std::string cell(const Default& asks) {
  std::string out(to_string(asks.effect));
  if (asks.quorum > 1) out += " for " + std::to_string(asks.quorum);
  return asks.typed ? out + ", typed" : out;
}

// What the page prints of the decision table is the table, and so is what it says below it.
TEST(Guide, TheDecisionTableIsTheProgramsOwn) {
  std::string table =
      "| class | `new` | `established` | `mature` | without `autonomy` |\n|---|---|---|---|---|\n";
  using enum Reversibility;
  for (const Class c : {Class{read_only, Blast::small}, Class{reversible, Blast::small},
                        Class{reversible, Blast::large}, Class{irreversible, Blast::small},
                        Class{irreversible, Blast::large}}) {
    table += "| `" + to_string(c) + "` |";
    for (const Stage stage : {Stage::fresh, Stage::established, Stage::mature}) {
      const Default here = default_for(c, stage, true, false, Environment::none);
      const Default production = default_for(c, stage, true, false, Environment::production);
      table += " " + cell(here) + " |";
      EXPECT_EQ(production.effect, here.effect);
      EXPECT_TRUE(production.typed || c.reversibility != irreversible);
    }
    table += " " + cell(default_for(c, Stage::fresh, false, false, Environment::none)) + " |\n";
    EXPECT_EQ(default_for(c, Stage::fresh, true, true, Environment::none).effect, Effect::hold);
  }
  EXPECT_THAT(bytes_of(PAWL_SOURCE_DIR "/docs/guide/writing-policies.md"), HasSubstr(table));
}

}  // namespace
}  // namespace pawl::app
