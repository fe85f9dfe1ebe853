#include "kernel/admit/examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "kernel/admit/admit.h"
#include "kernel/state/state.h"

namespace pawl {

namespace {

constexpr std::string_view run_id = "example";

// A name that the entry grants: a glob is tried with itself, which it matches.
struct Named {
  std::string server, tool;
};

Named named(const ToolRule& entry) {
  const auto pattern = parse_name(entry.names.front());
  if (!pattern) return {};
  return {pattern->any_server ? std::string() : pattern->server.text(), pattern->tool.text()};
}

class Examples {
 public:
  explicit Examples(const Policy& policy) : calm_(policy) {
    calm_.freezes.clear();
    calm_.index();
    RunOpened opened;
    opened.run = opened.key = run_id;
    opened.agent = calm_.agent;
    opened.identity = calm_.identity;
    (void)state_.apply({state_.next_seq(), Instant{}, 0, opened});
  }

  std::vector<Error> run() {
    for (const ToolRule& entry : calm_.tools) {
      if (entry.examples.empty()) continue;
      const BoundTool bound = bind(calm_, entry, nullptr, Instant{});
      for (const Example& example : entry.examples) look(entry, bound, example);
    }
    return std::move(wrong_);
  }

 private:
  void look(const ToolRule& entry, const BoundTool& bound, const Example& example) {
    const auto document = json::parse(example.arguments);
    if (!document) {
      wrong(example, "its arguments cannot be read: " + document.error().message);
      return;
    }
    const Named name = named(entry);
    const Call call{name.server, name.tool, document->root()};
    Facts facts;
    for (auto& [pointer, path] : paths_to_resolve(bound, call.arguments)) {
      facts.paths.push_back({pointer, "", ""});
    }
    if (!sql_to_read(bound, call.arguments).empty()) {
      wrong(example, "arguments with `sql` cannot be checked at load: put it into a file of tests");
      return;
    }
    const Verdict verdict = admit({.policy = calm_,
                                   .state = state_,
                                   .run = *state_.run(run_id),
                                   .call = call,
                                   .tool = &bound,
                                   .facts = facts,
                                   .now = Instant{}});
    const bool runs = verdict.effect < Effect::hold;
    const bool fits = example.expected == Effect::allow ? runs : verdict.effect == example.expected;
    if (!fits) differs(example, verdict);
  }

  void differs(const Example& example, const Verdict& verdict) {
    const Rule* rule = verdict.reason.rule;
    std::string why = verdict.reason.argument.empty()
                          ? std::string()
                          : "`" + escape_untrusted(verdict.reason.argument) + "` ";
    why += escape_untrusted(verdict.reason.says);
    const std::string line = rule == nullptr || rule->at.line == 0
                                 ? std::string()
                                 : fmt::format(" (line {})", rule->at.line);
    wrong(example, fmt::format("it gets `{}`{}{}{}", to_string(verdict.effect),
                               why.empty() ? "" : ": ", why, line));
  }

  void wrong(const Example& example, const std::string& what) {
    wrong_.push_back(
        {ErrorKind::invalid,
         fmt::format("the example of `{}` is wrong: {}", to_string(example.expected), what),
         example.rule.at});
  }

  Policy calm_;
  State state_;
  std::vector<Error> wrong_;
};

}  // namespace

std::vector<Error> wrong_examples(const Policy& policy) {
  const bool any = std::ranges::any_of(
      policy.tools, [](const ToolRule& entry) { return !entry.examples.empty(); });
  return any ? Examples(policy).run() : std::vector<Error>();
}

Loaded with_examples(Loaded loaded) {
  if (loaded.policy == nullptr) return loaded;
  loaded.errors = wrong_examples(*loaded.policy);
  if (!loaded.errors.empty()) loaded.policy.reset();
  return loaded;
}

}  // namespace pawl
