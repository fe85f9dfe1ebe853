#include "kernel/redact/scope.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/redact/projection.h"

namespace pawl {
namespace {

class Projection {
 public:
  explicit Projection(const ScopePaths& paths) : paths_(paths) {}

  bool project(json::View value, const ScopeTails& tails, std::string& out) const;

 private:
  bool members(json::View object, const ScopeTails& tails, std::string& out) const;
  bool elements(json::View list, const ScopeTails& tails, std::string& out) const;

  const ScopePaths& paths_;
};

// Both write as they go and take back what came to nothing, so that deep wrappers cost no copies.
bool Projection::members(json::View object, const ScopeTails& tails, std::string& out) const {
  std::vector<json::View::Member> sorted;
  for (const json::View::Member& member : object.members()) sorted.push_back(member);
  std::ranges::sort(sorted, {}, &json::View::Member::key);
  const std::size_t begin = out.size();
  out += '{';
  for (const auto& [name, value] : sorted) {
    ScopeTails below;
    const Keep keep = judge_member(paths_, name, tails, below);
    if (keep == Keep::nothing) continue;
    const std::size_t before = out.size();
    if (before != begin + 1) out += ',';
    json::write_string(name, out);
    out += ':';
    if (keep == Keep::whole) {
      json::write(value, out);
    } else if (!project(value, below, out)) {
      out.resize(before);
    }
  }
  if (out.size() == begin + 1) {
    out.resize(begin);
    return false;
  }
  out += '}';
  return true;
}

bool Projection::elements(json::View list, const ScopeTails& tails, std::string& out) const {
  const std::size_t begin = out.size();
  out += '[';
  for (json::View value : list.elements()) {
    const std::size_t before = out.size();
    if (before != begin + 1) out += ',';
    if (!project(value, tails, out)) out.resize(before);
  }
  if (out.size() == begin + 1) {
    out.resize(begin);
    return false;
  }
  out += ']';
  return true;
}

bool Projection::project(json::View value, const ScopeTails& tails, std::string& out) const {
  if (value.is_object()) return members(value, tails, out);
  if (value.is_array()) return elements(value, tails, out);
  return false;
}

}  // namespace

Keep judge_member(const ScopePaths& paths, std::string_view name, const ScopeTails& tails,
                  ScopeTails& below) {
  bool whole = false;
  const auto meet = [&](std::size_t path, std::size_t met) {
    if (paths[path][met] != name) return;
    whole = whole || met + 1 == paths[path].size();
    below.emplace_back(path, met + 1);
  };
  if (tails.empty()) {
    for (std::size_t path = 0; path < paths.size(); ++path) meet(path, 0);
  } else {
    for (const auto& [path, met] : tails) meet(path, met);
  }
  if (whole) return Keep::whole;
  // Outside of dotted names any container may hold a listed name further down.
  return tails.empty() || !below.empty() ? Keep::look_inside : Keep::nothing;
}

Scope::Scope(std::vector<std::string> fields) : fields_(std::move(fields)) {
  for (const std::string& field : fields_) {
    std::vector<std::string> path;
    for (std::string_view name : split(field, '.')) path.emplace_back(name);
    paths_.push_back(std::move(path));
  }
}

bool Scope::project(json::View value, std::string& out) const {
  if (Projection(paths_).project(value, {}, out)) return true;
  out += "null";
  return false;
}

}  // namespace pawl
