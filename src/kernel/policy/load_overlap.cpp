// What only all names of a file together can tell (rules 2, 3 and 11).
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "kernel/classify/classify.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

struct WrittenName {
  std::string name;
  Position at;
  std::uint32_t entry;
  NamePattern pattern;
};

std::vector<WrittenName> written_names(const Build& build) {
  std::vector<WrittenName> names;
  for (const ToolRule& tool : build.policy.tools) {
    for (const std::string& name : tool.names) {
      auto pattern = parse_name(name);
      const auto at = build.written_names.find(name);
      if (pattern && at != build.written_names.end()) {
        names.push_back({name, at->second, tool.index, std::move(*pattern)});
      }
    }
  }
  return names;
}

// Two exact names that no server could offer side by side.
void check_spellings(Build& build, const std::vector<WrittenName>& names) {
  std::unordered_map<std::string, const WrittenName*> folded;
  for (const WrittenName& name : names) {
    const auto [first, fresh] = folded.try_emplace(fold(name.pattern.text()), &name);
    if (fresh || first->second->name == name.name) continue;
    build.reading.mistake(
        name.at,
        fmt::format("`{}` is the same name as `{}` in line {}", escape_untrusted(name.name),
                    escape_untrusted(first->second->name), first->second->at.line));
  }
}

void check_overlap(Build& build, const WrittenName& a, const WrittenName& b) {
  if (a.entry == b.entry || !a.pattern.overlaps(b.pattern)) return;
  const bool a_wider = a.pattern.contains(b.pattern);
  const bool b_wider = b.pattern.contains(a.pattern);
  if (a_wider != b_wider) return;                               // the more specific one wins
  if (a_wider && a.pattern.text() == b.pattern.text()) return;  // reported as the same name
  build.reading.mistake(
      b.at,
      fmt::format("`{}` and `{}` in line {} name some of the same tools, and neither contains "
                  "the other: name the shared tools in an entry of their own",
                  escape_untrusted(b.name), escape_untrusted(a.name), a.at.line));
}

void check_overlaps(Build& build, const std::vector<WrittenName>& names) {
  std::vector<const WrittenName*> exact, globs;
  for (const WrittenName& name : names) {
    (name.pattern.glob() ? globs : exact).push_back(&name);
  }
  if (globs.size() > limits::globs_max) {
    build.reading.mistake(globs[limits::globs_max]->at,
                          fmt::format("more than {} globs", limits::globs_max));
    return;
  }
  for (std::size_t i = 0; i < globs.size(); ++i) {
    for (std::size_t j = i + 1; j < globs.size(); ++j) check_overlap(build, *globs[i], *globs[j]);
    for (const WrittenName* name : exact) {
      const bool before = name->at.line < globs[i]->at.line;
      check_overlap(build, before ? *name : *globs[i], before ? *globs[i] : *name);
    }
  }
}

// A name that is allowed and blocked can never be called.
void check_blocked(Build& build, const std::vector<WrittenName>& names) {
  struct Blocked {
    NamePattern pattern;
    const Rule* rule;
  };
  std::unordered_map<std::string, const Rule*> exact;
  std::vector<Blocked> all, globs;
  for (const BlockedName& blocked : build.policy.blocked) {
    auto pattern = parse_name(blocked.folded);
    if (!pattern) continue;
    if (!pattern->glob()) exact.try_emplace(pattern->text(), &blocked.rule);
    if (pattern->glob()) globs.push_back({*pattern, &blocked.rule});
    all.push_back({std::move(*pattern), &blocked.rule});
  }
  for (const WrittenName& name : names) {
    const auto folded = parse_name(fold(name.name));
    if (!folded) continue;
    const Rule* by = nullptr;
    if (!folded->glob()) {
      for (const std::string& text : {folded->text(), folded->tool.text()}) {
        if (const auto found = exact.find(text); found != exact.end()) by = found->second;
      }
    }
    for (const Blocked& blocked : folded->glob() ? all : globs) {
      if (by == nullptr && blocked.pattern.contains(*folded)) by = blocked.rule;
    }
    if (by == nullptr) continue;
    build.reading.mistake(
        name.at, fmt::format("`{}` is allowed here and blocked in line {}, so it can never "
                             "be called",
                             escape_untrusted(name.name), by->at.line));
  }
}

