// Compared is forwarded: the arguments as the server receives them.
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "kernel/admit/admit.h"

namespace pawl {

namespace {

// One step of a JSON pointer, its escapes undone.
std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    if (escape && (step[i + 1] == '0' || step[i + 1] == '1')) {
      out += step[++i] == '0' ? '~' : '/';
    } else {
      out += step[i];
    }
  }
  return out;
}

using Steps = std::vector<std::string>;

// A text that takes the place of another, and the steps that lead there.
struct Wanted {
  Steps steps;
  const Rewrite* rewrite;
  bool found = false;
};

// By the index of the string node.
using Changes = std::unordered_map<std::uint32_t, const std::string*>;

std::optional<std::uint32_t> index_in_list(const std::string& step) {
  std::uint32_t wanted = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), wanted);
  const bool whole = error == std::errc{} && end == step.data() + step.size();
  return whole ? std::optional(wanted) : std::nullopt;
}

// Finds the places of all of them in one walk over what is on their way: looked for one by one,
// each would go through the list that holds them all.
class Places {
 public:
  explicit Places(Changes& into) : into_(into) {}

  void find(json::View at, std::span<Wanted*> wanted, std::size_t step);

 private:
  Changes& into_;
};

void Places::find(json::View at, std::span<Wanted*> wanted, std::size_t step) {
  std::unordered_map<std::string_view, std::vector<Wanted*>> by_name;
  std::unordered_map<std::uint32_t, std::vector<Wanted*>> by_index;
  for (Wanted* one : wanted) {
    if (step == one->steps.size()) {
      one->found = at.is_string();
      if (one->found) into_.emplace(at.index(), &one->rewrite->text);
    } else if (at.is_object()) {
      by_name[one->steps[step]].push_back(one);
    } else if (const auto index = index_in_list(one->steps[step])) {
      by_index[*index].push_back(one);
    }
  }
  if (!by_name.empty()) {
    for (const auto& [name, value] : at.members()) {
      const auto inside = by_name.find(name);
      if (inside != by_name.end()) find(value, inside->second, step + 1);
    }
  }
  if (by_index.empty()) return;
  std::uint32_t index = 0;
  for (const json::View value : at.elements()) {
    const auto inside = by_index.find(index++);
    if (inside != by_index.end()) find(value, inside->second, step + 1);
  }
}

const std::string* changed(const Changes& changes, json::View view) {
  const auto found = view.is_string() ? changes.find(view.index()) : changes.end();
  return found == changes.end() ? nullptr : found->second;
}

// The canonical form with the changes in it. Keys come in byte order, as `json::write` has them.
void put(json::View view, const Changes& changes, json::Writer& out) {
  if (const std::string* text = changed(changes, view)) {
    out.string(*text);
  } else if (view.is_array()) {
    out.array();
    for (const json::View element : view.elements()) put(element, changes, out);
    out.end();
  } else if (view.is_object()) {
    std::map<std::string_view, json::View> members;
    for (const auto [key, value] : view.members()) members.emplace(key, value);
    out.object();
    for (const auto& [key, value] : members) {
      out.key(key);
      put(value, changes, out);
    }
    out.end();
  } else {
    out.value(view);
  }
}

}  // namespace

Result<std::string> forwarded_arguments(json::View arguments, std::span<const Rewrite> rewrites) {
  if (!arguments.exists()) return std::string("{}");
  if (rewrites.empty()) return json::write(arguments);
  std::vector<Wanted> all;
  all.reserve(rewrites.size());
  for (const Rewrite& rewrite : rewrites) {
    Wanted& one = all.emplace_back(Wanted{{}, &rewrite});
    if (rewrite.pointer.empty()) continue;
    for (const std::string_view step : split(std::string_view(rewrite.pointer).substr(1), '/')) {
      one.steps.push_back(unescaped(step));
    }
  }
  std::vector<Wanted*> wanted;
  for (Wanted& one : all) {
    if (one.steps.empty() || one.rewrite->pointer.front() == '/') wanted.push_back(&one);
  }
  Changes changes;
  Places(changes).find(arguments, wanted, 0);
  for (const Wanted& one : all) {
    if (one.found) continue;
    return fail(ErrorKind::internal, "a rewrite names `" + escape_untrusted(one.rewrite->pointer) +
                                         "`, where the arguments hold no text");
  }
  json::Writer out;
  put(arguments, changes, out);
  return out.take();
}

}  // namespace pawl
