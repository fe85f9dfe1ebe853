// The one walk behind `analyse`: keeps the list, the troubles and what is known of variables.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell/command.h"

namespace pawl::shell {

// What a descriptor leads to, as far as the line says.
struct Stream {
  static constexpr std::uint32_t nowhere = 0xffffffff;
  enum class Leads : std::uint8_t {
    nothing,  // a pipe, a text of the line, a device that holds nothing; or it is closed
    file,     // that the line opened
    outside,  // where the shell's own descriptor `number` leads
  };
  Leads leads = Leads::outside;
  std::uint32_t number = nowhere;
  const Word* file = nullptr;  // literal
};

class Streams {
 public:
  Streams();
  Stream of(std::uint32_t descriptor) const;
  void set(std::uint32_t descriptor, const Stream& stream);

 private:
  std::array<Stream, 10> all_;
};

class Analyser {
 public:
  // `foreign` where the text has bytes that character sets read differently.
  Analyser(const Limits& limits, Dialect dialect, bool foreign)
      : limits_(limits), dialect_(dialect), foreign_(foreign) {}
  void walk(const Line& line);
  // A command that is complete: its own standing, hazards, and what it runs.
  void add(Command command, bool by_shell, std::uint32_t nested = 0);
  Analysis finish();

 private:
  // analyse.cpp
  void walk(const List& list, Context context);
  void walk(const Node& node, const Context& context);
  void walk_node(const Node& node, Context context);
  void walk_simple(const Node& node, Context context);
  void walk_test(const Node& node, const Context& context);
  void walk_pipeline(const Node& node, const Context& context);
  void substitutions(const Word& word, const Context& context);
  void assign(const Assignment& assignment, bool stays, const Context& context);
  void trouble(std::uint32_t at, std::string_view why);

  // wrappers.cpp
  void redirections(const Node& node, const Context& context, Command* command);
  Stream copied(const Word& target) const;
  Stream open_device(const Redirect& redirect, std::uint32_t descriptor, Command& owner);
  Stream open_file(const Redirect& redirect, Command& owner);
  void check_devices();

  // analyse.cpp
  void set_variable(std::string_view name, bool number, std::uint32_t at);
  void arithmetic(std::string_view expression, std::uint32_t at);
  bool number(const Word& word) const;
  void check_numbers();  // of everything seen so far
  void check_charsets();
  void check_homes();
  void use_number(std::string_view name, std::uint32_t at);

  // analyse.cpp: false where the name is no builtin of this dialect
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
  std::string piped_pattern(const Command& command, std::uint32_t index) const;
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
  bool foreign_;
  Streams streams_;
  bool streams_unsure_ = false;  // what runs here may have other descriptors than the line says
  bool opens_files_ = false;     // somewhere in the line
  bool exec_opens_ = false;      // and for the shell itself
  // Places that write to /dev/stdout and the like, where these lead out of the line, and where that
  // is not sure.
  std::vector<std::uint32_t> outside_devices_;
  std::vector<std::uint32_t> unsure_devices_;
};

// analyse.cpp: what is known of a word.
Argument reduce(const Word& word);
// Whether a variable is in it whose name says that it holds a secret: `$GITHUB_TOKEN`.
bool holds_secret(const Word& word);
// Where the packages of go lie that this names: `./x/...` is `./x`.
std::string packages_directory(std::string_view pattern);

// hazards.cpp: adds what the table knows about these arguments.
void find_hazards(Command& command);

// wrappers.cpp: the descriptor that a path is another name of.
std::optional<std::uint32_t> device_descriptor(std::string_view path);

// interpreters.cpp: whether a word in the place of a file is the standard input or another
// descriptor: `-`, `/dev/stdin`, `/proc/self/fd/0`, `../dev/fd/3`.
bool reads_descriptor(std::string_view file);

// Whether the program is an interpreter that runs what it reads: it has no script, or one that is
// no file of a known name. By canonical name.
bool reads_its_code(std::string_view name, std::span<const Argument> words);

// code.cpp: adds what the programs that are written in these arguments do.
void find_code(Command& command, std::string_view name);

// sed_script.cpp: what a script does besides reading, editing and printing. `pieces` are the texts
// of -e in their order.
struct SedScript {
  bool runs = false;                // or may run; not all of it may be read then
  std::vector<std::string> files;   // that it writes
  std::vector<std::string> inputs;  // that it reads: `r`, `R`
};
SedScript read_sed(std::span<const std::string> pieces);

// awk_script.cpp: true where the text cannot run programs or write files.
bool harmless_awk(std::string_view script);

// analyse.cpp: variables that choose the character set; whether the value may be another one than
// UTF-8 or that of C, in which every byte from 0x80 on is a sign of its own.
bool names_charset(std::string_view name);
bool changes_charset(const Setting& setting);

// analyse.cpp
bool plain_number(std::string_view text);

}  // namespace pawl::shell
