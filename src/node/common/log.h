// What a node says about itself: lines on its error output, each with the time.
//
// As text for people, or, where the variable PAWL_LOG is `json`, as objects of JSON for a
// collector of logs (`pawl serve --log json` sets it). Then there is an object, too, for each
// record of a run that an operator may want to be woken for: what was refused, held or halted, and
// calls that did not end well. Lines of ours hold no arguments, no results and no secrets; what
// servers write on their error output is theirs.
#pragma once

#include <cstdint>
#include <string>

#include "model/record.h"

namespace pawl::node {

enum class LogLevel : std::uint8_t { usual, warning };

inline constexpr const char* log_variable = "PAWL_LOG";

void log_line(const std::string& text, LogLevel level = LogLevel::usual);
bool logs_json();
// A record as it was written; nothing where lines are text.
void log_record(const Record& record);

}  // namespace pawl::node
