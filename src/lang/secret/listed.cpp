#include <algorithm>

#include "base/text.h"
#include "lang/secret/secret.h"

namespace pawl {

namespace {

bool counts(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::string ListedTexts::form(std::string_view text) {
  std::string folded = valid_utf8(text) ? fold(text) : lower_ascii(text);
  std::erase_if(folded, [](char c) { return !counts(c); });
  return folded;
}

Result<ListedTexts> ListedTexts::make(const std::vector<std::string>& texts) {
  ListedTexts made;
  std::vector<std::string> forms;
  for (const std::string& text : texts) {
    forms.push_back(form(text));
    if (forms.back().size() >= listed_chars_min) continue;
    return fail(ErrorKind::invalid, "a listed text needs at least " +
                                        std::to_string(listed_chars_min) + " letters or digits");
  }
  std::ranges::sort(forms);
  for (std::string& text : forms) {
    // A text with the longer one has the shorter one.
    if (!made.sorted_.empty() && text.starts_with(made.sorted_.back())) continue;
    made.first_[static_cast<unsigned char>(text.front())] = true;
    made.sorted_.push_back(std::move(text));
  }
  return made;
}

// None is the beginning of another, so only the last one that sorts before `text` can be its own.
bool ListedTexts::starts_with_one(std::string_view text) const {
  const auto after = std::ranges::upper_bound(
      sorted_, text, std::less<>{}, [](const std::string& s) { return std::string_view(s); });
  return after != sorted_.begin() && text.starts_with(*std::prev(after));
}

bool ListedTexts::in(std::string_view text) const {
  if (sorted_.empty()) return false;
  const std::string reduced = form(text);
  const std::string_view view = reduced;
  for (std::size_t i = 0; i + listed_chars_min <= view.size(); ++i) {
    if (first_[static_cast<unsigned char>(view[i])] && starts_with_one(view.substr(i))) return true;
  }
  return false;
}

}  // namespace pawl
