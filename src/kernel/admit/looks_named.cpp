// Looks at the arguments that say where a call works and with which credential.
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "kernel/admit/access.h"
#include "kernel/admit/argument_at.h"
#include "kernel/admit/looks.h"

namespace pawl {
namespace {

ExplainedStep look(const Rule& rule, std::string about, std::string seen) {
  ExplainedStep out;
  out.rule = &rule;
  out.about = std::move(about);
  out.seen.push_back(std::move(seen));
  return out;
}

}  // namespace

std::vector<ExplainedStep> looks_of_environment(const Situation& s) {
  const EnvironmentBy* by = s.tool->entry->environment_by.get();
  if (by == nullptr) return {};
  const std::string path = to_string(by->argument);
  const json::View at = argument_at(s.call.arguments, by->argument);
  ExplainedStep out = look(by->rule, "environment by `" + escape_untrusted(path) + "`",
                           at.exists() ? shown_value(path, at) : "absent");
  out.wants = fmt::format("one of {} values", by->values.size());
  return {std::move(out)};
}

std::vector<ExplainedStep> looks_of_credential(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  const CredentialBy* by = entry.credential_by.get();
  if (by == nullptr) {
    if (entry.credential.empty()) return {};
    return {look(entry.rule, "credential", "`" + escape_untrusted(entry.credential) + "`")};
  }
  const std::string path = to_string(by->argument);
  const json::View at = argument_at(s.call.arguments, by->argument);
  const std::string* found = at.is_string() ? by->find(at.string()) : nullptr;
  std::string seen = at.exists() ? shown_value(path, at) : "absent";
  if (found != nullptr) seen += ", so `" + escape_untrusted(*found) + "`";
  ExplainedStep out =
      look(by->rule, "credential by `" + escape_untrusted(path) + "`", std::move(seen));
  out.wants = fmt::format("one of {} values", by->values.size());
  return {std::move(out)};
}

std::vector<ExplainedStep> looks_of_grant(const Situation& s) {
  const Rule& rule = s.tool->entry->rule;
  if (s.tool->wanted_entry != nullptr) {
    return {look(rule, "request",
                 "`" + escape_untrusted(s.tool->line->what.key) + "` may be asked for")};
  }
  std::string why;
  const Grant* grant = grant_for(s, why);
  ExplainedStep out =
      look(rule, "grant", grant == nullptr ? why : grant->id + " until " + to_string(grant->until));
  out.wants = "one that people gave and that covers this call";
  return {std::move(out)};
}

std::vector<ExplainedStep> looks_of_access(const Situation& s) {
  if (s.tool->wanted_entry == nullptr) return {};
  ExplainedStep out = look(s.tool->entry->rule, "asks for", access_sentence(s));
  out.wants = "no more than its line, and a person who grants it";
  return {std::move(out)};
}

}  // namespace pawl
