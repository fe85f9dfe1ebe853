#include "analysis/check/check.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"

namespace pawl {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Instant kNow = *parse_instant("2026-11-21T08:00:00Z");

std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Loaded load(std::string_view text, std::vector<std::string> credentials = {},
            std::vector<LayerSource> layers = {}) {
  LoadSources sources;
  sources.layers = std::move(layers);
  sources.credentials = std::move(credentials);
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  return load_policy(text, "p.yaml", sources);
}

Loaded seed() {
  return load(bytes_of_file(PAWL_SOURCE_DIR "/test/scenarios/support-agent.yaml"));
}

Deployment deployment(std::string_view text) {
  const LoadedDeployment loaded = load_deployment(text, "pawl.yaml");
  EXPECT_THAT(loaded.errors, IsEmpty());
  return *loaded.deployment;
}

ToolDefinition tool(std::string_view name, std::string_view schema = R"({"type":"object"})",
                    std::string_view annotations = "{}") {
  const auto parsed = json::parse(schema);
  const auto hints = json::parse(annotations);
  return *definition_of("", name, parsed->root(), hints->root());
}

std::vector<std::string> said(const std::vector<Error>& errors) {
  std::vector<std::string> out;
  for (const Error& error : errors) out.push_back(to_string(error));
  return out;
}

std::vector<std::string> said(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& finding : findings) {
    out.push_back(to_string(finding.at) + ": " + finding.message);
  }
  return out;
}

std::string row(const CheckReport::Row& row) {
  return row.tool + " | " + row.class_text + " | " + std::string(to_string(row.effect)) + " | " +
         (row.why.empty() ? row.approval : row.why);
}

std::vector<std::string> rows(const CheckReport& report) {
  std::vector<std::string> out;
  for (const CheckReport::Row& one : report.table) out.push_back(row(one));
  return out;
}

constexpr std::string_view kPeople =
    "people: {ada: {groups: [leads]}, bob: {groups: [leads]}, default_reviewers: [leads]}\n";

TEST(Check, WhereModelsAreAskedThroughPawlTheirCeilingsAreEnforced) {
  const Deployment models =
      deployment(std::string(kPeople) +
                 "roles: {support-agent-v2: {file: p.yaml}}\n"
                 "credentials: {key: {env: KEY}}\n"
                 "models: {openai: {credential: key}, gemini: {credential: client}}\n");
  const CheckReport report = check(seed(), &models, {}, kNow, false);
  const std::vector<std::string> findings = said(report.findings);
  EXPECT_THAT(findings, Not(Contains(HasSubstr("unmetered"))));
  EXPECT_THAT(findings, Contains(HasSubstr("the policy has no `models`")));
  EXPECT_THAT(findings, Contains(HasSubstr("`gemini` is asked with the caller's own key")));
  EXPECT_THAT(report.summary,
              Contains(AllOf(HasSubstr("50000 tokens, 2.00 USD"), Not(HasSubstr("unmetered")))));
  const Loaded without = load(
      "version: 1\nagent: {id: support-agent-v2, owner: o@x}\n"
      "models: {allowed: [openai/gpt-5]}\nexecution: {max_steps: 5}\n"
      "tools: {allowed: [{name: a, class: read_only}]}\n");
  const std::vector<std::string> more = said(check(without, &models, {}, kNow, false).findings);
  EXPECT_THAT(more, Contains(HasSubstr("neither `max_tokens_per_run` nor `max_cost_usd`")));
  EXPECT_THAT(more, Not(Contains(HasSubstr("the policy has no `models`"))));
}

