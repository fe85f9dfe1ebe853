// Rows, compiled: one entry for each `run`, in the order of program names.
#include "lang/shell/rows.h"

#include <algorithm>

#include "base/text.h"
#include "lang/shell/reader.h"

namespace pawl::shell {
namespace {

// Blanks divide; there are no quotes, since a word that needs them is no part of a program's name
// or subcommand.
Result<std::vector<std::string>> words_of(std::string_view run) {
  std::vector<std::string> words;
  for (const std::string_view word : split(run, ' ')) {
    if (word.empty()) continue;
    const bool plain = std::ranges::all_of(word, [](char c) {
      return static_cast<unsigned char>(c) > 0x20 && c != 0x7f &&
             !std::string_view("'\"`$\\*?;&|<>(){}~#!").contains(c);
    });
    if (!plain) {
      return fail(ErrorKind::invalid, "`" + escape_untrusted(run) +
                                          "` is no plain command: expected a program "
                                          "and the words behind it");
    }
    words.emplace_back(word);
  }
  if (words.empty()) return fail(ErrorKind::invalid, "an empty `run`: expected a program");
  if (words[0].contains('/') && words[0][0] != '/') {
    return fail(ErrorKind::invalid,
                "`" + escape_untrusted(words[0]) +
                    "` is a relative path: expected a name or an absolute path");
  }
  if (words[0].starts_with('-')) {
    return fail(ErrorKind::invalid,
                "`" + escape_untrusted(words[0]) + "` is an option: expected a program");
  }
  return words;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::covered:
      return "covered";
    case Outcome::uncovered:
      return "uncovered";
    case Outcome::not_analysable:
      return "not analysable";
  }
  return "";
}

Result<Rows> Rows::compile(std::span<const Row> rows) {
  Rows out;
  out.rows_.assign(rows.begin(), rows.end());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    for (const std::string& name : rows[i].environment) {
      if (!is_identifier(name) || critical_variable(name)) {
        return fail(
            ErrorKind::invalid,
            "`" + escape_untrusted(name) + "` decides what runs: no row can accept that it is set");
      }
    }
    if (rows[i].run.empty()) return fail(ErrorKind::invalid, "an empty `run`: expected a program");
    for (const std::string& run : rows[i].run) {
      Result<std::vector<std::string>> words = words_of(run);
      if (!words) return std::unexpected(words.error());
      Entry entry{std::move(words->front()), {}, i};
      entry.words.assign(words->begin() + 1, words->end());
      out.entries_.push_back(std::move(entry));
    }
  }
  std::ranges::sort(out.entries_, [](const Entry& a, const Entry& b) {
    return a.program != b.program ? a.program < b.program : a.row < b.row;
  });
  return out;
}

std::span<const Rows::Entry> Rows::entries_of(std::string_view program) const {
  const auto found = std::ranges::equal_range(entries_, program, {}, &Entry::program);
  return {found.begin(), found.end()};
}

std::vector<std::string> words_to_resolve(const Analysis& analysis) {
  std::vector<std::string> words;
  for (const Command& command : analysis.commands) {
    const bool looked_up =
        command.standing == Standing::program || command.standing == Standing::through;
    if (looked_up && !command.program.empty()) words.push_back(command.program);
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace pawl::shell
