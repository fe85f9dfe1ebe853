// Whatever is made from the rows says something about every command.
#include <algorithm>
#include <array>
#include <set>

#include <gmock/gmock.h>

#include "app/cli/commands.h"
#include "app/cli/help.h"
#include "app/cli/run_test.h"
#include "app/terminal/layout.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {

namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Commands, EveryRowIsComplete) {
  std::set<std::string_view> names;
  for (const CommandRow& row : commands()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.says.empty()) << row.name;
    EXPECT_FALSE(row.says.ends_with('.')) << row.name;
    EXPECT_TRUE(row.says[0] >= 'a' && row.says[0] <= 'z') << row.name;
    EXPECT_NE(row.run, nullptr) << row.name;
    EXPECT_LE(split(row.name, ' ').size(), 2U) << row.name;
    const bool shown = std::ranges::any_of(
        groups(), [&row](const Group& group) { return group.name == row.group; });
    EXPECT_TRUE(shown || row.group.empty()) << row.name << " is in no group of `pawl help`";
  }
}

TEST(Commands, EveryOptionAndWordIsComplete) {
  for (const CommandRow& row : commands()) {
    std::set<std::string_view> options{help_option.name};
    for (const OptionRow& option : row.options) {
      EXPECT_TRUE(option.name.starts_with("--") || option.name.size() == 2)
          << row.name << " " << option.name;
      EXPECT_TRUE(options.insert(option.name).second) << row.name << " " << option.name;
      EXPECT_EQ(option.metavar.empty(), option.takes == Takes::nothing)
          << row.name << " " << option.name;
      EXPECT_FALSE(option.says.empty() || option.says.ends_with('.'))
          << row.name << " " << option.name;
    }
    for (std::size_t i = 0; i < row.words.size(); ++i) {
      EXPECT_FALSE(row.words[i].says.empty()) << row.name;
      // What stands behind `--` is told apart from the words before it.
      const bool last = i + 1 == row.words.size() || row.words[i + 1].after_dashes;
      EXPECT_TRUE(!row.words[i].many || last) << row.name;
    }
  }
}

TEST(Commands, NoCommandIsAlsoAFamily) {
  for (const CommandRow& row : commands()) EXPECT_THAT(family(row.name), IsEmpty()) << row.name;
}

TEST(Help, NamesEveryShownCommandAndNoOther) {
  const std::string text = help_overview(80);
  for (const CommandRow& row : commands()) {
    if (row.group.empty()) continue;
    EXPECT_THAT(text, HasSubstr("\n  " + std::string(row.name) + " ")) << row.name;
  }
  EXPECT_THAT(text, Not(HasSubstr("\n  node ")));
}

TEST(Help, AloneItHasTheCommandsThatOneBeginsWith) {
  const std::vector<std::string_view> first = {"init",   "mcp",  "serve", "approvals",
                                               "status", "kill", "check", "replay"};
  const testing::Ran alone = testing::run({});
  EXPECT_EQ(alone.status, 0);
  for (const std::string_view name : first) {
    EXPECT_THAT(alone.out, HasSubstr("\n  " + std::string(name) + " ")) << name;
    EXPECT_TRUE(find_command(name) != nullptr || !family(name).empty()) << name;
  }
  EXPECT_EQ(first_commands().size(), first.size());
  for (const std::string_view other : {"decide", "audit", "grants", "help"}) {
    EXPECT_THAT(alone.out, Not(HasSubstr("\n  " + std::string(other) + " "))) << other;
  }
  EXPECT_THAT(alone.out, HasSubstr("`pawl help --all`"));
  EXPECT_EQ(testing::run({"help"}).out, alone.out);
  EXPECT_EQ(testing::run({"--help"}).out, alone.out);
}

TEST(Help, WithAllItHasEveryCommandInItsGroup) {
  const testing::Ran all = testing::run({"help", "--all"});
  EXPECT_EQ(all.status, 0);
  for (const Group& group : groups()) {
    EXPECT_THAT(all.out, HasSubstr(std::string(group.name) + "  " + std::string(group.says)));
  }
  for (const CommandRow* row : shown_commands()) {
    EXPECT_THAT(all.out, HasSubstr("\n  " + std::string(row->name) + " ")) << row->name;
  }
}

TEST(Help, KeepsItsWidth) {
  for (const CommandRow* row : shown_commands()) {
    const std::string page = help_page(*row, 80);
    for (const std::string_view line : split(page, '\n')) {
      EXPECT_LE(columns(line), 80U) << line;
    }
    for (const OptionRow& option : row->options) EXPECT_THAT(page, HasSubstr(to_string(option)));
    for (const WordRow& word : row->words) EXPECT_THAT(page, HasSubstr(word.says.substr(0, 10)));
  }
}

