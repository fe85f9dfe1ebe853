#include "kernel/admit/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/access.h"
#include "model/access.h"

namespace pawl {

namespace {

void put_names(std::string_view key, const std::vector<std::string>& names, json::Writer& out) {
  out.key(key).array();
  for (const std::string& name : names) out.string(name);
  out.end();
}

std::uint64_t settled_calls(const Run& run, const ToolRule& entry) {
  const auto counts = run.entries.find(entry.key);
  return counts == run.entries.end() ? 0 : counts->second.calls.settled;
}

bool has_the_arguments(const Grant& grant, json::View arguments) {
  return std::ranges::all_of(grant.arguments, [&](const GrantedArgument& wanted) {
    const json::View value = arguments[wanted.name];
    return value.exists() && granted_digest(grant.id, wanted.name, value) == wanted.digest;
  });
}

// Calls under way count: they may all come to be.
bool used_up(const Grant& grant, const Run& run, const ToolRule& entry) {
  if (grant.calls == 0) return false;
  const auto counts = run.entries.find(entry.key);
  const std::uint64_t now = counts == run.entries.end() ? 0 : counts->second.calls.total();
  return now >= grant.before && now - grant.before >= grant.calls;
}

std::string target_of(const Situation& s) {
  const std::string_view tool = asked_for(s.call.tool).value_or("");
  return s.call.server.empty() ? std::string(tool)
                               : std::string(s.call.server) + "/" + std::string(tool);
}

BoundTool wanted_tool(const Situation& s) {
  return bind(s.policy, *s.tool->wanted_entry, s.tool->wanted, s.now);
}

bool beyond(const Situation& s, std::string says, Verdict& v) {
  return object(v, Code::constraint, &s.tool->entry->rule, std::move(says));
}

// The arguments that every call is to have, by the rules that every call will have to pass.
bool asks_for_wider_arguments(const Situation& s, json::View asked, Verdict& v) {
  if (!asked.exists()) return false;
  const BoundTool bound = wanted_tool(s);
  if (!bound.misfits.empty()) {
    return object(v, Code::schema, &s.tool->entry->rule,
                  "its line does not fit the tool: " + bound.misfits.front().message);
  }
  for (const ArgumentRule& rule : bound.arguments) {
    if (rule.path.empty() || !asked[rule.path.front().name].exists()) continue;
    std::vector<Rewrite> unused;
    auto violation = evaluate(rule, asked, bound.shape(), {}, unused);
    if (!violation) continue;
    // The rule of the bound tool goes with it; the line stays.
    object(v, violation->code, &s.tool->entry->rule,
           violation->says + ", and a grant cannot exceed what the policy lets the agent ask for");
    v.reason.argument = std::move(violation->argument);
    return true;
  }
  auto unknown = evaluate_unnamed(asked, bound.shape(), bound.named, s.tool->entry->rule);
  if (!unknown) return false;
  object(v, unknown->code, &s.tool->entry->rule, std::move(unknown->says));
  v.reason.argument = std::move(unknown->argument);
  return true;
}

bool asks_for_more_than_its_line(const Situation& s, const AccessWanted& wanted, Verdict& v) {
  const Askable& line = *s.tool->line;
  if (wanted.lasts && *wanted.lasts > line.lasts) {
    return beyond(s, "it may be asked for " + to_string(line.lasts) + " at most", v);
  }
  const auto& most = line.what.max_calls_per_run;
  if (most && wanted.calls.value_or(*most) > *most) {
    return beyond(s, fmt::format("it may be asked for {} calls at most", *most), v);
  }
  return asks_for_wider_arguments(s, wanted.arguments, v);
}

}  // namespace

std::string line_digest(const Policy& policy, const Askable& line, const ToolRule& entry) {
  json::Writer out;
  out.object().key("agent").string(policy.agent);
  out.key("args").string(spelled_rules(entry.arguments));
  out.key("calls").natural(line.what.max_calls_per_run.value_or(0));
  if (entry.stated_class) out.key("class").string(to_string(*entry.stated_class));
  out.key("credential").string(entry.credential);
  out.key("environment").string(to_string(policy.environment));
  out.key("identity").string(policy.identity);
  out.key("lasts_ns").integer(line.lasts.ns);
  put_names("names", line.what.names, out);
  put_names("reviewers", line.what.approval.reviewers, out);
  out.end();
  return to_string(sha256({"pawl grant line v1\n", out.text()}));
}

std::string granted_digest(std::string_view grant, std::string_view argument, json::View value) {
  const std::string text = json::write(value);
  json::Writer name;
  name.string(argument);
  return to_string(sha256({"pawl granted v1\n", grant, "\n", name.text(), "\n", text}));
}

std::size_t live_grants(const Run& run, Instant now) {
  return static_cast<std::size_t>(
      std::ranges::count_if(run.grants, [&](const Grant& grant) { return now < grant.until; }));
}

const Grant* grant_for(const Situation& s, std::string& why) {
  why = "no entry of the policy grants it; it may be asked for";
  const std::string name = s.call.name();
  std::string line;
  for (const Grant& grant : s.run.grants) {
    if (grant.tool != name) continue;
    if (line.empty()) line = line_digest(s.policy, *s.tool->line, *s.tool->entry);
    if (s.facts.clock_suspect) {
      why = "it was granted for a time, and the time is not known";
    } else if (s.now >= grant.until) {
      why = "it was granted, and its time is over";
    } else if (grant.line != line) {
      why = "it was granted under another line of the policy";
    } else if (used_up(grant, s.run, *s.tool->entry)) {
      why = fmt::format("it was granted for {} calls, and they are used up", grant.calls);
    } else if (!has_the_arguments(grant, s.call.arguments)) {
      why = "it was granted for other arguments";
    } else {
      return &grant;
    }
  }
  return nullptr;
}

AccessGiven access_given(const Situation& s) {
  const Askable& line = *s.tool->line;
  const auto wanted = read_access(s.call.arguments);
  AccessGiven given;
  given.tool = target_of(s);
  given.line = line_digest(s.policy, line, *s.tool->wanted_entry);
  given.before = settled_calls(s.run, *s.tool->wanted_entry);
  if (!wanted) return given;  // not after the stages; nothing lasts no time
  given.lasts = wanted->lasts.value_or(line.lasts);
  given.calls = wanted->calls.value_or(line.what.max_calls_per_run.value_or(0));
  given.arguments = wanted->arguments;
  return given;
}

namespace {

std::string sentence_of(const Situation& s, Duration lasts, std::uint64_t calls) {
  std::string out = "`" + escape_untrusted(target_of(s).substr(0, shown_name_bytes_max)) + "` (" +
                    to_string(wanted_tool(s).action_class) + ") for " + to_string(lasts);
  if (calls > 0) out += fmt::format(", at most {} {}", calls, calls == 1 ? "call" : "calls");
  return out;
}

}  // namespace

std::string access_sentence(const Situation& s) {
  const AccessGiven given = access_given(s);
  std::string out = sentence_of(s, given.lasts, given.calls);
  const std::uint32_t fixed = given.arguments.size();
  if (fixed > 0) {
    out += fmt::format(", with {} fixed {}", fixed, fixed == 1 ? "argument" : "arguments");
  }
  return out;
}

bool deny_access(const Situation& s, Verdict& v) {
  if (s.tool->wanted_entry == nullptr) return false;
  const std::string_view tool = asked_for(s.call.tool).value_or("");
  if (const BlockedName* blocked = s.policy.blocks(s.call.server, tool)) {
    return object(v, Code::blocked, &blocked->rule, "what it asks for is blocked");
  }
  if (const Kill* kill = s.state.killed(s.run.agent, s.run.id, target_of(s))) {
    return object(v, Code::killed, nullptr,
                  "the kill switch is set for what it asks for: " + kill->id);
  }
  const auto wanted = read_access(s.call.arguments);
  if (!wanted) return beyond(s, wanted.error().message, v);
  if (live_grants(s.run, s.now) >= grants_per_run_max) {
    return object(v, Code::ceiling, &s.tool->entry->rule,
                  fmt::format("this run has {} grants already", grants_per_run_max));
  }
  return asks_for_more_than_its_line(s, *wanted, v);
}

void ask_access(const Situation& s, Asked& asked) {
  if (s.tool->wanted_entry == nullptr) return;
  const ToolRule& line = s.tool->line->what;
  // What its line lets be granted at most: a reviewer who grants less answers the same question.
  asked.ask(&s.tool->entry->rule,
            "the agent asks for " +
                sentence_of(s, s.tool->line->lasts, line.max_calls_per_run.value_or(0)));
}

}  // namespace pawl
