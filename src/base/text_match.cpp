// Distance, globs and splitting.
#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "base/utf8.h"

namespace pawl {
namespace {

constexpr std::size_t compared_points_max = 64;

std::u32string points_of(std::string_view text) {
  std::u32string out;
  while (!text.empty() && out.size() <= compared_points_max) out += utf8::next(text).value;
  return out;
}

// Edit distance in which swapping two neighbours is one edit, as in most typing mistakes.
std::size_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> two_back(b.size() + 1), back(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) back[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({back[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
    std::swap(two_back, back);
    std::swap(back, row);
  }
  return back[b.size()];
}

// A glob as a row of steps, run as a set of states: time is text times pattern, whatever the
// pattern, so that a long text cannot make a match slow.
enum class Step : std::uint8_t { literal, one, run, any_run };
struct Token {
  Step step = Step::literal;
  char32_t value = 0;
};

// A byte that is not UTF-8 gets a value of its own behind the last code point.
char32_t unit(std::string_view& text) {
  const utf8::Point point = utf8::next(text);
  return point.valid ? point.value : 0x110000 + point.value;
}

std::vector<Token> tokens_of(std::string_view pattern) {
  std::vector<Token> out;
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      std::size_t stars = 0;
      while (stars < pattern.size() && pattern[stars] == '*') ++stars;
      pattern.remove_prefix(stars);
      out.push_back({stars == 1 ? Step::run : Step::any_run, 0});
    } else if (pattern.front() == '?') {
      pattern.remove_prefix(1);
      out.push_back({Step::one, 0});
    } else {
      out.push_back({Step::literal, unit(pattern)});
    }
  }
  return out;
}

bool is_run(const Token& token) {
  return token.step == Step::run || token.step == Step::any_run;
}

// Runs may be empty: a state before one is also a state behind it.
void skip_empty_runs(const std::vector<Token>& tokens, std::vector<char>& states) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (states[i] != 0 && is_run(tokens[i])) states[i + 1] = 1;
  }
}

bool accepts(const Token& token, char32_t c) {
  switch (token.step) {
    case Step::literal:
      return token.value == c;
    case Step::one:
    case Step::run:
      return c != U'/';
    case Step::any_run:
      return true;
  }
  return false;
}

bool match_steps(std::string_view pattern, std::string_view text) {
  const std::vector<Token> tokens = tokens_of(pattern);
  std::vector<char> states(tokens.size() + 1, 0), next(tokens.size() + 1, 0);
  states[0] = 1;
  skip_empty_runs(tokens, states);
  while (!text.empty()) {
    const char32_t c = unit(text);
    std::fill(next.begin(), next.end(), 0);
    bool alive = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (states[i] == 0 || !accepts(tokens[i], c)) continue;
      next[is_run(tokens[i]) ? i : i + 1] = 1;
      alive = true;
    }
    if (!alive) return false;
    std::swap(states, next);
    skip_empty_runs(tokens, states);
  }
  return states[tokens.size()] != 0;
}

}  // namespace

std::string closest_match(std::string_view word, const std::vector<std::string>& candidates) {
  const std::u32string wanted = points_of(fold(word));
  if (wanted.empty() || wanted.size() > compared_points_max) return {};
  std::string best;
  std::size_t best_distance = 1 + std::max<std::size_t>(1, wanted.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::u32string points = points_of(fold(candidate));
    if (points.empty() || points.size() > compared_points_max) continue;
    const std::size_t d = distance(wanted, points);
    // A word that shares nothing with the candidate is not near, however short both are.
    if (d < best_distance && d < std::max(wanted.size(), points.size())) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  const std::size_t wild = pattern.find_first_of("*?");
  if (wild == std::string_view::npos) return pattern == text;
  if (text.substr(0, wild) != pattern.substr(0, wild)) return false;
  return match_steps(pattern.substr(wild), text.substr(wild));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace pawl
