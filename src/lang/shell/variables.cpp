// Variables in arithmetic. bash evaluates the *value* of a name as an expression again, subscripts
// with substitutions in them included; so a name may stand in arithmetic only where this line gave
// it a number before, and gives it nothing else anywhere.
#include <algorithm>

#include "lang/shell/analyser.h"
#include "lang/shell/reader.h"

namespace pawl::shell {

bool plain_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() < 19 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

void Analyser::set_variable(std::string_view name, bool number, std::uint32_t at) {
  variables_.push_back({std::string(name), number, at});
}

void Analyser::use_number(std::string_view name, std::uint32_t at) {
  uses_.push_back({std::string(name), true, at});
}

void Analyser::arithmetic(std::string_view expression, std::uint32_t at) {
  for (std::size_t i = 0; i < expression.size();) {
    if (!is_name(expression[i])) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    while (i < expression.size() && is_name(expression[i])) ++i;
    const std::string_view name = expression.substr(start, i - start);
    if (is_digit(name[0])) continue;
    std::size_t next = i;
    while (next < expression.size() && is_blank(expression[next])) ++next;
    const bool assigned = next < expression.size() && expression[next] == '=' &&
                          (next + 1 >= expression.size() || expression[next + 1] != '=');
    const auto place = at + static_cast<std::uint32_t>(start);
    if (assigned) set_variable(name, true, place);
    use_number(name, place);
    // `((PATH=5))` sets a variable like any assignment.
    if (assigned || expression.find("++") != std::string_view::npos ||
        expression.find("--") != std::string_view::npos ||
        expression.find('=') != std::string_view::npos) {
      out_.settings.push_back({std::string(name), Argument{"", Known::one, true, place}});
    }
  }
}

// A number as it stands, or an expansion that is one.
bool Analyser::number(const Word& word) const {
  if (const std::string* text = word.literal()) return plain_number(*text);
  return std::ranges::all_of(word.parts, [](const Part& part) {
    if (part.kind == PartKind::arithmetic) return true;
    if (part.kind == PartKind::text) return plain_number(part.text);
    return part.kind == PartKind::parameter && part.words.empty() &&
           (part.text == "?" || part.text == "#" || part.text == "$");
  });
}

void Analyser::check_numbers() {
  if (uses_.size() > limits_.variables_max || out_.settings.size() > limits_.variables_max) {
    return trouble(0, "too many variables");
  }
  for (const Variable& use : uses_) {
    bool given = false;
    bool other = false;
    for (const Variable& variable : variables_) {
      if (variable.name != use.name) continue;
      given = given || (variable.number && variable.at <= use.at);
      other = other || !variable.number;
    }
    if (!given || other) {
      trouble(use.at, "arithmetic with a variable that may hold more than a number");
      break;
    }
  }
}

// Character sets in which a byte from 0x80 on swallows the next one (GBK takes the backslash behind
// the end of `…` for its half) make other words of the same bytes. A text with such bytes is read
// in the one way that all of the usual sets share only while the line changes nothing about it.
void Analyser::check_charsets() {
  if (!foreign_) return;
  const auto check = [&](const std::vector<Setting>& settings) {
    const auto found =
        std::ranges::find_if(settings, [](const Setting& one) { return changes_charset(one); });
    if (found == settings.end()) return false;
    trouble(found->value.at, "it changes the character set in which it is read");
    return true;
  };
  if (check(out_.settings)) return;
  for (const Command& command : out_.commands) {
    if (check(command.settings)) return;
  }
}

// `~` is a path only while these are: `HOME=-delete; find . ~`.
void Analyser::check_homes() {
  for (const Setting& setting : out_.settings) {
    const bool home = setting.name == "HOME" || setting.name == "PWD" || setting.name == "OLDPWD";
    if (!home || (setting.value.literal() && setting.value.text.starts_with('/'))) continue;
    return trouble(setting.value.at, "a variable that decides what `~` means");
  }
}

Analysis Analyser::finish() {
  check_numbers();
  check_charsets();
  check_homes();
  check_devices();
  return std::move(out_);
}

}  // namespace pawl::shell
