// Who is told how calls went: a collector that speaks OTLP over HTTP.
#include "kernel/policy/deployment_read.h"

namespace pawl {
namespace {

constexpr std::uint64_t one_in_max = 1'000'000;

}  // namespace

void read_traces(DeploymentBuild& build, const yaml::Entry& entry) {
  Deployment::Traces traces;
  const bool read = build.reading.keys(entry.value, Section::traces, [&](const yaml::Entry& key) {
    if (key.key == "url") {
      read_url(build, key.value, "url", traces.collector);
    } else if (key.key == "one_in") {
      traces.one_in = build.reading.count(key.value, "one_in", {1, one_in_max}).value_or(1);
    } else {
      return read_way(build, key, traces.collector);
    }
    return true;
  });
  if (read) build.reading.missing(entry.value, Section::traces, "url");
  check_way(build, entry.value, "url", traces.collector);
  build.into.traces = std::move(traces);
}

}  // namespace pawl
