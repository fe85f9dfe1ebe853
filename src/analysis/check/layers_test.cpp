// What a check says of the layers that a role has to pass.
#include <gmock/gmock.h>

#include <algorithm>

#include "analysis/check/check.h"
#include "analysis/check/describe.h"

namespace pawl {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Instant kLayersNow = *parse_instant("2026-11-21T08:00:00Z");

constexpr std::string_view kRole = R"(agent: {id: clerk, identity: clerk@x, owner: o}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: write_note, class: reversible small}
    - {name: burn_note, class: irreversible small}
)";

Loaded load_layered(const std::string& layer, std::string_view role = kRole) {
  LoadSources sources;
  sources.layers.push_back({"org.yaml", "layer: org\nowner: o\n" + layer, {}});
  Loaded loaded = load_policy(role, "p.yaml", sources);
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return loaded;
}

Deployment people(const std::string& text) {
  return *load_deployment("people:\n" + text, "pawl.yaml").deployment;
}

std::string found(const CheckReport& report) {
  std::string out;
  for (const Finding& finding : report.findings) {
    out += to_string(finding.at) + ": " + finding.message + "\n";
  }
  for (const Error& error : report.errors) out += to_string(error) + "\n";
  return out;
}

const CheckReport::Row& row(const CheckReport& report, std::string_view tool) {
  return *std::ranges::find(report.table, tool, &CheckReport::Row::tool);
}

TEST(CheckLayers, TheTableSaysWhatTheyAsk) {
  const Deployment deployment = people("  ada: {groups: [heads]}\n  bob: {groups: [heads]}\n");
  const Loaded loaded = load_layered(
      "require:\n"
      "  - {if: 'class.reversibility == \"reversible\"', approval: {by: [heads], quorum: 2}}\n"
      "  - {if: 'tool == \"read_note\"', then: notify}\n"
      "  - {if: 'tool == \"burn_note\"', then: deny}\n");
  const CheckReport report = check(loaded, &deployment, {}, kLayersNow, false);
  EXPECT_EQ(row(report, "read_note").effect, Effect::notify);
  EXPECT_EQ(row(report, "write_note").effect, Effect::hold);
  EXPECT_THAT(row(report, "write_note").approval, HasSubstr("2 of heads"));
  EXPECT_EQ(row(report, "burn_note").effect, Effect::deny);
  EXPECT_EQ(row(report, "burn_note").why, "a layer denies it");
  EXPECT_THAT(report.summary, Contains(HasSubstr("the layer `org` of o too (org.yaml)")));
  EXPECT_THAT(report.errors,
              Not(Contains(testing::Field(&Error::message, HasSubstr("write_note")))));
}

// What is not known before the call is not part of the table, and is said beside it.
TEST(CheckLayers, WhatDependsOnTheCallIsSaid) {
  const Deployment deployment = people("  bob: {groups: [leads]}\n");
  const Loaded loaded = load_layered(
      "require:\n"
      "  - {if: 'args.amount > 5', approval: {by: [heads]}}\n"
      "  - {if: 'run.seen[\"read_note\"] > 3', then: deny}\n"
      "  - {if: 'tool == \"other\" && args.x == 1', then: deny}\n");
  const CheckReport report = check(loaded, &deployment, {}, kLayersNow, false);
  const CheckReport::Row& read = row(report, "read_note");
  EXPECT_EQ(read.effects, (std::vector{Effect::allow, Effect::hold, Effect::deny}));
  ASSERT_EQ(read.parts.size(), 3U);
  EXPECT_EQ(read.parts[1].when, "where a layer says so (org.yaml:4)");
  EXPECT_EQ(read.parts[1].effect, Effect::hold);
  EXPECT_EQ(read.parts[2].when, "where a layer says so (org.yaml:5)");
  EXPECT_THAT(found(report), HasSubstr("org.yaml:4:5: a call of `read_note` that this row asks "
                                       "about needs 1 persons, and 0 may answer (`heads`)"));
}

TEST(CheckLayers, DescribeShowsEveryEnvironment) {
  const Loaded loaded = load_layered("require: [{if: 'env == \"production\"', then: deny}]\n");
  const Description description = describe(*loaded.policy, nullptr, kLayersNow);
  const auto& cells = description.tools.front().cells;
  EXPECT_EQ(cells[0].strictest(), Effect::allow);
  EXPECT_EQ(cells[2].strictest(), Effect::deny);
}

TEST(CheckLayers, AReviewerHasToBeOfBoth) {
  const std::string role = std::string(kRole) + "approval: {reviewers: [leads]}\n";
  const Loaded loaded = load_layered(
      "require: [{if: 'class.reversibility == \"irreversible\"', approval: {by: [heads]}}]\n",
      role);
  const Deployment apart = people("  ada: {groups: [heads]}\n  bob: {groups: [leads]}\n");
  const Deployment both = people("  ada: {groups: [heads, leads]}\n  bob: {groups: [leads]}\n");
  EXPECT_THAT(
      found(check(loaded, &apart, {}, kLayersNow, false)),
      AllOf(HasSubstr("role and layers name different people"), HasSubstr("`heads & leads`")));
  EXPECT_THAT(check(loaded, &both, {}, kLayersNow, false).errors, IsEmpty());
}

TEST(CheckLayers, ExceptionsAreSaidAndTheirEnd) {
  const Loaded loaded = load_layered(
      "require: [{if: 'tool == \"write_note\"', then: hold}]\nexcept:\n"
      "  - {role: clerk, tool: write_note, then: notify, until: 2026-01-31, reason: over}\n"
      "  - {role: clerk, tool: read_note, then: notify, until: 2027-03-31, reason: FIN-1}\n");
  const CheckReport report = check(loaded, nullptr, {}, kLayersNow, false);
  EXPECT_THAT(found(report),
              AllOf(HasSubstr("org.yaml:5:5: the exception for `write_note` of `clerk` ended"),
                    HasSubstr("the layer `org` asks at most `notify` of `read_note`: FIN-1")));
  EXPECT_EQ(row(report, "write_note").effect, Effect::hold);
}

TEST(CheckLayers, SilenceOfARoleIsSaid) {
  const Loaded loaded = load_layered(
      "require: [{if: 'env == \"production\" && run.stage == \"new\"', then: "
      "hold}]\n");
  EXPECT_THAT(found(check(loaded, nullptr, {}, kLayersNow, false)),
              AllOf(HasSubstr("looks at `env`, and the file says no `environment`"),
                    HasSubstr("looks at `run.stage`, and the file claims no stages")));
}

TEST(CheckLayers, ALayerAlone) {
  const Loaded loaded = load_layer(
      "layer: org\nowner: o\nlists: {l: [x]}\nexcept:\n  - {role: clerk, tool: t, then: notify, "
      "until: 2026-01-31, reason: over}\n",
      "org.yaml", {});
  const CheckReport report = check_layer(loaded, kLayersNow);
  EXPECT_TRUE(report.passes());
  EXPECT_THAT(report.table, IsEmpty());
  EXPECT_THAT(found(report), AllOf(HasSubstr("nothing uses the list `l`"), HasSubstr("ended")));
}

}  // namespace
}  // namespace pawl
