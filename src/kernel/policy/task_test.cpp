// Task files: a run keeps less than its role, never more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kRole = R"(version: 1
agent: {id: a, identity: a@x, owner: o}
lists: {payees: [acme, bolt]}
tools:
  allowed:
    - {name: read_file, class: read_only}
    - name: "get_*"
      class: read_only
      max_calls_per_run: 5
    - name: bank/pay
      class: irreversible small
      max_calls_per_run: 3
      args: {to: $payees, amount: {max: 100}}
  blocked: [get_secret]
execution: {max_steps: 20}
)";

std::shared_ptr<const Policy> role() {
  const Loaded loaded = sample::load(kRole);
  EXPECT_TRUE(loaded.policy) << sample::said(loaded.errors);
  return loaded.policy;
}

Loaded narrowed(std::string_view task) {
  return load_task(*role(), task, "task.yaml");
}

TEST(Task, KeepsTheToolsItNames) {
  const Loaded loaded = narrowed("tools: [read_file, get_name]\n");
  ASSERT_TRUE(loaded.policy) << sample::said(loaded.errors);
  const Policy& policy = *loaded.policy;
  EXPECT_THAT(policy.tools, SizeIs(2));
  EXPECT_NE(policy.find("", "read_file"), nullptr);
  ASSERT_NE(policy.find("", "get_name"), nullptr);
  EXPECT_EQ(policy.find("", "get_name")->key, "get_*") << "counters go on under the role's name";
  EXPECT_EQ(policy.find("", "get_other"), nullptr);
  EXPECT_EQ(policy.find("bank", "pay"), nullptr);
  EXPECT_NE(policy.blocks("", "get_secret"), nullptr);
}

TEST(Task, WhatIsStricterOnOneServerStays) {
  const Loaded role = sample::load(
      "version: 1\nagent: {id: a, identity: a@x, owner: o}\n"
      "servers: {mail: {args: {to: {in: [ada]}}}}\n"
      "tools:\n  allowed:\n    - {name: update_entry, class: reversible small}\n"
      "    - {name: get_entry, class: read_only}\n"
      "    - {name: bank/get_entry, class: read_only, requires_approval: true}\n");
  ASSERT_TRUE(role.policy) << sample::said(role.errors);
  const Loaded loaded = load_task(*role.policy, "tools: [update_entry, get_entry]\n", "task.yaml");
  ASSERT_TRUE(loaded.policy) << sample::said(loaded.errors);
  const Policy& policy = *loaded.policy;
  EXPECT_TRUE(policy.find("bank", "get_entry")->requires_approval);
  EXPECT_FALSE(policy.find("desk", "get_entry")->requires_approval);
  EXPECT_THAT(policy.find("mail", "update_entry")->arguments, SizeIs(1));
  EXPECT_THAT(policy.find("desk", "update_entry")->arguments, SizeIs(0));
  EXPECT_EQ(policy.find("mail", "update_entry")->key, policy.find("desk", "update_entry")->key);
}

TEST(Task, PutsItsChecksBesideTheRoles) {
  const Loaded loaded = narrowed(
      "text: pay acme 40\ntools:\n  - {name: bank/pay, args: {to: acme, amount: {max: 500}}, "
      "max_calls_per_run: 1}\nexecution: {max_steps: 5, max_denials: 2, max_repeats: 3}\n");
  ASSERT_TRUE(loaded.policy) << sample::said(loaded.errors);
  const ToolRule* pay = loaded.policy->find("bank", "pay");
  ASSERT_NE(pay, nullptr);
  EXPECT_THAT(pay->arguments, SizeIs(4));
  EXPECT_EQ(pay->max_calls_per_run, 1U);
  EXPECT_EQ(loaded.policy->ceilings.steps, 5U);
  EXPECT_EQ(loaded.policy->ceilings.denials, 2U);
  EXPECT_EQ(loaded.policy->ceilings.repeats, 3U);
  EXPECT_EQ(loaded.policy->task_words, "pay acme 40");
  const auto call = [&](std::string_view arguments) {
    const auto document = json::parse(arguments);
    for (const ArgumentRule& rule : pay->arguments) {
      std::vector<Rewrite> rewrites;
      if (evaluate(rule, document->root(), nullptr, {}, rewrites)) return false;
    }
    return true;
  };
  EXPECT_TRUE(call(R"({"to":"acme","amount":40})"));
  EXPECT_FALSE(call(R"({"to":"bolt","amount":40})"));
  EXPECT_FALSE(call(R"({"to":"acme","amount":400})"));
}

TEST(Task, NeverLoosens) {
  const Loaded loaded =
      narrowed("tools: [{name: get_name, max_calls_per_run: 50}]\nexecution: {max_steps: 500}\n");
  ASSERT_TRUE(loaded.policy) << sample::said(loaded.errors);
  EXPECT_EQ(loaded.policy->find("", "get_name")->max_calls_per_run, 5U);
  EXPECT_EQ(loaded.policy->ceilings.steps, 20U);
  const Loaded wrong = narrowed(
      "tools: [read_fil, \"get_*\", pay, delete_file, read_file, read_file,\n"
      "        {name: bank/pay, class: read_only}]\nblocked: []\nagent: {id: b}\n");
  EXPECT_EQ(wrong.policy, nullptr);
  const std::string said = sample::said(wrong.errors);
  for (const char* part :
       {"task.yaml:1:9: the role does not grant `read_fil`", "did you mean `read_file`",
        "does not grant `get_*`", "does not grant `pay`", "does not grant `delete_file`",
        "`read_file` is there twice", "unknown key `class` in a tool of a task",
        "`blocked` in a task file", "`agent` in a task file"}) {
    EXPECT_THAT(said, HasSubstr(part));
  }
}

TEST(Task, IsPartOfTheBundle) {
  const std::string task = "text: \"pay acme\\n> quoted\"\ntools: [read_file]\n";
  const Loaded loaded = narrowed(task);
  ASSERT_TRUE(loaded.policy);
  EXPECT_NE(loaded.policy->digest, role()->digest);
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_TRUE(again.policy) << sample::said(again.errors);
  EXPECT_EQ(again.policy->digest, loaded.policy->digest);
  EXPECT_EQ(again.policy->task, task);
  EXPECT_EQ(again.policy->task_words, loaded.policy->task_words);
  EXPECT_THAT(again.policy->tools, SizeIs(1));
  // A narrowed policy is narrowed anew from the role, not twice.
  const Loaded other = load_task(*loaded.policy, "tools: [get_name]\n", "t");
  ASSERT_TRUE(other.policy);
  EXPECT_EQ(other.policy->find("", "read_file"), nullptr);
}

TEST(Task, WithoutToolsKeepsAllOfThem) {
  const Loaded loaded = narrowed("text: hello\n");
  ASSERT_TRUE(loaded.policy) << sample::said(loaded.errors);
  EXPECT_THAT(loaded.policy->tools, SizeIs(3));
  EXPECT_EQ(narrowed("").policy, nullptr);
  EXPECT_EQ(narrowed("tools: []\n").policy, nullptr);
}

}  // namespace
}  // namespace pawl
