// The reader behind `parse`: one pass over the characters, without tokens in between, since what a
// character means depends on what stands around it. One object reads one text; nothing outlives it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "lang/shell/line.h"

namespace pawl::shell {

// Where the reader stands in the text, and what it objects to.
class Cursor {
 protected:
  Cursor(std::string_view text, Dialect dialect, const Limits& limits);
  ~Cursor() = default;

  bool done() const { return broken_ || pos_ >= end_; }
  char peek(std::uint32_t ahead = 0) const {
    return pos_ + ahead < end_ ? text_[pos_ + ahead] : '\0';
  }
  bool sees(std::string_view text) const;
  bool take(std::string_view text);
  void trouble(std::uint32_t at, std::string_view why);
  void stop(std::string_view why);  // nothing behind this place can be read
  bool deeper();                    // one level down; false and stopped where there are too many
  void skip_blanks();
  void skip_lines();
  void end_line();
  bool bash() const { return dialect_ == Dialect::bash; }
  void bash_only(std::string_view what);
  void read_pending();
  bool ends_for_some(std::string_view line, std::string_view mark) const;

  // A here-document whose body begins behind this line.
  struct Pending {
    std::string delimiter;
    bool quoted = false;
    bool strip = false;
    bool inside = false;  // of a substitution
    std::uint32_t at = 0;
  };

  std::string_view text_;
  Dialect dialect_;
  Limits limits_;
  std::uint32_t pos_ = 0;
  std::uint32_t end_;
  std::uint32_t level_ = 0;
  std::uint32_t inside_ = 0;  // substitutions and expansions around this place
  bool here_inside_ = false;  // the only one is `$(…)`, where a here-document may stand
  bool broken_ = false;
  std::vector<Trouble> troubles_;
  std::vector<Pending> pending_;

  friend class Level;
};

// Words: quotes, escapes, globs, tildes, expansions and substitutions.
class WordReader : protected Cursor {
 protected:
  using Cursor::Cursor;
  ~WordReader() = default;

  // Where a word stands decides what ends it and what is special in it.
  enum class Place : std::uint8_t { command, operand, quoted_operand, value };

  // The commands of a substitution.
  virtual List read_list() = 0;

  Word read_word(Place place);
  static void add_text(Word& word, std::uint32_t at, std::string_view text, bool quoted);
  std::string read_arithmetic();  // behind `((`, up to and with `))`

 private:
  // read_word.cpp
  bool word_ends(Place place) const;
  bool read_piece(Word& word, Place place);
  void add_sign(Word& word, PartKind kind);
  void read_run(Word& word);
  void read_escape(Word& word, Place place);
  void read_single_quotes(Word& word);
  void read_ansi_quotes(Word& word);
  void read_double_quotes(Word& word);
  void finish_word(Word& word);
  void read_tilde(Word& word);

  // reader.cpp
  void read_dollar(Word& word, bool quoted);
  void read_parameter(Word& word, bool quoted, std::uint32_t at);
  void read_operator(Part& part, bool quoted);
  bool read_subscript(Part& part);
  void read_command_substitution(Word& word, bool quoted, std::uint32_t at);
  void read_backquotes(Word& word, bool quoted);
  void read_process(Word& word);

  std::uint32_t words_ = 0;
};

// Lists, pipelines, commands and their redirections.
class ShellLineReader final : private WordReader {
 public:
  ShellLineReader(std::string_view text, Dialect dialect, const Limits& limits)
      : WordReader(text, dialect, limits) {}
  void read(Line& line);

 private:
  // read_word.cpp: lists, pipelines, simple commands
  List read_list() override;
  bool at_list_end();
  Node read_chain_link();
  Node read_command();
  Node read_simple();
  bool read_assignment(Node& node);
  void read_array(Assignment& assignment);
  bool at_assignment() const;
  void read_word_or_function(Node& node);
  std::string_view reserved() const;
  bool take_reserved(std::string_view word);
  void expect_reserved(std::string_view word);

  // reader.cpp: compound commands, redirections
  Node read_subshell();
  Node read_group();
  Node read_if();
  Node read_loop();
  Node read_for();
  Node read_case();
  void read_case_branch(Node& node);
  Node read_test();
  Node read_arithmetic_command();
  Node read_function();
  std::string read_name();
  void read_do_group(Node& node);
  bool at_redirect() const;
  Redirect read_redirect();
  void read_here(Redirect& redirect);
  void read_redirects(Node& node);
};

// Counts a level for as long as it lives.
class Level {
 public:
  explicit Level(Cursor& reader) : reader_(reader), fine_(reader.deeper()) {}
  ~Level() { --reader_.level_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  explicit operator bool() const { return fine_; }

 private:
  Cursor& reader_;
  bool fine_;
};

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
inline bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}
// What divides words: blanks, line ends, operators.
inline bool is_divider(char c) {
  return is_blank(c) || c == '\n' || c == ';' || c == '&' || c == '|' || c == '<' || c == '>' ||
         c == '(' || c == ')';
}
// The whole text is a name of a variable.
bool is_identifier(std::string_view text);

}  // namespace pawl::shell
