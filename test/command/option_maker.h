// Words for real programs: options of the table in all spellings, options of the programs' own help
// that the table leaves out, and operands of every kind, mixed.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "lang/shell/programs.h"

namespace pawl {

// A form of a program that this machine has: the program itself, or a subcommand.
struct ProgramForm {
  std::string program;
  std::string sub;
  const shell::Form* form = nullptr;
  const shell::Form* top = nullptr;  // of the program, where options of it come first
  std::vector<std::string> more;     // options of its help that the table does not have
};

// Those among these programs that are in /usr/bin, each with its forms.
std::vector<std::vector<ProgramForm>> forms_of(const std::vector<std::string>& programs);

class OptionMaker {
 public:
  // `place` is the folder where the programs run.
  OptionMaker(std::uint64_t seed, std::string_view place) : random_(seed), place_(place) {}
  std::vector<std::string> words(const ProgramForm& of);

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::string pick(std::string_view words);  // divided by blanks
  std::string file();
  std::string value(std::string_view effects);
  void option(const ProgramForm& of, std::vector<std::string>& out);
  void described(const shell::Option& option, std::vector<std::string>& out);
  void operands(const ProgramForm& of, std::vector<std::string>& out);
  std::string operand(const ProgramForm& of, shell::Role role);

  std::mt19937_64 random_;
  std::string place_;
};

}  // namespace pawl
