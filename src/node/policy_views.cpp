#include "node/policy_views.h"

#include "analysis/check/describe.h"
#include "base/hash.h"
#include "base/text.h"

namespace pawl::node {
namespace {

void write_table(json::Writer& out, const Description& description) {
  out.key("table").object().key("environments").array();
  for (const Environment place : described_environments) out.string(to_string(place));
  out.end().key("tools").array();
  for (const Description::Tool& tool : description.tools) {
    out.object().key("name").string(escape_untrusted(tool.name)).key("verdicts").array();
    for (const Description::Cell& cell : tool.cells) out.string(cell.text());
    out.end().end();
  }
  for (const std::string& name : description.blocked) {
    out.object().key("name").string(escape_untrusted(name)).key("verdicts").array();
    for (std::size_t i = 0; i < described_environments.size(); ++i) out.string("deny");
    out.end().end();
  }
  out.end().end();
}

}  // namespace

void write_policy(json::Writer& out, const Policy& policy, const Deployment& deployment,
                  const std::vector<WaitingPolicy>& waiting, Instant now) {
  const Description description = describe(policy, &deployment, now);
  out.object()
      .key("role")
      .string(escape_untrusted(policy.agent))
      .key("file")
      .string(escape_untrusted(policy.file));
  out.key("digest").string(to_string(policy.digest));
  for (const WaitingPolicy& other : waiting) {
    if (other.agent != policy.agent) continue;
    out.key("waiting").string("a laxer policy waits for a person: " +
                              escape_untrusted(other.laxer));
  }
  out.key("sentences").array();
  for (const std::string& line : description.about) out.string(escape_untrusted(line));
  for (const Description::Tool& tool : description.tools) {
    for (const std::string& line : tool.sentences) {
      out.string(escape_untrusted(tool.name) + ": " + escape_untrusted(line));
    }
  }
  out.end();
  write_table(out, description);
  out.key("layers").array();
  for (const Layer& layer : policy.layers) out.string(escape_untrusted(layer.file));
  out.end().end();
}

void write_access(json::Writer& to, const AccessHistory& history) {
  to.key("access").array();
  for (const auto& [key, use] : history.uses()) {
    to.object().key("asked").natural(use.asked).key("calls").natural(use.calls);
    to.key("days").natural(use.days);
    if (use.asked > 0) {
      to.key("first").string(to_string(use.first)).key("last").string(to_string(use.last));
    }
    to.key("granted").natural(use.granted).key("rejected").natural(use.rejected);
    to.key("role").string(escape_untrusted(key.first)).key("taken_back").natural(use.taken_back);
    to.key("tool").string(escape_untrusted(key.second)).key("used").natural(use.used).end();
  }
  to.end().key("access_advice").array();
  for (const std::string& line : advice_on_access(history)) to.string(line);
  to.end();
}

}  // namespace pawl::node
