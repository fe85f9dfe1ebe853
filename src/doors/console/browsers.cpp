#include "doors/console/browsers.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace pawl::console {
namespace {

constexpr std::size_t kMarkBytes = 24;

}  // namespace

std::string Browsers::mark(const std::string& person, Duration now) {
  make_room(person);
  std::string mark = hex(random_(kMarkBytes));
  marks_[to_string(sha256(mark))] = {person, now};
  return mark;
}

std::string Browsers::source_of(std::string_view mark, std::string_view person) const {
  if (mark.empty()) return {};
  const auto found = marks_.find(to_string(sha256(mark)));
  if (found == marks_.end() || found->second.person != person) return {};
  return "browser " + found->first;
}

void Browsers::make_room(const std::string& person) {
  const auto made = [](const auto& entry) { return entry.second.made.ns; };
  const auto theirs = [&](const auto& entry) { return entry.second.person == person; };
  if (std::ranges::count_if(marks_, theirs) >= static_cast<std::ptrdiff_t>(browsers_of_one_max)) {
    auto oldest = std::ranges::find_if(marks_, theirs);
    for (auto at = oldest; at != marks_.end(); ++at) {
      if (theirs(*at) && at->second.made < oldest->second.made) oldest = at;
    }
    marks_.erase(oldest);
  } else if (marks_.size() >= browsers_max) {
    marks_.erase(std::ranges::min_element(marks_, {}, made));
  }
}

}  // namespace pawl::console
