#include <gmock/gmock.h>

#include "base/given.h"
#include "kernel/policy/policy.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Instant instant_of(std::string_view text) {
  return *parse_instant(text);
}

TEST(Load, TheFirstPolicyMeansWhatItSays) {
  const Loaded loaded = sample::load(sample::seed);
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Policy& policy = *loaded.policy;
  EXPECT_EQ(policy.agent, "support-agent-v2");
  EXPECT_EQ(policy.identity, "support-agent@myco.iam");
  EXPECT_EQ(policy.owner, "");
  EXPECT_EQ(policy.environment, Environment::none);
  ASSERT_THAT(policy.tools, SizeIs(3));

  const ToolRule* read = policy.find("", "read_customer_record");
  ASSERT_NE(read, nullptr);
  EXPECT_THAT(read->scope->fields(), ElementsAre("customer_id", "order_history", "contact_info"));
  EXPECT_FALSE(read->requires_approval);

  const ToolRule* update = policy.find("crm", "update_order_status");
  ASSERT_NE(update, nullptr);
  EXPECT_EQ(update->max_records_per_run, 10U);
  EXPECT_EQ(to_string(update->max_records_rule.at), "p.yaml:11:9");
  ASSERT_THAT(update->arguments, SizeIs(1));
  EXPECT_EQ(update->arguments[0].plural, "statuses");
  EXPECT_EQ(update->arguments[0].rule.path,
            "tools/update_order_status/constraints/allowed_statuses");
  ASSERT_THAT(update->arguments[0].checks, SizeIs(1));
  EXPECT_EQ(update->arguments[0].checks[0].kind, CheckKind::in);
  EXPECT_THAT(update->arguments[0].checks[0].values, SizeIs(3));

  const ToolRule* mail = policy.find("", "send_customer_email");
  ASSERT_NE(mail, nullptr);
  EXPECT_TRUE(mail->requires_approval);
  EXPECT_EQ(mail->approval.within, Duration::seconds(300));
  EXPECT_EQ(mail->approval.deny_on_timeout, true);
  EXPECT_EQ(to_string(mail->approval_rule.at), "p.yaml:14:7");

  EXPECT_EQ(policy.find("", "delete_customer_record"), nullptr);
  EXPECT_NE(policy.blocks("anything", "Delete_Customer_Record"), nullptr);
  EXPECT_EQ(policy.ceilings.steps, 25U);
  EXPECT_EQ(policy.ceilings.tokens, 50'000U);
  EXPECT_EQ(policy.ceilings.wall_clock, Duration::seconds(120));
  EXPECT_EQ(policy.ceilings.cost_nano_usd, 2'000'000'000U);
  EXPECT_EQ(policy.ceilings.notify, "#oncall-agents");
  EXPECT_FALSE(policy.default_stage.has_value());
  EXPECT_EQ(policy.stage_of(*mail), Stage::established);
}

// The file as it was handed over, where it is found.
TEST(Load, TheFirstPolicyVerbatim) {
  const auto folder = given::folder("PAWL_SEEDS_DIR", "seeds", PAWL_SOURCE_DIR);
  if (folder.empty())
    GTEST_SKIP() << "$PAWL_SEEDS_DIR does not name the folder of agent-policy.yaml";
  const std::string text = sample::bytes_of_file((folder / "agent-policy.yaml").string());
  ASSERT_FALSE(text.empty());
  const Loaded loaded = sample::load(text);
  EXPECT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
}

TEST(Load, AFileWithEveryKeyOfThisVersion) {
  const std::string text = sample::bytes_of_file(PAWL_SOURCE_DIR "/test/scenarios/every-key.yaml");
  ASSERT_FALSE(text.empty());
  const Loaded loaded = sample::load(text, {{"lists/payees.txt", "# known\nACME\n\n  Globex \n"}});
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Policy& policy = *loaded.policy;
  EXPECT_EQ(policy.environment, Environment::production);  // the strictest that a call may name
  EXPECT_EQ(policy.gate_reads, true);
  EXPECT_EQ(policy.default_stage, Stage::fresh);
  EXPECT_EQ(policy.approval.quorum, 2);
  EXPECT_EQ(policy.approval.within, Duration::seconds(300));
  EXPECT_THAT(policy.approval.reviewers, ElementsAre("support-leads"));
  ASSERT_THAT(policy.contacts, SizeIs(2));
  EXPECT_EQ(policy.contacts[1].after, Duration::seconds(300));
  ASSERT_THAT(policy.freezes, SizeIs(3));
  EXPECT_EQ(to_string(policy.freezes[0].from), "2026-12-18T17:00:00Z");
  EXPECT_EQ(to_string(policy.freezes[0].until), "2027-01-04T07:00:00Z");
  EXPECT_EQ(policy.freezes[1].then, Effect::hold);
  const ToolRule* pay = policy.find("bank", "pay_invoice");
  ASSERT_NE(pay, nullptr);
  EXPECT_EQ(pay->credential, "crm-key");
  EXPECT_EQ(pay->records_stated, 1U);
  EXPECT_EQ(pay->max_calls_per_run, 5U);
  EXPECT_EQ(pay->max_calls_per_minute, 2U);
  EXPECT_EQ(policy.find("", "pay_invoice"), nullptr);
  EXPECT_EQ(policy.stage_of(*pay), Stage::mature);
  EXPECT_NE(policy.accepted("tools/drop_cache/class", instant_of("2027-03-31T23:59:59Z")), nullptr);
  EXPECT_EQ(policy.accepted("tools/drop_cache/class", instant_of("2027-04-01T00:00:00Z")), nullptr);
}

TEST(Load, ListsAreFlatAndMayNameLists) {
  const Loaded loaded = sample::load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
      "lists: {a: [one, $b], b: {file: b.txt}, c: [$a, two, one]}\n"
      "tools: {allowed: [{name: t, args: {x: $c, y: [$b, four]}}]}\n",
      {{"b.txt", "three\n# no\nthree\n"}});
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const auto& arguments = loaded.policy->tools[0].arguments;
  const auto texts = [](const Check& check) {
    std::vector<std::string> out;
    for (const Literal& value : check.values) out.push_back(value.json);
    std::ranges::sort(out);
    return out;
  };
  EXPECT_THAT(texts(arguments[0].checks[0]), ElementsAre("\"one\"", "\"three\"", "\"two\""));
  EXPECT_THAT(texts(arguments[1].checks[0]), ElementsAre("\"four\"", "\"three\""));
}

TEST(Load, ListsOfListsDoNotMultiply) {
  std::string text = "version: 1\nagent: {id: a}\nlists:\n  l0: [x";
  for (int i = 0; i < 99; ++i) text += ", x";
  text += "]\n";
  for (int level = 1; level < 12; ++level) {
    text += fmt::format("  l{}: [$l{}", level, level - 1);
    for (int i = 0; i < 99; ++i) text += fmt::format(", $l{}", level - 1);
    text += "]\n";
  }
  text += "tools: {allowed: [{name: t, args: {x: $l11}}]}\n";
  const Loaded loaded = sample::load(text);
  ASSERT_FALSE(loaded.errors.empty());
  EXPECT_THAT(sample::said(loaded.errors), ::testing::HasSubstr("stand for more than"));
}

TEST(Load, MoneyIsExact) {
  const auto cost = [](std::string_view written) {
    const Loaded loaded =
        sample::load(sample::file(fmt::format("execution: {{max_cost_usd: {}}}\n", written)));
    EXPECT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
    return loaded.policy == nullptr ? 0 : loaded.policy->ceilings.cost_nano_usd.value_or(0);
  };
  EXPECT_EQ(cost("2.00"), 2'000'000'000U);
  EXPECT_EQ(cost("0.1"), 100'000'000U);
  EXPECT_EQ(cost("0.000000001"), 1U);
  EXPECT_EQ(cost("1000000000"), 1'000'000'000'000'000'000U);
  EXPECT_EQ(cost("123456789.987654321"), 123'456'789'987'654'321U);
  EXPECT_EQ(cost("0.3000000000000"), 300'000'000U);
}

TEST(Load, ShortAndLongPathsAreTheSame) {
  const std::string_view shorter = "args: {p: {under: /srv, not_in: ['**/x'], base: /srv}}\n";
  const std::string_view longer =
      "args: {p: {path: {under: [/srv], not_in: '**/x', base: /srv}}}\n";
  for (const std::string_view lines : {shorter, longer}) {
    const Loaded loaded = sample::load(sample::entry(lines));
    ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
    const Check& check = loaded.policy->tools[0].arguments[0].checks.at(0);
    ASSERT_EQ(check.kind, CheckKind::path);
    EXPECT_THAT(check.path->under, ElementsAre("/srv"));
    EXPECT_THAT(check.path->not_in, ElementsAre("**/x"));
    EXPECT_EQ(check.path->base, "/srv");
  }
}

TEST(Load, SignsOfAPathCountWhereverTheyStand) {
  for (const std::string_view lines :
       {"args: {p: {under: /srv/$a, signs: '%$'}}\n",
        "args: {p: {path: {signs: $%, under: /srv/$a, not_in: ['*/$x']}}}\n"}) {
    const Loaded loaded = sample::load(sample::entry(lines));
    ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
    EXPECT_EQ(loaded.policy->tools[0].arguments[0].checks.at(0).path->signs, "$%");
  }
  EXPECT_THAT(
      sample::said(sample::load(sample::entry("args: {p: {under: /srv, signs: '~'}}\n")).errors),
      HasSubstr("expected `$`, `%` or `$%`"));
  EXPECT_THAT(sample::said(sample::load(sample::entry("args: {p: {signs: $}}\n")).errors),
              HasSubstr("needs `under`"));
}

TEST(Load, NamesWithBracketsAreNames) {
  const Loaded loaded = sample::load(sample::entry("args: {'filter[status]': [open]}\n"));
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_THAT(loaded.policy->tools[0].named, ElementsAre("filter[status]"));
}

TEST(Load, NoItemsMeansNoneOrAbsent) {
  const Loaded loaded = sample::load(sample::entry("args: {cc: {max_items: 0}}\n"));
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_EQ(loaded.policy->tools[0].arguments[0].min_items, 0U);
  EXPECT_FALSE(loaded.policy->tools[0].arguments[0].required);
}

TEST(Load, AnApprovalOfAnEntryAsksForOne) {
  const Loaded asks = sample::load(sample::entry("approval: {by: [ada]}\n"));
  ASSERT_THAT(asks.errors, IsEmpty()) << sample::said(asks.errors);
  EXPECT_TRUE(asks.policy->tools[0].requires_approval);
  const Loaded terms =
      sample::load(sample::entry("approval: {by: [ada]}\nrequires_approval: false\n"));
  EXPECT_FALSE(terms.policy->tools[0].requires_approval);
  EXPECT_THAT(terms.policy->tools[0].approval.reviewers, ElementsAre("ada"));
}

TEST(Load, FreezesTakeTheWiderReading) {
  // Clocks in Berlin go back on 2026-10-25: 02:30 happens twice.
  const Loaded loaded = sample::load(sample::file(
      "freeze:\n"
      "  - {name: f, from: 2026-10-25T02:30, until: 2026-10-25T02:30:30, zone: Europe/Berlin, "
      "stop: [irreversible]}\n"));
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_EQ(to_string(loaded.policy->freezes[0].from), "2026-10-25T00:30:00Z");
  EXPECT_EQ(to_string(loaded.policy->freezes[0].until), "2026-10-25T01:30:30Z");
}

TEST(Load, StagesOfAnEntryAreThoseOfItsLeastTrustedName) {
  const Loaded loaded = sample::load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
      "tools: {allowed: [{name: [read_a, read_b]}, {name: read_c}]}\n"
      "autonomy: {default: established, types: {read_a: {stage: mature, evidence: e}, "
      "read_c: {stage: mature, evidence: e}}}\n");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  const Policy& policy = *loaded.policy;
  EXPECT_EQ(policy.stage_of(*policy.find("", "read_b")), Stage::established);
  EXPECT_EQ(policy.stage_of(*policy.find("", "read_c")), Stage::mature);
}

TEST(Load, GapsAreFindingsAndNotErrors) {
  const Loaded loaded =
      sample::load("agent: {id: a}\nlists: {unused: [x]}\ntools: {allowed: [{name: t}]}\n");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  std::string all;
  for (const Finding& finding : loaded.policy->findings) {
    all += to_string(finding.at) + " " + finding.message + "\n";
  }
  EXPECT_EQ(all,
            "p.yaml:1:1 the file has no `execution`: a run has no ceiling; `execution: {max_steps: "
            "50, max_denials: 10, max_wall_clock: 30m}` sets some\n"
            "p.yaml:1:1 the file has no `version`; it is read as version 1: `version: 1`\n"
            "p.yaml:1:8 `agent` has no `identity` of its own, and no `owner` who answers for it: "
            "`identity: NAME@ORGANISATION, owner: PERSON`\n"
            "p.yaml:2:9 nothing uses the list `unused`\n");
}

TEST(Load, APackPlacesWhatNoVerbPlacesAndNeverLowers) {
  const std::string_view head =
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\nuse: [pawl:coding-agents@1]\n";
  const auto load_it = [&](std::string_view entries) {
    return sample::load(std::string(head) + "tools:\n  allowed:\n" + std::string(entries));
  };
  const Loaded plain = load_it("    - name: TodoWrite\n    - name: Bash\n");
  ASSERT_NE(plain.policy, nullptr) << sample::said(plain.errors);
  const auto class_of = [&](std::string_view tool) {
    return to_string(bind(*plain.policy, *plain.policy->find("", tool), nullptr, {}).action_class);
  };
  EXPECT_EQ(class_of("Bash"), "irreversible large external_sink");
  const Loaded lower = load_it("    - {name: Bash, class: read_only}\n");
  ASSERT_EQ(lower.errors.size(), 1U);
  EXPECT_NE(lower.errors[0].message.find("`read_only` is stated for `Bash`"), std::string::npos);
}

}  // namespace
}  // namespace pawl
