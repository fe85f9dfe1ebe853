// Layer files: what they may say, and what becomes of a role with them.
#include "kernel/policy/layer.h"

#include <gmock/gmock.h>

#include "kernel/deployment/deployment.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kOrg = R"(version: 1
layer: org
owner: security@example.org
lists: {names: [Project Heron]}
blocked: ["*/delete_repository", Drop_All]
require:
  - {if: 'class.reversibility == "irreversible"', then: hold, say: "a person has to look"}
  - {if: 'class.blast_radius == "large" && env == "production"', quorum: 2}
  - {if: 'args.amount > 500', approval: {by: [finance], within: 1h}}
except:
  - {role: a, tool: tool, if: 'args.amount <= 25.0', then: notify, until: 2027-03-31, reason: FIN}
execution: {max_steps: 20, max_cost_usd: 5.00, on_budget_exceeded: {notify: "#agents"}}
secrets: {listed: $names, then: deny}
escalation: {contacts: [{name: Ada, via: "slack:@ada", after: 0s}]}
freeze:
  - {name: year end, from: 2026-12-18T18:00, until: 2027-01-04T08:00, zone: Europe/Berlin,
     stop: [irreversible]}
  - {name: weekends, weekly: "Fri 16:00 - Mon 07:00", zone: Europe/Berlin, stop: [irreversible]}
)";

Loaded with(std::string_view role, const std::vector<std::pair<std::string, std::string>>& layers) {
  LoadSources sources = sample::sources();
  for (const auto& [file, text] : layers) sources.layers.push_back({file, text, sources.read});
  return load_policy(role, "p.yaml", sources);
}

std::string said_of(std::string_view layer) {
  return sample::said(with(sample::file(""), {{"org.yaml", std::string(layer)}}).errors);
}

std::string row(std::string_view lines) {
  return "layer: org\nowner: o\nrequire:\n  - " + std::string(lines) + "\n";
}

std::string except(std::string_view lines) {
  return "layer: org\nowner: o\nexcept:\n  - " + std::string(lines) + "\n";
}

TEST(Layer, TightensTheRole) {
  const Loaded loaded = with(
      sample::file("execution: {max_steps: 50, max_denials: 3}\nsecrets: {listed: [Big Secret]}\n"),
      {{"org.yaml", std::string(kOrg)}});
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const Policy& policy = *loaded.policy;
  EXPECT_EQ(policy.ceilings.steps, 20U);
  EXPECT_EQ(policy.ceilings.steps_rule.path, "layers/org/execution/max_steps");
  EXPECT_EQ(policy.ceilings.steps_rule.at.file, "org.yaml");
  EXPECT_EQ(policy.ceilings.denials, 3U);
  EXPECT_EQ(policy.ceilings.notify, "#agents");
  const BlockedName* blocked = policy.blocks("github", "Delete_Repository");
  ASSERT_NE(blocked, nullptr);
  EXPECT_EQ(blocked->rule.path, "layers/org/blocked/*/delete_repository");
  EXPECT_NE(policy.blocks("any", "DROP_ALL"), nullptr);
  ASSERT_EQ(policy.freezes.size(), 2U);
  EXPECT_EQ(policy.freezes[0].rule.path, "layers/org/freeze/year end");
  EXPECT_THAT(policy.secrets.texts, ElementsAre("Big Secret", "Project Heron"));
  EXPECT_EQ(policy.secrets_of(policy.tools.front()), Effect::deny);
  ASSERT_EQ(policy.contacts.size(), 1U);
  ASSERT_EQ(policy.layers.size(), 1U);
  EXPECT_EQ(policy.layers[0].requirements.size(), 3U);
  EXPECT_EQ(policy.layers[0].requirements[1].then, Effect::hold);
  EXPECT_EQ(policy.layers[0].requirements[1].approval.quorum, 2U);
}

TEST(Layer, AnEntryCannotAllowWhatALayerAsks) {
  const std::string role = sample::entry("secrets: allow\n");
  const Loaded alone = with(role, {});
  EXPECT_EQ(alone.policy->secrets_of(alone.policy->tools.front()), Effect::allow);
  const Loaded loaded = with(role, {{"o.yaml", "layer: o\nowner: x\nsecrets: {then: hold}\n"}});
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  EXPECT_EQ(loaded.policy->secrets_of(loaded.policy->tools.front()), Effect::hold);
}

TEST(Layer, ARoleMayBeSmaller) {
  const Loaded loaded =
      with(sample::file("execution: {max_steps: 5}\n"), {{"org.yaml", std::string(kOrg)}});
  EXPECT_EQ(loaded.policy->ceilings.steps, 5U);
  EXPECT_EQ(loaded.policy->ceilings.steps_rule.path, "execution/max_steps");
}

