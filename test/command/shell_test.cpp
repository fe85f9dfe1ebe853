// The promise of lang/shell against real shells: whatever bash and dash run because of a line
// is in the list of the analysis, with these arguments, or the line is not fully analysable.
//
// PAWL_COMMAND_LINES sets the number of lines per shell, PAWL_COMMAND_SEED the first seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "lang/shell/command.h"
#include "line_maker.h"
#include "listed.h"
#include "scratch.h"

namespace pawl {
namespace {

using shell::Analysis;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Shell {
  const char* file;
  const char* name;
  shell::Dialect dialect;
};

void compare(const Shell& shell) {
  const std::uint64_t lines = number_from("PAWL_COMMAND_LINES", 1000);
  const std::uint64_t seed = number_from("PAWL_COMMAND_SEED", 1);
  const bool bash = shell.dialect == shell::Dialect::bash;
  Scratch scratch;
  std::uint64_t analysable = 0;
  std::uint64_t programs = 0;
  std::uint64_t unseen = 0;
  for (std::uint64_t i = 0; i < lines; ++i) {
    const std::string text = LineMaker(seed + i, bash).line();
    const Result<shell::Line> line = shell::parse(text, shell.dialect);
    const Analysis analysis = line ? shell::analyse(*line) : Analysis{};
    if (!line || !analysis.troubles.empty()) continue;
    ++analysable;
    if (analysable % 100 == 0) scratch.tidy();
    for (const Ran& ran : scratch.run(shell.file, shell.name, text)) {
      ++programs;
      if (listed(analysis, ran)) continue;
      ++unseen;
      ADD_FAILURE() << "seed " << seed + i << ": ran " << shown(ran) << "\nbecause of\n" << text;
      break;
    }
    if (unseen >= 10) break;
  }
  std::cout << shell.name << ": " << lines << " lines, " << analysable << " analysable, "
            << programs << " programs ran, " << unseen << " not in the list, " << scratch.ended()
            << " lines ended\n";
  // The test says nothing where nothing is analysable or nothing runs.
  EXPECT_GT(analysable * 4, lines);
  EXPECT_GT(programs, analysable / 2);
}

TEST(Shells, BashRunsWhatIsListed) {
  compare({"/bin/bash", "bash", shell::Dialect::bash});
}
TEST(Shells, DashRunsWhatIsListed) {
  compare({"/bin/dash", "sh", shell::Dialect::posix});
}
TEST(Shells, BashAsShRunsWhatIsListed) {
  compare({"/bin/bash", "sh", shell::Dialect::posix});
}

}  // namespace
}  // namespace pawl
