#include "doors/control/display.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "kernel/definition/definition.h"

namespace pawl {
namespace {

// A word that mixes plain letters with those of another alphabet that look like them. Words of one
// alphabet are somebody's language.
bool mixes_alphabets(std::string_view text) {
  bool plain = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const unsigned char c = i < text.size() ? static_cast<unsigned char>(text[i]) : ' ';
    const bool ascii_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (ascii_letter || c >= 0x80) {
      plain = plain || ascii_letter;
      continue;
    }
    const std::string_view word = text.substr(begin, i - begin);
    if (plain && !is_ascii(word) && skeleton(word) != fold(word)) return true;
    plain = false;
    begin = i + 1;
  }
  return false;
}

// In the values themselves: their JSON spells controls as escapes already.
bool hides(json::View value) {
  if (value.is_string()) return hides_characters(value.string());
  for (json::View element : value.elements()) {
    if (hides(element)) return true;
  }
  for (auto [key, inner] : value.members()) {
    if (has_hidden_characters(key) || hides(inner)) return true;
  }
  return false;
}

// Cut between two characters; what `visible` wrote is valid UTF-8.
void fold_away(ShownArgument& argument, std::size_t keep) {
  if (argument.text.size() <= keep) return;
  keep = utf8::beginning(argument.text, keep).size();
  argument.folded = argument.text.size() - keep;
  argument.text.resize(keep);
}

std::string digest_of(const Approval& approval, const std::vector<ShownArgument>& arguments) {
  std::string text = "pawl display v1\n" + approval.asked.approval + "\n" + approval.binding() +
                     "\n" + escape_untrusted(approval.asked.terms->tool) + "\n";
  for (const ShownArgument& argument : arguments) {
    text += argument.name + " " + argument.text + "\n";
  }
  return to_string(sha256(text));
}

}  // namespace

Display display(const Approval& approval, json::View arguments, bool full) {
  Display shown;
  std::size_t bytes = 0;
  for (auto [key, value] : arguments.members()) {
    ShownArgument argument;
    const std::string text = json::write(value);
    argument.name = escape_untrusted(key);
    argument.text = escape_untrusted(text);
    argument.hidden = hides(value) || has_hidden_characters(key);
    argument.mixed = mixes_alphabets(text) || mixes_alphabets(key);
    bytes += argument.name.size() + argument.text.size();
    shown.arguments.push_back(std::move(argument));
  }
  shown.digest = digest_of(approval, shown.arguments);
  if (full) return shown;
  const bool all_long = bytes > display_bytes_shown_max;
  for (ShownArgument& argument : shown.arguments) {
    const bool itself = argument.text.size() > value_bytes_shown_max;
    if (itself || all_long) fold_away(argument, folded_bytes_shown);
    if (argument.folded > 0) shown.digest.clear();
  }
  // Many small ones are not folded, and yet too many to be read.
  if (all_long) shown.digest.clear();
  return shown;
}

}  // namespace pawl
