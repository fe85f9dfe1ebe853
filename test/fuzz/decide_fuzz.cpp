// Lines of `decide --stream` from strangers: one line in, one decision out, whatever was said.
//
// The same lines give the same answers, a run gets no more than its ceilings, and what the policy
// does not grant is never allowed.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "doors/decide/stream.h"
#include "fuzz/must.h"
#include "kernel/policy/policy.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

constexpr std::size_t bytes_max = 1UL << 15;
constexpr std::uint64_t steps_max = 6;

constexpr const char* policy_text = R"(version: 1
agent: {id: a, identity: a@x}
tools:
  allowed:
    - {name: read, class: read_only, scope: [id, b.c]}
    - name: [put, "set_*"]
      class: reversible small
      max_records_per_run: 5
      max_calls_per_minute: 3
    - name: set_sum
      class: reversible small
      counters: [{add: args.n, per: run, max: 4.5}, {add: args.n, per: 1h, by: args.k, max: 3}]
    - {name: mail, class: irreversible small, requires_approval: true}
    - name: s/all
      class: reversible small
      args:
        path: {path: {under: [/srv/ok], base: /srv/ok}}
        n: {max: 7, min: 0.5, required: false}
        to: {email_domain: [x.example], max_items: 2, required: false}
        link: {url: {host: [x.example], scheme: https}, required: false}
        kind: [a, b, 3]
  blocked: [drop, "rm_*"]
execution: {max_steps: 6, max_denials: 9, max_wall_clock_seconds: 60}
)";

std::shared_ptr<const Policy> policy() {
  static const std::shared_ptr<const Policy> loaded = load_policy(policy_text, "p", {}).policy;
  must(loaded != nullptr, "the policy of this fuzzer does not load");
  return loaded;
}

struct Counts {
  std::uint64_t allowed = 0;
  double sum = 0;  // of what `set_sum` was allowed and is certain to have been spent
};

void check_allowed(json::View answer, std::string_view line, std::map<std::string, Counts>& runs) {
  const auto asked = json::parse(line);
  must(asked.has_value(), "what is no strict JSON was allowed");
  const json::View root = asked->root();
  const std::string_view tool = root.text("tool").value_or("");
  must(tool == "read" || tool == "put" || tool.starts_with("set_") || tool == "all" ||
           tool == "mail",
       "a tool without a grant was allowed");
  must(tool != "mail", "a call that a person has to see was allowed");
  must(tool != "all" || root.text("server") == "s", "a tool of another server was allowed");
  if (tool == "all") {
    const json::View n = root["arguments"]["n"];
    must(!n.exists() || (n.is_number() && n.number() <= 7 && n.number() >= 0.5), "a bound passed");
    const std::string_view path = root["arguments"].text("path").value_or("");
    must(path.find("/../") == std::string_view::npos || !path.starts_with("/etc"), "a path passed");
  }
  must(answer.text("run") == root.text("run"), "the answer names another run");
  Counts& run = runs[std::string(*root.text("run"))];
  must(++run.allowed <= steps_max, "a ceiling was exceeded");
  if (tool != "set_sum") return;
  const json::View n = root["arguments"]["n"];
  must(n.is_number() && n.number() >= 0 && n.number() <= 3, "what is not an amount passed");
  if (!root["outcome"].exists()) run.sum += n.number();
  must(run.sum < 4.5 + 1e-9, "a sum was exceeded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > bytes_max) return 0;
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  DecideStream stream(policy()), second(policy());
  std::map<std::string, Counts> runs;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string said = stream.line(line);
    must(said == second.line(line), "the same lines were decided in two ways");
    must(said.find('\n') == std::string::npos, "an answer is more than a line");
    const auto answer = json::parse(said);
    must(answer && answer->root().is_object(), "an answer is not a JSON object");
    const json::View root = answer->root();
    const auto effect = root.text("effect");
    must(effect == "allow" || effect == "deny" || effect == "hold" || effect == "notify",
         "an answer has no effect");
    must(root.text("code").has_value() && root.text("code") != "internal", "a mistake of ours");
    if (effect == "allow" || effect == "notify") check_allowed(root, line, runs);
  }
  must(stream.state().consistent().has_value(), "the sums are not what the calls say");
  return 0;
}