std::vector<std::string> risk_paths(const Build& build) {
  std::vector<std::string> paths;
  for (const ToolRule& tool : build.policy.tools) {
    if (tool.stated_class) {
      paths.push_back(tool.class_rule.path);
      // One name of a list may be accepted alone.
      for (const std::string& name : tool.names) paths.push_back("tools/" + name + "/class");
    }
    for (const Case& one : tool.cases.list) {
      if (one.action_class) paths.push_back(one.class_rule.path);
    }
    const std::string asked = tool.rule.path + "/requires_approval";
    if (!tool.requires_approval && tool.approval_rule.path == asked) paths.push_back(asked);
  }
  const Ceilings& ceilings = build.policy.ceilings;
  for (const Rule* rule : {&ceilings.tokens_rule, &ceilings.cost_rule}) {
    if (!rule->path.empty()) paths.push_back(rule->path);
  }
  return paths;
}

}  // namespace

void check_names(Build& build) {
  if (build.written_names.size() > limits::tool_names_max) {
    build.reading.mistake(build.policy.default_rule.at,
                          fmt::format("more than {} names of tools", limits::tool_names_max));
    return;
  }
  const std::vector<WrittenName> names = written_names(build);
  check_spellings(build, names);
  check_overlaps(build, names);
  check_blocked(build, names);
}

namespace {

// `path` is where the risk of stating this class for this one name may be accepted.
void check_stated_class(Build& build, Class stated, const Rule& rule, const std::string& name,
                        const std::string& path) {
  const auto pattern = parse_name(name);
  if (!pattern || pattern->glob()) return;
  const Placement placement = classify_name(pattern->tool.text(), build.policy.packs);
  if (!placement.placed || !less_dangerous(stated, placement.action_class)) return;
  const bool accepted = std::ranges::any_of(build.policy.risks, [&](const AcceptedRisk& risk) {
    return risk.path == path || risk.path == rule.path;
  });
  if (accepted) return;
  build.reading.mistake(
      rule.at,
      fmt::format("`{}` is stated for `{}`, and its name says `{}` ({}): accept the risk with "
                  "`accept_risk: [{{rule: \"{}\", …}}]`, or state that class",
                  to_string(stated), escape_untrusted(name), to_string(placement.action_class),
                  placement.why, escape_untrusted(path)));
}

}  // namespace

void check_stated_classes(Build& build) {
  for (const ToolRule& tool : build.policy.tools) {
    for (const std::string& name : tool.names) {
      if (!build.written_names.contains(name)) continue;  // a second one, for a server's defaults
      if (tool.stated_class) {
        check_stated_class(build, *tool.stated_class, tool.class_rule, name,
                           "tools/" + name + "/class");
      }
      for (const Case& one : tool.cases.list) {
        if (!one.action_class) continue;
        check_stated_class(build, *one.action_class, one.class_rule, name, one.class_rule.path);
      }
    }
  }
}

void check_risks(Build& build) {
  const std::vector<std::string> paths = risk_paths(build);
  std::unordered_map<std::string, std::uint32_t> seen;
  for (const AcceptedRisk& risk : build.policy.risks) {
    const auto [first, fresh] = seen.try_emplace(risk.path, risk.rule.at.line);
    if (!fresh) {
      build.reading.mistake(risk.rule.at,
                            fmt::format("the risk `{}` is accepted twice; the first is in line {}",
                                        escape_untrusted(risk.path), first->second));
      continue;
    }
    if (std::ranges::find(paths, risk.path) != paths.end()) continue;
    const std::string near = closest_match(risk.path, paths);
    build.reading.mistake(
        risk.rule.at,
        fmt::format("no rule of this file at `{}` can have its risk accepted{}",
                    escape_untrusted(risk.path),
                    near.empty()
                        ? std::string(": expected `tools/NAME/class` of a tool that states "
                                      "its class, `tools/NAME/requires_approval` of one that "
                                      "states false, or a ceiling that is not metered")
                        : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
  }
}

}  // namespace pawl
