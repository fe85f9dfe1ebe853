// A small journal, written as a gate writes it, for tests of what is told of it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/replay/replay.h"
#include "kernel/admit/admit.h"
#include "kernel/definition/definition.h"
#include "kernel/policy/policy.h"

namespace pawl::replaying {

inline constexpr std::string_view kPolicy = R"(version: 1
agent: {id: files, identity: files@test}
tools:
  allowed:
    - name: read_file
      class: read_only
      args: {path: {under: /srv}}
    - name: send_mail
      class: irreversible small
  blocked: [drop_table]
execution: {max_steps: 3}
)";
inline constexpr std::string_view kReadFile =
    R"({"inputSchema":{"properties":{"path":{"type":"string"}},"type":"object"},)"
    R"("name":"read_file"})";
inline constexpr std::string_view kSendMail =
    R"({"inputSchema":{"properties":{"to":{"type":"string"}},"type":"object"},"name":"send_mail"})";

inline CallEnded completed(const std::string& call) {
  CallEnded ended;
  ended.call = call;
  ended.run = "r-1";
  ended.outcome = "completed";
  return ended;
}

inline ApprovalFact granted(const std::string& approval, const std::string& binding) {
  ApprovalFact fact;
  fact.approval = approval;
  fact.binding = binding;
  fact.granted = true;
  return fact;
}

// A small journal, written as a gate writes it: looks, records what it saw, folds.
struct World {
  std::vector<Record> records;
  std::map<std::string, std::string, std::less<>> payloads;
  State state;
  Instant now{1'800'000'000'000'000'000};
  std::shared_ptr<const Policy> policy;
  std::string why;  // of the newest question
  std::map<std::string, std::shared_ptr<const ToolDefinition>, std::less<>> tools;

  World() {
    policy = load_policy(kPolicy, "/etc/pol.yaml", {}).policy;
    EXPECT_TRUE(policy);
    append(NodeStarted{.node = "n", .version = "0", .boot_id = "b", .setup = "wrap", .epoch = 1});
    append(PolicyLoaded{to_string(policy->digest), "files", policy->file, keep(policy->bundle)});
    append(RunOpened{.run = "r-1",
                     .key = "k",
                     .agent = "files",
                     .identity = "files@test",
                     .sponsor = "ada",
                     .policy = to_string(policy->digest),
                     .client = "test"});
    define(kReadFile);
    define(kSendMail);
  }

  std::string keep(std::string_view bytes) {
    const std::string commitment = to_string(sha256({"salt", bytes}));
    payloads[commitment] = bytes;
    return commitment;
  }
  void append(Body body) {
    records.push_back({records.size(), now, 0, std::move(body)});
    const Status done = state.apply(records.back());
    ASSERT_TRUE(done) << done.error().message;
    now = now + Duration::milliseconds(250);
  }
  void define(std::string_view text) {
    const auto document = json::parse(text);
    auto tool = parse_definition(document->root(), "");
    ASSERT_TRUE(tool);
    append(DefinitionSeen{to_string(tool->digest), "", tool->name, "accepted", keep(tool->text)});
    const std::string name = tool->name;
    tools[name] = std::make_shared<const ToolDefinition>(std::move(*tool));
  }

