// Which records of the journal a query wants, for the command and for the console.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace pawl::node {

// A moment as people write it: RFC 3339, a date (its beginning, UTC), or how long before `now`
// (`2h`).
std::optional<Instant> moment_of(std::string_view text, Instant now);

// Which records a query wants. Members that are empty want all.
struct AuditFilter {
  std::string run, tool, effect, code, agent;
  std::optional<Instant> since, until;

  // Records come in order: later ones name a run, a question or a call that an earlier one opened.
  bool wants(json::View record);

 private:
  std::string run_of(json::View record);
  std::string agent_of(json::View record, const std::string& in_run);
  std::string tool_of(json::View record);
  struct Asked {
    std::string run, tool;
  };
  std::map<std::string, std::string, std::less<>> agents_;  // run -> agent
  std::map<std::string, Asked, std::less<>> questions_;     // approval -> what it is about
  std::map<std::string, std::string, std::less<>> calls_;   // call that is not over -> tool
};

}  // namespace pawl::node
