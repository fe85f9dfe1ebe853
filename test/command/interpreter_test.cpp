// Interpreters without a script, against the real ones: where the analysis does not say that one
// runs what it reads, the text on its standard input does not run.
//
// Only those that this machine has are tried; perl is on every Debian.
// PAWL_COMMAND_CALLS sets the number of lines for each, PAWL_COMMAND_SEED the first seed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "lang/shell/command.h"
#include "scratch.h"

namespace pawl {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Language {
  std::string_view program;
  std::string_view code;     // runs `a`
  std::string_view options;  // divided by `|`
};

constexpr auto kLanguages = std::to_array<Language>({
    {"perl", "system(\"a\")",
     "-w|-W|-t|-T|-c|-s|-S|-a|-l|-l12|-0777|-0|-CS|-C|-F,|-v|-V|-h|-u|-X|-x|-I x|-Ix|-e 1|-wl|--|"
     "-n|-i|-d|-Mx|-V:x|-g|-q|--version|-we 1"},
    {"python3", "import os; os.system(\"a\")",
     "-u|-B|-b|-bb|-d|-E|-I|-O|-OO|-q|-s|-S|-v|-x|-W ignore|-Wignore|-X dev|-Xdev|-c 1|-V|-h|"
     "--version|--|-P|-R|-uB|-Bc 1|--check-hash-based-pycs always|--check-hash-based-pycs=never|"
     "-m x|-t|-J|-z|-uW ignore|-i"},
    {"node", "require(\"child_process\").spawnSync(\"a\")",
     "--no-warnings|--trace-warnings|-c|--check|-e 1|-p 1|-i|--expose-gc|--max-old-space-size=99|"
     "--input-type=commonjs|--input-type commonjs|-v|-h|--|--title x|--title=x|-C x|--conditions x|"
     "--preserve-symlinks|--stack-size=900|--no_warnings|--enable-source-maps|-r fs|--require fs|"
     "--v8-options|--version"},
    {"tclsh", "exec a", "-encoding utf-8|-x|--|--version"},
    {"ruby", "system(\"a\")",
     "-w|-W0|-v|-c|-Ku|-l|-a|-s|-S|-e 1|--|--version|-r set|-E utf-8|--verbose|-x|-y|-h"},
    {"lua5.4", "os.execute(\"a\")", "-v|-i|-E|-W|-e 1|-l x|--"},
    {"php", "<?php system(\"a\");", "-q|-n|-l|-i|-m|-v|-h|-w|-s|-r 1|-d x=1|-C|-H|--|-f|--version"},
});

std::string line_of(const Language& language, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  std::string out(language.program);
  const auto options = split(language.options, '|');
  for (std::size_t i = below(4); i > 0; --i) {
    out += ' ';
    out += options[below(options.size())];
  }
  constexpr const char* ends[] = {"",       "",          " p.c", " p.c", " -", " /dev/stdin",
                                  " p.c -", " sub/y.c x"};
  out += ends[below(std::size(ends))];
  return out + " <<< '" + std::string(language.code) + "'";
}

TEST(Interpreters, RunWhatTheyReadOnlyWhereThatIsSaid) {
  const std::uint64_t calls = number_from("PAWL_COMMAND_CALLS", 60);
  const std::uint64_t seed = number_from("PAWL_COMMAND_SEED", 1);
  std::vector<std::string> real;
  for (const Language& language : kLanguages) {
    if (access(("/usr/bin/" + std::string(language.program)).c_str(), X_OK) == 0) {
      real.emplace_back(language.program);
    }
  }
  const auto has = [&](std::string_view program) {
    return std::ranges::find(real, program) != real.end();
  };
  ASSERT_TRUE(has("perl"));
  Scratch scratch({}, real);
  for (const Language& language : kLanguages) {
    if (!has(language.program)) continue;
    std::uint64_t clear = 0, ran = 0;
    for (std::uint64_t i = 0; i < calls; ++i) {
      const std::string text = line_of(language, seed + i);
      const auto line = shell::parse(text, shell::Dialect::bash);
      ASSERT_TRUE(line) << text;
      const shell::Analysis analysis = shell::analyse(*line);
      ASSERT_TRUE(analysis.troubles.empty() && analysis.commands.size() == 1) << text;
      const bool runs = std::ranges::any_of(
          analysis.commands[0].hazards,
          [](const shell::Hazard& hazard) { return hazard.effect == shell::Effect::runs; });
      scratch.tidy();
      const bool real_run = !scratch.run("/bin/bash", "bash", text).empty();
      ran += real_run ? 1 : 0;
      if (runs) continue;
      ++clear;
      EXPECT_FALSE(real_run) << "seed " << seed + i << ": " << text;
    }
    std::cout << language.program << ": " << calls << " lines, " << clear << " run a file, " << ran
              << " ran what they read\n";
    EXPECT_GT(clear, 0U) << language.program;
    EXPECT_GT(ran, 0U) << language.program;
  }
}

}  // namespace
}  // namespace pawl
