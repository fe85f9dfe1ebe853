// Any text as a command line: no crash, no endless reading, and what is covered is what was
// granted.
//
// The first byte chooses the dialect; the rest is the line. The rows grant two programs, so a
// covered line may run nothing else, and its words may hold nothing that a shell would still read.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lang/shell/rows.h"

namespace {

using namespace pawl::shell;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

const Rows& rows() {
  static const Rows all = [] {
    Row row;
    row.run = {"ls", "git status"};
    return *Rows::compile(std::span(&row, 1));
  }();
  return all;
}

void check(const Analysis& analysis) {
  const Judgement judgement = judge(analysis, rows(), Place{});
  demand((judgement.outcome == Outcome::covered) == judgement.reasons.empty());
  if (judgement.outcome != Outcome::covered) return;
  demand(analysis.troubles.empty());
  for (const Command& command : analysis.commands) {
    if (command.standing == Standing::silent || command.standing == Standing::through) continue;
    demand(command.program == "ls" || command.program == "git");
    demand(command.settings.empty() || harmless_setting(command.settings[0]));
    for (const Redirection& redirection : command.redirections) {
      demand(redirection.kind == pawl::shell::RedirectKind::read);
    }
  }
  for (const Setting& setting : analysis.settings) demand(!critical_variable(setting.name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const Dialect dialect = bytes[0] % 2 == 0 ? Dialect::posix : Dialect::bash;
  const auto line = parse(text, dialect);
  if (!line) return 0;
  const Analysis analysis = analyse(*line);
  demand(analysis.commands.size() <= line->limits.commands_max);
  check(analysis);
  const Effects effects = effects_of(analysis);
  demand(effects.hosts.size() <= text.size());
  for (const Command& command : analysis.commands) demand(!value_of(command).empty());
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    words.push_back(text.substr(at, stop - at));
    at = stop + 1;
  }
  check(analyse_argv(words));
  return 0;
}
