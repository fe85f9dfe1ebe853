// What the reader of sed's scripts promises, against the real sed: where it finds nothing that
// runs, nothing runs, and where it finds no file, none is written.
//
// PAWL_COMMAND_SCRIPTS sets the number of scripts, PAWL_COMMAND_SEED the first seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "lang/shell/command.h"
#include "scratch.h"

namespace pawl {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Commands of sed with what makes readers of them stumble, most of them whole and some in pieces.
constexpr auto kPieces = std::to_array<const char*>({
    "# c",     "# c\\",     "#n",          "#",         "a\\",         "a\\\nt",     "1i\\ t",
    "$!a t",   "c t\\",     "i\\t",        "a",         "1a t}",       "{",          "}",
    "1{",      "/t/{",      "/[/]/",       "s/[/]/x/",  "s/[^]/]/x/g", "s/[\\]/x/;", "\\%t%",
    "\\,t,I",  "/t/ I",     "1,+1",        "0~2",       "1,~3",        "2,$",        "$!",
    "!",       "1~",        "s;t;e a;",    "s,t,\\\n,", "s/t/a\\/b/",  "y/te/ab/",   "y/a\\/b/xyz/",
    "y;t;e;",  ":l",        "bl",          "tl;",       "Tl}",         ":l x",       "r p.c",
    "r p.c\\", "R p.c;e a", "q",           "Q 1",       "l 2",         "=",          "p;p",
    "n;d",     "N;P;D",     "h;H;g;G;x;z", "F",         "s/t/u/gI2p",  "s/t/u/mM",   "v",
    "L",       "s/x",       "s",           "y/a/",      "/t",          "\\",         "\\\\",
    "\n",      "\n",        "\n",          ";",         ";",           ";",          " ",
    "\t",      "\r",        "e",           "w",         "a b c",       "s\nt\nu\n",  "saxaoa",
    "s t u ",  "\\nx\\nn",  "[[:alpha:]",  "s/[[:]/]/", "s|t|u|;e a",  "s/t/\\n/",   "s/t/&/e;p",
    "W o9",
});

constexpr auto kActs = std::to_array<const char*>(
    {"e a", "e a", "1e b x", "w o7", "s/t/u/w o8", "s/te/a/;e a", "s/.*/a/e", "{e a\n}"});

class ScriptMaker {
 public:
  explicit ScriptMaker(std::uint64_t seed) : random_(seed) {}

  // The words behind `sed`.
  std::vector<std::string> words() {
    constexpr auto options = std::to_array<const char*>(
        {"-n", "-s", "-E", "-z", "-ns", "-ie", "-ix", "-i", "-l5", "-u", "--posix", "--debug"});
    std::vector<std::string> out = {"sed"};
    while (below(4) == 0) out.emplace_back(options[below(options.size())]);
    if (below(2) == 0) {
      out.push_back(script());
    } else {
      for (std::size_t i = 1 + below(3); i > 0; --i) add_expression(out);
    }
    out.emplace_back("p.c");
    return out;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void add_expression(std::vector<std::string>& out) {
    switch (below(4)) {
      case 0:
        out.push_back("-e" + script());
        break;
      case 1:
        out.push_back("--expr=" + script());
        break;
      default:
        out.emplace_back(below(8) == 0 ? "-ne" : "-e");
        out.push_back(script());
        break;
    }
  }

  std::string script() {
    std::string out;
    const bool whole = below(3) > 0;
    for (std::size_t i = 1 + below(4); i > 0; --i) {
      out += below(5) == 0 ? kActs[below(kActs.size())] : kPieces[below(kPieces.size())];
      if (i > 1 && (whole || below(3) > 0)) out += below(3) > 0 ? "\n" : ";";
    }
    constexpr std::string_view signs = "\n;{}\\/[] #aeswp1$";
    if (whole) return out;
    if (below(2) == 0) out.insert(below(out.size() + 1), 1, signs[below(signs.size())]);
    if (below(3) == 0 && !out.empty()) out.erase(below(out.size()), 1);
    return out;
  }

  std::mt19937_64 random_;
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += "`" + word + "` ";
  return out;
}

TEST(SedScripts, DoNothingUnseen) {
  const std::uint64_t scripts = number_from("PAWL_COMMAND_SCRIPTS", 3000);
  const std::uint64_t seed = number_from("PAWL_COMMAND_SEED", 1);
  Scratch scratch({}, {"sed"});
  std::uint64_t tried = 0, harmless = 0, ran = 0, worked = 0;
  for (std::uint64_t i = 0; i < scripts; ++i) {
    const std::vector<std::string> words = ScriptMaker(seed + i).words();
    const std::vector<std::string_view> views(words.begin(), words.end());
    const shell::Analysis analysis = shell::analyse_argv(views);
    ASSERT_EQ(analysis.commands.size(), 1U);
    const auto says = [&](shell::Effect effect) {
      return std::ranges::any_of(analysis.commands[0].hazards, [&](const shell::Hazard& hazard) {
        return hazard.effect == effect;
      });
    };
    // Of those that may run something a few show that the test would see it.
    if (says(shell::Effect::runs) && i % 4 != 0) continue;
    ++tried;
    scratch.tidy();
    const auto before = scratch.files();
    const auto all = scratch.start(words);
    const bool changed = scratch.files() != before;
    ran += all.empty() ? 0 : 1;
    worked += changed ? 1 : 0;
    if (says(shell::Effect::runs)) continue;
    ++harmless;
    EXPECT_TRUE(all.empty()) << "seed " << seed + i << " ran a program: " << joined(words);
    if (says(shell::Effect::writes) || analysis.commands[0].writes) continue;
    EXPECT_FALSE(changed) << "seed " << seed + i << " wrote: " << joined(words);
    if (::testing::Test::HasFailure()) return;
  }
  std::cout << tried << " scripts, " << harmless << " run nothing, " << ran << " ran a program, "
            << worked << " wrote\n";
  // The test says nothing where all is refused, or where nothing would have run anyway.
  EXPECT_GT(harmless * 4, tried);
  EXPECT_GT(ran * 40, tried);
  EXPECT_GT(worked * 40, tried);
}

}  // namespace
}  // namespace pawl
