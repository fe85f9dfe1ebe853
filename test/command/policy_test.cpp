// What a policy allows, run by real shells: no program runs that its rows do not list, and none
// with other arguments than the analysis listed. Where no row may write, no file is another one
// after it.
//
// The lines are those of test/adversarial and generated ones; PAWL_COMMAND_POLICY_LINES sets how
// many are generated for each shell, PAWL_COMMAND_SEED the first seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "kernel/constraint/line_rule.h"
#include "lang/shell/command.h"
#include "line_maker.h"
#include "listed.h"
#include "scratch.h"
#include "table.h"

namespace pawl {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Shell {
  const char* file;
  const char* name;
};
constexpr Shell kShells[] = {{"/bin/bash", "sh"}, {"/bin/dash", "sh"}, {"/bin/bash", "bash"}};

const Check& line_check(const Policy& policy) {
  return policy.tools.front().arguments.front().checks.front();
}

shell::Analysis analysis_of(const LineRule& rule, json::View value) {
  const auto read = read_line(rule.words, rule.dialect, value);
  EXPECT_TRUE(read) << "the policy allows what cannot be read";
  return read ? *read : shell::Analysis{};
}

// What ran besides what is listed; empty: nothing.
std::string unlisted(const shell::Analysis& analysis, const std::vector<Ran>& all,
                     const std::vector<std::string>& programs) {
  for (const Ran& ran : all) {
    if (std::ranges::find(programs, ran.program) == programs.end()) return shown(ran);
    if (!listed(analysis, ran)) return shown(ran);
  }
  return {};
}

std::vector<std::string> words_of(json::View value) {
  std::vector<std::string> words;
  for (const json::View word : value.elements()) words.emplace_back(word.string());
  return words;
}

// Those that the rules of the tables name.
const std::vector<std::string> kListed = {"ls",   "cat", "wc",  "head",  "grep",
                                          "find", "sed", "git", "mkdir", "cp"};

TEST(PolicyLines, WhatTheTableOfShellsAllowsRunsWhatIsListed) {
  Scratch scratch({"cat", "wc", "head", "grep", "sed", "git", "mkdir", "cp", "rm", "sudo"});
  std::size_t ran = 0;
  for (const TableLine& line : read_table(PAWL_TABLES_DIR "/shell.table")) {
    if (!line.allow) continue;
    const auto value = json::parse(line.value);
    const auto analysis = analysis_of(*line_check(*line.policy).line, value->root());
    for (const Shell& shell : kShells) {
      scratch.tidy();
      const auto all = scratch.run(shell.file, shell.name, std::string(value->root().string()));
      ran += all.size();
      EXPECT_EQ(unlisted(analysis, all, kListed), "")
          << shell.file << " as " << shell.name << ", line " << line.number;
    }
  }
  EXPECT_GT(ran, 100U) << "the test says nothing where nothing runs";
}

TEST(PolicyLines, WhatTheTableOfWordsAllowsRunsWhatIsListed) {
  Scratch scratch({"cat", "wc", "grep", "git", "mkdir", "rm"});
  std::size_t ran = 0;
  for (const TableLine& line : read_table(PAWL_TABLES_DIR "/argv.table")) {
    if (!line.allow) continue;
    const auto value = json::parse(line.value);
    const auto analysis = analysis_of(*line_check(*line.policy).line, value->root());
    scratch.tidy();
    const auto all = scratch.start(words_of(value->root()));
    ran += all.size();
    EXPECT_EQ(unlisted(analysis, all, kListed), "") << "line " << line.number;
  }
  EXPECT_GT(ran, 15U);
}

// Rows for some of the programs that generated lines name, none of which may write.
void judge_and_run(const Shell& shell, const std::string& rule, std::uint64_t first) {
  const std::vector<std::string> programs = {"a", "b", "ls", "f1"};
  const auto policy = policy_with_rule(rule);
  ASSERT_NE(policy, nullptr);
  const bool bash = std::string_view(shell.name) == "bash";
  const std::uint64_t lines = number_from("PAWL_COMMAND_POLICY_LINES", 2500);
  Scratch scratch;
  scratch.tidy();
  const auto before = scratch.files();
  std::uint64_t allowed = 0, ran = 0;
  for (std::uint64_t i = 0; i < lines; ++i) {
    json::Writer out;
    const std::string text = LineMaker(first + i, bash).line();
    if (!valid_utf8(text)) continue;  // a letter was changed
    const std::string arguments = R"({"x":)" + std::string(out.string(text).text()) + "}";
    if (!objection(*policy, arguments).empty()) continue;
    ++allowed;
    const auto document = json::parse(arguments);
    const auto analysis = analysis_of(*line_check(*policy).line, document->root()["x"]);
    const auto all = scratch.run(shell.file, shell.name, text);
    ran += all.size();
    EXPECT_EQ(unlisted(analysis, all, programs), "") << "seed " << first + i << "\n" << text;
    EXPECT_EQ(scratch.files(), before) << "seed " << first + i << " wrote\n" << text;
    if (::testing::Test::HasFailure()) return;
  }
  std::cout << shell.file << " as " << shell.name << ": " << lines << " lines, " << allowed
            << " allowed, " << ran << " programs ran\n";
  EXPECT_GE(allowed, lines / 16);
  EXPECT_GT(ran, allowed / 2);
}

TEST(PolicyLines, GeneratedOnesForAnyShell) {
  const std::uint64_t seed = number_from("PAWL_COMMAND_SEED", 100'000);
  const std::string rule = "{shell: {allow: [a, b, ls, f1]}}";
  judge_and_run({"/bin/dash", "sh"}, rule, seed);
  judge_and_run({"/bin/bash", "sh"}, rule, seed);
}

TEST(PolicyLines, GeneratedOnesForBash) {
  judge_and_run({"/bin/bash", "bash"}, "{shell: {shell: bash, allow: [a, b, ls, f1]}}",
                number_from("PAWL_COMMAND_SEED", 200'000));
}

}  // namespace
}  // namespace pawl
