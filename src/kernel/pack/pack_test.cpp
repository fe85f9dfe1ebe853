#include "kernel/pack/pack.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace pawl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Packs all_packs() {
  Packs out;
  for (const auto& entry : fs::directory_iterator(PAWL_SOURCE_DIR "/packs")) {
    if (entry.path().extension() != ".yaml") continue;
    const LoadedPack read = read_pack(bytes_of(entry.path()), entry.path().string());
    for (const Error& error : read.errors) ADD_FAILURE() << to_string(error);
    if (read.pack == nullptr) continue;
    EXPECT_EQ(read.pack->name, entry.path().stem());
    out.push_back(read.pack);
  }
  return out;
}

Class of(std::string_view text) {
  return *parse_class(text);
}

TEST(Pack, EveryPackOfTheTreeIsReadAndKeepsItsTests) {
  const Packs packs = all_packs();
  EXPECT_GE(packs.size(), 9U);
  for (const auto& pack : packs) {
    EXPECT_FALSE(pack->trials.empty()) << pack->name;
    for (const PackTrial& trial : pack->trials) {
      const PackTool* tool = pack->find(trial.tool);
      ASSERT_NE(tool, nullptr) << trial.tool;
      const auto arguments = json::parse(trial.arguments);
      ASSERT_TRUE(arguments) << trial.arguments;
      EXPECT_EQ(to_string(tool->of_call(arguments->root())), to_string(trial.expected))
          << to_string(trial.at) << " " << trial.tool << " " << trial.arguments;
    }
  }
}

TEST(Pack, NoCallIsWorseThanTheWorst) {
  for (const auto& pack : all_packs()) {
    for (const PackTool& tool : pack->tools) {
      for (const auto& [value, one] : tool.calls) {
        EXPECT_FALSE(less_dangerous(tool.worst(), one)) << tool.name << " " << value;
      }
    }
  }
}

// Rule 11: a pack may place what no verb places, and raise what one does; it never lowers.
TEST(Pack, TheMoreDangerousReadingWins) {
  const LoadedPack read = read_pack(
      "pack: p\nsources: {s: x}\ntools:\n"
      "  - {name: [frobnicate, delete_all], class: read_only, source: s}\n"
      "  - {name: get_thing, class: irreversible small, source: s}\ntests: []\n",
      "p.yaml");
  ASSERT_THAT(read.errors, IsEmpty());
  const Packs packs{read.pack};
  EXPECT_EQ(classify_name("frobnicate", packs).action_class, of("read_only"));
  EXPECT_EQ(classify_name("frobnicate", {}).placed, false);
  EXPECT_TRUE(classify_name("delete_all", packs).action_class.reversibility ==
              Reversibility::irreversible);
  EXPECT_EQ(classify_name("get_thing", packs).action_class, of("irreversible small"));
  EXPECT_FALSE(classify_name("unknowable", packs).placed);
  // A server that calls its eraser by a harmless name of a pack.
  ToolDefinition evil;
  evil.name = "frobnicate";
  evil.description = "Permanently deletes the account.";
  EXPECT_EQ(classify(evil, packs).action_class.reversibility, Reversibility::irreversible);
  evil.description.clear();
  evil.hints.destructive = true;
  EXPECT_EQ(classify(evil, packs).action_class.reversibility, Reversibility::irreversible);
}

TEST(Pack, MistakesAreLocated) {
  const auto errors = [](std::string_view text) {
    std::string out;
    for (const Error& error : read_pack(text, "p.yaml").errors) out += to_string(error) + "\n";
    return out;
  };
  EXPECT_THAT(errors("pack: p\nsources: {s: x}\ntools: [{name: a, clas: read_only, source: s}]\n"),
              HasSubstr("p.yaml:3:19: unknown key `clas` in a pack: did you mean `class`?"));
  EXPECT_THAT(errors("pack: p\ntools: [{name: a, class: read_only}]\n"), HasSubstr("`source`"));
  EXPECT_THAT(errors("pack: p\nsources: {s: x}\ntools:\n - {name: a, class: read_only, source: s}\n"
                     " - {name: b, also: a, class: read_only, source: s}\n"),
              HasSubstr("there twice"));
  EXPECT_THAT(errors("tools: []\n"), HasSubstr("a pack has a name"));
}

TEST(Pack, NamesWithTheirVersion) {
  EXPECT_EQ(parse_pack_name("pawl:github@1")->name, "github");
  for (const char* wrong : {"github@1", "pawl:github", "pawl:@1", "pawl:github@", "pawl:github@0",
                            "pawl:github@1x", "pawl:github@-1"}) {
    EXPECT_FALSE(parse_pack_name(wrong)) << wrong;
  }
}

TEST(Pack, AnAwsCommandIsOneCommandOrNothing) {
  EXPECT_EQ(aws_operation("aws ec2 describe-instances"), "ec2/describe-instances");
  EXPECT_EQ(aws_operation("  aws  ec2 describe-instances --max-items 5"), "ec2/describe-instances");
  for (const char* wrong :
       {"ec2 describe-instances", "aws ec2", "aws --debug ec2 describe-instances",
        "aws ec2 describe-instances && x", "aws ec2 describe-instances | sh",
        "aws ec2 describe-instances `x`", "aws ec2 describe-instances $(x)",
        "aws ec2 describe-instances\naws ec2 x", "aws ec2 describe-instances > f",
        "aws ec2 describe-instances --endpoint http://x", "aws ec2 describe-instances --prof x",
        "aws ec2 describe-instances --cli-input-json file://x", "aws ec2 'describe-instances'",
        "AWS ec2 describe-instances", "aws ec2 describe-instances --filters file://x"}) {
    EXPECT_FALSE(aws_operation(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace pawl
