#include "app/cli/first_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "app/cli/commands.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "kernel/policy/policy.h"

namespace pawl::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ToolDefinition tool(const std::string& name, const std::string& description = "does it") {
  std::string text = R"({"inputSchema":{"properties":{"path":{"type":"string"}},"type":"object"})";
  text += R"(,"description":)";
  json::write_string(description, text);
  text += R"(,"name":)";
  json::write_string(name, text);
  const auto document = json::parse(text + "}");
  auto made = parse_definition(document->root(), "");
  EXPECT_TRUE(made);
  return std::move(*made);
}

FirstPolicy first_policy(node::DiscoveredTools offer, const std::string& role,
                         const std::string& line) {
  std::vector<OfferedServer> servers;
  servers.push_back({"", line, std::move(offer)});
  return first_policy(servers, role, false, {.person = "ada", .host = "desk"});
}

Loaded load(const FirstPolicy& made) {
  Loaded loaded = load_policy(made.text, "policy.yaml", {});
  EXPECT_TRUE(loaded.policy) << (loaded.errors.empty() ? "" : to_string(loaded.errors.front()))
                             << "\n"
                             << made.text;
  return loaded;
}

TEST(FirstPolicy, EveryToolIsPlaced) {
  node::DiscoveredTools offer;
  offer.server_name = "files";
  offer.tools = {tool("read_file"), tool("delete_file"), tool("frobnicate")};
  const FirstPolicy made = first_policy(offer, "file-agent", "node server.js");
  const Loaded loaded = load(made);
  ASSERT_TRUE(loaded.policy);
  EXPECT_EQ(loaded.policy->agent, "file-agent");
  EXPECT_EQ(loaded.policy->default_stage, Stage::fresh);
  ASSERT_NE(loaded.policy->find("", "read_file"), nullptr);
  EXPECT_FALSE(loaded.policy->find("", "read_file")->requires_approval);
  ASSERT_NE(loaded.policy->find("", "delete_file"), nullptr);
  EXPECT_TRUE(loaded.policy->find("", "delete_file")->requires_approval);
  EXPECT_EQ(loaded.policy->find("", "frobnicate"), nullptr);
  EXPECT_THAT(made.text, HasSubstr("    # - name: frobnicate\n"));
  EXPECT_TRUE(loaded.policy->ceilings.steps && loaded.policy->ceilings.denials &&
              loaded.policy->ceilings.wall_clock);
  EXPECT_EQ(made.granted, 1u);
  EXPECT_EQ(made.asking, 1u);
  EXPECT_EQ(made.commented, 1u);
  EXPECT_EQ(made.held, 0u);
  EXPECT_THAT(made.text, HasSubstr("      class: read_only  # name: read\n"));
  EXPECT_TRUE(loaded.policy->find("", "read_file")->stated_class);
  EXPECT_EQ(loaded.policy->identity, "file-agent@desk");
  EXPECT_EQ(loaded.policy->owner, "ada");
  EXPECT_THAT(loaded.policy->findings, ::testing::IsEmpty());
}

TEST(FirstPolicy, AServerCannotWriteIntoTheFile) {
  node::DiscoveredTools offer;
  offer.server_name = "x\n  allowed: [all]";
  offer.tools = {tool("read_notes", "first\n    - name: \"*\"\nsecond"), tool("*"),
                 tool("mcp:resources/read"), tool("get: {a}"), tool("null")};
  const FirstPolicy made = first_policy(offer, "no", "cmd\n- y");
  const Loaded loaded = load(made);
  ASSERT_TRUE(loaded.policy);
  EXPECT_EQ(loaded.policy->agent, "no");
  EXPECT_EQ(loaded.policy->find("", "delete_everything"), nullptr);
  EXPECT_EQ(loaded.policy->find("", "mcp:resources/read"), nullptr);
  EXPECT_GE(made.left_out, 2u);
  EXPECT_THAT(made.text, Not(HasSubstr("\n    - name: \"*\"")));
}

TEST(FirstPolicy, OfSeveralServersEachEntryNamesItsOwn) {
  std::vector<OfferedServer> servers(2);
  servers[0].name = "crm";
  servers[0].offer.tools = {tool("read_file"), tool("repos/list")};
  servers[0].offer.says_resources = true;
  servers[1].name = "mail";
  servers[1].offer.tools = {tool("read_file"), tool("send_mail"), tool("create_draft")};
  servers[1].offer.says_prompts = true;
  const FirstPolicy made = first_policy(servers, "helper", true, {});
  const Loaded loaded = load(made);
  ASSERT_TRUE(loaded.policy);
  EXPECT_NE(loaded.policy->find("crm", "read_file"), nullptr);
  EXPECT_NE(loaded.policy->find("crm", "repos/list"), nullptr);
  EXPECT_NE(loaded.policy->find("mail", "send_mail"), nullptr);
  EXPECT_EQ(loaded.policy->find("mail", "repos/list"), nullptr);
  EXPECT_EQ(loaded.policy->find("", "read_file"), nullptr);
  // Its run goes on, so no ceiling is about the run, and that is no gap.
  for (const Finding& finding : loaded.policy->findings) {
    EXPECT_THAT(finding.message, Not(HasSubstr("ceiling")));
  }
  EXPECT_FALSE(loaded.policy->ceilings.steps || loaded.policy->ceilings.wall_clock);
  EXPECT_THAT(made.text, HasSubstr("calls_of_an_hour: {per: 1h"));
  EXPECT_THAT(made.text, HasSubstr("# - name: \"crm/mcp:resources/read\""));
  EXPECT_THAT(made.text, HasSubstr("# - name: \"mail/mcp:prompts/get\""));
  EXPECT_EQ(made.held + made.asking, 2u);
}

