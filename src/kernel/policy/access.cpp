#include "kernel/policy/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/access.h"

namespace pawl {
namespace {

constexpr std::int64_t minutes_max = 7 * 24 * 60;
constexpr std::int64_t calls_asked_max = 1'000'000'000;

// The members of the schema that a request has, by whichever name the tool is called.
void put_properties(json::Writer& out) {
  out.key("arguments").object();
  out.key("description").string("Arguments that every call will have, each exactly so.");
  out.key("type").string("object").end();
  out.key("calls").object();
  out.key("description").string("How many calls at most.");
  out.key("maximum").integer(calls_asked_max).key("minimum").integer(1);
  out.key("type").string("integer").end();
  out.key("minutes").object().key("description").string("For how long.");
  out.key("maximum").integer(minutes_max).key("minimum").integer(1);
  out.key("type").string("integer").end();
}

void put_why(json::Writer& out) {
  out.key("why").object();
  out.key("description").string("What it is for, in one sentence to the person who decides.");
  out.key("maxLength").natural(access_why_characters_max).key("minLength").integer(1);
  out.key("type").string("string").end();
}

std::string request_definition() {
  json::Writer out;
  out.object().key("description").string("Asks people for the use of a tool.");
  out.key("inputSchema").object().key("additionalProperties").boolean(false);
  out.key("properties").object();
  put_properties(out);
  put_why(out);
  out.end().key("required").array().string("why").end();
  out.key("type").string("object").end();
  out.key("name").string(access_tool_name).end();
  return out.take();
}

Result<std::uint64_t> counted(json::View at, std::string_view name) {
  if (at.is_integer() && at.integer() > 0) return static_cast<std::uint64_t>(at.integer());
  return fail(ErrorKind::invalid, fmt::format("`{}` is not a whole number above zero", name));
}

}  // namespace

Result<AccessWanted> read_access(json::View arguments) {
  if (!arguments.is_object()) return fail(ErrorKind::invalid, "a request says what it asks for");
  AccessWanted wanted;
  wanted.why = arguments.text("why").value_or("");
  if (wanted.why.empty()) return fail(ErrorKind::invalid, "a request says `why`");
  if (const json::View minutes = arguments["minutes"]; minutes.exists()) {
    const auto count = counted(minutes, "minutes");
    PAWL_TRY(count);
    if (*count > static_cast<std::uint64_t>(minutes_max)) {
      return fail(ErrorKind::invalid, "`minutes` is more than a week");
    }
    wanted.lasts = Duration::seconds(static_cast<std::int64_t>(*count) * 60);
  }
  if (const json::View calls = arguments["calls"]; calls.exists()) {
    const auto count = counted(calls, "calls");
    PAWL_TRY(count);
    wanted.calls = *count;
  }
  wanted.arguments = arguments["arguments"];
  if (wanted.arguments.exists() && !wanted.arguments.is_object()) {
    return fail(ErrorKind::invalid, "`arguments` is not a mapping");
  }
  return wanted;
}

std::shared_ptr<const ToolDefinition> access_definition() {
  static const std::shared_ptr<const ToolDefinition> definition = [] {
    const auto document = json::parse(request_definition());
    auto read = parse_definition(document->root(), {});
    return std::make_shared<const ToolDefinition>(std::move(*read));
  }();
  return definition;
}

std::string access_tool(const Policy& policy, std::string_view server,
                        const std::vector<std::string>& names) {
  std::vector<std::string> offered;
  std::string lines;
  for (const std::string& name : names) {
    const Policy::Lendable found = policy.lendable(server, name);
    if (found.line == nullptr || policy.blocks(server, name) != nullptr) continue;
    offered.push_back(name);
    lines += fmt::format("\n- {}: for {} at most", name, to_string(found.line->lasts));
    if (const auto& calls = found.line->what.max_calls_per_run) {
      lines += fmt::format(", {} {}", *calls, *calls == 1 ? "call" : "calls");
    }
  }
  if (offered.empty()) return {};
  json::Writer out;
  out.object();
  out.key("annotations").object().key("openWorldHint").boolean(false);
  out.key("readOnlyHint").boolean(true).end();
  out.key("description")
      .string("Asks a person to let you use a tool for a while. What may be asked for:" + lines +
              "\nNarrow it to what you need with `arguments`, `calls` and `minutes`. The answer "
              "comes when a reviewer has decided; every call is still evaluated by itself.");
  out.key("inputSchema").object().key("additionalProperties").boolean(false);
  out.key("properties").object();
  put_properties(out);
  out.key("tool").object().key("enum").array();
  for (const std::string& name : offered) out.string(name);
  out.end().key("type").string("string").end();
  put_why(out);
  out.end().key("required").array().string("tool").string("why").end();
  out.key("type").string("object").end();
  out.key("name").string(access_tool_name).end();
  return out.take();
}

ToolRule access_entry(const ToolRule& what) {
  ToolRule entry;
  entry.rule = what.rule;
  for (const std::string& name : what.names) {
    const std::size_t slash = name.find('/');
    const std::size_t tool = slash == std::string::npos ? 0 : slash + 1;
    entry.names.push_back(name.substr(0, tool) + access_name(name.substr(tool)));
  }
  entry.key = access_name(what.key);
  // It changes nothing but what people let the run do; the card says what that is.
  entry.stated_class = Class{Reversibility::read_only, Blast::small};
  entry.class_rule = what.rule;
  entry.approval_rule = what.rule;
  entry.approval = what.approval;
  return entry;
}

Policy::Lendable Policy::lendable(std::string_view server, std::string_view tool) const {
  for (const LentName& name : lent_) {
    if (!name.pattern.grants(server, tool)) continue;
    const Askable& line = askable[name.line];
    return {&line, &line.lent[name.entry]};
  }
  return {};
}

std::optional<BoundTool> bind_call(const Policy& policy, std::string_view server,
                                   std::string_view name,
                                   const std::shared_ptr<const ToolDefinition>& tool, Instant now) {
  if (const auto target = asked_for(name)) {
    const Policy::Lendable found = policy.lendable(server, *target);
    if (found.line == nullptr) return std::nullopt;
    BoundTool bound = bind(policy, found.line->ask, access_definition(), now);
    // What words in our own definition mean to the knowledge base says nothing about it.
    bound.action_class = *found.line->ask.stated_class;
    bound.misfits.clear();
    bound.line = found.line;
    bound.wanted_entry = found.entry;
    bound.wanted = tool;
    return bound;
  }
  if (const ToolRule* entry = policy.find(server, name)) return bind(policy, *entry, tool, now);
  const Policy::Lendable found = policy.lendable(server, name);
  if (found.line == nullptr) return std::nullopt;
  BoundTool bound = bind(policy, *found.entry, tool, now);
  bound.line = found.line;
  return bound;
}

}  // namespace pawl
