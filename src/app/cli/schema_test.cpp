// The published schemas against every file of the tree that loads, and against mistakes.
#include <gmock/gmock.h>

#include <filesystem>

#include "analysis/trial/trial_file.h"
#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/yaml.h"
#include "base/yaml_format.h"
#include "base/yaml_json.h"
#include "kernel/config/keys_schema.h"
#include "kernel/deployment/deployment_keys.h"
#include "kernel/policy/policy.h"
#include "kernel/policy/policy_keys.h"
#include "lang/json_schema/schema.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using ::testing::IsEmpty;
using testing::run;

json_schema::Schema compiled(const std::vector<std::string>& words) {
  const auto ran = run(words);
  EXPECT_EQ(ran.status, exit_good);
  const auto parsed = json::parse(ran.out);
  EXPECT_TRUE(parsed) << ran.out;
  auto made = json_schema::compile(parsed->root());
  EXPECT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->findings(), IsEmpty());
  return *made;
}

std::string as_json(const std::string& text) {
  const yaml::Read read = yaml::read(text, "f.yaml");
  json::Writer out;
  yaml::write_json(read.root, out);
  return out.take();
}

std::string violations(const json_schema::Schema& schema, const std::string& text) {
  const auto parsed = json::parse(as_json(text));
  EXPECT_TRUE(parsed);
  std::string out;
  for (const json_schema::Violation& one : schema.violations(parsed->root())) {
    out += one.pointer + " " + one.keyword + " " + one.says + "\n";
  }
  return out;
}

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(PAWL_SOURCE_DIR "/" + folder)) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().string());
  }
  return out;
}

// Without the deployment file the credentials that a policy names are unknown.
Deployment lent_credentials(const std::string& path) {
  Deployment lent;
  for (const char* name : {"mail-relay", "github-app", "crm"}) lent.credentials.try_emplace(name);
  const std::string beside = fs::path(path).parent_path() / "pawl.yaml";
  if (fs::exists(beside)) {
    const auto read = node::read_deployment(beside, true);
    if (read.deployment) lent = *read.deployment;
  }
  return lent;
}

TEST(Schema, EveryTypeOfTheTableHasOne) {
  EXPECT_THAT(keys_without_schema(policy_keys()), IsEmpty());
  EXPECT_THAT(keys_without_schema(deployment_keys()), IsEmpty());
}

TEST(Schema, EveryFileThatLoadsIsValid) {
  const json_schema::Schema policy = compiled({"schema"});
  const json_schema::Schema deployment = compiled({"schema", "--deployment"});
  const json_schema::Schema layer = compiled({"schema", "--layer"});
  const json_schema::Schema test = compiled({"schema", "--test"});
  int policies = 0, deployments = 0, layers = 0, tests = 0;
  for (const char* folder : {"examples", "test/scenarios"}) {
    for (const std::string& path : files_of(folder)) {
      const std::string text = bytes_of(path);
      if (path.ends_with(".test.yaml")) {
        EXPECT_EQ(violations(test, text), "") << path;
        ++tests;
      } else if (path.ends_with("/pawl.yaml")) {
        EXPECT_EQ(violations(deployment, text), "") << path;
        ++deployments;
      } else if (node::is_layer(text)) {
        if (node::read_layer(path).policy == nullptr) continue;
        EXPECT_EQ(violations(layer, text), "") << path;
        ++layers;
      } else {
        const Deployment lent = lent_credentials(path);
        if (node::read_policy(path, &lent).policy == nullptr) continue;
        EXPECT_EQ(violations(policy, text), "") << path;
        ++policies;
      }
    }
  }
  EXPECT_GT(policies, 15);
  EXPECT_GT(deployments, 2);
  EXPECT_GT(layers, 2);
  EXPECT_GT(tests, 1);
}

