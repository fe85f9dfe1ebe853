// Names: a name that fits everything says nothing. Files, folders and identifiers are looked at;
// what a library calls its own members (`x.data()`, `std::data`) is its own affair.

#include <algorithm>
#include <array>
#include <cctype>

#include "rules.h"
#include "scan.h"

namespace pawl::check {
namespace {

// Refused as a whole name, and as a word of one.
constexpr std::array<std::string_view, 6> kWords = {"manager", "managers", "helper",
                                                    "helpers", "util",     "utils"};
// Refused as a whole name only.
constexpr std::array<std::string_view, 2> kNames = {"data", "info"};

bool refused_word(std::string_view word) {
  return std::ranges::find(kWords, word) != kWords.end();
}
bool refused_name(std::string_view name) {
  return refused_word(name) || std::ranges::find(kNames, name) != kNames.end();
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// `RunManager`, `run_manager` and `run-manager` are `run` and `manager`.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  char before = '_';
  for (const char c : name) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    const bool small_before = std::islower(static_cast<unsigned char>(before)) != 0;
    if (c == '_' || c == '-' || c == '.' || (upper && small_before)) words.emplace_back();
    if (c != '_' && c != '-' && c != '.') words.back() += lower(c);
    before = c;
  }
  std::erase(words, std::string());
  return words;
}

// The word at fault, or nothing.
std::string at_fault(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  if (words.size() == 1 && refused_name(words[0])) return words[0];
  const auto bad = std::ranges::find_if(words, [](const auto& word) { return refused_word(word); });
  return bad == words.end() ? std::string() : *bad;
}

void check_path(const SourceFile& file, Findings& out) {
  std::string_view rest = file.path;
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    std::string_view part = rest.substr(0, slash);
    if (slash == std::string_view::npos) part = part.substr(0, part.find('.', 1));
    if (!at_fault(part).empty()) {
      out.push_back({file.path, 1, "`" + at_fault(part) + "` in a file's name says nothing"});
      return;
    }
    if (slash == std::string_view::npos) return;
    rest.remove_prefix(slash + 1);
  }
}

bool of_a_library(const std::vector<Token>& tokens, std::size_t i) {
  if (i == 0) return false;
  if (tokens[i - 1].is(".") || tokens[i - 1].is("->")) return true;
  return i >= 2 && tokens[i - 1].is("::") &&
         (tokens[i - 2].is("std") || tokens[i - 2].is("ranges"));
}

}  // namespace

Findings find_bad_names(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    check_path(file, out);
    if (!file.cpp()) continue;
    const Scan seen = scan(file.text);
    for (std::size_t i = 0; i < seen.tokens.size(); ++i) {
      const Token& token = seen.tokens[i];
      if (token.kind != Kind::name || of_a_library(seen.tokens, i)) continue;
      if (!at_fault(token.text).empty()) {
        out.push_back({file.path, token.line, "`" + std::string(token.text) + "` says nothing"});
      }
    }
  }
  return out;
}

}  // namespace pawl::check
