#include "listed.h"

#include <vector>

namespace pawl {
namespace {

bool fits(const shell::Argument& expected, const std::string& word) {
  if (expected.literal()) return word == expected.text;
  if (expected.operand && word.starts_with('-')) return false;
  return word.starts_with(expected.text) || expected.known == shell::Known::many;
}

bool fits(const std::vector<shell::Argument>& expected, std::size_t i,
          const std::vector<std::string>& words, std::size_t j) {
  if (i == expected.size()) return j == words.size();
  const bool taken = j < words.size() && fits(expected[i], words[j]);
  if (expected[i].known != shell::Known::many) return taken && fits(expected, i + 1, words, j + 1);
  return fits(expected, i + 1, words, j) || (taken && fits(expected, i, words, j + 1));
}

}  // namespace

bool listed(const shell::Analysis& analysis, const Ran& ran) {
  for (const shell::Command& one : analysis.commands) {
    if (shell::base_name(one.program) == ran.program && fits(one.arguments, 0, ran.arguments, 0)) {
      return true;
    }
  }
  return false;
}

std::string shown(const Ran& ran) {
  std::string out = ran.program;
  for (const std::string& word : ran.arguments) out += " `" + word + "`";
  return out;
}

}  // namespace pawl