TEST(Schema, MistakesAreFound) {
  const json_schema::Schema policy = compiled({"schema"});
  const std::string head = "agent: {id: a}\ntools:\n  allowed:\n    - name: t\n";
  EXPECT_EQ(violations(policy, head), "");
  for (const char* wrong :
       {"      clas: read_only\n", "      class: harmless\n", "      records: many\n",
        "      requires_approval: \"true\"\n", "      scope: a\n", "      args: {x: {min: low}}\n",
        "      args: {x: {paths: {under: /a}}}\n", "      approval: {within: 5}\n",
        "      args: {x: {path: {under: 5}}}\n", "      constraints: {max_records_per_run: x}\n",
        "execution: {max_step: 3}\n", "execution: {max_steps: -1}\n", "environment: prod\n",
        "freeze: [{name: x}]\n", "use_packs: []\n", "autonomy: {default: newish}\n",
        "escalation: {contacts: [{name: x}]}\n"}) {
    EXPECT_NE(violations(policy, head + wrong), "") << wrong;
  }
  EXPECT_NE(violations(policy, "agent: {id: a}\n"), "");
  const json_schema::Schema deployment = compiled({"schema", "--deployment"});
  EXPECT_NE(violations(deployment, "rolls: {}\n"), "");
  const std::string vouched =
      "version: 1\nroles: {r: {file: p.yaml}}\npeople:\n"
      "  idp: {issuer: \"https://id.example\", client: pawl, client_secret: {env: S}}\n"
      "  groups: {leads: {oidc: [a, b]}, ops: [ada]}\n  ada: {oidc: ada@myco.example}\n"
      "vigilance: {every: 7d, calls: [{role: r, server: s, tool: t, arguments: {n: [1]}, wrong: "
      "w}]}\n";
  EXPECT_EQ(violations(deployment, vouched), "");
  EXPECT_NE(violations(deployment, "people: {groups: {leads: {saml: a}}}\n"), "");
  EXPECT_NE(violations(deployment, "people: {ada: {prof: passphrase}}\n"), "");
  const json_schema::Schema layer = compiled({"schema", "--layer"});
  EXPECT_NE(violations(layer, "layer: org\nowner: o\ntools: {}\n"), "");
  EXPECT_NE(violations(layer, "layer: org\n"), "");
  EXPECT_NE(violations(layer, "layer: org\nowner: o\nrequire: [{if: x, then: allow}]\n"), "");
  const json_schema::Schema test = compiled({"schema", "--test"});
  EXPECT_NE(violations(test, "policy: p.yaml\ntests: [{name: x, call: [t]}]\n"), "");
  EXPECT_NE(violations(test, "policy: p\ntests: [{name: x, call: [t], expect: {effect: maybe}}]\n"),
            "");
}

// A formatted file says the same, and formatting it again changes nothing.
TEST(Fmt, EveryFileOfTheTreeKeepsItsMeaning) {
  const testing::Folder folder;
  int files = 0;
  for (const char* where : {"examples", "test/scenarios"}) {
    for (const std::string& path : files_of(where)) {
      const std::string text = bytes_of(path);
      if (!yaml::read(text, path).errors.empty()) continue;
      const auto once = yaml::formatted(text, path);
      ASSERT_TRUE(once) << path << ": " << to_string(once.error());
      EXPECT_EQ(yaml::digest_of(yaml::read(*once, path).root),
                yaml::digest_of(yaml::read(text, path).root));
      EXPECT_EQ(*yaml::formatted(*once, path), *once) << path;
      ++files;
    }
  }
  EXPECT_GT(files, 20);
}

TEST(Fmt, ReplacesAFileThatLoadsAndNoOther) {
  const testing::Folder folder;
  const std::string good =
      folder.write("good.yaml", "agent:   {id:   a}  # who\ntools:\n  allowed:\n  - name: t\n");
  const std::string bad = folder.write("bad.yaml", "agent:   {id:   a}\ntols: {}\n");
  const std::string before = bytes_of(bad);
  EXPECT_EQ(run({"fmt", "--check", good}).status, exit_no);
  EXPECT_EQ(run({"fmt", good}).status, exit_good);
  EXPECT_EQ(bytes_of(good), "agent: {id: a}  # who\ntools:\n  allowed:\n    - name: t\n");
  EXPECT_EQ(run({"fmt", "--check", good}).status, exit_good);
  const auto ran = run({"fmt", bad, good});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.err, ::testing::HasSubstr("bad.yaml:2:1: unknown key `tols`"));
  EXPECT_EQ(bytes_of(bad), before);
  EXPECT_EQ(run({"fmt", folder.at("none.yaml")}).status, exit_usage);
}

}  // namespace
}  // namespace pawl::app
