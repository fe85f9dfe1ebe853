// What the honest client and the honest server of mcp_parties.h have in common: a policy, tools,
// the marks of calls, and how messages are written.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace pawl::fuzz {

inline std::string policy_of(bool scoped) {
  std::string text = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: read, class: read_only, args: {k: {max_length: 64}}}
    - {name: card, class: read_only, scope: [a], args: {k: {max_length: 64}}}
    - name: put
      class: reversible small
      max_records_per_run: 30
      args: {k: {max_length: 64}, n: {max: 10, required: false}}
    - name: mail
      class: irreversible small
      args: {k: {max_length: 64}}
      approval: {by: [leads], within: 60s}
    - {name: "mcp:resources/read", class: read_only}
    - {name: "mcp:prompts/get", class: read_only}
    - {name: "mcp:sampling/createMessage", class: read_only}
    - {name: "mcp:elicitation/create", class: read_only}
    - {name: "mcp:roots/list", class: read_only}
  blocked: [drop]
execution: {max_steps: 80}
approval: {reviewers: [leads]}
accept_risk:
  - {rule: "tools/mcp:sampling/createMessage/class", reason: fuzz, owner: o@x, until: 2040-01-01}
  - {rule: "tools/mcp:elicitation/create/class", reason: fuzz, owner: o@x, until: 2040-01-01}
)";
  // Where a tool is scoped, a server may ask nothing in words of its own.
  const std::string scope = "scope: [a], ";
  if (!scoped) text.erase(text.find(scope), scope.size());
  return text;
}

inline constexpr std::array tools = {"read", "card", "put", "mail", "drop", "unlisted"};
inline constexpr std::string_view mark_head = "mk-";
inline constexpr std::size_t mark_bytes = 3 + 16;

inline std::string mark_of(std::uint64_t call) {
  return std::string(mark_head) + hex(sha256(fmt::format("mark {}", call))).substr(0, 16);
}

// A message of either side, with its line break; `rest` follows the `id`, or the version.
inline std::string message(std::string_view rest) {
  return R"({"jsonrpc":"2.0",)" + std::string(rest) + "}\n";
}

inline std::string result(std::string_view id, std::string_view text) {
  return message(fmt::format(R"("id":{},"result":{})", id, text));
}

inline std::string definitions() {
  std::string text;
  for (std::string_view tool : tools) {
    if (!text.empty()) text += ',';
    text += fmt::format(R"({{"name":"{}","inputSchema":{{"type":"object","properties":)", tool);
    text += R"({"k":{"type":"string"},"n":{"type":"number"}}}})";
  }
  return R"({"tools":[)" + text + "]}";
}

}  // namespace pawl::fuzz
