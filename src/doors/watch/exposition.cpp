#include "doors/watch/exposition.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace pawl::watch {
namespace {

// `role="sre",server="crm"`. Quotes, backslashes and ends of lines are escaped as the format says.
void write_labels(const std::vector<std::string_view>& labels, Family::Values values,
                  std::string& out) {
  assert(labels.size() == values.size());
  out.clear();
  const std::string_view* value = values.begin();
  for (const std::string_view label : labels) {
    if (!out.empty()) out += ',';
    out += label;
    out += "=\"";
    for (const char c : *value++) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
}

// The series of these labels, or the one of all that found no room.
template <class T>
T& series_of(std::map<std::string, T, std::less<>>& series, std::string& key, std::size_t most,
             const std::vector<std::string_view>& labels) {
  auto found = series.find(key);
  if (found == series.end() && series.size() >= most) {
    key.clear();
    for (const std::string_view label : labels) {
      if (!key.empty()) key += ',';
      key += fmt::format("{}=\"{}\"", label, beyond_bounds);
    }
    found = series.find(key);
  }
  if (found == series.end()) found = series.emplace(key, T{}).first;
  return found->second;
}

void write_head(std::string_view name, std::string_view help, std::string_view type,
                std::string& out) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

std::string number(double value) {
  return fmt::format("{:.15g}", value);
}

}  // namespace

double& Family::at(Values values) {
  write_labels(labels_, values, key_);
  return series_of(series_, key_, series_max_, labels_);
}

void Family::add(Values values, double more) {
  at(values) += more;
}

void Family::set(Values values, double value) {
  at(values) = value;
}

void Family::write(std::string& out) const {
  write_head(name_, help_, kind_ == Kind::counter ? "counter" : "gauge", out);
  for (const auto& [labels, value] : series_) {
    out += name_;
    if (!labels.empty()) out += '{' + labels + '}';
    out += ' ' + number(value) + '\n';
  }
}

void Times::observe(Family::Values values, double seconds) {
  write_labels(labels_, values, key_);
  Buckets& buckets = series_of(series_, key_, series_max_, labels_);
  buckets.counts.resize(bounds_.size() + 1);
  const auto place = std::ranges::lower_bound(bounds_, seconds) - bounds_.begin();
  buckets.counts[static_cast<std::size_t>(place)] += 1;
  buckets.sum += seconds;
}

void Times::write(std::string& out) const {
  write_head(name_, help_, "histogram", out);
  for (const auto& [labels, buckets] : series_) {
    const std::string more = labels.empty() ? "" : labels + ",";
    const std::string own = labels.empty() ? "" : '{' + labels + '}';
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
      so_far += buckets.counts[i];
      out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name_, more, number(bounds_[i]), so_far);
    }
    so_far += buckets.counts.back();
    out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name_, more, so_far);
    out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name_, own, number(buckets.sum), name_, own,
                       so_far);
  }
}

}  // namespace pawl::watch
