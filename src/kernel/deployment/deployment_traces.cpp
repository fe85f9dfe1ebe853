// Who is told how calls went: a collector that speaks OTLP over HTTP.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

constexpr std::uint64_t one_in_max = 1'000'000;

void read_collectors(DeploymentBuild& build, Deployment::Traces& into, const yaml::Entry& key) {
  text<&Deployment::Traces::credential>(build, into, key);
  into.at = key.value.at;
}

constexpr auto kTracesKeys = section_keys<DeploymentBuild, Deployment::Traces>(
    Section::traces,
    {
        {kUrl, "text", "required", 0,
         "Where a collector takes traces over OTLP/HTTP: `http://127.0.0.1:4318/v1/traces`. `http` "
         "only on this machine, or with `private`.",
         url<&Deployment::Traces::collector>},
        {kPrivate, "true or false", "false", 0,
         "Its name may stand for an address in a private network or on this machine.",
         boolean<&Deployment::Traces::collector, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0,
         "A PEM file: the certificates that vouch for it, and no others do.",
         text<&Deployment::Traces::collector, &ReachedHost::ca>},
        {"credential", "text", "none", 13,
         "The name of the credential that the collector wants to see. No call carries it.",
         read_collectors},
        {kHeader, "text", "`Authorization: Bearer`", 13,
         "The header field whose whole value the credential is.",
         header_name<&Deployment::Traces::header>},
        {"one_in", "whole number", "1", 0,
         "Of so many traces that begin here, one is kept. Of a client's own trace, its client "
         "says.",
         count<Between{1, one_in_max}, &Deployment::Traces::one_in>},
    });

}  // namespace

void list_traces_keys(std::vector<Key>& into) {
  kTracesKeys.list(into);
}

void read_traces(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Deployment::Traces traces;
  read_section(build, entry.value, kTracesKeys, traces);
  check_way(build, entry.value, kUrl, traces.collector);
  if (const yaml::Entry* header = entry.value.entry(kHeader);
      header != nullptr && traces.credential.empty()) {
    build.reading.mistake(header->key_at, "`header` needs `credential`: what would stand in it?");
  }
  into.traces = std::move(traces);
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
