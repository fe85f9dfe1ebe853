// English: texts for people are plain sentences. A text is a string literal of the program or of
// the console's scripts, or a line of the first page, the guides and the examples. Words that do
// not say who acts, and turns that no engineer would type, are refused: the person is a reviewer,
// sponsor, operator, client or caller. And one thing has one word, that of docs/glossary.md: what
// the protocol, a record or a policy key calls it stands in backticks.

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>
#include <vector>

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

// What the glossary has another word for. Only sentences are looked at, since a literal of one word
// is a name.
constexpr std::array<Turn, 26> kWords = {{
    {"question", "the glossary has `approval request`"},
    {"questions", "the glossary has `approval request`"},
    {"reject", "the glossary has `deny`"},
    {"rejects", "the glossary has `deny`"},
    {"rejected", "the glossary has `deny`"},
    {"rejection", "the glossary has `denial`"},
    {"call is refused", "a call is denied"},
    {"calls are refused", "a call is denied"},
    {"refuses a call", "a call is denied"},
    {"refuses the call", "a call is denied"},
    {"the switch", "the glossary has `kill switch`"},
    {"was stopped by", "the glossary has `kill` and `halt`"},
    {"is stopped by", "the glossary has `kill` and `halt`"},
    {"are stopped by", "the glossary has `kill` and `halt`"},
    {"nothing was stopped", "the glossary has `kill`"},
    {"everything is stopped", "the glossary has `kill`"},
    {"not stopped until", "the glossary has `enforced`"},
    {"hand over", "the glossary has `pass on`"},
    {"hands over", "the glossary has `pass on`"},
    {"handed over", "the glossary has `pass on`"},
    {"pairs of eyes", "the glossary has `second reviewer`"},
    {"pair of eyes", "the glossary has `second reviewer`"},
    {"alarm", "the glossary has `escalation`"},
    {"alarms", "the glossary has `escalation`"},
    {"workflow", "the glossary has `stage`"},
    {"stage of autonomy", "the glossary has `stage`"},
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

// What stands in backticks is a name of the protocol, a record, a key, or a command. A literal may
// begin behind the first of a pair, and such a one has a blank or a mark behind it.
std::string without_names(std::string_view text) {
  constexpr std::string_view marks = " ,;:)";
  std::string out;
  bool name = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '`') {
      if (!name) out += text[i];
    } else if (name) {
      name = false;
    } else {
      name = i + 1 < text.size() && marks.find(text[i + 1]) == marks.npos;
    }
  }
  return out;
}

void find_turns(const SourceFile& file, std::string_view text, int line,
                std::span<const Turn> turns, Findings& into) {
  for (const Turn& turn : turns) {
    if (!contains(text, turn.words)) continue;
    std::string message = "`" + std::string(turn.words) + "` in a text for people: ";
    message += turn.instead;
    into.push_back({file.path, line, std::move(message)});
  }
}

void look_at(const SourceFile& file, std::string_view text, int line, Findings& into) {
  const std::string small = lower(text);
  find_turns(file, small, line, kTurns, into);
  if (small.find(' ') != std::string::npos) {
    find_turns(file, without_names(small), line, kWords, into);
  }
}

// A file that only tests include has `_test` or `testing` in its name.
bool has_texts(const SourceFile& file) {
  return file.cpp() && file.path.starts_with("src/") && !file.name().contains("_test") &&
         !file.name().contains("test_") && !file.name().contains("testing") &&
         !file.name().contains("_table");
}

bool is_script(const SourceFile& file) {
  return file.path.starts_with("src/") && file.path.ends_with(".js");
}

// The texts of a script: between quotes of any kind, without what `${}` puts into them.
struct Quoted {
  std::string text;
  int line;
};

class Script {
 public:
  explicit Script(std::string_view text) : text_(text) {}

  std::vector<Quoted> quoted() {
    while (!over()) skip();
    return std::move(found_);
  }

 private:
  bool over() const { return at_ >= text_.size(); }
  char next() {
    if (text_[at_] == '\n') ++line_;
    return text_[at_++];
  }
  // One character of code, one comment or one text.
  void skip() {
    if (text_.substr(at_, 2) == "//") {
      while (!over() && text_[at_] != '\n') next();
      return;
    }
    const char c = next();
    if (c == '\'' || c == '"' || c == '`') quote(c);
  }
  void quote(char end) {
    Quoted one{{}, line_};
    while (!over() && text_[at_] != end) {
      if (end == '`' && text_.substr(at_, 2) == "${") {
        hole();
      } else {
        if (text_[at_] == '\\') next();
        if (!over()) one.text += next();
      }
    }
    if (!over()) next();
    found_.push_back(std::move(one));
  }
  void hole() {
    next();
    next();
    for (int depth = 1; depth > 0 && !over();) {
      if (text_[at_] == '{') ++depth;
      if (text_[at_] == '}') --depth;
      skip();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::vector<Quoted> found_;
};

bool is_guide(const SourceFile& file) {
  return file.path == "README.md" || file.path == "SECURITY.md" ||
         ((file.path.starts_with("docs/guide/") || file.path.starts_with("examples/")) &&
          file.path.ends_with(".md"));
}

}  // namespace

Findings find_unplain_english(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (has_texts(file)) {
      for (const Token& token : scan(file.text).tokens) {
        if (token.kind == Kind::text) look_at(file, token.text, token.line, out);
      }
    } else if (is_script(file)) {
      for (const Quoted& one : Script(file.text).quoted()) look_at(file, one.text, one.line, out);
    } else if (is_guide(file)) {
      for (std::size_t n = 0; n < file.lines.size(); ++n) {
        look_at(file, file.lines[n], static_cast<int>(n) + 1, out);
      }
    }
  }
  return out;
}

}  // namespace pawl::check
