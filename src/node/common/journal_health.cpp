#include "node/common/journal_health.h"

#include <unistd.h>

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace pawl::node {
namespace {

// A node has written by then what it was in the middle of.
constexpr int kHealthPauseUs = 200'000;

// What of a damaged journal is told: the records before the damage.
std::string what_is_told(const JournalVerification& found, std::uint64_t told) {
  if (told == 0) return "no record before the damage can be read";
  if (told == found.records) {
    return "all of its records can be read, but nothing here proves what they say";
  }
  return fmt::format("what is told is from before the damage: record{}",
                     told == 1 ? std::string(" 0") : fmt::format("s 0 to {}", told - 1));
}

}  // namespace

JournalHealth health_of(const JournalVerification& found) {
  JournalHealth health;
  const JournalFinding* damage = found.damage();
  if (damage == nullptr) {
    if (!found.findings.empty()) health.torn = escape_untrusted(to_string(found.findings.front()));
    return health;
  }
  const bool begins = !found.readable.empty() && found.readable.front().first == 0;
  health.told_max = begins ? found.readable.front().end : 0;
  health.damage =
      fmt::format("the journal is damaged: {}\n  {}; `pawl audit verify` says more",
                  escape_untrusted(to_string(*damage)), what_is_told(found, health.told_max));
  return health;
}

Result<JournalHealth> health_of_journal(
    Disk& disk, std::function<void(std::uint64_t done, std::uint64_t of)> progress) {
  VerifyOptions options;
  options.pause = [] { ::usleep(kHealthPauseUs); };
  options.progress = std::move(progress);
  const auto found = verify_journal(disk, options);
  PAWL_TRY(found);
  return health_of(*found);
}

}  // namespace pawl::node
