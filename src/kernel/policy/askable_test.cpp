// `may_request`, `credential` by an argument, `approval.typed` and zones in expressions, as read.
#include <gmock/gmock.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Askable, IsReadWhole) {
  const Loaded loaded = sample::load(sample::file(
      "may_request:\n"
      "  - {name: [k8s/pods_exec, k8s/pods_run], args: {namespace: [checkout]}, by: [leads], for: "
      "30m, max_calls: 2}\n"
      "  - {name: export_report, for: 7d}\n"));
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  ASSERT_EQ(loaded.policy->askable.size(), 2U);
  const Askable& one = loaded.policy->askable[0];
  EXPECT_THAT(one.what.names, ElementsAre("k8s/pods_exec", "k8s/pods_run"));
  EXPECT_THAT(one.what.approval.reviewers, ElementsAre("leads"));
  EXPECT_EQ(one.lasts, Duration::seconds(1800));
  EXPECT_EQ(one.what.max_calls_per_run, 2U);
  ASSERT_EQ(one.what.arguments.size(), 1U);
  EXPECT_EQ(loaded.policy->find("k8s", "pods_exec"), nullptr) << "it grants nothing";
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->askable.size(), 2U);
}

std::string mistake(std::string_view line) {
  return sample::said(
      sample::load(sample::file("may_request: [" + std::string(line) + "]\n")).errors);
}

TEST(Askable, NamesWhatNoReviewerCouldGrant) {
  EXPECT_THAT(mistake("{name: tool, for: 1h}"), HasSubstr("granted in line 4 already"));
  EXPECT_THAT(mistake("{name: s/tool, for: 1h}"), HasSubstr("granted in line 4 already"));
  EXPECT_THAT(mistake("{name: 's/*', for: 1h}"), HasSubstr("is a glob"));
  EXPECT_THAT(mistake("{name: a, for: 1h}, {name: A, for: 1h}"), HasSubstr("is there twice"));
  EXPECT_THAT(mistake("{name: a}"), HasSubstr("has no `for`"));
  EXPECT_THAT(mistake("{for: 1h}"), HasSubstr("has no `name`"));
  EXPECT_THAT(mistake("{name: a, for: 8d}"), HasSubstr("`for`"));
  EXPECT_THAT(mistake("{name: a, for: 1h, max_calls: 0}"), HasSubstr("`max_calls`"));
  EXPECT_THAT(mistake("{name: a, for: 1h, by: [sponsor]}"), HasSubstr("`sponsor`"));
  EXPECT_THAT(mistake("{name: a, for: 1h, class: read_only}"), HasSubstr("`class`"));
  EXPECT_THAT(mistake("{name: a, for: 1h, args: {x: {from: {result: none.f}}}}"),
              HasSubstr("none"));
  const std::string blocked = sample::entry("class: read_only") +
                              "  blocked: [pods_exec]\nmay_request: [{name: k8s/Pods_Exec, for: "
                              "1h}]\n";
  EXPECT_THAT(sample::said(sample::load(blocked).errors), HasSubstr("is blocked in line"));
}

std::string entry_mistake(std::string_view lines) {
  return sample::said(sample::load(sample::entry(lines)).errors);
}

TEST(CredentialByArgument, IsReadAndChecked) {
  const Loaded loaded =
      sample::load(sample::entry("credential: {of: args.context, b: mail-relay, a: crm-key}"));
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const CredentialBy& by = *loaded.policy->tools.at(0).credential_by;
  ASSERT_NE(by.find("a"), nullptr);
  EXPECT_EQ(*by.find("a"), "crm-key");
  EXPECT_EQ(*by.find("b"), "mail-relay");
  EXPECT_EQ(by.find("c"), nullptr);
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << "the deployment file is not asked again";

  EXPECT_THAT(entry_mistake("credential: {a: crm-key}"), HasSubstr("has no `of`"));
  EXPECT_THAT(entry_mistake("credential: {of: args.c}"), HasSubstr("names no value"));
  EXPECT_THAT(entry_mistake("credential: {of: c, a: crm-key}"), HasSubstr("one argument"));
  EXPECT_THAT(entry_mistake("credential: {of: 'args.c[]', a: crm-key}"), HasSubstr("one argument"));
  EXPECT_THAT(entry_mistake("credential: {of: args.c, a: crm-kee}"),
              HasSubstr("did you mean `crm-key`?"));
}