  // The approval fact answers the look after a hold.
  CallDecided look(const std::string& tool, const std::string& arguments, int round = 1,
                   std::optional<ApprovalFact> approval = {}) {
    const auto document = json::parse(arguments);
    const std::string canonical = json::write(document->root());
    Facts facts;
    facts.pin = PinState::accepted;
    std::shared_ptr<const ToolDefinition> definition;
    if (tools.contains(tool)) definition = tools[tool];
    if (definition) facts.definition = to_string(definition->digest);
    facts.approval = std::move(approval);
    const Call call{"", tool, document->root()};
    std::optional<BoundTool> bound;
    if (const ToolRule* entry = policy->find("", tool)) {
      bound = bind(*policy, *entry, definition, now);
    }
    const Verdict verdict = admit({.policy = *policy,
                                   .state = state,
                                   .run = *state.run("r-1"),
                                   .call = call,
                                   .tool = bound ? &*bound : nullptr,
                                   .facts = facts,
                                   .now = now,
                                   .look = round == 1 ? Look::proposal : Look::after_hold});
    if (verdict.question) why = verdict.question->why;
    CallDecided d;
    d.run = "r-1";
    d.round = round;
    d.tool = tool;
    d.args = keep(canonical);
    d.args_bytes = canonical.size();
    d.policy = to_string(policy->digest);
    d.definition = facts.definition;
    d.facts = to_json(facts);
    d.effect = to_string(verdict.effect);
    d.code = to_string(verdict.reason.code);
    if (verdict.reason.rule != nullptr) {
      d.rule = verdict.reason.rule->path;
      d.rule_at = to_string(verdict.reason.rule->at);
    }
    d.class_text = to_string(verdict.action_class);
    d.halt = verdict.halt;
    d.notify = verdict.notify;
    d.retry = verdict.retry;
    d.steps = verdict.reservation.steps;
    d.calls = verdict.reservation.calls;
    d.records = verdict.reservation.records;
    if (bound) d.entry = bound->entry->key;
    if (!verdict.rewrites.empty() && verdict.effect != Effect::deny) {
      d.forwarded = keep(*forwarded_arguments(call.arguments, verdict.rewrites));
    }
    if (verdict.effect == Effect::hold) {
      d.args_digest = to_string(binding_of(*policy, *bound, *state.run("r-1"), call, facts));
    }
    return d;
  }
  // A read that runs and ends.
  void read(const std::string& call) {
    CallDecided d = look("read_file", R"({"path":"/srv/a.txt"})");
    d.call = call;
    append(d);
    if (d.effect != "deny") append(completed(call));
  }

  Replay replay(const std::string& run = "r-1") {
    Replayer replayer(run, [this](std::string_view commitment) -> Result<StoredText> {
      const auto found = payloads.find(commitment);
      if (found == payloads.end()) return StoredText{};
      if (found->second == "ERASED") return StoredText{StoredText::Kind::erased, {}};
      return StoredText{StoredText::Kind::present, found->second};
    });
    for (const Record& record : records) {
      // Through its bytes, as a journal hands it over.
      const auto stored = parse_record(to_json(record));
      EXPECT_TRUE(stored);
      if (!replayer.take(*stored)) break;
    }
    return replayer.finish();
  }
  CallDecided& decision(const std::string& call) {
    for (Record& record : records) {
      auto* decided = std::get_if<CallDecided>(&record.body);
      if (decided != nullptr && decided->call == call) return *decided;
    }
    ADD_FAILURE() << "no decision " << call;
    return std::get<CallDecided>(records.front().body);
  }
  // Returns what an answer is good for.
  std::string held() {
    CallDecided d = look("send_mail", R"({"to":"x@test"})");
    EXPECT_EQ(d.effect, "hold");
    d.call = "c-mail";
    d.approval = "a-1";
    append(d);
    ApprovalOpened asked;
    asked.approval = "a-1";
    asked.call = "c-mail";
    asked.run = "r-1";
    asked.binding = d.args_digest;
    asked.agent = "files";
    asked.sponsor = "ada";
    asked.tool = "send_mail";
    asked.why = why;
    asked.expires = now + Duration::seconds(300);
    append(asked);
    return d.args_digest;
  }
  void held_and_approved() {
    const std::string binding = held();
    append(ApprovalAnswered{"a-1", "bob", "approve", "", "", ""});
    CallDecided second = look("send_mail", R"({"to":"x@test"})", 2, granted("a-1", binding));
    ASSERT_EQ(second.effect, "allow");
    second.call = "c-mail";
    second.approval = "a-1";
    append(second);
    append(completed("c-mail"));
  }
};

}  // namespace pawl::replaying
