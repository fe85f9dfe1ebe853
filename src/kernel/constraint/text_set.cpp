#include "kernel/constraint/text_set.h"

namespace pawl {

void TextSet::insert(std::string_view text) {
  if (contains(text)) return;
  if (many_.empty() && few_.size() < few_max) {
    few_.emplace_back(text);
    return;
  }
  for (std::string& one : few_) many_.insert(std::move(one));
  few_.clear();
  many_.emplace(text);
}

bool TextSet::contains(std::string_view text) const {
  if (!many_.empty()) return many_.contains(text);
  for (const std::string& one : few_) {
    if (one.size() == text.size() && one == text) return true;
  }
  return false;
}

}  // namespace pawl
