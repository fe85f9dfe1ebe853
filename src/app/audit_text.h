// Records of the journal as a person reads them: a line each, or all members of one.
//
// Everything in a record may have come from an agent or a server: it is made visible first.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace pawl::app {

// `    36  07:26:53.478  r-xxq0r4sp  deny    read_text_file  …`, one line, coloured.
std::string record_line(json::View record);
inline constexpr std::string_view record_head = "   seq  time (UTC)           run         what";

// All members, one a line, sorted as they are stored; nested objects indented.
std::string record_members(json::View record, std::string_view margin);

// A JSON text with line breaks and indentation; anything else, or JSON that cannot be read in one
// way only, as visible text. Cut behind `bytes_max`.
std::string pretty(std::string_view bytes, std::string_view margin, std::size_t bytes_max);

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

}  // namespace pawl::app