TEST(Layer, BelongsToTheBundle) {
  const std::string team = "layer: team\nowner: t\nblocked: [other]\n";
  const Loaded loaded = with(sample::file("freeze: [{name: own, from: 2026-12-01T00:00, until: "
                                          "2026-12-02T00:00, zone: UTC, stop: [reversible]}]\n"),
                             {{"org.yaml", std::string(kOrg)}, {"teams/t.yaml", team}});
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->bundle, loaded.policy->bundle);
  EXPECT_EQ(again.policy->digest, loaded.policy->digest);
  ASSERT_EQ(again.policy->freezes.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again.policy->freezes[i].from, loaded.policy->freezes[i].from);
    EXPECT_EQ(again.policy->freezes[i].rule.path, loaded.policy->freezes[i].rule.path);
  }
  EXPECT_EQ(again.policy->layers[1].file, "teams/t.yaml");
  EXPECT_NE(again.policy->blocks("", "other"), nullptr);
  const Loaded without = with(sample::file(""), {{"org.yaml", std::string(kOrg)}});
  EXPECT_NE(without.policy->digest, loaded.policy->digest);
}

TEST(Layer, WhatIsNoBundleWithLayers) {
  const std::string good = with(sample::file(""), {{"org.yaml", std::string(kOrg)}}).policy->bundle;
  const std::size_t begin = good.find("\nlayer ") + 1;
  for (std::size_t size = begin + 1; size + 1 < good.size(); size += 3) {
    EXPECT_FALSE(load_bundle(std::string_view(good).substr(0, size), "p").errors.empty()) << size;
  }
  EXPECT_FALSE(load_bundle(good + "task 1\nx\n", "p").errors.empty());
  EXPECT_FALSE(load_bundle("pawl-bundle 1\n" + good.substr(begin), "p").errors.empty());
}

TEST(Layer, ATaskIsNarrowedUnderTheSameLayers) {
  const Loaded role = with(sample::file(""), {{"org.yaml", std::string(kOrg)}});
  const Loaded task = load_task(*role.policy, "execution: {max_steps: 40}\n", "task.yaml");
  ASSERT_NE(task.policy, nullptr) << sample::said(task.errors);
  EXPECT_EQ(task.policy->ceilings.steps, 20U);
  EXPECT_EQ(task.policy->layers.size(), 1U);
  const Loaded again = load_bundle(task.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->digest, task.policy->digest);
}

TEST(Layer, GrantsNothing) {
  for (const std::string_view key :
       {"tools: {allowed: [{name: x}]}", "agent: {id: b}", "servers: {}", "autonomy: {}",
        "environment: production", "accept_risk: []", "use: [pawl:git@1]", "approval: {}"}) {
    const std::string said = said_of("layer: org\nowner: o\n" + std::string(key) + "\n");
    EXPECT_THAT(said, HasSubstr("in a layer file is refused: a layer grants nothing")) << key;
    EXPECT_THAT(said, HasSubstr("org.yaml:3:1")) << key;
  }
}

TEST(Layer, ARoleCannotSayItsOwn) {
  for (const std::string_view key : {"layer: org", "require: []", "except: []"}) {
    EXPECT_THAT(sample::said(sample::load(sample::file(std::string(key) + "\n")).errors),
                HasSubstr("in the policy file is refused: it belongs to a layer file"));
  }
  EXPECT_THAT(said_of(sample::file("")), HasSubstr("`agent` in a layer file is refused"));
}

TEST(Layer, NeedsANameAndAnOwner) {
  EXPECT_THAT(said_of("blocked: [x]\n"), HasSubstr("a layer file has no `layer`"));
  EXPECT_THAT(said_of("layer: org\n"), HasSubstr("a layer file has no `owner`"));
  EXPECT_THAT(said_of("layer: a/b\nowner: o\n"), HasSubstr("`layer` is `a/b`"));
  EXPECT_THAT(said_of(""), HasSubstr("org.yaml"));
  const Loaded twice = with(sample::file(""), {{"a.yaml", "layer: org\nowner: o\n"},
                                               {"b.yaml", "layer: org\nowner: o\n"}});
  EXPECT_THAT(sample::said(twice.errors), HasSubstr("b.yaml:1:1: the layer `org` is in force"));
}