TEST(Check, TheFirstPolicyLoadsWithItsGapsNamed) {
  const CheckReport report = check(seed(), nullptr, {}, kNow, false);
  EXPECT_TRUE(report.passes());
  EXPECT_THAT(report.errors, IsEmpty());
  const std::vector<std::string> findings = said(report.findings);
  for (const std::string_view part :
       {"p.yaml:27:3: `max_tokens_per_run: 50000` is unmetered",
        "p.yaml:29:3: `max_cost_usd: 2.00 USD` is unmetered", "`agent` has no `owner`",
        "a held call of `send_customer_email` has no reviewer",
        "escalation reaches only the channel `#oncall-agents`", "claims no stages",
        "`update_order_status` as `reversible small`, `send_customer_email` as `irreversible small "
        "external_sink`: classified by name only",
        "`update_order_status` states no `records`", "the file has no `version`",
        "an approval of `send_customer_email` may take 5m, longer than the run's wall clock of "
        "2m"}) {
    EXPECT_THAT(findings, Contains(HasSubstr(part)));
  }
  EXPECT_THAT(rows(report),
              ElementsAre("read_customer_record | read_only | allow | ",
                          "update_order_status | reversible small | allow | ",
                          testing::StartsWith("send_customer_email | irreversible small"),
                          "delete_customer_record |  | deny | blocked in line 22",
                          "access_payment_raw |  | deny | blocked in line 23",
                          "bulk_send_email |  | deny | blocked in line 24"));
  EXPECT_EQ(report.table[2].effect, Effect::hold);
  EXPECT_EQ(report.table[2].approval, "no reviewer yet, within 5m");
  EXPECT_THAT(
      report.summary,
      Contains("a run is limited by 25 steps, 2m without the time spent waiting for people, "
               "50000 tokens (unmetered), 2.00 USD (unmetered)"));
}

TEST(Check, InProductionTheGapsAreErrors) {
  const CheckReport report = check(seed(), nullptr, {}, kNow, true);
  EXPECT_FALSE(report.passes());
  const std::vector<std::string> errors = said(report.errors);
  for (const std::string_view part :
       {"`max_tokens_per_run: 50000` is unmetered", "`agent` has no `owner`", "has no reviewer",
        "escalation reaches only the channel", "claims no stages"}) {
    EXPECT_THAT(errors, Contains(HasSubstr(part)));
  }
  for (const Finding& finding : report.findings) {
    EXPECT_NE(finding.weight, Finding::Weight::error_in_production) << finding.message;
  }
  // In production an irreversible call needs what is typed.
  EXPECT_EQ(report.table[2].approval, "no reviewer yet, within 5m, typed");
}

TEST(Check, TheFileItselfMaySayProduction) {
  const std::string text =
      "environment: production\nagent: {id: a}\ntools: {allowed: [{name: read_it}]}\n";
  EXPECT_FALSE(check(load(text), nullptr, {}, kNow, false).passes());
}

TEST(Check, AFileWithoutGapsPassesInProduction) {
  const Deployment people = deployment(kPeople);
  const Loaded loaded = load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\nenvironment: production\n"
      "tools:\n  allowed: [{name: read_it, class: read_only}, {name: send_it, class: irreversible "
      "small}]\n"
      "execution: {max_steps: 5, max_cost_usd: 1.50}\n"
      "approval: {quorum: 2}\n"
      "escalation: {contacts: [{name: Ada, via: \"command: page\"}]}\n"
      "autonomy: {default: new}\n"
      "accept_risk: [{rule: execution/max_cost_usd, reason: r, owner: o, until: 2027-01-01}]\n");
  ASSERT_THAT(loaded.errors, IsEmpty()) << said(loaded.errors)[0];
  const CheckReport report = check(loaded, &people, {}, kNow, false);
  EXPECT_THAT(said(report.errors), IsEmpty());
  EXPECT_THAT(report.table[1].approval, "2 of leads, within 5m, typed");
  EXPECT_THAT(said(report.findings),
              Contains(HasSubstr("`max_cost_usd: 1.50 USD` is unmetered; accepted by o")));
  const CheckReport later =
      check(loaded, &people, {}, *parse_instant("2027-02-01T00:00:00Z"), false);
  EXPECT_THAT(said(later.errors), SizeIs(2));  // the risk is over, and the ceiling unmetered again
}

