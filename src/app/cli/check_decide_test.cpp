// `pawl check` and `pawl decide` as they are called, on files.
#include <gmock/gmock.h>

#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using ::testing::EndsWith;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;
using ::testing::StartsWith;

constexpr std::string_view kPolicy = R"(version: 1
agent: {id: clerk, identity: clerk@example.iam}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: write_note, class: reversible small, args: {title: {max_length: 3}}}
    - {name: send_note, class: irreversible small}
  blocked: [delete_note]
execution: {max_steps: 4}
)";

// The deployment file of the person who runs the tests has no say here.
class Files : public ::testing::Test {
 protected:
  Files() {
    policy = folder.write("clerk.yaml", std::string(kPolicy));
    config = folder.write("pawl.yaml", "version: 1\n");
  }
  testing::Ran decide(const std::string& input, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"decide", "--policy", policy, "--config", config};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, input);
  }
  testing::Ran check(std::vector<std::string> more) const {
    std::vector<std::string> words{"check", "--config", config};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  Folder folder;
  std::string policy, config;
};

// What a person reads; the folder's name is not part of it.
std::string without(std::string text, const std::string& prefix) {
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
    text.erase(at, prefix.size());
  }
  return text;
}

TEST_F(Files, CheckOfTheFirstPolicyReadsWell) {
  const std::string scenarios = PAWL_SOURCE_DIR "/test/scenarios/";
  const auto ran = check({scenarios + "support-agent.yaml"});
  EXPECT_EQ(ran.status, exit_good);
  testing::expect_file(scenarios + "support-agent.check", without(ran.out, scenarios));
}

TEST_F(Files, CheckForProductionTurnsGapsIntoErrors) {
  const auto ran = check({"--production", PAWL_SOURCE_DIR "/test/scenarios/support-agent.yaml"});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, AllOf(HasSubstr(": error: "), Not(HasSubstr(": gap: "))));
}

TEST_F(Files, CheckNamesEveryMistakeWithItsPlace) {
  const auto bad = folder.write("bad.yaml", "agnt: {}\ntools: {allowed: [{name: x, clas: y}]}\n");
  const auto ran = check({bad});
  EXPECT_EQ(ran.status, exit_no);
  EXPECT_THAT(ran.out, HasSubstr(bad + ":1:1: error: unknown key `agnt`"));
  EXPECT_THAT(ran.out, HasSubstr(bad + ":2:"));
  EXPECT_THAT(ran.out, EndsWith(" errors\n"));
}

TEST_F(Files, CheckOfSeveralFilesSaysTheWorst) {
  const auto bad = folder.write("bad.yaml", "agnt: {}\n");
  EXPECT_EQ(check({policy}).status, exit_good);
  EXPECT_EQ(check({policy, bad}).status, exit_no);
  const auto ran = check({bad, folder.at("absent.yaml"), policy});
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(ran.out, HasSubstr("absent.yaml: error: there is no such file"));
  EXPECT_THAT(ran.out, HasSubstr("clerk.yaml: good"));
}

TEST_F(Files, CheckReadsFilesAndNothingElse) {
  EXPECT_EQ(check({folder.at(".")}).status, exit_usage);
  EXPECT_EQ(check({"/dev/zero"}).status, exit_usage);
  EXPECT_EQ(check({""}).status, exit_usage);
}

TEST_F(Files, CheckAsJson) {
  const auto ran = check({"--json", policy, folder.write("bad.yaml", "agnt: {}\n")});
  EXPECT_EQ(ran.status, exit_no);
  const auto parsed = json::parse(ran.out);
  ASSERT_TRUE(parsed) << ran.out;
  ASSERT_EQ(parsed->root().size(), 2U);
  const auto first = *parsed->root().elements().begin();
  EXPECT_TRUE(first["passes"].boolean());
  const auto tool = *first["tools"].elements().begin();
  EXPECT_EQ(tool.text("tool"), "read_note");
  EXPECT_EQ(tool.text("effect"), "allow");
}

TEST_F(Files, ADeploymentFileWithMistakesStopsBoth) {
  folder.write("pawl.yaml", "version: 1\nrolls: {}\n");
  const auto ran = check({policy});
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(ran.err, HasSubstr("pawl.yaml:2:1: unknown key `rolls`"));
  EXPECT_EQ(decide("{}").status, exit_usage);
  const auto absent = run({"check", "--config", folder.at("none.yaml"), policy});
  EXPECT_EQ(absent.status, exit_usage) << "a file that is named must exist";
}

