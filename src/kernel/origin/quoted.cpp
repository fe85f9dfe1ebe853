// Takes out of a text what it only quotes.
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "kernel/origin/words.h"

namespace pawl {
namespace {

// Heads behind which a mail program puts the words of another person.
bool begins_forwarded(std::string_view line) {
  const std::string folded = fold(trim(line));
  const std::size_t words = std::min(folded.find_first_not_of("-_"), folded.size());
  const std::string_view text = trim(std::string_view(folded).substr(words));
  for (const std::string_view head :
       {"original message", "forwarded message", "begin forwarded message"}) {
    if (text.starts_with(head)) return true;
  }
  return text.starts_with("on ") && text.ends_with("wrote:");
}

// A text without its quoted lines. A blank line stands for each of them.
std::string without_lines(std::string_view text) {
  std::string out;
  bool fenced = false;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view inner = trim(line);
    if (!out.empty()) out += '\n';
    if (inner.starts_with("```") || inner.starts_with("~~~")) {
      fenced = !fenced;
      continue;
    }
    if (fenced || inner.starts_with('>')) continue;
    if (begins_forwarded(inner)) break;
    out += line;
  }
  return out;
}

constexpr std::size_t name_bytes_max = 512;  // longer than any name in quotation marks
constexpr std::size_t marks_max = 512;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> marks = {{
    {"\"", "\""},
    {"“", "”"},
    {"„", "“"},
    {"«", "»"},
    {"‘", "’"},
    {"'", "'"},
    {"`", "`"},
}};

bool between_words(char c) {
  return std::string_view(" \t\r\n.,;:!?)]}([{").find(c) != std::string_view::npos;
}

// Where the mark that opens at `at` closes; npos where it does not. An apostrophe inside of a word
// opens and closes nothing.
std::size_t closing(std::string_view text, std::size_t at, std::string_view open,
                    std::string_view close) {
  if (at > 0 && !between_words(text[at - 1])) return std::string_view::npos;
  std::size_t end = text.find(close, at + open.size());
  while (end != std::string_view::npos) {
    const std::size_t behind = end + close.size();
    if (behind == text.size() || between_words(text[behind])) return end;
    end = text.find(close, behind);
  }
  return end;
}

bool is_passage(std::string_view quoted) {
  return quoted.size() > name_bytes_max || quoted.find('\n') != std::string_view::npos ||
         tokens_of(quoted).size() > quoted_tokens_max;
}

// The passage in quotation marks that begins here, with its marks; 0 where none does.
std::size_t passage_at(std::string_view text, std::size_t at) {
  for (const auto& [open, close] : marks) {
    if (!text.substr(at).starts_with(open)) continue;
    const std::size_t end = closing(text, at, open, close);
    if (end == std::string_view::npos) continue;
    const std::size_t first = at + open.size();
    if (is_passage(text.substr(first, end - first))) return end + close.size() - at;
  }
  return 0;
}

}  // namespace

std::string without_quoted(std::string_view text) {
  const std::string lines = without_lines(text);
  const std::string_view all = lines;
  std::string out;
  std::size_t looks = 0;
  for (std::size_t at = 0; at < all.size();) {
    // Marks beyond the bound cost too much to match up: what stands behind them was not said.
    const bool mark = std::ranges::any_of(
        marks, [&](const auto& pair) { return all.substr(at).starts_with(pair.first); });
    if (mark && ++looks > marks_max) break;
    const std::size_t passage = mark ? passage_at(all, at) : 0;
    if (passage > 0) {
      out += '\n';
      at += passage;
    } else {
      out += all[at++];
    }
  }
  return out;
}

}  // namespace pawl
