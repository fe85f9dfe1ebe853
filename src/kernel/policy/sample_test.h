// Policies for the tests of this room, with list files, a time zone and credentials at hand.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "kernel/policy/policy.h"

namespace pawl::sample {

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline Result<Zone> zone(std::string_view name) {
  if (name == "UTC") return Zone();
  static const std::string berlin = bytes_of_file("/usr/share/zoneinfo/Europe/Berlin");
  if (name == "Europe/Berlin") return Zone::parse(berlin, name);
  return fail(ErrorKind::missing, "no zone of that name in this test");
}

inline LoadSources sources(std::map<std::string, std::string> files = {}) {
  LoadSources out;
  out.read = [files = std::move(files)](std::string_view path) -> Result<std::string> {
    const auto found = files.find(std::string(path));
    if (found == files.end()) return fail(ErrorKind::missing, "no such file");
    return found->second;
  };
  out.zone = zone;
  out.credentials = {"mail-relay", "crm-key"};
  return out;
}

inline Loaded load(std::string_view text, std::map<std::string, std::string> files = {}) {
  return load_policy(text, "p.yaml", sources(std::move(files)));
}

// All mistakes, one per line.
inline std::string said(const std::vector<Error>& errors) {
  std::string out;
  for (const Error& error : errors) out += to_string(error) + "\n";
  return out;
}

// The smallest file around some lines of one entry, which begin in line 6, column 7.
inline std::string entry(std::string_view lines) {
  std::string out =
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n    - name: tool\n";
  std::istringstream in{std::string(lines)};
  for (std::string line; std::getline(in, line);) out += "      " + line + "\n";
  return out;
}

// The smallest file with more top-level lines, which begin in line 5.
inline std::string file(std::string_view lines) {
  return "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed: [{name: "
         "tool}]\n" +
         std::string(lines);
}

inline constexpr std::string_view seed =
    R"(# One file per agent role. Permissions in code, not in the prompt.
agent:
  id: "support-agent-v2"
  identity: "support-agent@myco.iam"
tools:
  allowed:
    - name: "read_customer_record"
      scope: ["customer_id", "order_history", "contact_info"]
    - name: "update_order_status"
      constraints:
        max_records_per_run: 10
        allowed_statuses: ["cancelled", "refunded", "processing"]
    - name: "send_customer_email"
      requires_approval: true
      approval_timeout_seconds: 300
      auto_deny_on_timeout: true
  blocked:
    - "delete_customer_record"
    - "access_payment_raw"
    - "bulk_send_email"
execution:
  max_steps: 25
  max_tokens_per_run: 50000
  max_wall_clock_seconds: 120
  max_cost_usd: 2.00
  on_budget_exceeded:
    action: "halt_and_escalate"
    notify: "#oncall-agents"
)";

}  // namespace pawl::sample