TEST(Check, QuestionsThatNoReviewerCouldAnswer) {
  const Deployment people = deployment(kPeople);
  const auto errors = [&](std::string_view approval) {
    return said(check(load("version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
                           "tools:\n  allowed:\n    - name: read_it\n      approval: " +
                           std::string(approval) + "\n"),
                      &people, {}, kNow, false)
                    .errors);
  };
  EXPECT_THAT(errors("{by: [leads]}"), IsEmpty());
  EXPECT_THAT(errors("{by: [ada, leads], quorum: 2}"), IsEmpty());
  EXPECT_THAT(errors("{quorum: 2}"), IsEmpty());
  EXPECT_THAT(errors("{by: [leads], quorum: 3}"),
              ElementsAre("p.yaml:6:7: a held call of `read_it` needs 3 persons, and its reviewers "
                          "are 2"));
  EXPECT_THAT(errors("{by: [ledas]}"),
              Contains(HasSubstr("`ledas`, who is to answer for `read_it`, is neither")));
}

TEST(Check, AnAgentIsNoPerson) {
  const Deployment people = deployment(std::string(kPeople) + "roles: {b: {file: b.yaml}}\n");
  const CheckReport report = check(load("version: 1\nagent: {id: a, identity: ada, owner: o}\n"
                                        "tools: {allowed: [{name: read_it}]}\n"),
                                   &people, {}, kNow, false);
  EXPECT_THAT(said(report.errors),
              ElementsAre("p.yaml:2:1: the identity `ada` is a person's: an agent needs its own"));
  EXPECT_THAT(said(report.findings), Contains("p.yaml:2:1: the deployment file has no role `a`"));
}

TEST(Check, AgainstALiveServer) {
  constexpr std::string_view kUpdate =
      R"({"type":"object","properties":{"order_ids":{"type":"array","items":{"type":"string"}},
          "status":{"type":"string"}}})";
  const std::vector<ToolDefinition> live = {
      tool("read_customer_record"), tool("update_order_status", kUpdate),
      tool("send_customer_mail"),   tool("Delete_Customer_Record"),
      tool("list_orders"),
  };
  const CheckReport report = check(seed(), nullptr, live, kNow, false);
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(rows(report), ElementsAre("read_customer_record | read_only | allow | ",
                                        "update_order_status | reversible small | allow | ",
                                        testing::EndsWith("| deny | no entry grants it"),
                                        testing::EndsWith("| deny | blocked in line 22"),
                                        "list_orders | read_only | deny | no entry grants it"));
  EXPECT_EQ(report.table[1].records, "one per element");
  EXPECT_THAT(said(report.findings),
              Contains(HasSubstr("no server offers `send_customer_email`: did you mean "
                                 "`send_customer_mail`?")));
  EXPECT_THAT(said(report.findings), Not(Contains(HasSubstr("by name only: `read_only`"))));
}

TEST(Check, AToolThatTheEntryDoesNotFitIsAnError) {
  constexpr std::string_view kOther =
      R"({"type":"object","properties":{"new_state":{"type":"string"}}})";
  const std::vector<ToolDefinition> live = {tool("update_order_status", kOther)};
  const CheckReport report = check(seed(), nullptr, live, kNow, false);
  ASSERT_THAT(report.errors, SizeIs(1));
  EXPECT_THAT(to_string(report.errors[0]), testing::StartsWith("p.yaml:14:9: `allowed_statuses`"));
  EXPECT_EQ(report.table[0].effect, Effect::deny);
}

TEST(Check, WhatIsOver) {
  const CheckReport report = check(
      load("version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
           "tools: {allowed: [{name: read_it}]}\n"
           "freeze: [{name: old, from: 2025-01-01T00:00, until: 2025-02-01T00:00, zone: UTC, stop: "
           "[reversible]}]\n"),
      nullptr, {}, kNow, false);
  EXPECT_THAT(said(report.findings),
              Contains("p.yaml:4:10: the freeze `old` is over since 2025-02-01T00:00:00Z"));
}

