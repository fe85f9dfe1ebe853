// Sums of counters: what was settled, and what belongs to calls in flight.
//
// A call that is let through reserves what it adds; its end settles it, or gives it back where the
// call had no effect. A sum with a window forgets what was settled longer ago than the window; what
// is reserved counts as long as its call runs. Times within one sum never go back: an end that
// comes with an earlier time than the one before it counts from that one's time, so that a clock
// that is set back makes nothing disappear earlier.
// Memory: at most `sum_places_max` sums and ends of one counter; the stage that lets calls
// through asks `room` first, and denies without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "model/sum.h"

namespace pawl {

struct Sum {
  struct End {
    Instant at;
    Amount add;
    friend bool operator==(const End&, const End&) = default;
  };
  Amount reserved;
  std::uint32_t in_flight = 0;
  Amount settled;        // of all ends that are remembered; saturating
  std::deque<End> ends;  // of a sum with a window, oldest first

  // What counts of `settled` at this time.
  Amount within(Instant now, Duration window) const;
};

struct CounterSums {
  Duration window{};  // the longest that a charge asked for; zero: of a run
  std::map<std::string, Sum, std::less<>> sums;  // by key
  std::uint64_t places = 0;                      // sums, ends and calls in flight
};

inline constexpr std::uint64_t sum_places_max = 65'536;

class Sums {
 public:
  const Sum* find(std::string_view counter, std::string_view key) const;
  // Whether one call more can be remembered.
  bool room(std::string_view counter, Instant now) const;

  Status can_reserve(const SumCharge& charge) const;
  void reserve(const SumCharge& charge, Instant at);
  void release(const SumCharge& charge);
  void settle(const SumCharge& charge, Instant at);
  // Forgets what no window reaches any more.
  void forget(Instant now);

  bool empty() const { return counters_.empty(); }
  const std::map<std::string, CounterSums, std::less<>>& counters() const { return counters_; }
  // For a snapshot: a counter as it was.
  void put(std::string counter, CounterSums sums);

 private:
  std::map<std::string, CounterSums, std::less<>> counters_;
};

}  // namespace pawl
