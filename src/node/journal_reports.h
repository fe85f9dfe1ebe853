// What the console reads from the journal's files: a search, one record with its payloads, what a
// run did, and the runs that are over. As `pawl audit` does: beside the node that writes them, with
// every text made visible, and with `damage` where there may be others behind it.
// Threads: none of its own; each call reads from the beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "node/common/audit_filter.h"

namespace pawl::node {

inline constexpr std::size_t records_found_max = 200;
inline constexpr std::size_t calls_of_run_max = 500;
inline constexpr std::size_t ended_runs_max = 200;

struct JournalRead {
  std::string directory;
  std::function<bool()> stop = {};
  std::string damage = {};  // what is known to be wrong with it
  bool* met = nullptr;      // set where the reader meets damage
};

// `{"ok":false,"error":…,"fault":…}`
std::string report_refusal(std::string_view fault, std::string_view why);

// The newest records that fit, oldest first: `{"ok":true,"records":[…],"more":…}`.
std::string search_journal(const JournalRead& read, AuditFilter filter);

// `{"ok":true,"members":[{name,text}],"payloads":[{name,state,text}],"related":[…]}`: a record, the
// bytes that it commits to, and the records of the same call or question.
std::string show_record(const JournalRead& read, std::uint64_t seq);

// `{"ok":true,"run":…,"calls":[…],"events":[…]}`: each call with its arguments, what was decided,
// who answered and how it ended; and what happened besides. The newest ones, oldest first.
std::string tell_run(const JournalRead& read, const std::string& run);

// `{"ok":true,"runs":[…]}`: the newest runs that are over, the last one first.
std::string ended_runs(const JournalRead& read);

}  // namespace pawl::node