// What the documents show must load.
TEST(Check, TheExamplesLoadAndPass) {
  std::size_t found = 0;
  for (const auto& folder : std::filesystem::directory_iterator(PAWL_SOURCE_DIR "/examples")) {
    std::string text = bytes_of_file(folder.path() / "policy.yaml");
    if (text.empty()) continue;
    // The demo puts the folder that it makes in the place of this word.
    constexpr std::string_view scratch = "SCRATCH";
    for (std::size_t at = 0; (at = text.find(scratch)) != std::string::npos;) {
      text.replace(at, scratch.size(), "/scratch");
    }
    ++found;
    const std::string around = bytes_of_file(folder.path() / "pawl.yaml");
    const Deployment people = deployment(around.empty() ? "version: 1\n" : around);
    std::vector<LayerSource> layers;
    for (const auto& [role, of_role] : people.roles) {
      for (const std::string& layer : *people.layers_of(role)) {
        layers.push_back({layer, bytes_of_file((folder.path() / layer).string()), {}});
      }
    }
    const Loaded loaded = load(text, people.credential_names(), layers);
    EXPECT_THAT(said(loaded.errors), IsEmpty()) << folder.path();
    const CheckReport report = check(loaded, around.empty() ? nullptr : &people, {}, kNow, false);
    EXPECT_THAT(said(report.errors), IsEmpty()) << folder.path();
  }
  EXPECT_GE(found, 2U);
}

TEST(Check, TheReferenceShowsAFileThatLoads) {
  for (const std::string_view name : {"policy.md", "deployment.md"}) {
    const std::string page = bytes_of_file(PAWL_SOURCE_DIR "/docs/reference/" + std::string(name));
    const std::size_t start = page.find("```yaml\n") + 8;
    const std::string text = page.substr(start, page.find("```\n", start) - start);
    const auto errors =
        name == "policy.md" ? load(text).errors : load_deployment(text, name).errors;
    EXPECT_THAT(said(errors), IsEmpty()) << text;
  }
}

TEST(Check, AFileWithMistakesHasNothingElse) {
  const CheckReport report = check(load("agnt: {}\n"), nullptr, {}, kNow, true);
  EXPECT_THAT(report.errors, Not(IsEmpty()));
  EXPECT_THAT(report.table, IsEmpty());
  EXPECT_THAT(report.summary, IsEmpty());
}

TEST(Check, SaysWhereAPathIsJudgedByItsTextOnly) {  // P10
  const Loaded loaded = load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n"
      "    - {name: \"far/read\", class: read_only, args: {path: {path: {under: /srv}}}}\n"
      "    - {name: \"near/read\", class: read_only, args: {path: {path: {under: /srv}}}}\n");
  ASSERT_TRUE(loaded.policy);
  const Deployment both = deployment(
      "version: 1\nservers: {far: {command: [/usr/bin/ssh, host, serve]}, "
      "near: {command: [node, serve.js]}}\n");
  const auto with = said(check(loaded, &both, {}, kNow, false).findings);
  EXPECT_THAT(with, Contains(AllOf(HasSubstr("p.yaml:5:"), HasSubstr("`far` runs where pawl"))));
  EXPECT_THAT(with, Not(Contains(HasSubstr("`near` runs"))));
  EXPECT_THAT(said(check(loaded, nullptr, {}, kNow, false).findings),
              Not(Contains(HasSubstr("does not see its files"))));
}

TEST(Check, SaysThatADomainHoldsDistributionLists) {  // P14
  const Loaded loaded = load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n"
      "    - {name: send, class: irreversible large external_sink, args: {to: {email_domain: "
      "[x.example]}}}\n");
  ASSERT_TRUE(loaded.policy) << said(loaded.errors).front();
  EXPECT_THAT(said(check(loaded, nullptr, {}, kNow, false).findings),
              Contains(AllOf(HasSubstr("p.yaml:5:"), HasSubstr("distribution lists"))));
}

