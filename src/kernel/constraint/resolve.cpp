// The path arguments that the gate has to resolve before the kernel is asked.
#include <string>
#include <utility>

#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/constraint.h"

namespace pawl {
namespace {

using Found = std::vector<std::pair<std::string, std::string>>;

void collect(const ArgumentRule& rule, const PathRule& check, json::View value, std::size_t step,
             bool element, const std::string& pointer, Found& out) {
  const bool end = step == rule.path.size();
  if (value.is_array()) {
    const bool stated = !end && rule.path[step].each;
    if (!stated && element) return;  // refused by evaluate
    std::uint64_t index = 0;
    for (json::View inner : value.elements()) {
      std::string where = pointer;
      append_pointer(index++, where);
      collect(rule, check, inner, stated ? step + 1 : step, true, where, out);
    }
    return;
  }
  if (!end) {
    if (rule.path[step].each) return;
    const json::View inner = value[rule.path[step].name];
    std::string where = pointer;
    append_pointer(rule.path[step].name, where);
    if (inner.exists()) collect(rule, check, inner, step + 1, false, where, out);
    return;
  }
  if (!value.is_string()) return;
  std::string joined;
  std::string_view canonical;
  // What fails as written is denied without a look at the file system.
  if (check_path(check, value.string(), joined, canonical).empty()) {
    out.emplace_back(pointer, canonical);
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
      if (!rule.path.empty()) {
        collect(rule, path, arguments, 0, false, {}, out);
        continue;
      }
      for (const std::string& reading : singulars(rule.plural)) {
        const json::View value = arguments[reading];
        std::string where;
        append_pointer(reading, where);
        if (value.exists()) collect(rule, path, value, 0, false, where, out);
      }
    }
  }
  return out;
}

}  // namespace pawl
