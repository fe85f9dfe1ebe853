#include "node/common/audit_filter.h"

#include "base/text.h"

namespace pawl::node {
namespace {

std::string visible_text(json::View record, std::string_view name) {
  return std::string(record.text(name).value_or(""));
}

// `server/tool` fits by either spelling: the whole name, or the tool alone.
bool same_tool(std::string_view full, std::string_view wanted) {
  if (full == wanted) return true;
  return full.size() > wanted.size() && full.ends_with(wanted) &&
         full[full.size() - wanted.size() - 1] == '/';
}

}  // namespace

std::string AuditFilter::run_of(json::View record) {
  if (std::string stated = visible_text(record, "run"); !stated.empty()) return stated;
  if (visible_text(record, "scope") == "run") return visible_text(record, "name");
  const auto asked = questions_.find(visible_text(record, "approval"));
  return asked == questions_.end() ? std::string() : asked->second.run;
}

std::string AuditFilter::agent_of(json::View record, const std::string& in_run) {
  if (std::string stated = visible_text(record, "agent"); !stated.empty()) return stated;
  if (visible_text(record, "scope") == "agent") return visible_text(record, "name");
  const auto opened = agents_.find(in_run);
  return opened == agents_.end() ? std::string() : opened->second;
}

std::string AuditFilter::tool_of(json::View record) {
  const std::string stated = visible_text(record, "tool");
  const std::string server = visible_text(record, "server");
  if (!stated.empty()) return server.empty() ? stated : server + "/" + stated;
  if (visible_text(record, "scope") == "tool") return visible_text(record, "name");
  const auto asked = questions_.find(visible_text(record, "approval"));
  if (asked != questions_.end()) return asked->second.tool;
  const auto call = calls_.find(visible_text(record, "call"));
  return call == calls_.end() ? std::string() : call->second;
}

bool AuditFilter::is_of_person(json::View record, const std::string& in_run) {
  for (const std::string_view member : {"person", "by", "sponsor"}) {
    if (record.text(member).value_or("") == person) return true;
  }
  // What people did in a run is theirs, and the rest is of the one who started it.
  const auto started = sponsors_.find(in_run);
  return record.text("type") == "call.decided" && started != sponsors_.end() &&
         started->second == person;
}

// A call is known by its arguments when it is decided; what follows names the call or its question.
bool AuditFilter::is_of_argument(json::View record) {
  const std::string call = visible_text(record, "call");
  const std::string approval = visible_text(record, "approval");
  const auto known = [this](const std::string& id) {
    return !id.empty() && touching_.contains(id);
  };
  const std::string args = visible_text(record, "args");
  bool has = known(call) || known(approval);
  if (!has && !args.empty() && payload) has = fold(payload(args)).contains(fold(argument));
  if (has && !call.empty()) touching_.insert(call);
  if (has && !approval.empty()) touching_.insert(approval);
  if (record.text("type") == "call.ended") touching_.erase(call);
  return has;
}

bool AuditFilter::wants(json::View record) {
  const std::string type = visible_text(record, "type");
  const std::string in_run = run_of(record);
  const std::string of_tool = of_last_ = tool_of(record);
  const std::string of_agent = agent_of(record, in_run);
  if (type == "run.opened") agents_[in_run] = of_agent;
  if (type == "run.opened") sponsors_[in_run] = visible_text(record, "sponsor");
  if (type == "approval.opened") questions_[visible_text(record, "approval")] = {in_run, of_tool};
  if (type == "call.decided" && visible_text(record, "effect") != "deny") {
    calls_[visible_text(record, "call")] = of_tool;
  }
  if (type == "call.ended") calls_.erase(visible_text(record, "call"));

  if (!run.empty() && in_run != run) return false;
  if (!tool.empty() && !same_tool(of_tool, tool)) return false;
  if (!agent.empty() && of_agent != agent) return false;
  if (!person.empty() && !is_of_person(record, in_run)) return false;
  if (!argument.empty() && !is_of_argument(record)) return false;
  if (!effect.empty() && visible_text(record, "effect") != effect) return false;
  if (!code.empty() && visible_text(record, "code") != code) return false;
  if (!since && !until) return true;
  const auto at = parse_instant(visible_text(record, "at"));
  if (!at) return false;
  return (!since || *at >= *since) && (!until || *at < *until);
}

std::optional<Instant> moment_of(std::string_view text, Instant now) {
  if (const auto ago = parse_duration(text)) return Instant{now.ns - ago->ns};
  if (const auto at = parse_instant(text)) return *at;
  if (const auto day = parse_instant(std::string(text) + "T00:00:00Z")) return *day;
  return std::nullopt;
}

}  // namespace pawl::node