// Each line behind a `#` may be taken as it stands.
int uncommented(FirstPolicy& made) {
  int lines = 0;
  for (const std::string_view hidden : {"    # - name", "    #   class"}) {
    for (std::size_t at = made.text.find(hidden); at != std::string::npos;
         at = made.text.find(hidden, at)) {
      made.text.replace(at, 6, "    ");
      ++lines;
    }
  }
  return lines;
}

TEST(FirstPolicy, WhatStandsBehindACommentLoadsWithoutIt) {
  node::DiscoveredTools offer;
  offer.tools = {tool("frobnicate"), tool("read_file")};
  offer.says_resources = offer.says_prompts = true;
  FirstPolicy made = first_policy(offer, "agent", "cmd");
  EXPECT_EQ(uncommented(made), 6);
  const Loaded loaded = load(made);
  ASSERT_TRUE(loaded.policy);
  EXPECT_NE(loaded.policy->find("", "frobnicate"), nullptr);
  EXPECT_NE(loaded.policy->find("", "mcp:resources/read"), nullptr);
  EXPECT_NE(loaded.policy->find("", "mcp:prompts/get"), nullptr);
}

TEST(FirstPolicy, OfAToolThatNothingPlacesThereIsAFileToo) {
  node::DiscoveredTools offer;
  offer.tools = {tool("sequentialthinking")};
  FirstPolicy made = first_policy(offer, "agent", "cmd");
  EXPECT_EQ(made.entries(), 0u);
  EXPECT_EQ(made.commented, 1u);
  // It loads, grants nothing, and says so with what to do.
  const Loaded bare = load_policy(made.text, "policy.yaml", {});
  ASSERT_NE(bare.policy, nullptr);
  EXPECT_TRUE(bare.policy->tools.empty());
  EXPECT_TRUE(std::ranges::any_of(bare.policy->findings, [](const Finding& one) {
    return one.message.starts_with("`allowed` grants nothing yet") &&
           one.message.contains("pawl classify -- SERVER");
  }));
  EXPECT_EQ(uncommented(made), 2);
  EXPECT_NE(load(made).policy->find("", "sequentialthinking"), nullptr);
}

TEST(FirstPolicy, NamesThatLookTheSameAreNotGranted) {
  node::DiscoveredTools offer;
  offer.tools = {tool("read_file"), tool("READ_FILE"), tool("list_files")};
  const FirstPolicy made = first_policy(offer, "agent", "cmd");
  const Loaded loaded = load(made);
  ASSERT_TRUE(loaded.policy);
  EXPECT_EQ(loaded.policy->find("", "read_file"), nullptr);
  EXPECT_NE(loaded.policy->find("", "list_files"), nullptr);
  EXPECT_EQ(made.left_out, 2u);
}

// A server that answers in the order in which it is asked.
constexpr std::string_view kServer = R"(#!/bin/sh
read -r hello
id=$(printf '%s' "$hello" | sed 's/.*"id":\([^,}]*\).*/\1/')
printf '{"jsonrpc":"2.0","id":%s,"result":' "$id"
printf '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},'
printf '"serverInfo":{"name":"tiny","version":"1"}}}\n'
read -r ready
read -r list
id=$(printf '%s' "$list" | sed 's/.*"id":\([^,}]*\).*/\1/')
printf '{"jsonrpc":"2.0","id":%s,"result":' "$id"
printf '{"tools":[{"name":"read_file","inputSchema":{"type":"object"}}]}}\n'
read -r end
)";

class Init : public ::testing::Test {
 public:
  Init()
      : folder_(std::filesystem::temp_directory_path() / ("init-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "server.sh") << kServer;
  }
  ~Init() override { std::filesystem::remove_all(folder_); }
  Init(const Init&) = delete;
  Init& operator=(const Init&) = delete;

 protected:
  std::string file() const { return (folder_ / "policy.yaml").string(); }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(file()).rdbuf();
    return all.str();
  }
  int init(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"--out", file()});
    options.insert(options.end(), {"--", "/bin/sh", (folder_ / "server.sh").string()});
    const auto arguments = parse_arguments(init_command, options);
    EXPECT_TRUE(arguments);
    return init_command.run(*arguments);
  }
  std::filesystem::path folder_;
};

TEST_F(Init, WritesAPolicyThatLoads) {
  ASSERT_EQ(init({"--role", "reader"}), exit_good);
  const Loaded loaded = load_policy(text(), file(), {});
  ASSERT_TRUE(loaded.policy);
  EXPECT_EQ(loaded.policy->agent, "reader");
  EXPECT_NE(loaded.policy->find("", "read_file"), nullptr);
}

TEST_F(Init, NeverWritesOverAFileUnlessForced) {
  std::ofstream(file()) << "mine";
  EXPECT_EQ(init(), exit_usage);
  EXPECT_EQ(text(), "mine");
  EXPECT_EQ(init({"--force"}), exit_good);
  EXPECT_THAT(text(), HasSubstr("read_file"));
}

TEST_F(Init, ARoleThatNoPolicyMayHaveIsRefusedAtOnce) {
  EXPECT_EQ(init({"--role", "a: b"}), exit_usage);
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Init, AServerThatOffersNothingGivesNoFile) {
  std::string server(kServer);
  const std::string offered = R"({"name":"read_file","inputSchema":{"type":"object"}})";
  server.replace(server.find(offered), offered.size(), "");
  std::ofstream(folder_ / "server.sh") << server;
  EXPECT_EQ(init(), exit_no);
  EXPECT_FALSE(std::filesystem::exists(file()));
}

}  // namespace
}  // namespace pawl::app
