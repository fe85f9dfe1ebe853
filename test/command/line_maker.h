// Random lines: from a grammar, from the number of the line alone, and then changed a little, so
// that most of them are lines a shell reads and all of them are lines an agent could send.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace pawl {

class LineMaker {
 public:
  LineMaker(std::uint64_t seed, bool bash) : random_(seed), bash_(bash) {}
  std::string line();

 private:
  std::uint32_t below(std::size_t limit);
  std::string pick(std::initializer_list<const char*> words);
  std::string list(int depth);
  std::string command(int depth);
  std::string compound(int depth);
  std::string simple(int depth);
  std::string wrapped(int depth);
  std::string word(int depth);
  std::string redirect(int depth);
  void change(std::string& line);

  std::mt19937_64 random_;
  bool bash_;
};

}  // namespace pawl
