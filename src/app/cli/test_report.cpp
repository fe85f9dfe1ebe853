#include "app/cli/test_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {
namespace {

std::string by_which(const StepResult& step) {
  std::string text = step.effect;
  if (!step.code.empty() && step.code != "none") text += " [" + step.code + "]";
  if (!step.rule.empty()) text += " by " + escape_untrusted(step.rule);
  return text;
}

std::string what_decided(const StepResult& step) {
  std::string text = by_which(step);
  if (!step.reason.empty()) text += ": " + escape_untrusted(step.reason);
  return text;
}

std::string differing(const StepResult& step) {
  std::string text;
  for (const Mismatch& difference : step.differences) {
    text += fmt::format("      {:<9} expected {}, found {}\n", difference.name,
                        escape_untrusted(difference.expected), escape_untrusted(difference.found));
  }
  return text;
}

std::string call_of(const StepResult& step) {
  const std::string which =
      step.step->times > 1 ? fmt::format(", time {} of {}", step.failed_at, step.step->times) : "";
  return fmt::format("    {} `{}`{}\n", escape_untrusted(to_string(step.step->expect_at)),
                     escape_untrusted(step.step->tool), which);
}

// Text inside of XML: what XML cannot hold is made visible first.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : escape_untrusted(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string junit_case(const TestedFile& file, const TrialResult& result) {
  std::string text =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
                  xml(file.path), xml(result.trial->name), xml(file.path), result.trial->at.line);
  if (result.passed()) return text + "/>\n";
  text += ">\n";
  for (const StepResult& step : result.steps) {
    if (step.failed_at == 0) continue;
    std::string differences;
    for (const Mismatch& one : step.differences) {
      differences += fmt::format("{}: expected {}, found {}; ", one.name, one.expected, one.found);
    }
    text += fmt::format("      <failure message=\"{}\">{}</failure>\n", xml(differences),
                        xml(what_decided(step)));
  }
  return text + "    </testcase>\n";
}

void put_step(const StepResult& step, json::Writer& out) {
  out.object().key("code").string(step.code).key("differences").array();
  for (const Mismatch& one : step.differences) {
    out.object().key("expected").string(one.expected).key("found").string(one.found);
    out.key("name").string(one.name).end();
  }
  out.end().key("effect").string(step.effect).key("passed").boolean(step.failed_at == 0);
  out.key("reason").string(step.reason).key("rule").string(step.rule);
  out.key("tool").string(step.step->tool).end();
}

void put_coverage(const TestedFile& file, json::Writer& out) {
  out.key("coverage").array();
  for (const RuleReach& rule : file.coverage) {
    out.object().key("line").natural(rule.at.line).key("rule").string(rule.path);
    out.key("times").natural(rule.times).end();
  }
  out.end();
}

void put_file(const TestedFile& file, json::Writer& out) {
  out.object();
  put_coverage(file, out);
  out.key("errors").array();
  for (const Error& error : file.errors) out.string(to_string(error));
  out.end().key("file").string(file.path).key("policy").string(file.policy).key("tests").array();
  for (const TrialResult& result : file.results) {
    out.object().key("name").string(result.trial->name).key("passed").boolean(result.passed());
    out.key("steps").array();
    for (const StepResult& step : result.steps) put_step(step, out);
    out.end().end();
  }
  out.end().end();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  return split(text, '\n');
}

}  // namespace

std::size_t TestedFile::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const TrialResult& one) { return !one.passed(); }));
}

std::string test_text(const TestedFile& file) {
  std::string text;
  for (const TrialResult& result : file.results) {
    const StepResult* shown = result.steps.empty() ? nullptr : &result.steps.back();
    if (result.passed()) {
      text +=
          fmt::format("{}    {}{}\n", paint(Ink::good, "ok"), escape_untrusted(result.trial->name),
                      shown == nullptr ? "" : paint(Ink::dim, "  " + by_which(*shown)));
      continue;
    }
    text += fmt::format("{}  {}\n", paint(Ink::bad, "FAIL"), escape_untrusted(result.trial->name));
    for (const StepResult& step : result.steps) {
      if (step.failed_at == 0) continue;
      text += call_of(step) + differing(step);
      text += fmt::format("      decided   {}\n", what_decided(step));
    }
  }
  return text;
}

std::string coverage_text(const TestedFile& file) {
  std::vector<std::vector<std::string>> rows;
  std::size_t reached = 0;
  for (const RuleReach& rule : file.coverage) {
    if (rule.times > 0) {
      ++reached;
      continue;
    }
    rows.push_back({paint(Ink::warn, "never"), escape_untrusted(to_string(rule.at)),
                    escape_untrusted(rule.path)});
  }
  const std::string head =
      fmt::format("{}: {} of {} rules decided a call of the tests\n", escape_untrusted(file.policy),
                  reached, file.coverage.size());
  return head + (rows.empty() ? "" : table(rows));
}

std::string accept_text(const TestedFile& file, const std::string& before) {
  const auto old_lines = lines_of(before), new_lines = lines_of(file.accepted);
  std::string text;
  std::size_t a = 0, b = 0;
  while (a < old_lines.size() || b < new_lines.size()) {
    if (a < old_lines.size() && b < new_lines.size() && old_lines[a] == new_lines[b]) {
      ++a, ++b;
      continue;
    }
    // Until the texts meet again: the next line of the new text that the old one has.
    std::size_t resume = a;
    const auto meets = [&](std::size_t from) {
      return b + 1 >= new_lines.size() ||
             (from < old_lines.size() && old_lines[from] == new_lines[b + 1]);
    };
    while (resume < old_lines.size() && !meets(resume + 1)) ++resume;
    for (; a <= resume && a < old_lines.size(); ++a) {
      text += paint(Ink::bad, fmt::format("- {}", escape_untrusted(old_lines[a]))) + "\n";
    }
    if (b < new_lines.size()) {
      text += paint(Ink::good, fmt::format("+ {}", escape_untrusted(new_lines[b]))) + "\n";
      ++b;
    }
  }
  return text;
}

std::string test_json(const std::vector<TestedFile>& files) {
  json::Writer out;
  out.array();
  for (const TestedFile& file : files) put_file(file, out);
  return out.end().take();
}

std::string test_junit(const std::vector<TestedFile>& files) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const TestedFile& file : files) {
    text += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
                        xml(file.path), file.results.size() + file.errors.size(), file.failed(),
                        file.errors.size());
    for (const TrialResult& result : file.results) text += junit_case(file, result);
    for (const Error& error : file.errors) {
      text += fmt::format(
          "    <testcase classname=\"{}\" name=\"load\"><error message=\"{}\"/></testcase>\n",
          xml(file.path), xml(to_string(error)));
    }
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace pawl::app
