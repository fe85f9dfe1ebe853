// `pawl classify` as it is called, and the page about the packs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "base/json.h"
#include "kernel/pack/builtin.h"

namespace pawl::app {
namespace {

using ::testing::AllOf;
using testing::Folder;
using ::testing::HasSubstr;
using testing::run;

TEST(Classify, AListOfToolsWithTheReasons) {
  const Folder folder;
  const auto tools = folder.write("tools.json", R"({"result":{"tools":[
      {"name":"get_me","inputSchema":{"type":"object"}},
      {"name":"label_write","inputSchema":{"type":"object"}},
      {"name":"frobnicate","inputSchema":{"type":"object"}}]}})");
  const auto ran = run({"classify", tools});
  EXPECT_EQ(ran.status, exit_good) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("get_me"), HasSubstr("label_write method = delete"),
                             HasSubstr("not placed: ")));
  const auto as_json = json::parse(run({"classify", "--json", tools}).out);
  ASSERT_TRUE(as_json);
  EXPECT_EQ(as_json->root().size(), 6U);
}

TEST(Classify, CallsOfALogByTheirOwnClass) {
  const Folder folder;
  const auto log = folder.write(
      "calls.jsonl",
      R"({"run":"r","tool":"aws/call_aws","arguments":{"cli_command":"aws ec2 describe-vpcs"}})"
      "\n"
      R"({"run":"r","tool":"aws/call_aws","arguments":{"cli_command":"aws s3 rm s3://b"}})"
      "\n"
      R"({"run":"r","tool":"read_note","arguments":{}})"
      "\n");
  const auto rows = json::parse(run({"classify", "--json", log}).out);
  ASSERT_TRUE(rows);
  std::map<std::string, std::string> found;
  for (const json::View row : rows->root().elements()) {
    found[std::string(row.text("call").value_or(*row.text("tool")))] = *row.text("class");
  }
  EXPECT_EQ(found["cli_command = aws ec2 describe-vpcs"], "read_only");
  EXPECT_EQ(found["cli_command = aws s3 rm s3://b"], "irreversible large external_sink");
  EXPECT_EQ(found["read_note"], "read_only");
}

TEST(Classify, APolicyHasItsOwnPacks) {
  const Folder folder;
  const auto tools =
      folder.write("t.json", R"([{"name":"ExitPlanMode","inputSchema":{"type":"object"}}])");
  const auto bare =
      folder.write("bare.yaml", "agent: {id: a}\ntools: {allowed: [{name: read_x}]}\n");
  const auto used = folder.write(
      "used.yaml",
      "agent: {id: a}\nuse: [pawl:coding-agents@1]\ntools: {allowed: [{name: read_x}]}\n");
  EXPECT_THAT(run({"classify", "--policy", used, tools}).out, HasSubstr("pack: client"));
  EXPECT_EQ(run({"classify", "--policy", bare, tools}).out.find("pack: client"), std::string::npos);
}

TEST(Classify, WhatItCannotRead) {
  const Folder folder;
  EXPECT_EQ(run({"classify"}).status, exit_usage);
  EXPECT_EQ(run({"classify", folder.at("none.json")}).status, exit_usage);
  const auto bad = run({"classify", folder.write("bad.json", "{\"tools\": [{\"nam\": 1}]}")});
  EXPECT_EQ(bad.status, exit_no);
  EXPECT_THAT(bad.err, HasSubstr("the tool number 1 cannot be read"));
}

std::string packs_page() {
  std::string page =
      "# Packs\n\n"
      "Written from the files in `packs/`; a test compares. A pack describes tools and never "
      "grants\n"
      "one. A policy names those it relies on, `use: [pawl:github@1]`; the more dangerous reading "
      "of\n"
      "pack and knowledge base is in force.\n";
  for (const auto& pack : all_builtin_packs()) {
    page += fmt::format("\n## {}\n\n{}\n\n", pack->spelled_name(), pack->about);
    for (const auto& [name, text] : pack->sources) page += fmt::format("- `{}`: {}\n", name, text);
    page +=
        "\n| tool | other names | class | by | absence widens | source "
        "|\n|---|---|---|---|---|---|\n";
    for (const PackTool& tool : pack->tools) {
      std::string by = tool.by.empty() ? "" : fmt::format("`{}`:", tool.by);
      for (const auto& [value, one] : tool.calls)
        by += fmt::format(" `{}` {};", value, to_string(one));
      if (tool.absent) by += fmt::format(" absent {};", to_string(*tool.absent));
      std::string widens;
      for (const auto& one : tool.widens)
        widens += fmt::format("`{}`: {}; ", one.argument, one.says);
      page +=
          fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", tool.name, fmt::join(tool.also, ", "),
                      to_string(tool.otherwise), by, widens, tool.source);
    }
  }
  return page;
}

TEST(Packs, ThePageIsThatOfTheFiles) {
  testing::expect_file(PAWL_SOURCE_DIR "/docs/reference/packs.md", packs_page());
}

}  // namespace
}  // namespace pawl::app
