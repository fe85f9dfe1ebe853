// Which records of the journal a query wants, for the command and for the console.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
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
  // Who answered, killed, resumed or accepted something, or started the run.
  std::string person;
  // Text in the arguments of a call, in any case; with the records of its question and its end.
  std::string argument;
  std::optional<Instant> since, until;
  // The bytes behind a commitment; empty where there are none. Only `argument` asks for them.
  std::function<std::string(std::string_view commitment)> payload = {};

  // Records come in order: later ones name a run, a question or a call that an earlier one opened.
  bool wants(json::View record);
  // Of which tool the record was that `wants` was asked about last; empty: of none.
  const std::string& tool_of_last() const { return of_last_; }

 private:
  std::string run_of(json::View record);
  std::string agent_of(json::View record, const std::string& in_run);
  std::string tool_of(json::View record);
  bool is_of_person(json::View record, const std::string& in_run);
  bool is_of_argument(json::View record);
  struct Asked {
    std::string run, tool;
  };
  std::string of_last_;
  std::map<std::string, std::string, std::less<>> agents_;    // run -> agent
  std::map<std::string, Asked, std::less<>> questions_;       // approval -> what it is about
  std::map<std::string, std::string, std::less<>> calls_;     // call that is not over -> tool
  std::map<std::string, std::string, std::less<>> sponsors_;  // run -> who started it
  // Of calls that have the argument: they themselves, and the questions about them.
  std::set<std::string, std::less<>> touching_;
};

}  // namespace pawl::node