TEST(Man, EveryCommandHasAPageWithAllItsOptions) {
  for (const CommandRow* row : shown_commands()) {
    const std::string page = man_page(*row);
    EXPECT_THAT(page, HasSubstr(".SH NAME\npawl\\-")) << row->name;
    for (const std::string_view part : {".TH ", "\n.SH SYNOPSIS\n", "\n.SH OPTIONS\n",
                                        "\n.SH EXIT STATUS\n", "\n.SH SEE ALSO\n"}) {
      EXPECT_THAT("\n" + page, HasSubstr(part)) << row->name;
    }
    for (const OptionRow& option : row->options) {
      std::string spelled_for_roff = "\n.B ";
      for (const char c : option.name) spelled_for_roff += c == '-' ? "\\-" : std::string(1, c);
      EXPECT_THAT(page, HasSubstr(spelled_for_roff)) << row->name;
    }
    EXPECT_THAT(man_overview(), HasSubstr("(1)\n"));
  }
}

TEST(Man, TheOverviewNamesEveryCommand) {
  const std::string page = man_overview();
  for (const CommandRow* row : shown_commands()) {
    std::string name = man_name(row->name);
    std::string spelled_for_roff;
    for (const char c : name) spelled_for_roff += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_THAT(page, HasSubstr(".BR " + spelled_for_roff + " (1)\n")) << row->name;
  }
}

TEST(Man, NoTextBecomesARequest) {
  static constexpr std::array<OptionRow, 1> options = {json_option};
  const CommandRow row{"odd",
                       "use",
                       "says .so /etc/passwd",
                       options,
                       {},
                       nullptr,
                       ".so /etc/passwd\n'tis so\n  --flag \\fB\n\nthe end"};
  const std::string page = man_page(row);
  EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&'tis so\n"));
  EXPECT_THAT(page, HasSubstr("\n  \\-\\-flag \\efB\n"));
}

TEST(Completions, EveryShellKnowsEveryCommandAndOption) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string text = completions(shell);
    for (const CommandRow* row : shown_commands()) {
      for (const std::string_view word : split(row->name, ' ')) {
        EXPECT_THAT(text, HasSubstr(word)) << shell;
      }
      for (const OptionRow& option : row->options) {
        const std::string_view name =
            option.name.substr(shell == "fish" && option.name.size() > 2 ? 2 : 0);
        EXPECT_THAT(text, HasSubstr(name)) << shell << " " << row->name;
      }
    }
    EXPECT_THAT(text, Not(HasSubstr("node)"))) << shell;
  }
  EXPECT_EQ(completions("tcsh"), "");
  EXPECT_EQ(completions(""), "");
}

TEST(Reference, TheCommandsPageIsThatOfTheTable) {
  testing::expect_file(PAWL_SOURCE_DIR "/docs/reference/commands.md", commands_reference());
}

}  // namespace

namespace {

using ::testing::HasSubstr;
using testing::run;

TEST(Help, AsJsonHasEveryCommandThatPeopleSee) {
  const auto ran = run({"help", "--json"});
  EXPECT_EQ(ran.status, 0);
  const auto rows = json::parse(ran.out);
  ASSERT_TRUE(rows) << ran.out;
  EXPECT_EQ(rows->root().size(), shown_commands().size());
  for (const json::View row : rows->root().elements()) {
    EXPECT_TRUE(row.text("usage")) << json::write(row);
  }
}

TEST(Help, AsJsonOfAFamilyHasItsMembers) {
  const auto rows = json::parse(run({"help", "--json", "approvals"}).out);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->root().size(), family("approvals").size());
}

TEST(Help, AsJsonOfAnUnknownCommandNamesTheNearest) {
  const auto ran = run({"help", "--json", "chek"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("`check`"));
}

// Everything that prints for people prints for programs too; those that are left out print nothing
// else than JSON (`decide`, `eval`, `schema`), what a client reads (`mcp`), or a log (`serve`).
TEST(Help, EveryCommandThatPrintsHasJson) {
  for (const CommandRow* row : shown_commands()) {
    if (row->name == "decide" || row->name == "eval" || row->name == "schema" ||
        row->name == "mcp" || row->name == "serve") {
      continue;
    }
    const bool has = std::ranges::any_of(
        row->options, [](const OptionRow& option) { return option.name == json_option.name; });
    EXPECT_TRUE(has) << row->name;
  }
}

TEST(Accept, JsonDoesNotAskQuestions) {
  const auto ran = run({"accept", "--json", "--policy", "p.yaml", "--", "true"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("needs `--yes`"));
}

}  // namespace

}  // namespace pawl::app
