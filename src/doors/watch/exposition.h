// Numbers in the text form that Prometheus reads (exposition format 0.0.4).
//
//   Family calls("pawl_calls_total", "Calls.", Family::Kind::counter, {"role"});
//   calls.add({"sre"}, 1);
//   calls.write(text);
//
// A family has a bounded number of series: who is counted is partly what agents say, and memory is
// theirs to fill otherwise. What comes beyond is counted in one series whose labels are all
// `other`, so that sums stay true.
// No I/O. Counts are doubles, as they are read: exact up to 2^53.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::watch {

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view beyond_bounds = "other";

class Family {
 public:
  enum class Kind : std::uint8_t { counter, gauge };
  using Values = std::initializer_list<std::string_view>;

  Family(std::string_view name, std::string_view help, Kind kind,
         std::vector<std::string_view> labels = {}, std::size_t series_max = 2048)
      : name_(name),
        help_(help),
        kind_(kind),
        labels_(std::move(labels)),
        series_max_(series_max) {}

  // One value for each label, in their order.
  void add(Values values, double more);
  void set(Values values, double value);
  // Of a gauge that is measured anew.
  void forget() { series_.clear(); }
  void write(std::string& out) const;

 private:
  double& at(Values values);

  std::string_view name_, help_;
  Kind kind_;
  std::vector<std::string_view> labels_;
  std::size_t series_max_;
  std::map<std::string, double, std::less<>> series_;  // by its labels as they are written
  std::string key_;
};

// How long things took, in seconds.
class Times {
 public:
  // `bounds`: upper ones, ascending, without the infinite one.
  Times(std::string_view name, std::string_view help, std::span<const double> bounds,
        std::vector<std::string_view> labels = {}, std::size_t series_max = 512)
      : name_(name),
        help_(help),
        bounds_(bounds),
        labels_(std::move(labels)),
        series_max_(series_max) {}

  void observe(Family::Values values, double seconds);
  void write(std::string& out) const;

 private:
  struct Buckets {
    std::vector<std::uint64_t> counts;  // one more than bounds; not cumulative
    double sum = 0;
  };
  std::string_view name_, help_;
  std::span<const double> bounds_;
  std::vector<std::string_view> labels_;
  std::size_t series_max_;
  std::map<std::string, Buckets, std::less<>> series_;
  std::string key_;
};

}  // namespace pawl::watch