TEST(Layer, RowsOfRequire) {
  EXPECT_THAT(said_of(row("{then: hold}")), HasSubstr("a row of `require` has no `if`"));
  EXPECT_THAT(said_of(row("{if: 'env == \"staging\"'}")), HasSubstr("has no `then`"));
  EXPECT_THAT(said_of(row("{if: 'env == \"staging\"', then: allow}")),
              HasSubstr("a layer allows nothing"));
  EXPECT_THAT(said_of(row("{if: 'true', then: hold}")), HasSubstr("always true"));
  EXPECT_THAT(said_of(row("{if: 'env == \"prod\"', then: hold}")), HasSubstr("prod"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', then: deny, quorum: 2}")),
              HasSubstr("`quorum` asks people, and `then` in line 4 says `deny`"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', quorum: 2, approval: {quorum: 1}}")),
              HasSubstr("`quorum` says again"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', typed: true}")), IsEmpty());
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', approval: {typed: true}}")), IsEmpty());
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', then: hold, typed: false}")),
              HasSubstr("expected `true`: nothing is taken away"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', then: deny, typed: true}")),
              HasSubstr("`typed` asks people, and `then` in line 4 says `deny`"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', typed: true, approval: {typed: true}}")),
              HasSubstr("`typed` says again what `approval.typed` says"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', approval: {typed: args.name}}")),
              HasSubstr("a layer does not know the arguments of any tool"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', then: hold, approval: {wider: {run: 1h}}}")),
              HasSubstr("a layer only tightens: `wider` is the role's to say"));
  EXPECT_THAT(said_of(row("{if: 'run.records[\"x\"] > 3', then: hold}")),
              HasSubstr("a layer does not know the entries of a role"));
  EXPECT_THAT(said_of(row("{if: 'tool == \"x\"', approval: {route: [{if: 'tool == \"x\"', to: "
                          "[b]}]}}")),
              HasSubstr("a layer has no routes"));
  EXPECT_THAT(said_of(row("{if: 'run.records[tool] > 3 && run.seen[\"x\"] > 1', then: hold}")),
              IsEmpty());
}

TEST(Layer, ExceptionsAreForOneToolAndEnd) {
  const std::string rest = "then: notify, until: 2027-03-31, reason: r}";
  EXPECT_THAT(said_of(except("{role: a, tool: tool, " + rest)), IsEmpty());
  EXPECT_THAT(said_of(except("{tool: tool, " + rest)), HasSubstr("has no `role`"));
  EXPECT_THAT(said_of(except("{role: a, " + rest)), HasSubstr("has no `tool`"));
  EXPECT_THAT(said_of(except("{role: a, tool: t, then: notify, reason: r}")),
              HasSubstr("has no `until`"));
  EXPECT_THAT(said_of(except("{role: a, tool: t, then: notify, until: 2027-03-31}")),
              HasSubstr("has no `reason`"));
  EXPECT_THAT(said_of(except("{role: a, tool: t, then: deny, until: 2027-03-31, reason: r}")),
              HasSubstr("an exception asks less than its layer"));
  for (const std::string_view tool : {"'*'", "'send_*'", "'mail?/send'", "'*/send'"}) {
    EXPECT_THAT(said_of(except("{role: a, tool: " + std::string(tool) + ", " + rest)),
                HasSubstr("an exception is for one tool"))
        << tool;
  }
}

TEST(Layer, ReviewersOfTwoListsAreInBoth) {
  using Names = std::vector<std::string>;
  EXPECT_THAT(reviewers_of_both(Names{}, Names{"a"}), ElementsAre("a"));
  EXPECT_THAT(reviewers_of_both(Names{"a"}, Names{}), ElementsAre("a"));
  EXPECT_THAT(reviewers_of_both(Names{"a", "b"}, Names{"a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(reviewers_of_both(Names{"a", "b"}, Names{"c"}), ElementsAre("a & c", "b & c"));
  EXPECT_THAT(reviewers_of_both(Names{"a & c"}, Names{"b", "c"}),
              ElementsAre("a & b & c", "a & c"));
  EXPECT_THAT(reviewers_of_both(Names{"c"}, Names{"a"}), ElementsAre("a & c"));
}

TEST(Layer, TheDeploymentNamesThem) {
  const auto load = [](std::string_view text) { return load_deployment(text, "pawl.yaml"); };
  const LoadedDeployment loaded = load(R"(layers: [org.yaml, "teams/${role.team}.yaml"]
roles:
  support: {file: support.yaml, team: care}
  lonely: {file: lonely.yaml}
people:
  ada: {groups: [security, leads]}
  bob: {groups: [leads]}
)");
  ASSERT_TRUE(loaded.deployment) << sample::said(loaded.errors);
  const Deployment& deployment = *loaded.deployment;
  EXPECT_THAT(*deployment.layers_of("support"), ElementsAre("org.yaml", "teams/care.yaml"));
  for (const std::string_view role : {"lonely", "stranger"}) {
    const auto files = deployment.layers_of(role);
    ASSERT_FALSE(files);
    EXPECT_THAT(files.error().message, HasSubstr("has no `team`"));
  }
  EXPECT_THAT(deployment.persons({"leads & security"}), ElementsAre("ada"));
  EXPECT_THAT(deployment.persons({"bob & security"}), IsEmpty());
  EXPECT_TRUE(deployment.knows("leads & security"));
  EXPECT_FALSE(deployment.knows("leads & strangers"));
  for (const std::string_view team : {"../x", "..", "a/b", "\"\""}) {
    EXPECT_FALSE(load("roles: {a: {file: f, team: " + std::string(team) + "}}\n").errors.empty());
  }
  EXPECT_FALSE(load("layers: [\"${role.id}.yaml\"]\n").errors.empty());
  EXPECT_FALSE(load("layers: [\"${role.team}/${role.team}.yaml\"]\n").errors.empty());
}

}  // namespace
}  // namespace pawl
