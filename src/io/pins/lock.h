// `pawl.lock`: which tool definitions were accepted, beside the policy, in Git.
//
// A small JSON file that a reviewer can read in a diff, one tool a line, sorted:
//   {"version": 1,
//    "tools": {
//     "crm/read_customer_record": "sha256:…",
//     "read_file": "sha256:…"},
//    "definitions": {
//     "read_file": {"description":"…","inputSchema":{…},"name":"read_file"}}}
// A digest decides. The definition behind it, canonical and one a line, is what people see change
// in a diff and what `pawl check --lock` compares a policy with; one that is not what its digest
// says makes the lock invalid. A lock without definitions is valid. Written by `pawl accept` only,
// atomically (new file, sync, rename). Names are `server/tool`, or `tool` where a server has no
// name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

inline constexpr std::string_view lock_file_name = "pawl.lock";
inline constexpr std::size_t lock_bytes_max = 8UL << 20;

struct Lock {
  bool present = false;  // there is a lock: what it does not name is not accepted
  std::map<std::string, std::string, std::less<>> tools;
  std::map<std::string, std::string, std::less<>> definitions;  // canonical JSON, by the same names

  // Accepts a definition. Its text is kept where a lock with it can be read again: keys of a schema
  // that look alike are refused there.
  void accept(const std::string& name, const std::string& digest, const std::string& definition);
  // The accepted digest, or empty.
  std::string find(std::string_view server, std::string_view tool) const;
};

// The lock beside a policy file; a missing file is an empty Lock that is not present.
Result<Lock> read_lock(const std::string& policy_file);
Result<Lock> parse_lock(std::string_view text, std::string_view file);
std::string to_text(const Lock& lock);
Status write_lock(const std::string& policy_file, const Lock& lock);

}  // namespace pawl
