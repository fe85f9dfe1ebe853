#include "kernel/admit/explain.h"

#include <memory>
#include <utility>

#include "base/text.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/in_words.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// A foreign name, made safe for a sentence.
std::string shown(std::string_view name) {
  const bool cut = name.size() > shown_name_bytes_max;
  std::string out = escape_untrusted(name.substr(0, shown_name_bytes_max));
  if (cut) out += "…";
  return "`" + out + "`";
}

std::string subject_of(const Call& call) {
  return shown(call.server.empty() ? std::string(call.tool) : call.name());
}

std::string in_brackets(const Rule* rule) {
  const std::string place = place_of(rule);
  return place.empty() ? "" : " (" + place + ")";
}

std::string because(const Reason& reason) {
  std::string out;
  if (!reason.argument.empty()) out = shown(reason.argument) + " ";
  out += escape_untrusted(reason.says);
  return out.empty() ? "" : ": " + out;
}

// What is possible where the author wrote nothing.
std::string_view possible(Code code) {
  switch (code) {
    case Code::not_granted:
      return "use a tool that the tool list offers";
    case Code::blocked:
      return "nothing else reaches this; ask the person you work for";
    case Code::constraint:
      return "call it with arguments that the policy allows";
    case Code::schema:
      return "call it with arguments that its schema and the policy allow";
    case Code::origin:
      return "use a value that the person you work for gave";
    case Code::tool_changed:
      return "a person has to accept the tool's definition first, with `pawl accept`";
    case Code::frozen:
      return "wait for the end of the freeze";
    case Code::not_in_state:
      return "take the step that is expected now";
    case Code::approval_pending:
      return "go on with something else and call again later";
    case Code::approval_rejected:
      return "do not ask again for the same; ask the person why";
    case Code::approval_expired:
      return "ask again when a reviewer is there";
    case Code::run_halted:
    case Code::killed:
      return "stop; only a person can let this run go on";
    case Code::ceiling:
      return "do what is left within the limits, or stop and report";
    case Code::rate:
      return "wait a minute";
    case Code::identity:
      return "stop; the run was set up with another policy";
    case Code::ambiguous_request:
      return "send one plain text that can be read in one way only";
    case Code::cancelled:
    case Code::upstream_failed:
    case Code::audit_unavailable:
      return "call again later";
    case Code::none:
    case Code::internal:
      return "report this to the person you work for";
  }
  return "report this to the person you work for";
}

}  // namespace

std::string place_of(const Rule* rule) {
  if (rule == nullptr || rule->at.file.empty()) return {};
  std::string out = escape_untrusted(rule->at.file);
  if (rule->at.line > 0) out += ":" + std::to_string(rule->at.line);
  return out;
}

std::string reason_text(const Verdict& verdict, const Call& call) {
  std::string out = subject_of(call);
  switch (verdict.effect) {
    case Effect::allow:
      out += " is allowed";
      break;
    case Effect::notify:
      out += " is allowed, and the people of `notify` are told";
      break;
    case Effect::contain:
      out += " runs contained";
      break;
    case Effect::hold:
      out += " waits for a person";
      break;
    case Effect::deny:
      out += " is not allowed";
      break;
  }
  return out + because(verdict.reason) + in_brackets(verdict.reason.rule);
}

namespace {

// What the check permits that refused the call, or all checks of its argument; empty: it is not
// named. An entry with `instead` says what its author wrote, and no list.
std::string permitted(const ToolRule& entry, const Rule* refused) {
  const auto words = [](const ArgumentRule& rule, const Check& check) {
    Check shown = check;
    if (shown.path) {
      PathCheck open = *shown.path;
      open.not_in.clear();
      shown.path = std::make_shared<const PathCheck>(std::move(open));
    }
    return shown_name(rule.name()) + ": " + in_words(shown, Entries::said);
  };
  // A tool that is bound has rules of its own: they are known by what they are called.
  const auto is = [refused](const Rule& rule) {
    return refused != nullptr && rule.path == refused->path && rule.at.line == refused->at.line &&
           rule.at.column == refused->at.column;
  };
  for (const ArgumentRule& rule : entry.arguments) {
    const bool whole = is(rule.rule);
    std::string out;
    for (const Check& check : rule.checks) {
      if (!traits(check.kind).is_named || (!whole && !is(check.rule))) continue;
      out += (out.empty() ? "" : "; ") + words(rule, check);
    }
    if (!out.empty()) return out;
  }
  return {};
}

// What the deciding rule says goes before what the entry says.
Words words_of(const Verdict& verdict, const ToolRule* entry) {
  Words words = verdict.reason.words == nullptr ? Words{} : *verdict.reason.words;
  if (entry == nullptr) return words;
  if (words.say.empty()) words.say = entry->say;
  if (words.instead.empty()) words.instead = entry->instead;
  return words;
}

}  // namespace

std::string denial_text(const Verdict& verdict, const Call& call, const ToolRule* entry) {
  std::string out = subject_of(call) + " was not done [" +
                    std::string(to_string(verdict.reason.code)) + "]" + because(verdict.reason) +
                    in_brackets(verdict.reason.rule);
  std::string instead(possible(verdict.reason.code));
  const Words words = words_of(verdict, entry);
  if (!words.say.empty() && verdict.effect == Effect::deny)
    out += "; " + escape_untrusted(words.say);
  const bool argued =
      verdict.reason.code == Code::constraint || verdict.reason.code == Code::schema;
  if (!words.instead.empty()) {
    instead = escape_untrusted(words.instead);
  } else if (const std::string list =
                 entry == nullptr || !argued ? "" : permitted(*entry, verdict.reason.rule);
             !list.empty()) {
    instead = "call it with what the policy permits, " + list;
  }
  out += "\ninstead: " + instead + "\nretry: ";
  if (verdict.halt) return out + "no, the run is halted with this call";
  return out + (verdict.retry || retryable(verdict.reason.code)
                    ? "the same call may succeed later"
                    : "the same call will be denied again");
}

std::string decision_json(const Verdict& verdict, const Policy& policy, const std::string& call_id,
                          const std::string& approval_id) {
  json::Writer out;
  out.object();
  if (!approval_id.empty()) out.key("approval").string(approval_id);
  out.key("code").string(to_string(verdict.reason.code));
  if (!call_id.empty()) out.key("decision").string(call_id);
  out.key("effect").string(to_string(verdict.effect));
  out.key("policy").string(to_string(policy.digest));
  out.key("retryable").boolean(verdict.retry || retryable(verdict.reason.code));
  if (verdict.reason.rule != nullptr) {
    out.key("rule").string(verdict.reason.rule->path);
    const std::string place = place_of(verdict.reason.rule);
    if (!place.empty()) out.key("rule_at").string(place);
  }
  out.end();
  return out.take();
}

}  // namespace pawl
