// The one walk behind `analyse`: keeps the list, the troubles and what is known of variables.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/command/command.h"

namespace pawl::command {

class Analyser {
 public:
  Analyser(const Limits& limits, Dialect dialect) : limits_(limits), dialect_(dialect) {}
  void walk(const Line& line);
  // A command that is complete: its own standing, hazards, and what it runs.
  void add(Command command, bool by_shell, std::uint32_t nested = 0);
  Analysis finish();

 private:
  // analyse.cpp
  void walk(const List& list, Context context);
  void walk(const Node& node, Context context);
  void walk_simple(const Node& node, Context context);
  void walk_test(const Node& node, const Context& context);
  void walk_pipeline(const Node& node, const Context& context);
  void substitutions(const Word& word, const Context& context);
  void redirections(const Node& node, const Context& context, Command* command);
  void assign(const Assignment& assignment, bool stays, const Context& context);
  void trouble(std::uint32_t at, std::string_view why);

  // variables.cpp
  void set_variable(std::string_view name, bool number, std::uint32_t at);
  void arithmetic(std::string_view expression, std::uint32_t at);
  bool number(const Word& word) const;
  void check_numbers();  // of everything seen so far
  void use_number(std::string_view name, std::uint32_t at);

  // builtins.cpp: false where the name is no builtin of this dialect
  bool builtin(Command& command);
  void builtin_test(const Command& command);
  void builtin_print(const Command& command);
  void builtin_set(const Command& command);
  void builtin_read(const Command& command);
  void builtin_export(const Command& command);

  // wrappers.cpp: what the command runs
  void through(const Command& command, std::uint32_t index, std::uint32_t nested);
  void run_inner(const Command& outer, std::uint32_t index, std::size_t first, std::uint32_t nested,
                 bool by_shell = false);
  void through_xargs(const Command& command, std::uint32_t index, std::uint32_t nested);
  void through_find(const Command& command, std::uint32_t index, std::uint32_t nested);
  void through_shell(Command& command, std::uint32_t index, std::uint32_t nested);
  void run_text(std::string_view text, Dialect dialect, const Command& outer, std::uint32_t index);

  struct Variable {
    std::string name;
    bool number;
    std::uint32_t at;
  };

  Limits limits_;
  Dialect dialect_;
  Analysis out_;
  std::vector<Variable> variables_;
  std::vector<Variable> uses_;
  std::uint32_t scripts_ = 0;             // how deep in scripts of scripts
  std::uint32_t behind_ = Command::none;  // while inside of a script: who runs it
  std::uint32_t script_at_ = 0;           // and where it stands in the line
  bool in_script_ = false;
};

// reduce.cpp: what is known of a word.
Argument reduce(const Word& word);

// hazards.cpp: adds what the table knows about these arguments.
void find_hazards(Command& command);

// script_text.cpp: true where the text cannot run programs or write files.
bool harmless_sed(std::string_view script);
bool harmless_awk(std::string_view script);

// variables.cpp
bool plain_number(std::string_view text);

}  // namespace pawl::command
