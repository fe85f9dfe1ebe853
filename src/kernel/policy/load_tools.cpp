// `tools`: the granted entries and the blocked names.
#include <fmt/format.h>

#include <unordered_map>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {

void read_blocked(Build& build, const yaml::Entry& key, std::string_view path) {
  std::unordered_map<std::string, std::uint32_t> seen;
  build.reading.items(key.value, "blocked", [&](const yaml::Node& item) {
    const auto name = build.reading.text(item, "blocked");
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

void read_tools(Build& build, const yaml::Node& node) {
  const bool read = build.reading.keys(node, Section::tools, [&](const yaml::Entry& key) {
    if (key.key == "allowed") {
      build.reading.items(key.value, "allowed", [&](const yaml::Node& item) {
        if (build.policy.tools.size() < limits::entries_max) {
          read_entry(build, item);
        } else if (build.policy.tools.size() == limits::entries_max) {
          build.reading.mistake(item.at, fmt::format("more than {} entries", limits::entries_max));
        }
      });
    } else if (key.key == "blocked") {
      read_blocked(build, key, "tools/blocked");
    } else {
      return false;
    }
    return true;
  });
  if (read) build.reading.missing(node, Section::tools, "allowed");
  check_names(build);
  if (!build.servers.empty() || build.environment_by != nullptr) apply_servers(build);
}

}  // namespace pawl
