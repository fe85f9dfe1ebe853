#include "kernel/constraint/text_set.h"

#include <utility>

namespace pawl {

void TextSet::insert(std::string_view text) {
  if (contains(text)) return;
  if (many_.empty() && few_.size() < few_max) {
    few_.push_back({TextKey::of(text), std::string(text)});
    return;
  }
  for (Few& one : few_) many_.insert(std::move(one.text));
  few_.clear();
  many_.emplace(text);
}

bool TextSet::contains_among_many(std::string_view text) const {
  return many_.contains(text);
}

}  // namespace pawl
