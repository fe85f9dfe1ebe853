// `tools`: the granted entries and the blocked names.
#include <fmt/format.h>

#include <unordered_map>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {

void read_blocked(Build& build, const yaml::Entry& key, std::string_view path) {
  std::unordered_map<std::string, std::uint32_t> seen;
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    const auto name = build.reading.text(item, key.key);
    if (!name) return;
    std::string folded = fold(*name);
    const auto pattern = parse_name(folded);
    if (!pattern) {
      build.reading.mistake(item.at, pattern.error().message);
      return;
    }
    const auto [first, fresh] = seen.try_emplace(pattern->text(), item.at.line);
    if (!fresh) {
      build.reading.mistake(item.at, fmt::format("`{}` is blocked twice; the first is in line {}",
                                                 escape_untrusted(*name), first->second));
      return;
    }
    build.policy.blocked.push_back(
        {std::move(folded), {fmt::format("{}/{}", path, escape_untrusted(*name)), item.at}});
  });
}

namespace {

void read_allowed(Build& build, Policy& into, const yaml::Node& item) {
  if (into.tools.size() < limits::entries_max) {
    read_entry(build, item);
  } else if (into.tools.size() == limits::entries_max) {
    build.reading.mistake(item.at, fmt::format("more than {} entries", limits::entries_max));
  }
}

void read_blocked_of_role(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  read_blocked(build, key, "tools/blocked");
}

constexpr auto kToolsKeys = section_keys<Build, Policy>(
    Section::tools,
    {
        {"allowed", list_of(Section::entry), "required", 1, "What is granted, one entry per tool.",
         each_item<read_allowed>},
        {"blocked", "list of names", "none", 2,
         "Names that are never called, on every server, in every spelling; a glob is permitted.",
         read_blocked_of_role},
    });

}  // namespace

void list_tools_keys(std::vector<Key>& into) {
  kToolsKeys.list(into);
}

void read_tools(Build& build, Policy& into, const yaml::Entry& key) {
  into.default_rule = {key.key, key.key_at};
  read_section(build, key.value, kToolsKeys, into);
  check_names(build);
  if (!build.servers.empty() || build.environment_by != nullptr) apply_servers(build);
}

}  // namespace pawl
