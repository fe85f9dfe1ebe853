// How often agents ask people for access, how often they get it, and whether they use it: by role
// and tool, over a time.
//
// What is asked for again and again and always granted is a permission that stands although no file
// says so; what is granted and never used was not needed. These are the numbers that an audit of
// drift counts by: here they are only counted, by what the records say.
// Pure: no clock, no files. Threads: one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/record.h"

namespace pawl {

struct AccessUse {
  std::uint64_t asked = 0;     // questions to people; the rest of them was withdrawn or ran out
  std::uint64_t granted = 0;   // … that became a grant
  std::uint64_t rejected = 0;  // … that a reviewer rejected
  std::uint64_t used = 0;      // grants under which a call ran
  std::uint64_t calls = 0;     // … that ran under them
  std::uint64_t taken_back = 0;
  std::uint64_t days = 0;   // of UTC, on which it was asked for
  Instant first{}, last{};  // when it was asked for

  // Asked for on several days, and never refused: people decide nothing any more.
  bool stands() const;
  // Granted more than once, and nothing ever ran under it.
  bool idle() const { return granted > 1 && used == 0; }

  friend bool operator==(const AccessUse&, const AccessUse&) = default;
};
inline constexpr std::uint64_t stands_after_grants = 3;
inline constexpr std::uint64_t stands_after_days = 2;

// What it is counted by: the role, and `server/tool` or `tool`.
using AccessKey = std::pair<std::string, std::string>;
inline constexpr std::size_t access_keys_max = 1024;  // the others are counted in `unlisted`

class AccessHistory {
 public:
  // What happened before that is not counted; a grant of before counts with its calls since.
  explicit AccessHistory(Instant since = {}) : since_(since) {}

  void take(const Record& record);

  const std::map<AccessKey, AccessUse>& uses() const { return uses_; }
  std::uint64_t unlisted() const { return unlisted_; }  // records of pairs that found no room

 private:
  friend struct AccessTelling;
  // What is remembered of a run until it closes.
  struct OpenRun {
    std::string agent;
    std::vector<std::string> questions, grants;
  };
  struct OpenGrant {
    AccessKey key;
    bool used = false;
  };
  AccessUse* use(const AccessKey& key);
  bool counts(Instant at) const { return at >= since_; }

  Instant since_;
  std::map<std::string, OpenRun, std::less<>> runs_;
  std::map<std::string, AccessKey, std::less<>> questions_;  // that wait for an answer
  std::map<std::string, OpenGrant, std::less<>> grants_;
  std::map<AccessKey, AccessUse> uses_;
  std::map<AccessKey, std::int64_t> last_day_;
  std::uint64_t unlisted_ = 0;
};

// What the numbers say about the policy, a sentence for each pair that `stands` or is `idle`.
std::vector<std::string> advice_on_access(const AccessHistory& history);

}  // namespace pawl
