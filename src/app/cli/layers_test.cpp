// Layers as a person meets them: files, a deployment, commands.
#include <gmock/gmock.h>

#include <filesystem>

#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "kernel/policy/policy.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

using ::testing::AllOf;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;

constexpr std::string_view kRole = R"(version: 1
agent: {id: clerk, identity: clerk@example.iam, owner: o@example.org}
environment: staging
tools:
  allowed:
    - name: write_note
      class: reversible small
      examples: {allow: [{title: a}]}
)";
constexpr std::string_view kOrg = R"(version: 1
layer: org
owner: security@example.org
require:
  - {if: 'class.reversibility == "reversible"', then: hold, say: "look first"}
except:
  - {role: clerk, tool: read_note, then: notify, until: 2020-01-01, reason: "long ago"}
)";

class LayerFiles : public ::testing::Test {
 protected:
  LayerFiles() {
    std::filesystem::create_directory(folder.at("teams"));
    role = folder.write("clerk.yaml", std::string(kRole));
    folder.write("org.yaml", std::string(kOrg));
    folder.write("teams/desk.yaml", "version: 1\nlayer: desk\nowner: d\nblocked: [drop]\n");
    deploy(
        "layers: [org.yaml, \"teams/${role.team}.yaml\"]\n"
        "roles: {clerk: {file: clerk.yaml, team: desk}}\n");
  }
  void deploy(const std::string& text) { config = folder.write("pawl.yaml", text); }
  testing::Ran decide(const std::string& tool) const {
    return run({"decide", "--policy", role, "--config", config},
               R"({"tool":")" + tool + R"(","arguments":{}})");
  }

  Folder folder;
  std::string role, config;
};

// What a layer names is there for the role alone too, whose examples its rules do not touch.
TEST_F(LayerFiles, ARoleUsesTheirNames) {
  folder.write("org.yaml", std::string(kOrg) +
                               "lists: {kinds: [memo, note]}\n"
                               "fragments: {title: {max_length: 5}, kind: {in: $kinds}}\n");
  role = folder.write("clerk.yaml",
                      "version: 1\nagent: {id: clerk, identity: clerk@x, owner: o}\n"
                      "environment: staging\ntools:\n  allowed:\n    - name: write_note\n"
                      "      class: reversible small\n      args: {title: $title, kind: $kind}\n"
                      "      examples: {allow: [{title: a, kind: memo}], deny: [{title: too_long, "
                      "kind: memo}, {title: a, kind: poem}]}\n");
  testing::Ran ran = run({"check", role, "--config", config});
  EXPECT_EQ(ran.status, exit_good) << ran.out;
  ran = run({"describe", role, "--config", config});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("at most 5 characters"), HasSubstr("`memo`")));
  ran = run({"decide", "--policy", role, "--config", config},
            R"({"tool":"write_note","arguments":{"title":"too_long","kind":"memo"}})");
  EXPECT_THAT(ran.out, HasSubstr("\"code\":\"constraint\""));
  ran = run({"decide", "--policy", role, "--config", config},
            R"({"tool":"write_note","arguments":{"title":"a","kind":"memo"}})");
  EXPECT_THAT(ran.out, HasSubstr("\"effect\":\"hold\""));
  // Without the layer there are no such names.
  deploy("roles: {clerk: {file: clerk.yaml, team: desk}}\n");
  ran = run({"check", role, "--config", config});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, HasSubstr("there is no list `$title`"));
}

TEST_F(LayerFiles, EveryCommandDecidesWithThem) {
  testing::Ran ran = decide("write_note");
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\"effect\":\"hold\""), HasSubstr("look first"),
                             HasSubstr("layers/org/require/1")));
  EXPECT_THAT(decide("Drop").out, HasSubstr("\"code\":\"blocked\""));
  ran = run({"explain", "--policy", role, "--config", config},
            R"({"tool":"write_note","arguments":{}})");
  EXPECT_THAT(ran.out, AllOf(HasSubstr("org.yaml:5"), HasSubstr("layer `org`, hold")));
  ran = run({"describe", role, "--config", config});
  EXPECT_THAT(ran.out, AllOf(HasSubstr("has to pass the layer `org` of security@example.org"),
                             HasSubstr("teams/desk.yaml")));
  ran = run({"check", "--config", config, role});
  EXPECT_THAT(ran.out, HasSubstr("the exception for `read_note` of `clerk` ended"));
}

// Nothing is granted without each of them.
TEST_F(LayerFiles, AMissingOneIsNoPolicy) {
  std::filesystem::remove(folder.at("org.yaml"));
  testing::Ran ran = decide("write_note");
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the layer `org.yaml` cannot be read"),
                             HasSubstr("nothing is granted without it")));
  std::filesystem::create_directory(folder.at("org.yaml"));
  EXPECT_EQ(decide("write_note").status, exit_usage);
  std::filesystem::remove(folder.at("org.yaml"));
  folder.write("org.yaml", "layer: org\nowner: o\ntools: {}\n");
  ran = decide("write_note");
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("org.yaml:3:1: `tools` in a layer file is refused"));
}

