// Who is told how calls went: a collector that speaks OTLP over HTTP.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"

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
    } else if (key.key == "credential") {
      traces.credential = build.reading.text(key.value, "credential").value_or("");
      traces.at = key.value.at;
    } else if (key.key == "header") {
      traces.header = read_header_name(build, key.value);
    } else {
      return read_way(build, key, traces.collector);
    }
    return true;
  });
  if (read) build.reading.missing(entry.value, Section::traces, "url");
  check_way(build, entry.value, "url", traces.collector);
  if (const yaml::Entry* header = entry.value.entry("header");
      header != nullptr && traces.credential.empty()) {
    build.reading.mistake(header->key_at, "`header` needs `credential`: what would stand in it?");
  }
  build.into.traces = std::move(traces);
}

// What the collector gets is for nothing else: no call carries it, and no person logged in for it.
void check_traces(DeploymentBuild& build) {
  const Deployment& into = build.into;
  if (!into.traces || into.traces->credential.empty()) return;
  const Deployment::Traces& traces = *into.traces;
  const auto found = into.credentials.find(traces.credential);
  if (found == into.credentials.end()) {
    return build.unknown({traces.credential, traces.at}, "credential", into.credential_names());
  }
  const Deployment::Credential& one = found->second;
  const auto no = [&build, &traces](std::string_view why) {
    build.reading.mistake(
        traces.at, fmt::format("the credential `{}` {}", escape_untrusted(traces.credential), why));
  };
  if (!one.roles.empty() || !one.servers.empty() || !one.tools.empty()) {
    no("is for calls: one for the collector has no `roles`, `servers` or `tools`");
  }
  if (one.github_app && !one.github_app->repository_by.empty()) {
    no("is for the repository that a call names, and the collector gets none");
  }
  if (one.aws_sts || one.login) no("is no text that can stand in a header of the collector's");
  const ReachedHost& at = traces.collector;
  const std::string host = at.host.find(':') == std::string::npos ? at.host : "[" + at.host + "]";
  const std::string with_port = fmt::format("{}:{}", host, at.port);
  const bool fits = one.hosts.empty() || std::ranges::any_of(one.hosts, [&](const auto& bound) {
                      return bound == host || bound == with_port;
                    });
  if (!fits) no(fmt::format("may not be sent to the host `{}`", escape_untrusted(host)));
}

}  // namespace pawl
