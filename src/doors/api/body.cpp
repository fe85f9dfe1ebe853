#include "doors/api/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "io/identity/identities.h"

namespace pawl::api {
namespace {

constexpr std::string_view kName = R"({"type":"string","minLength":1,"maxLength":256})";
constexpr std::string_view kSeconds = R"({"type":"integer","minimum":10,"maximum":86400})";

constexpr Member kAudience = {"audience", false, R"({"enum":["api","mcp"]})",
                              "The door that the credential is for; `api` where it is absent."};

constexpr auto kRunMembers = std::to_array<Member>({
    kAudience,
    {"key", false, R"({"type":"string","minLength":1,"maxLength":128})",
     "The same key of the same agent is the same run, while it is open. Without one a run is new."},
    {"lasts_seconds", false, kSeconds, "How long the credential is good; an hour where absent."},
    {"sponsor", false, kName, "Who answers for the run; needs the right `speak`."},
    {"task", false, R"({"type":"object"})",
     "A task file as JSON: fewer tools, tighter arguments, smaller ceilings than the role's."},
    {"user_text", false, R"({"type":"string","maxLength":65536})",
     "What the sponsor said; needs the right `speak`."},
});
constexpr auto kSubRunMembers = std::to_array<Member>({
    {"agent", true, R"({"type":"string","minLength":1,"maxLength":128})",
     "The name of the sub-agent."},
    kAudience,
    {"lasts_seconds", false, kSeconds, "At most as long as the credential that asks."},
    {"limits", false,
     R"({"type":"object","properties":{"steps":{"type":"integer","minimum":0},)"
     R"("denials":{"type":"integer","minimum":0},"calls":{"type":"integer","minimum":0},)"
     R"("records":{"type":"integer","minimum":0}},"additionalProperties":false})",
     "Of the sub-run; what it uses counts in the run of its parent too."},
    {"tools", false,
     R"({"type":"array","items":{"type":"string","minLength":1,"maxLength":256},"maxItems":256})",
     "Names and globs, each inside of what the parent may call."},
});
constexpr auto kCallMembers = std::to_array<Member>({
    {"arguments", true, R"({"type":"object"})", "The arguments, as the agent wrote them."},
    {"definition", false, R"({"type":"object"})",
     "The tool as its server describes it: an element of a `tools/list` result."},
    {"server", false, R"({"type":"string","maxLength":256})", "The server, where there is one."},
    {"tool", true, kName, "The name of the tool."},
    {"wait_seconds", false, R"({"type":"integer","minimum":0,"maximum":3600})",
     "How long a held call is waited for before the answer is `hold`; 45 where absent."},
});
constexpr auto kOutcomeMembers = std::to_array<Member>({
    {"error", false, R"({"type":"string","maxLength":65536})", "Of `failed`: what went wrong."},
    {"outcome", true, R"({"enum":["completed","failed","cancelled"]})", "What became of the call."},
    {"records", false, R"({"type":"integer","minimum":0})",
     "How many records it touched. A report only raises the charge."},
    {"result", false, R"({"type":"object"})", "Of `completed`: what came back."},
});

std::unexpected<Error> wrong(std::string_view member, std::string_view what) {
  return fail(ErrorKind::invalid, fmt::format("`{}` {}", member, what));
}

Status check_members(json::View root, Body body) {
  if (!root.is_object()) return fail(ErrorKind::invalid, "the body is not one JSON object");
  const std::span<const Member> members = members_of(body);
  for (const auto [key, value] : root.members()) {
    if (std::ranges::find(members, key, &Member::name) != members.end()) continue;
    std::vector<std::string> names;
    for (const Member& member : members) names.emplace_back(member.name);
    const std::string near = closest_match(key, names);
    return fail(ErrorKind::invalid,
                fmt::format("unknown member `{}`{}", escape_untrusted(key.substr(0, 64)),
                            near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }
  for (const Member& member : members) {
    if (member.required && !root[member.name].exists()) return wrong(member.name, "is missing");
  }
  return {};
}

struct TextBounds {
  std::size_t least = 1, most = api_name_bytes_max;
  bool lines = false;
};
Result<std::string_view> read_text(json::View root, std::string_view name, TextBounds bounds = {}) {
  const json::View value = root[name];
  if (!value.exists()) return std::string_view();
  if (!value.is_string()) return wrong(name, "is not text");
  const std::string_view text = value.string();
  if (text.size() < bounds.least) return wrong(name, "is empty");
  if (text.size() > bounds.most)
    return wrong(name, fmt::format("has more than {} bytes", bounds.most));
  if (!bounds.lines && has_hidden_characters(text)) return wrong(name, "has hidden characters");
  return text;
}

Result<Duration> read_seconds(json::View root, std::string_view name, Duration preset,
                              Duration least, Duration most) {
  const json::View value = root[name];
  if (!value.exists()) return preset;
  constexpr std::int64_t second_ns = 1'000'000'000;
  if (!value.is_integer() || value.integer() < least.ns / second_ns ||
      value.integer() > most.ns / second_ns) {
    return wrong(name, fmt::format("is not a whole number from {} to {}", least.ns / second_ns,
                                   most.ns / second_ns));
  }
  return Duration::seconds(value.integer());
}

Result<Duration> read_lasts(json::View root) {
  return read_seconds(root, "lasts_seconds", identity::credential_life_default, run_lasts_min,
                      identity::credential_life_max);
}

// Whether the credential is for the MCP door of the role.
Result<bool> read_audience(json::View root) {
  if (!root["audience"].exists()) return false;
  const auto word = root.text("audience").value_or("");
  if (word != "api" && word != "mcp") return wrong("audience", "is neither `api` nor `mcp`");
  return word == "mcp";
}

bool is_metered(jose::Limit limit) {
  switch (limit) {
    case jose::Limit::steps:
    case jose::Limit::denials:
    case jose::Limit::calls:
    case jose::Limit::records:
      return true;
    case jose::Limit::tokens:
    case jose::Limit::cost_nano_usd:
    case jose::Limit::wall_clock_ms:
      return false;
  }
  return false;
}

}  // namespace

std::span<const Member> members_of(Body body) {
  switch (body) {
    case Body::none:
      return {};
    case Body::run:
      return kRunMembers;
    case Body::sub_run:
      return kSubRunMembers;
    case Body::call:
      return kCallMembers;
    case Body::outcome:
      return kOutcomeMembers;
  }
  return {};
}

Result<NewRun> read_new_run(json::View root) {
  PAWL_TRY(check_members(root, Body::run));
  NewRun run;
  const auto key = read_text(root, "key", {.most = 128});
  const auto sponsor = read_text(root, "sponsor");
  const auto words =
      read_text(root, "user_text", {.least = 0, .most = words_of_sponsor_bytes_max, .lines = true});
  for (const auto* text : {&key, &sponsor, &words}) {
    PAWL_TRY(*text);
  }
  run.key = std::string(*key);
  run.sponsor = *sponsor;
  run.user_text = *words;
  run.task = root["task"];
  if (run.task.exists() && !run.task.is_object()) return wrong("task", "is not an object");
  const auto lasts = read_lasts(root);
  PAWL_TRY(lasts);
  run.lasts = *lasts;
  const auto for_mcp = read_audience(root);
  PAWL_TRY(for_mcp);
  run.for_mcp = *for_mcp;
  return run;
}

Result<NewSubRun> read_new_sub_run(json::View root) {
  PAWL_TRY(check_members(root, Body::sub_run));
  NewSubRun run;
  const auto agent = read_text(root, "agent", {.most = 128});
  PAWL_TRY(agent);
  run.agent = std::string(*agent);
  const auto lasts = read_lasts(root);
  PAWL_TRY(lasts);
  run.lasts = *lasts;
  const auto for_mcp = read_audience(root);
  PAWL_TRY(for_mcp);
  run.for_mcp = *for_mcp;
  json::Writer wanted;
  wanted.object();
  for (const char* name : {"limits", "tools"}) {
    if (root[name].exists()) wanted.key(name).value(root[name]);
  }
  const auto document = json::parse(wanted.end().text());
  PAWL_TRY(document);
  auto attenuation = jose::read_attenuation(document->root());
  if (!attenuation) return fail(ErrorKind::invalid, jose::to_string(attenuation.error()));
  run.attenuation = *std::move(attenuation);
  for (const auto& [limit, value] : run.attenuation.limits) {
    if (is_metered(limit)) continue;
    return wrong("limits",
                 fmt::format("has `{}`, which nothing meters here", jose::name_of(limit)));
  }
  return run;
}

Result<NewCall> read_new_call(json::View root) {
  PAWL_TRY(check_members(root, Body::call));
  NewCall call;
  // Names are the agent's: what is wrong with them is for the gate to say.
  const auto tool = read_text(root, "tool", {.lines = true});
  const auto server = read_text(root, "server", {.least = 0, .lines = true});
  for (const auto* text : {&tool, &server}) {
    PAWL_TRY(*text);
  }
  call.tool = *tool;
  call.server = *server;
  call.arguments = root["arguments"];
  call.definition = root["definition"];
  if (!call.arguments.is_object()) return wrong("arguments", "is not an object");
  if (call.definition.exists() && !call.definition.is_object()) {
    return wrong("definition", "is not an object");
  }
  const auto wait = read_seconds(root, "wait_seconds", wait_default, {}, wait_max);
  PAWL_TRY(wait);
  call.wait = *wait;
  return call;
}

Result<Outcome> read_outcome(json::View root) {
  PAWL_TRY(check_members(root, Body::outcome));
  const std::string_view word = root.text("outcome").value_or("");
  const json::View result = root["result"];
  const auto error =
      read_text(root, "error", {.least = 0, .most = words_of_sponsor_bytes_max, .lines = true});
  PAWL_TRY(error);
  if (result.exists() && (word != "completed" || !result.is_object())) {
    return wrong("result", "is an object, and of `completed` only");
  }
  if (root["error"].exists() && word != "failed") return wrong("error", "is of `failed` only");
  Outcome outcome;
  if (const json::View records = root["records"]; records.exists()) {
    const bool natural =
        records.kind() == json::Kind::natural || (records.is_integer() && records.integer() >= 0);
    if (!natural) return wrong("records", "is not a natural number");
    outcome.records = records.natural();
  }
  json::Writer text;
  if (word == "completed") {
    outcome.kind = Outcome::Kind::result;
    outcome.untold = !result.exists();
    text.object().key("content").array().end().key("structuredContent");
    outcome.result = (result.exists() ? text.value(result) : text.object().end()).end().take();
  } else if (word == "failed") {
    constexpr std::int64_t failed_code = -32000;
    outcome.kind = Outcome::Kind::error;
    text.object().key("code").integer(failed_code).key("message").string(*error);
    outcome.result = text.end().take();
  } else if (word == "cancelled") {
    outcome.kind = Outcome::Kind::cancelled;
  } else {
    return wrong("outcome", "is not one of `completed`, `failed`, `cancelled`");
  }
  return outcome;
}

}  // namespace pawl::api