TEST_F(Files, CheckComparesWithTheLock) {
  const auto without_lock = check({"--lock", policy});
  EXPECT_EQ(without_lock.status, exit_good);
  EXPECT_THAT(without_lock.out, HasSubstr("there is no `pawl.lock` beside the file"));
  const std::string digest = "sha256:" + std::string(64, 'a');
  folder.write("pawl.lock", R"({"version": 1, "tools": {"notes/read_note": ")" + digest +
                                R"(", "notes/gone": ")" + digest + "\"}}");
  const auto ran = check({"--lock", policy});
  EXPECT_EQ(ran.status, exit_good) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("`write_note` is granted and not in `pawl.lock`"));
  EXPECT_THAT(ran.out, Not(HasSubstr("`read_note` is granted and not")));
  EXPECT_THAT(ran.out, HasSubstr("`notes/gone` is in `pawl.lock` and no entry grants it"));
}

TEST_F(Files, CheckComparesArgumentsWithTheLockedDefinitions) {
  const auto locked = [&](const std::string& properties) {
    const std::string definition = R"({"inputSchema":{"properties":)" + properties +
                                   R"(,"type":"object"},"name":"read_note"})";
    folder.write("pawl.lock", R"({"version": 1, "tools": {"notes/read_note": ")" +
                                  to_string(sha256(definition)) +
                                  R"("}, "definitions": {"notes/read_note": )" + definition + "}}");
    folder.write("args.yaml",
                 "agent: {id: clerk, identity: c@x, owner: o@x}\n"
                 "tools:\n  allowed:\n"
                 "    - {name: read_note, class: read_only, args: {page: {max: 5}}}\n");
    return check({"--lock", folder.at("args.yaml")});
  };
  EXPECT_EQ(locked(R"({"page":{"type":"integer"}})").status, exit_good);
  const auto gone = locked(R"({"pages":{"type":"integer"}})");
  EXPECT_EQ(gone.status, exit_no) << gone.out;
  EXPECT_THAT(gone.out, HasSubstr("page"));
  const auto other = locked(R"({"page":{"type":"string"}})");
  EXPECT_EQ(other.status, exit_no) << other.out;
}

TEST_F(Files, CheckSaysHowToAcceptWhereNothingIsLocked) {  // S13
  const auto ran = check({"--production", policy});
  EXPECT_THAT(ran.out, HasSubstr("there is no `pawl.lock`"));
  EXPECT_THAT(ran.out, HasSubstr("pawl accept --policy " + policy));
  EXPECT_THAT(check({policy}).out, Not(HasSubstr("there is no `pawl.lock`")));
}

TEST_F(Files, CheckComparesWithTheDeploymentFile) {
  const auto with_role = [&](const std::string& role, const std::string& file) {
    folder.write("pawl.yaml", "version: 1\nroles: {" + role + ": {file: " + file + "}}\n");
    return check({policy});
  };
  EXPECT_THAT(with_role("clerk", "clerk.yaml").out, Not(HasSubstr("the deployment file (")));
  const auto other = with_role("clerk", "other.yaml");
  EXPECT_EQ(other.status, exit_good);
  EXPECT_THAT(other.out,
              AllOf(HasSubstr("pawl.yaml:2"), HasSubstr("govern `clerk`, not this file")));
  const auto wrong = with_role("mailer", "clerk.yaml");
  EXPECT_EQ(wrong.status, exit_no);
  EXPECT_THAT(wrong.out, HasSubstr("gives this file to the role `mailer`"));
}

TEST_F(Files, CheckNamesADirectoryThatIsALink) {
  std::filesystem::create_directory(folder.at("real"));
  std::filesystem::create_directory_symlink(folder.at("real"), folder.at("link"));
  const auto with = [&](const std::string& directory) {
    const auto file =
        folder.write("files.yaml",
                     "version: 1\nagent: {id: f, identity: f@x}\ntools:\n  allowed:\n    - {name: "
                     "read_file, class: read_only, args: {path: {path: {under: " +
                         directory + "}}}}\n");
    return check({file}).out;
  };
  EXPECT_THAT(with(folder.at("link")),
              AllOf(HasSubstr("files.yaml:5:"),
                    HasSubstr("over a link to `" + folder.at("real") + "` here")));
  EXPECT_THAT(with(folder.at("real")), Not(HasSubstr("over a link")));
}

