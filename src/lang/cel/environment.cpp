#include "lang/cel/environment.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::cel {

std::uint32_t Environment::declare(std::string name, TypeRef type) {
  const auto known = std::ranges::find(variables_, name, &Variable::name);
  if (known != variables_.end()) {
    known->type = std::move(type);
    return slot_of(*known);
  }
  variables_.push_back({std::move(name), std::move(type)});
  return static_cast<std::uint32_t>(variables_.size() - 1);
}

const Variable* Environment::find(std::string_view name) const {
  const auto found = std::ranges::find(variables_, name, &Variable::name);
  return found == variables_.end() ? nullptr : &*found;
}

std::vector<std::string> Environment::candidates(std::string_view name, bool absolute) const {
  std::vector<std::string> out;
  std::string_view prefix = absolute ? std::string_view() : std::string_view(container_);
  while (!prefix.empty()) {
    out.push_back(std::string(prefix) + "." + std::string(name));
    const std::size_t dot = prefix.rfind('.');
    prefix = dot == prefix.npos ? std::string_view() : prefix.substr(0, dot);
  }
  out.emplace_back(name);
  return out;
}

Result<Zone> Environment::zone(std::string_view name) const {
  if (name == "UTC") return Zone();
  if (zones_) return zones_(name);
  return fail(ErrorKind::missing,
              "the time zone `" + escape_untrusted(name) + "` is not known here");
}

}  // namespace pawl::cel
