// Time zones: what a local time means as an instant.
//
// A `Zone` is read from the bytes of a TZif file (RFC 8536, version 2 or later, as in
// /usr/share/zoneinfo); the caller reads the file, so that this stays pure. Years behind the table
// follow the rule in the file's last line, which has the form of the POSIX variable TZ.
//
// Where clocks go back a local time happens twice, and where they go forward some never happen.
// `read` then gives both instants that could be meant, and the caller takes the stricter one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/zone_rule.h"

namespace pawl {

// Equal unless the local time is ambiguous or skipped; `earlier` is never after `later`.
// For a skipped time one reading is by the clock before the change and one by the clock after it.
struct LocalReading {
  Instant earlier;
  Instant later;
  friend bool operator==(const LocalReading&, const LocalReading&) = default;
};

class Zone {
 public:
  // UTC itself.
  Zone() = default;

  // `name` is used in messages and returned by `name`.
  static Result<Zone> parse(std::string_view tzif_bytes, std::string_view name);

  const std::string& name() const { return name_; }
  // What it was read from; empty for UTC.
  const std::string& bytes() const { return *bytes_; }

  // Times beyond the range of Instant become its first or last point.
  LocalReading read(const CivilTime& local) const;
  Instant earliest(const CivilTime& local) const { return read(local).earlier; }
  Instant latest(const CivilTime& local) const { return read(local).later; }

  // What the clock on the wall shows, in whole seconds.
  CivilTime local(Instant at) const;

  // Seconds that the local clock is ahead of UTC (east is positive), at seconds since 1970.
  std::int64_t offset_at(std::int64_t utc_seconds) const;

 private:
  struct Transition {
    std::int64_t at;      // UTC seconds from which `offset` holds
    std::int64_t offset;  // seconds east
  };
  struct Change {
    std::int64_t at;
    std::int64_t before;
    std::int64_t after;
  };

  std::vector<Change> changes_near(std::int64_t local_seconds) const;

  std::string name_ = "UTC";
  std::shared_ptr<const std::string> bytes_ = std::make_shared<const std::string>();
  std::vector<Transition> transitions_;  // ascending
  std::int64_t first_offset_ = 0;        // before the first transition
  std::optional<ZoneRule> rule_;         // behind the last one
};

// 0 is Sunday, as in POSIX.
int weekday(const CivilTime& date);

}  // namespace pawl
