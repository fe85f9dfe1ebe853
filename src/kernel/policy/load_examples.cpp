// `examples`: calls and lines with the verdict that they have to get, checked at every load.
#include <fmt/format.h>

#include <array>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_json.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "kernel/policy/commands.h"
#include "kernel/policy/line_files.h"
#include "kernel/policy/table.h"

namespace pawl {
namespace {

void read_example(Build& build, const yaml::Node& item, Effect expected, ToolRule& rule) {
  Example example;
  example.expected = expected;
  example.rule = {rule.rule.path + "/examples/" + std::string(to_string(expected)), item.at};
  if (!item.is_map()) {
    build.reading.mistake(item.at,
                          fmt::format("an example is a mapping of arguments, such as `{{to: "
                                      "[ada@myco.example]}}`, found {}",
                                      item.described()));
    return;
  }
  json::Writer arguments;
  write_json(item, arguments);
  example.arguments = arguments.take();
  rule.examples.push_back(std::move(example));
}

template <Effect Expected>
void examples_of(Build& /*build*/, const ReadExamples& read, const yaml::Entry& key) {
  read(key, Expected);
}

constexpr auto kExampleKeys = section_keys<Build, const ReadExamples>(
    Section::examples,
    {
        {"allow", "list of lines or mappings", "none", 3,
         "Lines of `commands`, else arguments of calls, that run as the first of a run.",
         examples_of<Effect::allow>},
        {"hold", "list of lines or mappings", "none", 3, "The same that wait for a person.",
         examples_of<Effect::hold>},
        {"deny", "list of lines or mappings", "none", 3, "The same that are refused.",
         examples_of<Effect::deny>},
    });

}  // namespace

void list_example_keys(std::vector<Key>& into) {
  kExampleKeys.list(into);
}

void read_examples(Build& build, const yaml::Entry& key, const ReadExamples& read) {
  read_section(build, key.value, kExampleKeys, read);
}

void read_call_examples(Build& build, const yaml::Entry& key, ToolRule& rule) {
  read_examples(build, key, [&](const yaml::Entry& list, Effect expected) {
    build.reading.items(list.value, list.key, [&](const yaml::Node& item) {
      if (rule.examples.size() < limits::examples_max) {
        read_example(build, item, expected, rule);
      } else if (rule.examples.size() == limits::examples_max) {
        build.reading.mistake(item.at, fmt::format("more than {} examples", limits::examples_max));
      }
    });
  });
}

namespace {

// What an expression sees of an example: the command, and the role; nothing of a call or a run.
class ExampleValues final : public Surroundings {
 public:
  explicit ExampleValues(const Policy& policy) : policy_(policy) {}

 protected:
  cel::Value value(Known which) override {
    if (which == Known::agent) return cel::Value::of(std::string_view(policy_.agent));
    if (which == Known::env) return cel::Value::of(to_string(policy_.environment));
    return cel::Value::failed(cel::Failure::invalid, "an example is not a call");
  }
  std::uint64_t count(const CountAsked&) override { return 0; }

 private:
  const Policy& policy_;
};

CaseAnswer ask(const Policy& policy, const ToolRule& entry, const Case& one,
               const shell::Command& about) {
  const auto document = json::parse(shell::value_of(about));
  if (!document || !one.condition) return CaseAnswer::fails;
  ExampleValues values(policy);
  const std::array<cel::Value, 1> extra = {cel::Value::of(document->root())};
  values.extra(extra);
  const cel::Value result = entry.conditions[*one.condition]->evaluate(values);
  return result.is_true()    ? CaseAnswer::yes
         : result.is_false() ? CaseAnswer::no
                             : CaseAnswer::fails;
}

struct Came {
  Effect effect;
  std::string why;
};

// What a fresh run would hear, outside of every freeze.
Came decide(const Policy& policy, const ToolRule& entry, const CommandRule& rule,
            const CommandExample& example) {
  json::Writer text;
  if (rule.line.words) {
    text.array();
    for (const std::string_view word : split(example.line, ' ')) {
      if (!word.empty()) text.string(word);
    }
    text.end();
  } else {
    text.string(example.line);
  }
  const auto value = json::parse(text.text());
  if (!value) return {Effect::deny, "it cannot be read"};
  const auto analysis = read_line(rule.line.words, rule.line.dialect, value->root());
  if (!analysis) return {Effect::deny, "it " + analysis.error().message};
  const BoundTool bound = bind(policy, entry, nullptr, Instant{});
  const Class of_entry = bound.action_class;
  const WorkingDirectory works = working_directory(bound, json::View{});
  const LinePlace where{works.base, works.rule};
  const LineJudgement judged = judge_commands(
      rule, *analysis, of_entry, shell::Place{}, where,
      [&](const Case& one, const shell::Command& about) { return ask(policy, entry, one, about); });
  if (judged.effect == Effect::deny) {
    const Rule* denying = judged.denies.rule;
    const std::string by = denying == nullptr ? "" : fmt::format(" (line {})", denying->at.line);
    return {Effect::deny, judged.why + by};
  }
  if (judged.effect == Effect::hold) {
    const std::string by = judged.holding.empty()
                               ? ""
                               : fmt::format(" (line {})", judged.holding.front().rule->at.line);
    return {Effect::hold, judged.why + by};
  }
  if (entry.requires_approval) return {Effect::hold, "the entry asks for approval of every call"};
  const Class c = judged.action_class;
  const bool claimed = policy.default_stage.has_value();
  const bool staged = claimed && (c.has_effect() || policy.gate_reads);
  const Stage stage = staged ? policy.stage_of(entry) : Stage::established;
  const Default found = default_for(c, stage, claimed, policy.gate_reads, policy.environment);
  if (found.effect != Effect::hold) return {Effect::allow, "its rows let it run"};
  return {Effect::hold,
          "it is " + to_string(c) +
              (claimed ? fmt::format("; its stage is {}", to_string(stage)) : std::string())};
}

}  // namespace

void check_examples(Build& build) {
  if (!build.reading.sound()) return;  // an entry that was not read whole would decide otherwise
  for (const ToolRule& entry : build.policy.tools) {
    if (entry.commands == nullptr) continue;
    for (const CommandExample& example : entry.commands->examples) {
      const Came came = decide(build.policy, entry, *entry.commands, example);
      if (came.effect == example.expected) continue;
      build.reading.mistake(
          example.at, fmt::format("this example is `{}` and not `{}`: {}", to_string(came.effect),
                                  to_string(example.expected), came.why));
    }
  }
}

}  // namespace pawl