TEST(CredentialByArgument, OfAServerIsForEntriesThatNameNone) {
  const Loaded loaded = sample::load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
      "servers: {k8s: {credential: {of: args.context, stg: crm-key}}}\n"
      "tools:\n  allowed:\n    - {name: k8s/get, class: read_only}\n"
      "    - {name: k8s/own, class: read_only, credential: mail-relay}\n");
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  EXPECT_NE(loaded.policy->find("k8s", "get")->credential_by, nullptr);
  const ToolRule& own = *loaded.policy->find("k8s", "own");
  EXPECT_EQ(own.credential_by, nullptr);
  EXPECT_EQ(own.credential, "mail-relay");
}

TEST(TypedKey, IsATruthOrAnArgument) {
  const auto typed = [](std::string_view value) {
    const Loaded loaded =
        sample::load(sample::entry("approval: {by: [x], typed: " + std::string(value) + "}"));
    if (loaded.policy == nullptr) return sample::said(loaded.errors);
    return "`" + loaded.policy->tools.at(0).approval.typed->argument + "`";
  };
  EXPECT_EQ(typed("true"), "``");
  EXPECT_EQ(typed("args.order_id"), "`order_id`");
  EXPECT_EQ(typed("args.a.b"), "`a.b`");
  EXPECT_THAT(typed("false"), HasSubstr("takes nothing away"));
  EXPECT_THAT(typed("order_id"), HasSubstr("one argument"));
  EXPECT_THAT(typed("'args.ids[]'"), HasSubstr("one argument"));
}

TEST(Approval, MayBeForMoreWhereACallCanBeUndone) {
  const auto wider = [](std::string_view keys) {
    const Loaded loaded = sample::load(sample::entry(keys));
    if (loaded.policy == nullptr) return sample::said(loaded.errors);
    const auto& read = loaded.policy->tools.at(0).approval.wider;
    return read ? std::to_string(read->identical) + " " + to_string(read->run) : "none";
  };
  EXPECT_EQ(wider("approval: {by: [x], wider: {identical: 5, run: 30m}}"), "5 30m");
  EXPECT_EQ(wider("approval: {by: [x], wider: {run: 1h}}"), "0 1h");
  EXPECT_EQ(wider("approval: {by: [x]}"), "none");
  EXPECT_THAT(wider("approval: {by: [x], wider: {}}"), HasSubstr("expected `identical`, `run`"));
  EXPECT_THAT(wider("approval: {by: [x], wider: {identical: 1}}"), HasSubstr("identical"));
  EXPECT_THAT(wider("approval: {by: [x], wider: {for_ever: true}}"), HasSubstr("for_ever"));
  EXPECT_THAT(wider("class: irreversible small\napproval: {by: [x], wider: {run: 1h}}"),
              HasSubstr("call by call"));
}

TEST(ZonesOfExpressions, AreFoundAtLoadAndKeptInTheBundle) {
  const std::string text = sample::entry("if: now.getHours(\"Europe/Berlin\") >= 8");
  const Loaded loaded = sample::load(text);
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  EXPECT_THAT(loaded.policy->bundle, HasSubstr("\nzone "));
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->digest, loaded.policy->digest);
  // With the types of a tool nothing is asked from the outside any more.
  const auto typed = again.policy->tools.at(0).conditions.at(0)->retyped(nullptr);
  EXPECT_TRUE(typed.has_value());
  EXPECT_THAT(entry_mistake("if: now.getHours(\"Europe/Nowhere\") >= 8"),
              HasSubstr("no zone of that name"));
}

}  // namespace
}  // namespace pawl
