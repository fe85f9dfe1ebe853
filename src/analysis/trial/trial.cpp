#include "analysis/trial/trial.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "analysis/trial/extent.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl {

namespace {

// What an answer says to one expectation. Nothing: the answer has no such member.
std::optional<std::vector<std::string>> texts_of(json::View list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::View item : list.elements()) {
    if (item.is_string()) texts.emplace_back(item.string());
  }
  return texts;
}

std::optional<std::vector<std::string>> one(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return std::vector<std::string>{std::string(*text)};
}

std::string effect_of(json::View root) {
  const std::string effect(root.text("effect").value_or(""));
  // The contract says `allow` and adds an obligation; a reader of tests says `notify`.
  if (effect == "allow" && root["obligations"]["notify"].exists()) return "notify";
  return effect;
}

std::optional<std::vector<std::string>> found_in(json::View root, std::string_view name) {
  const json::View obligations = root["obligations"];
  const json::View approval = obligations["approval"];
  if (name == "effect") return one(effect_of(root));
  if (name == "code" || name == "rule" || name == "reason" || name == "class") {
    return one(root.text(name));
  }
  if (name == "at") return one(root.text("rule"));
  if (name == "halts") return one(obligations["halt"].exists() ? "true" : "false");
  if (name == "withheld") return texts_of(obligations["withheld"]);
  if (!approval.exists()) return std::nullopt;
  if (name == "reviewers") return texts_of(approval["reviewers"]);
  return one(json::write(approval[name]));
}

// `args.to` is a part of `tools/send_mail/args/to/from`, from one slash to another.
bool lies_at(std::string_view rule, std::string_view part) {
  std::string wanted(part);
  std::ranges::replace(wanted, '.', '/');
  const std::string path = fmt::format("/{}/", rule);
  return path.find(fmt::format("/{}/", wanted)) != std::string::npos;
}

bool fits(const Expected& expected, const std::optional<std::vector<std::string>>& found) {
  if (!found) return false;
  const std::string& word = expected.values.empty() ? std::string() : expected.values.front();
  if (expected.name == "reason") return found->front().find(word) != std::string::npos;
  if (expected.name == "at") return lies_at(found->front(), word);
  return *found == expected.values;
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::vector<Mismatch> differences(const TrialStep& step, json::View root) {
  std::vector<Mismatch> all;
  for (const Expected& expected : step.expected) {
    const auto found = found_in(root, expected.name);
    if (fits(expected, found)) continue;
    all.push_back(
        {expected.name, joined(expected.values), found ? joined(*found) : std::string("nothing")});
  }
  return all;
}

std::string with_run(const std::string& line) {
  return R"({"run":"test",)" + line.substr(1);
}

StepResult run_step(const TrialStep& step, const Answerer& answer, Reached& reached) {
  StepResult result;
  result.step = &step;
  const std::string line = with_run(step.line);
  for (std::uint64_t time = 1; time <= step.times; ++time) {
    result.answer = answer(line);
    const auto parsed = json::parse(result.answer);
    if (!parsed) {
      result.failed_at = time;
      result.differences = {{"effect", "an answer", "what is not JSON"}};
      return result;
    }
    const json::View root = parsed->root();
    result.effect = effect_of(root);
    result.code = root.text("code").value_or("");
    result.rule = root.text("rule").value_or("");
    result.reason = root.text("reason").value_or("");
    if (!result.rule.empty()) ++reached[result.rule];
    result.differences = differences(step, root);
    if (result.differences.empty()) continue;
    result.failed_at = time;
    return result;
  }
  return result;
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  constexpr std::string_view marks = "_-./$@";
  return std::ranges::all_of(text, [&marks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::string to_string(const std::string& text) {
  if (plain(text)) return text;
  std::string quoted;
  json::write_string(text, quoted);
  return quoted;
}

std::string to_string(const Expected& expected, const std::vector<std::string>& values) {
  std::vector<std::string> words;
  for (const std::string& value : values) words.push_back(to_string(value));
  const auto rows = expectable();
  const auto row = std::ranges::find(rows, expected.name, &Expectable::name);
  const std::string text = fmt::format("{}", fmt::join(words, ", "));
  return row != rows.end() && row->form == ExpectedForm::list ? "[" + text + "]" : text;
}

std::string expectation(const StepResult& result) {
  const auto parsed = json::parse(result.answer);
  std::vector<std::string> members;
  for (const Expected& expected : result.step->expected) {
    const auto found = parsed ? found_in(parsed->root(), expected.name) : std::nullopt;
    if (!found) continue;
    // A part that still fits is the author's choice of words.
    const auto& values = fits(expected, found) ? expected.values : *found;
    members.push_back(fmt::format("{}: {}", expected.name, to_string(expected, values)));
  }
  return fmt::format("expect: {{{}}}", fmt::join(members, ", "));
}

}  // namespace

bool TrialResult::passed() const {
  return std::ranges::all_of(steps, [](const StepResult& step) { return step.failed_at == 0; });
}

TrialResult run_trial(const Trial& trial, const Answerer& answer, Reached& reached) {
  TrialResult result;
  result.trial = &trial;
  for (const TrialStep& step : trial.steps) {
    result.steps.push_back(run_step(step, answer, reached));
  }
  return result;
}

std::string accepted(std::string_view text, const std::vector<TrialResult>& results) {
  std::vector<std::pair<Extent, std::string>> replacements;
  for (const TrialResult& result : results) {
    for (const StepResult& step : result.steps) {
      if (step.failed_at == 0 || !json::parse(step.answer)) continue;
      replacements.emplace_back(step.step->extent, expectation(step));
    }
  }
  return replace_extents(text, std::move(replacements));
}

}  // namespace pawl