TEST(Check, RulesThatNothingPasses) {
  const auto findings = [](std::string_view args) {
    return said(check(load("version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
                           "tools:\n  allowed:\n    - {name: read_it, args: {x: " +
                           std::string(args) + "}}\n"),
                      nullptr, {}, kNow, false)
                    .findings);
  };
  EXPECT_THAT(findings("{in: [abc, xyz], prefix: q}"),
              Contains(HasSubstr("fail the other checks")));
  EXPECT_THAT(findings("{in: [abc, qyz], prefix: q}"), Not(Contains(HasSubstr("passes"))));
  EXPECT_THAT(findings("{in: [1, 2], min: 5}"), Contains(HasSubstr("fail the other checks")));
}

TEST(Check, CountersThatStopNothingOrEverything) {
  const auto findings = [](std::string_view entry, std::vector<ToolDefinition> live = {}) {
    return said(check(load("version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
                           "tools:\n  allowed:\n    - {name: update_it, class: reversible small, " +
                           std::string(entry) + "}\n"),
                      nullptr, live, kNow, false)
                    .findings);
  };
  const std::string counter = "counters: [{add: args.sum, per: run, max: 100}]";
  EXPECT_THAT(findings("args: {sum: {min: 101}}, " + counter),
              Contains(HasSubstr("every call of `update_it` is denied")));
  EXPECT_THAT(findings("max_calls_per_run: 5, args: {sum: {max: 20}}, " + counter),
              Contains(HasSubstr("is never reached: 5 calls of a run add up to at most 100")));
  EXPECT_THAT(findings("max_calls_per_run: 6, args: {sum: {max: 20}}, " + counter),
              Not(Contains(HasSubstr("never reached"))));
  EXPECT_THAT(findings("max_calls_per_run: 5, counters: [{per: run, max: 5}]"),
              Contains(HasSubstr("never reached")));
  const std::string by = "counters: [{add: args.sum, per: 1d, by: args.who, max: 100}]";
  EXPECT_THAT(findings(by), Contains(HasSubstr("a second sum")));
  EXPECT_THAT(findings("args: {who: {matches: \"C-[0-9]+\"}}, " + by),
              Not(Contains(HasSubstr("a second sum"))));
  EXPECT_THAT(
      findings(counter, {tool("update_it", R"({"type":"object","properties":{"sum":{}}})")}),
      Contains(HasSubstr("no schema says that `sum`")));
  EXPECT_THAT(findings(counter, {tool("update_it", R"({"type":"object",
                  "properties":{"sum":{"type":"number"}}})")}),
              Not(Contains(HasSubstr("no schema says"))));
}

// An optional argument whose absence means more than anybody thought of.
TEST(Check, WhatPacksKnowOfAbsentArguments) {
  const auto findings = [](std::string_view entry, std::span<const ToolDefinition> live) {
    return said(check(load("version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
                           "use: [pawl:kubernetes@1, pawl:git@1]\n"
                           "tools:\n  allowed:\n    - " +
                           std::string(entry) + "\n"),
                      nullptr, live, kNow, false)
                    .findings);
  };
  const auto open = findings("{name: k8s/events_list, class: read_only}", {});
  EXPECT_THAT(open, Contains(HasSubstr("6:7: `namespace` is optional in `events_list`, and absent "
                                       "means every namespace")));
  EXPECT_THAT(open, Contains(HasSubstr("the pack `pawl:git@1` describes no tool")));
  const auto closed =
      findings("{name: k8s/events_list, class: read_only, args: {namespace: a, context: b}}", {});
  EXPECT_THAT(closed, Not(Contains(HasSubstr("is optional"))));
  const auto laxly = findings(
      "{name: k8s/events_list, class: read_only, args: {namespace: {required: false}, context: b}}",
      {});
  EXPECT_THAT(laxly, Contains(HasSubstr("`namespace` is optional")));
  const std::vector<ToolDefinition> live = {
      tool("events_list", R"({"type":"object","properties":{"namespace":{"type":"string"}},
                              "required":["namespace"]})")};
  EXPECT_THAT(findings("{name: events_list, class: read_only}", live),
              Not(Contains(HasSubstr("is optional"))));
}

}  // namespace
}  // namespace pawl
