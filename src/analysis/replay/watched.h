// What a role that is watched and not stopped would have been stopped at, day by day.
//
// Gathered from the records: a decision that was not enforced says what was decided and by which
// rule. A day is one of UTC.
// Pure: no clock, no files. Threads: one owner.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "model/record.h"

namespace pawl {

// What calls have in common that would have ended alike.
struct WatchedReason {
  bool stopped = false;  // else people would have been asked
  std::string tool, code, rule, rule_at;
  friend auto operator<=>(const WatchedReason&, const WatchedReason&) = default;
};

inline constexpr std::size_t watched_reasons_max = 512;  // of one role on one day; others count

struct WatchedDay {
  std::uint64_t asked = 0, stopped = 0;
  std::uint64_t ran = 0;  // that the policy let run
  std::map<WatchedReason, std::uint64_t> reasons;
};

class WatchedReport {
 public:
  using Wants = std::function<bool(std::string_view role, Instant at)>;
  explicit WatchedReport(Wants wants) : wants_(std::move(wants)) {}

  void take(const Record& record);
  // By day (`2026-11-23`), then by role. Only days on which something was let through.
  const std::map<std::string, std::map<std::string, WatchedDay>>& days();

 private:
  Wants wants_;
  std::map<std::string, std::string, std::less<>> agent_of_;  // run -> its role
  std::map<std::string, std::map<std::string, WatchedDay>> days_;
};

}  // namespace pawl
