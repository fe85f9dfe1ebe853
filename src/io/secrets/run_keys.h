// The keys that sign credentials of runs, on the disk: `runs.key` in the node's directory, readable
// by its user alone.
//
// One seed a line in base64, the one in force first; the others signed before, and check until the
// second since 1970 that stands behind them, when their last credential has ended (without one,
// until the next rotation). The file is made where there is none: a person who removes it makes
// every credential that is out there useless, and nothing else.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace pawl::secrets {

inline constexpr const char* run_keys_name = "runs.key";
inline constexpr std::size_t run_keys_max = 4;
inline constexpr std::size_t run_key_seed_bytes = 32;

struct RunKey {
  std::string seed;
  std::optional<Instant> until;  // of those that only check

  friend bool operator==(const RunKey&, const RunKey&) = default;
};

// ErrorKind::refused where others may read the file, ErrorKind::corrupt where it is not such a
// file.
Result<std::vector<RunKey>> open_run_keys(const std::string& path,
                                          const std::function<std::string(std::size_t)>& random);

struct Rotation {
  Instant now;
  // How long the key that signed until now still checks: as long as its last credential lives.
  // Zero: no older key does, and every credential that is out there is useless.
  Duration checks_for;
  std::function<std::string(std::size_t)> random;
};
// A new key signs from now on. Those that are over go. ErrorKind::refused where more than
// `run_keys_max` would be needed.
Result<std::vector<RunKey>> rotate_run_keys(const std::string& path, const Rotation& rotation);

}  // namespace pawl::secrets
