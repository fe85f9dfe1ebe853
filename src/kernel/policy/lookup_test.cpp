#include <gmock/gmock.h>

#include "base/text.h"
#include "kernel/policy/policy.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

std::shared_ptr<const Policy> policy(std::string_view names, std::string_view blocked = "") {
  std::string text = "version: 1\nagent: {id: a, identity: a@x, owner: o}\ntools:\n  allowed:\n";
  for (const std::string_view name : split(names, ' ')) {
    text += fmt::format("    - {{name: \"{}\"}}\n", name);
  }
  if (!blocked.empty()) text += fmt::format("  blocked: [{}]\n", blocked);
  const Loaded loaded = sample::load(text);
  EXPECT_THAT(loaded.errors, ::testing::IsEmpty()) << sample::said(loaded.errors);
  return loaded.policy;
}

std::string granted(const Policy& policy, std::string_view server, std::string_view tool) {
  const ToolRule* rule = policy.find(server, tool);
  return rule == nullptr ? "nothing" : rule->key;
}

TEST(Lookup, TheMostSpecificNameWins) {
  const auto p = policy("get_* get_b* fs/get_b* get_all fs/get_all db*/get_all * mcp:*");
  EXPECT_EQ(granted(*p, "", "get_x"), "get_*");
  EXPECT_EQ(granted(*p, "", "get_bx"), "get_b*");
  EXPECT_EQ(granted(*p, "fs", "get_bx"), "fs/get_b*");
  EXPECT_EQ(granted(*p, "", "get_all"), "get_all");
  EXPECT_EQ(granted(*p, "fs", "get_all"), "fs/get_all");
  EXPECT_EQ(granted(*p, "db7", "get_all"), "db*/get_all");
  EXPECT_EQ(granted(*p, "xy", "get_all"), "get_all");
  EXPECT_EQ(granted(*p, "", "other"), "*");
  EXPECT_EQ(granted(*p, "fs", "mcp:resources/read"), "mcp:*");
}

TEST(Lookup, WhatIsNotGranted) {
  const auto p = policy("fs/read write");
  EXPECT_EQ(granted(*p, "", "read"), "nothing");
  EXPECT_EQ(granted(*p, "", "fs/read"), "nothing");
  EXPECT_EQ(granted(*p, "FS", "read"), "nothing");
  EXPECT_EQ(granted(*p, "", "Write"), "nothing");
  EXPECT_EQ(granted(*p, "", "write "), "nothing");
  EXPECT_EQ(granted(*p, "", ""), "nothing");
  EXPECT_EQ(granted(*p, "fs", "mcp:resources/read"), "nothing");
  EXPECT_EQ(granted(*p, std::string(500, 'f'), std::string(500, 'r')), "nothing");
}

TEST(Lookup, BlockedUnderEverySpellingAndServer) {
  const auto p = policy("crm/*", "delete_customer_record, \"*/bulk_*\", mail/send, \"x*/wipe\"");
  for (const std::string_view tool :
       {"delete_customer_record", "Delete_Customer_Record", "DELETE_CUSTOMER_RECORD",
        "ｄｅｌｅｔｅ_customer_record", "bulk_", "Bulk_Send_Email"}) {
    EXPECT_NE(p->blocks("", tool), nullptr) << tool;
    EXPECT_NE(p->blocks("crm", tool), nullptr) << tool;
    EXPECT_NE(p->blocks("crm2", tool), nullptr) << tool;
  }
  EXPECT_NE(p->blocks("Mail", "Send"), nullptr);
  EXPECT_NE(p->blocks("", "send"), nullptr) << "an unknown server may be the one that is meant";
  EXPECT_NE(p->blocks("", "mail/send"), nullptr) << "a name that carries its server";
  EXPECT_NE(p->blocks("other", "mail/send"), nullptr);
  EXPECT_EQ(p->blocks("other", "send"), nullptr);
  EXPECT_NE(p->blocks("x2", "wipe"), nullptr);
  EXPECT_NE(p->blocks("", "wipe"), nullptr);
  EXPECT_EQ(p->blocks("y2", "wipe"), nullptr);
  EXPECT_EQ(p->blocks("crm", "delete_customer"), nullptr);
  EXPECT_EQ(p->blocks("crm", ""), nullptr);
  EXPECT_EQ(p->blocks("crm", std::string(4000, 'a')), nullptr);
  EXPECT_EQ(p->blocks("", "delete_customer_record")->rule.path,
            "tools/blocked/delete_customer_record");
}

TEST(Lookup, ALongNameIsFoldedToo) {
  const std::string name(120, 'q');
  const auto p = policy("x1", "\"" + name + "*\"");
  EXPECT_NE(p->blocks("", std::string(3000, 'Q')), nullptr);
}

TEST(Lookup, ManyNames) {
  std::string names = "n0";
  for (int i = 1; i < 2000; ++i) names += fmt::format(" {}n{}", i % 3 == 0 ? "s/" : "", i);
  const auto p = policy(names);
  for (int i = 0; i < 2000; ++i) {
    const std::string tool = fmt::format("n{}", i);
    const bool qualified = i != 0 && i % 3 == 0;
    EXPECT_EQ(granted(*p, "s", tool), qualified ? "s/" + tool : tool);
    EXPECT_EQ(granted(*p, "", tool), qualified ? "nothing" : tool);
  }
}

TEST(NameTable, FindsWhatWasAddedFirst) {
  NameTable table;
  EXPECT_FALSE(table.find("a").has_value());
  table.add("a", 1);
  table.add("a", 2);
  table.add("", 3);
  EXPECT_EQ(table.find("a"), 1U);
  EXPECT_EQ(table.find(""), 3U);
  EXPECT_FALSE(table.find("b").has_value());
  for (std::uint32_t i = 0; i < 1000; ++i)
    table.add(std::string(i % 40, 'x') + std::to_string(i), i);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(table.find(std::string(i % 40, 'x') + std::to_string(i)), i);
  }
}

}  // namespace
}  // namespace pawl
