// The arguments that the gate has to look into before the kernel is asked: paths and SQL.
#include <functional>
#include <string>
#include <utility>

#include "base/json_pointer.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/constraint.h"

namespace pawl {
namespace {

using Found = std::vector<std::pair<std::string, std::string>>;
// Takes a string value and where it stands.
using Take = std::function<void(const std::string& pointer, std::string_view text)>;

void collect(const ArgumentRule& rule, json::View value, std::size_t step, bool element,
             const std::string& pointer, const Take& take) {
  const bool end = step == rule.path.size();
  if (value.is_array()) {
    const bool stated = !end && rule.path[step].each;
    if (!stated && element) return;  // refused by evaluate
    std::uint64_t index = 0;
    for (json::View inner : value.elements()) {
      std::string where = pointer;
      json::append_pointer(index++, where);
      collect(rule, inner, stated ? step + 1 : step, true, where, take);
    }
    return;
  }
  if (!end) {
    if (rule.path[step].each) return;
    const json::View inner = value[rule.path[step].name];
    std::string where = pointer;
    json::append_pointer(rule.path[step].name, where);
    if (inner.exists()) collect(rule, inner, step + 1, false, where, take);
    return;
  }
  if (value.is_string()) take(pointer, value.string());
}

// Every string value that a rule is about, whichever way the rule names its argument.
void collect(const ArgumentRule& rule, json::View arguments, const Take& take) {
  if (!rule.path.empty()) {
    collect(rule, arguments, 0, false, {}, take);
    return;
  }
  for (const std::string& reading : singulars(rule.plural)) {
    const json::View value = arguments[reading];
    std::string where;
    json::append_pointer(reading, where);
    if (value.exists()) collect(rule, value, 0, false, where, take);
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> paths_to_resolve(
    std::span<const ArgumentRule> rules, json::View arguments, const Shape*) {
  Found out;
  for (const ArgumentRule& rule : rules) {
    for (const Check& check : rule.checks) {
      if (check.kind != CheckKind::path || check.index == nullptr) continue;
      const PathRule& path = index_of<CheckKind::path>(check);
      collect(rule, arguments, [&](const std::string& pointer, std::string_view text) {
        std::string joined;
        std::string_view canonical;
        // What fails as written is denied without a look at the file system.
        if (check_path(path, text, joined, canonical).empty()) out.emplace_back(pointer, canonical);
      });
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> sql_to_read(std::span<const ArgumentRule> rules,
                                                             json::View arguments) {
  Found out;
  for (const ArgumentRule& rule : rules) {
    for (const Check& check : rule.checks) {
      if (check.kind != CheckKind::sql) continue;
      collect(rule, arguments, [&out](const std::string& pointer, std::string_view text) {
        out.emplace_back(pointer, text);
      });
    }
  }
  return out;
}

}  // namespace pawl