TEST(Output, WhatCannotBeWrittenIsAnError) {
  const testing::Instead full(STDOUT_FILENO, "/dev/full", O_WRONLY);
  EXPECT_THROW((void)dispatch({"version"}), OutputLost);
}

TEST_F(Files, DecideAnswersOneCallWithItsStatus) {
  const auto allowed = decide(R"({"tool": "read_note",
      "arguments": {}})");
  EXPECT_EQ(allowed.status, exit_good) << allowed.out << allowed.err;
  EXPECT_THAT(allowed.out, AllOf(StartsWith(R"({"effect":"allow")"), EndsWith("}\n")));
  const auto held = decide(R"({"run":"r","tool":"send_note","arguments":{}})");
  EXPECT_EQ(held.status, exit_no);
  EXPECT_THAT(held.out, HasSubstr(R"("effect":"hold")"));
  const auto denied = decide(R"({"run":"r","tool":"Delete_Note","arguments":{}})");
  EXPECT_EQ(denied.status, exit_no);
  EXPECT_THAT(denied.out, HasSubstr(R"("code":"blocked")"));
}

TEST_F(Files, DecideTakesNoStrangeCall) {
  for (const std::string input : {"{}", "[]", "x", R"({"tool":"read_note","Tool":"x"})",
                                  R"({"Run":"a","tool":"read_note","arguments":{}})"}) {
    const auto ran = decide(input);
    EXPECT_EQ(ran.status, exit_no) << input;
    EXPECT_THAT(ran.out, HasSubstr(R"("code":"ambiguous_request")")) << input;
  }
  EXPECT_EQ(decide("").status, exit_usage);
  EXPECT_EQ(decide(" \n ").status, exit_usage);
}

TEST_F(Files, DecideNeedsAPolicyThatLoads) {
  EXPECT_EQ(run({"decide", "--config", config}).status, exit_usage);
  folder.write("clerk.yaml", "agnt: {}\ntoolz: {}\n");
  const auto ran = decide(R"({"tool":"read_note","arguments":{}})");
  EXPECT_EQ(ran.status, exit_usage);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, AllOf(HasSubstr("clerk.yaml:1:1:"), HasSubstr("clerk.yaml:2:1:")));
}

TEST_F(Files, DecideStreamAnswersEveryLineWithALine) {
  std::string input;
  for (int i = 0; i < 6; ++i)
    input += R"({"run":"a","tool":"read_note","arguments":{}})"
             "\n";
  input += "\nnot json\n";
  input += R"({"run":"b","tool":"write_note","arguments":{"title":"long"}})";
  const auto ran = decide(input, {"--stream"});
  EXPECT_EQ(ran.status, exit_good);
  const auto lines = split(ran.out, '\n');
  ASSERT_EQ(lines.size(), 10U) << ran.out;  // the last one is empty
  for (std::size_t i = 0; i < 4; ++i) EXPECT_THAT(lines[i], StartsWith(R"({"effect":"allow")"));
  EXPECT_THAT(lines[4], HasSubstr("max_steps")) << "the fifth step halts the run";
  EXPECT_THAT(lines[5], HasSubstr(R"("code":"run_halted")"));
  EXPECT_THAT(lines[6], HasSubstr(R"("code":"ambiguous_request")"));
  EXPECT_THAT(lines[7], HasSubstr(R"("code":"ambiguous_request")"));
  EXPECT_THAT(lines[8], AllOf(HasSubstr(R"("code":"constraint")"), HasSubstr(R"("run":"b")")));
}

TEST_F(Files, DecideStreamRefusesALineThatIsTooLongAndGoesOn) {
  const std::string call = R"({"run":"a","tool":"read_note","arguments":{}})";
  const auto ran =
      decide(R"({"run":"a","tool":")" + std::string(17UL << 20, 'x') + "\"}\n" + call + "\n",
             {"--stream"});
  const auto lines = split(ran.out, '\n');
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], HasSubstr(R"("code":"ambiguous_request")"));
  EXPECT_THAT(lines[1], StartsWith(R"({"effect":"allow")"));
}

TEST(DecideSchema, IsTheOnePublished) {
  const auto printed = json::parse(run({"decide", "--schema"}).out);
  const auto file = json::parse(bytes_of(PAWL_SOURCE_DIR "/docs/reference/decide.schema.json"));
  ASSERT_TRUE(printed && file);
  EXPECT_TRUE(json::equal(printed->root(), file->root()));
}

}  // namespace
}  // namespace pawl::app