TEST_F(LayerFiles, ARoleWithoutATeamIsNoPolicy) {
  deploy("layers: [\"teams/${role.team}.yaml\"]\nroles: {clerk: {file: clerk.yaml}}\n");
  EXPECT_THAT(decide("write_note").err, HasSubstr("`clerk` has no `team`"));
  deploy("layers: [\"teams/${role.team}.yaml\"]\n");
  EXPECT_THAT(decide("write_note").err, HasSubstr("`clerk` has no `team`"));
}

// A file cannot call itself after a role with gentler layers.
TEST_F(LayerFiles, ARoleCannotTakeAnothersTeam) {
  deploy(
      "layers: [\"teams/${role.team}.yaml\"]\nroles:\n  clerk: {file: other.yaml, team: desk}\n"
      "  strict: {file: clerk.yaml, team: desk}\n");
  EXPECT_THAT(decide("write_note").err,
              HasSubstr("to the role `strict`, and its agent is `clerk`"));
}

TEST_F(LayerFiles, WithoutADeploymentThereAreNone) {
  deploy("version: 1\n");
  EXPECT_EQ(decide("write_note").status, exit_good);
  const testing::Ran ran =
      run({"check", "--config", config, "--layers", folder.at("org.yaml"), role});
  EXPECT_THAT(ran.out, HasSubstr("has to pass the layer `org`"));
}

TEST_F(LayerFiles, SwappedFilesAreAnotherPolicy) {
  const node::DeploymentRead read = node::read_deployment(config, true);
  ASSERT_TRUE(read.deployment);
  const auto digest = [&] {
    const auto loaded = node::read_policy(role, &*read.deployment);
    return loaded.policy == nullptr ? std::string() : pawl::to_string(loaded.policy->digest);
  };
  const std::string first = digest();
  folder.write("teams/desk.yaml", "version: 1\nlayer: desk\nowner: d\nblocked: [drop]\n# x\n");
  const std::string second = digest();
  EXPECT_NE(first, second);
  EXPECT_FALSE(second.empty());
  std::vector<std::string> files;
  (void)node::read_policy(role, &*read.deployment, &files);
  EXPECT_THAT(files, ::testing::Contains(folder.at("teams/desk.yaml")));
}

TEST_F(LayerFiles, ALayerIsCheckedAndLaidOutByItself) {
  const std::string org = folder.at("org.yaml");
  testing::Ran ran = run({"check", "--config", config, org});
  EXPECT_EQ(ran.status, exit_good);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("the layer `org`"), Not(HasSubstr("anything else"))));
  EXPECT_EQ(run({"fmt", "--check", org}).status, exit_good);
  folder.write("org.yaml", "layer: org\nowner: o\nrequire: [{if: 'x', then: hold}]\n");
  EXPECT_EQ(run({"check", "--config", config, org}).status, exit_no);
  EXPECT_EQ(run({"fmt", "--check", org}).status, exit_no);
}

TEST_F(LayerFiles, ReviewersWhoCannotBeOneAreAnError) {
  folder.write("org.yaml",
               "layer: org\nowner: o\nrequire:\n  - {if: 'agent == \"clerk\"', approval: {by: "
               "[security]}}\n");
  folder.write("clerk.yaml",
               "agent: {id: clerk, identity: c@x, owner: o}\ntools: {allowed: [{name: write_note, "
               "class: reversible small, approval: {by: [leads]}}]}\n");
  const std::string common =
      "layers: [org.yaml]\nroles: {clerk: {file: clerk.yaml}}\npeople:\n  bob: {groups: [leads]}\n";
  deploy(common + "  ada: {groups: [security]}\n");
  const testing::Ran ran = run({"check", "--config", config, role});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, HasSubstr("role and layers name different people"));
  deploy(common + "  ada: {groups: [security, leads]}\n");
  EXPECT_EQ(run({"check", "--config", config, role}).status, exit_good);
}

TEST_F(LayerFiles, ATestNamesItsLayers) {
  const std::string tests =
      "policy: clerk.yaml\nlayers: [org.yaml]\ntests:\n  - name: a person looks\n    call: "
      "[write_note, {}]\n    expect: {effect: hold, rule: layers/org/require/1}\n";
  const std::string file = folder.write("clerk.test.yaml", tests);
  testing::Ran ran = run({"test", "--config", config, "--coverage", file});
  EXPECT_EQ(ran.status, exit_good) << ran.out;
  // Those of the deployment are not in force here.
  folder.write("clerk.test.yaml",
               "policy: clerk.yaml\ntests:\n  - name: alone\n    call: "
               "[write_note, {}]\n    expect: {effect: allow}\n");
  EXPECT_EQ(run({"test", "--config", config, file}).status, exit_good);
  folder.write("clerk.test.yaml",
               "policy: clerk.yaml\nlayers: [gone.yaml]\ntests:\n  - name: x\n"
               "    call: [write_note, {}]\n    expect: {effect: allow}\n");
  ran = run({"test", "--config", config, file});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, HasSubstr("cannot be read, and nothing is granted without it"));
}

}  // namespace
}  // namespace pawl::app
