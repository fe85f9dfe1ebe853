#include "analysis/trial/trial_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "analysis/trial/extent.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "base/yaml_json.h"
#include "model/verdict.h"

namespace pawl {

std::span<const Expectable> expectable() {
  static constexpr auto rows = std::to_array<Expectable>({
      {"effect", ExpectedForm::effect, "allow, notify, hold or deny"},
      {"code", ExpectedForm::code, "the code of a denial or a hold"},
      {"rule", ExpectedForm::text, "the deciding rule's path, whole"},
      {"at", ExpectedForm::text, "a part of the rule's path, with dots: `args.to`"},
      {"reason", ExpectedForm::text, "words that the reason contains"},
      {"class", ExpectedForm::text, "the class of the call"},
      {"quorum", ExpectedForm::count, "how many people a hold asks for"},
      {"typed", ExpectedForm::truth, "whether a hold wants a typed confirmation"},
      {"reviewers", ExpectedForm::list, "who may answer a hold"},
      {"halts", ExpectedForm::truth, "whether the run halts with this call"},
      {"withheld", ExpectedForm::list, "what the scope withheld from the given result"},
  });
  return rows;
}

namespace {

using yaml::Node;

constexpr std::array given_members = {"schema", "annotations", "result", "outcome", "user_text"};

class TrialReader {
 public:
  TrialReader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  TrialFile read() {
    yaml::Read tree = yaml::read(text_, file_);
    out_.errors = std::move(tree.errors);
    if (!out_.errors.empty()) return std::move(out_);
    if (!tree.root.is_map()) {
      wrong(tree.root.at, "a test file is a mapping with `policy` and `tests`");
      return std::move(out_);
    }
    known_keys(tree.root, {"policy", "layers", "at", "tests"});
    if (const Node* policy = tree.root.find("policy"); policy != nullptr && policy->is_scalar()) {
      out_.policy = policy->text;
    } else {
      wrong(tree.root.at, "`policy` names the file under test");
    }
    read_layers(tree.root);
    file_now_ = read_time(tree.root);
    read_tests(tree.root);
    return std::move(out_);
  }

 private:
  void wrong(const Position& at, std::string message) {
    out_.errors.push_back({ErrorKind::invalid, std::move(message), at});
  }

  void known_keys(const Node& map, std::vector<std::string> known) {
    for (const yaml::Entry& entry : map.entries) {
      if (std::ranges::find(known, entry.key) != known.end()) continue;
      const std::string near = closest_match(entry.key, known);
      wrong(entry.key_at,
            fmt::format("unknown key `{}`{}", escape_untrusted(entry.key),
                        near.empty() ? fmt::format(": expected one of {}", fmt::join(known, ", "))
                                     : fmt::format(": did you mean `{}`?", near)));
    }
  }

  void read_layers(const Node& root) {
    const Node* layers = root.find("layers");
    if (layers == nullptr) return;
    if (!layers->is_sequence() || layers->items.empty()) {
      return wrong(layers->at, "`layers` is a list of layer files");
    }
    for (const Node& item : layers->items) {
      if (item.is_scalar() && !item.text.empty()) {
        out_.layers.push_back(item.text);
      } else {
        wrong(item.at, fmt::format("a layer is the name of a file, found {}", item.described()));
      }
    }
  }

  std::string read_time(const Node& map) {
    const Node* at = map.find("at");
    if (at == nullptr) return {};
    if (!at->is_scalar() || !parse_instant(at->text)) {
      wrong(at->at, fmt::format("`at` is {}: expected a time such as 2026-11-28T12:00:00+01:00",
                                at->described()));
      return {};
    }
    return at->text;
  }

  void read_tests(const Node& root) {
    const Node* tests = root.find("tests");
    if (tests == nullptr || !tests->is_sequence() || tests->items.empty()) {
      wrong(tests == nullptr ? root.at : tests->at, "`tests` is a list of at least one test");
      return;
    }
    for (const Node& item : tests->items) read_trial(item);
  }

  void read_trial(const Node& item) {
    if (!item.is_map()) return wrong(item.at, "a test is a mapping");
    Trial trial;
    trial.at = item.at;
    const Node* name = item.find("name");
    if (name == nullptr || !name->is_scalar() || name->text.empty()) {
      wrong(item.at, "a test has a `name`");
    } else {
      trial.name = name->text;
    }
    const std::string own = read_time(item);
    const std::string& now = own.empty() ? file_now_ : own;
    const Node* steps = item.find("steps");
    if (steps == nullptr) {
      known_keys(item, {"name", "at", "call", "given", "times", "expect"});
      read_step(item, now, trial);
    } else if (!steps->is_sequence() || steps->items.empty()) {
      wrong(steps->at, "`steps` is a list of calls");
    } else {
      known_keys(item, {"name", "at", "steps"});
      for (const Node& step : steps->items) {
        if (!step.is_map()) {
          wrong(step.at, "a step is a mapping with `call` and `expect`");
          continue;
        }
        known_keys(step, {"at", "call", "given", "times", "expect"});
        const std::string at = read_time(step);
        read_step(step, at.empty() ? now : at, trial);
      }
    }
    out_.trials.push_back(std::move(trial));
  }

