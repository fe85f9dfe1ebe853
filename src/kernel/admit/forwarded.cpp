// Compared is forwarded: the arguments as the server receives them.
#include <charconv>
#include <map>
#include <string>
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

json::View child(json::View of, const std::string& step) {
  if (of.is_object()) return of[step];
  if (!of.is_array()) return {};
  std::uint32_t wanted = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), wanted);
  if (error != std::errc{} || end != step.data() + step.size()) return {};
  for (const json::View element : of.elements()) {
    if (wanted-- == 0) return element;
  }
  return {};
}

json::View find(json::View root, std::string_view pointer) {
  if (!pointer.starts_with('/')) return pointer.empty() ? root : json::View{};
  json::View at = root;
  for (const std::string_view step : split(pointer.substr(1), '/')) {
    at = child(at, unescaped(step));
    if (!at.exists()) return {};
  }
  return at;
}

// The index of a string node, and the text that takes its place.
struct Change {
  std::uint32_t index;
  const std::string* text;
};

const std::string* changed(const std::vector<Change>& changes, json::View view) {
  for (const Change& change : changes) {
    if (change.index == view.index()) return change.text;
  }
  return nullptr;
}

// The canonical form with the changes in it. Keys come in byte order, as `json::write` has them.
void put(json::View view, const std::vector<Change>& changes, json::Writer& out) {
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
  std::vector<Change> changes;
  for (const Rewrite& rewrite : rewrites) {
    const json::View at = find(arguments, rewrite.pointer);
    if (!at.is_string()) {
      return fail(Fault::internal, "a rewrite names `" + visible(rewrite.pointer) +
                                       "`, where the arguments hold no text");
    }
    changes.push_back({at.index(), &rewrite.text});
  }
  json::Writer out;
  put(arguments, changes, out);
  return out.take();
}

}  // namespace pawl
