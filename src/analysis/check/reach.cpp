// What a check of an argument cannot reach: links on another machine, lists behind an address.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/config/name.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

// Programs that start another one elsewhere: its files are not those that pawl sees.
constexpr std::array<std::string_view, 8> kElsewhere = {"ssh",     "docker",  "podman", "kubectl",
                                                        "nerdctl", "nsenter", "chroot", "flatpak"};

bool runs_elsewhere(const Deployment::Server& server) {
  if (server.command.empty()) return false;
  const std::string_view program = server.command.front();
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return std::ranges::find(kElsewhere, name) != kElsewhere.end();
}

// The first server of the deployment that the entry may be about and that runs elsewhere.
std::string server_elsewhere(const Subject& subject, const ToolRule& entry) {
  if (subject.deployment == nullptr) return {};
  for (const auto& [name, server] : subject.deployment->servers) {
    if (!runs_elsewhere(server)) continue;
    for (const std::string& written : entry.names) {
      const auto pattern = parse_name(written);
      if (pattern && (pattern->any_server || pattern->server.matches(name))) return name;
    }
  }
  return {};
}

}  // namespace

void check_reach(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    const std::string elsewhere = server_elsewhere(subject, entry);
    for (const ArgumentRule& rule : entry.arguments) {
      for (const Check& check : rule.checks) {
        if (check.kind == CheckKind::path && !elsewhere.empty()) {
          subject.finding(warning, check.rule.at,
                          fmt::format("server `{}` runs where pawl does not see its files: `path` "
                                      "of `{}` is judged by its text, and links there are not "
                                      "covered",
                                      escape_untrusted(elsewhere), argument_of(rule)));
        }
        if (check.kind == CheckKind::email_domain) {
          subject.finding(note, check.rule.at,
                          fmt::format("`email_domain` of `{}` admits every address of the domain, "
                                      "distribution lists too: where that is too many, name the "
                                      "addresses with `in`",
                                      argument_of(rule)));
        }
      }
    }
  }
}

}  // namespace pawl::checking