  void read_step(const Node& map, const std::string& now, Trial& trial) {
    TrialStep step;
    step.at = map.at;
    json::Writer line;
    line.object();
    read_call(map, step, line);
    if (!now.empty()) line.key("now").string(now);
    read_given(map, line);
    line.end();
    step.line = line.take();
    read_times(map, step);
    read_expect(map, step);
    trial.steps.push_back(std::move(step));
  }

  void read_call(const Node& map, TrialStep& step, json::Writer& line) {
    const Node* call = map.find("call");
    const bool fits = call != nullptr && call->is_sequence() && !call->items.empty() &&
                      call->items.size() <= 2 && call->items[0].is_scalar();
    if (!fits) {
      return wrong(call == nullptr ? map.at : call->at, "`call` is [tool, {arguments}]");
    }
    step.tool = call->items[0].text;
    const auto slash = step.tool.find('/');
    if (slash != std::string::npos && !step.tool.starts_with("mcp:")) {
      line.key("server").string(step.tool.substr(0, slash));
      line.key("tool").string(step.tool.substr(slash + 1));
    } else {
      line.key("tool").string(step.tool);
    }
    line.key("arguments");
    if (call->items.size() == 1) {
      line.object().end();
    } else {
      write_arguments(call->items[1], line);
    }
  }

  void write_arguments(const Node& node, json::Writer& line) {
    if (node.is_map()) return yaml::write_json(node, line);
    // Kept as written, so that a test can hold two keys of one name or a number of many digits.
    if (node.is_scalar() && node.quoted && trim(node.text).starts_with('{')) {
      const auto parsed = json::parse(node.text, {.duplicate_keys = json::DuplicateKeys::permit});
      if (parsed) {
        line.raw(node.text);
        return;
      }
      wrong(node.at, "the arguments are not JSON: " + parsed.error().message);
    } else {
      wrong(node.at,
            fmt::format("the arguments are {}: expected a mapping, or a quoted JSON object",
                        node.described()));
    }
    line.object().end();
  }

  void read_given(const Node& map, json::Writer& line) {
    const Node* given = map.find("given");
    if (given == nullptr) return;
    if (!given->is_map()) return wrong(given->at, "`given` is a mapping");
    known_keys(*given, {given_members.begin(), given_members.end()});
    for (const char* member : given_members) {
      const Node* value = given->find(member);
      if (value == nullptr) continue;
      line.key(member);
      yaml::write_json(*value, line);
    }
  }

  void read_times(const Node& map, TrialStep& step) {
    const Node* times = map.find("times");
    if (times == nullptr) return;
    const auto count = times->as_integer();
    if (!count || *count < 1 || static_cast<std::uint64_t>(*count) > trial_times_max) {
      return wrong(times->at, fmt::format("`times` is {}: expected 1 to {}", times->described(),
                                          trial_times_max));
    }
    step.times = static_cast<std::uint64_t>(*count);
  }

  void read_expect(const Node& map, TrialStep& step) {
    const yaml::Entry* entry = map.entry("expect");
    if (entry == nullptr || !entry->value.is_map() || entry->value.entries.empty()) {
      return wrong(entry == nullptr ? map.at : entry->value.at,
                   "`expect` says what the answer is: {effect: deny, code: constraint}");
    }
    step.expect_at = entry->key_at;
    step.extent = extent_of(text_, *entry);
    std::vector<std::string> names;
    for (const Expectable& row : expectable()) names.emplace_back(row.name);
    known_keys(entry->value, names);
    for (const yaml::Entry& member : entry->value.entries) read_expected(member, step);
  }

  void read_expected(const yaml::Entry& member, TrialStep& step) {
    const auto rows = expectable();
    const auto row = std::ranges::find(rows, member.key, &Expectable::name);
    if (row == rows.end()) return;
    Expected expected{member.key, {}};
    if (row->form == ExpectedForm::list && member.value.is_sequence()) {
      for (const Node& item : member.value.items) expected.values.push_back(item.text);
    } else if (member.value.is_scalar()) {
      expected.values.push_back(member.value.text);
    } else {
      return wrong(member.value.at, fmt::format("`{}` is {}: expected {}", member.key,
                                                member.value.described(), row->says));
    }
    check_word(row->form, member, expected.values);
    step.expected.push_back(std::move(expected));
  }

  // A word that no answer can ever have is a mistake of the test, not a failure of the policy.
  void check_word(ExpectedForm form, const yaml::Entry& member,
                  const std::vector<std::string>& values) {
    const std::string& word = values.empty() ? member.value.text : values.front();
    const std::string shown = escape_untrusted(word);
    Code code{};
    switch (form) {
      case ExpectedForm::effect:
        if (word == "allow" || word == "notify" || word == "hold" || word == "deny") return;
        return wrong(
            member.value.at,
            fmt::format("`{}` is not an effect: expected allow, notify, hold or deny", shown));
      case ExpectedForm::code:
        if (parse_code(word, code)) return;
        return wrong(member.value.at, fmt::format("`{}` is not a code of an answer", shown));
      case ExpectedForm::truth:
        if (word == "true" || word == "false") return;
        return wrong(member.value.at, fmt::format("`{}` is true or false", member.key));
      case ExpectedForm::text:
      case ExpectedForm::count:
      case ExpectedForm::list:
        return;
    }
  }

  std::string_view text_, file_;
  std::string file_now_;
  TrialFile out_;
};

}  // namespace

TrialFile read_trials(std::string_view text, std::string_view file) {
  return TrialReader(text, file).read();
}

}  // namespace pawl
