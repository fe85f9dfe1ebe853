#include "kernel/constraint/line_rule.h"

#include <fmt/format.h>

#include <string_view>

namespace pawl {
namespace {

std::string counted(std::size_t number) {
  const std::size_t two = number % 100;
  const std::string_view end = two >= 11 && two <= 13 ? "th"
                               : number % 10 == 1     ? "st"
                               : number % 10 == 2     ? "nd"
                               : number % 10 == 3     ? "rd"
                                                      : "th";
  return fmt::format("{}{}", number, end);
}

// The last command that begins at or before this byte; the number of commands where none does.
std::size_t command_at(const shell::Analysis& analysis, std::uint32_t at) {
  std::size_t found = analysis.commands.size();
  for (std::size_t i = 0; i < analysis.commands.size(); ++i) {
    if (analysis.commands[i].at > at) continue;
    if (found == analysis.commands.size() || analysis.commands[found].at <= analysis.commands[i].at)
      found = i;
  }
  return found;
}

Result<shell::Analysis> read_words(json::View value) {
  if (!value.is_array()) return fail(ErrorKind::invalid, "must be a list of words");
  std::vector<std::string_view> words;
  for (const json::View word : value.elements()) {
    if (!word.is_string())
      return fail(ErrorKind::invalid, "must be a list of words, each a string");
    // A program would get the part before the zero byte only.
    if (word.string().contains('\0')) return fail(ErrorKind::invalid, "holds a zero byte");
    words.push_back(word.string());
  }
  if (words.empty()) return fail(ErrorKind::invalid, "is an empty list");
  return shell::analyse_argv(words);
}

}  // namespace

Result<shell::Analysis> read_line(bool words, shell::Dialect dialect, json::View value) {
  if (words) return read_words(value);
  if (!value.is_string()) return fail(ErrorKind::invalid, "must be a string");
  const auto line = shell::parse(value.string(), dialect);
  if (!line) return fail(ErrorKind::invalid, "cannot be read as a command line");
  return shell::analyse(*line);
}

std::string ordinal(const shell::Analysis& analysis, std::size_t index) {
  const std::size_t all = analysis.commands.size();
  if (all <= 1 || index >= all) return "the command";
  return fmt::format("the {} of {} commands", counted(index + 1), all);
}

std::string describe(const shell::Analysis& analysis, const shell::Judgement& judgement) {
  const bool unread = judgement.outcome == shell::Outcome::not_analysable;
  const std::string_view what = unread ? "it cannot be told what it runs: " : "";
  if (judgement.reasons.empty()) return fmt::format("{}no row covers it", what);
  const shell::Trouble& first = judgement.reasons.front();
  const std::size_t index = command_at(analysis, first.at);
  return fmt::format("{}{} ({}, at byte {})", what, first.why, ordinal(analysis, index), first.at);
}

std::string check_line(const LineRule& rule, json::View value) {
  const auto analysis = read_line(rule.words, rule.dialect, value);
  if (!analysis) return analysis.error().message;
  const shell::Judgement judgement = shell::judge(*analysis, rule.rows, shell::Place{});
  if (judgement.outcome != shell::Outcome::covered) {
    return "is a command that is not allowed: " + describe(*analysis, judgement);
  }
  // Nothing that a row speaks of, and yet a variable that a shell may keep for its next line.
  if (judgement.commands.empty() && !analysis->settings.empty()) {
    return "is a command that is not allowed: it sets variables and runs nothing";
  }
  return {};
}

}  // namespace pawl
