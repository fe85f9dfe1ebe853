// English: texts for people are plain sentences. A text is a string literal of the program, or a
// line of the first page and of the guides. Words that do not say who acts, and turns that no
// engineer would type, are refused: the person is a reviewer, sponsor, operator, client or caller.

#include <algorithm>
#include <array>
#include <cctype>

#include "rules.h"
#include "scan.h"

namespace pawl::check {
namespace {

struct Turn {
  std::string_view words;
  std::string_view instead;
};

constexpr std::array<Turn, 10> kTurns = {{
    {"whoever", "say who: a reviewer, an operator, a caller"},
    {"somebody", "say who: a reviewer, an operator, a caller"},
    {"nobody", "say who does not, or that it is not known"},
    {"anybody", "say who: a reviewer, an operator, a caller"},
    {"anew", "say `again`"},
    {"of late", "say `recently`, or since when"},
    {"is none", "say what it is not"},
    {"are none", "say what they are not"},
    {"is no name of", "say `is not a valid name`"},
    {"is under way", "say `is running` or `is open`"},
}};

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

// `there is none` is plain English.
bool follows_there(std::string_view text, std::size_t at) {
  return at >= 6 && text.substr(at - 6, 6) == "there ";
}

bool contains(std::string_view text, std::string_view words) {
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    const auto end = at + words.size();
    const bool escape = at > 1 && text[at - 2] == '\\';  // `\n` is no letter before the word
    const bool left = at > 0 && is_letter(text[at - 1]) && !escape;
    const bool right = end < text.size() && is_letter(text[end]);
    if (!left && !right && !follows_there(text, at)) return true;
  }
  return false;
}

void look_at(const SourceFile& file, std::string_view text, int line, Findings& into) {
  const std::string small = lower(text);
  for (const Turn& turn : kTurns) {
    if (!contains(small, turn.words)) continue;
    std::string message = "`" + std::string(turn.words) + "` in a text for people: ";
    message += turn.instead;
    into.push_back({file.path, line, std::move(message)});
  }
}

// A file that only tests include has `_test` or `testing` in its name.
bool has_texts(const SourceFile& file) {
  return file.cpp() && file.path.starts_with("src/") && !file.name().contains("_test") &&
         !file.name().contains("test_") && !file.name().contains("testing");
}

bool is_guide(const SourceFile& file) {
  return file.path == "README.md" ||
         (file.path.starts_with("docs/guide/") && file.path.ends_with(".md"));
}

}  // namespace

Findings find_unplain_english(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (has_texts(file)) {
      for (const Token& token : scan(file.text).tokens) {
        if (token.kind == Kind::text) look_at(file, token.text, token.line, out);
      }
    } else if (is_guide(file)) {
      for (std::size_t n = 0; n < file.lines.size(); ++n) {
        look_at(file, file.lines[n], static_cast<int>(n) + 1, out);
      }
    }
  }
  return out;
}

}  // namespace pawl::check
