#include <gmock/gmock.h>

#include "app/cli/run_test.h"

namespace pawl::app {
namespace {

using testing::Folder;
using ::testing::HasSubstr;
using testing::run;

constexpr const char* policy = R"(agent: {id: a, identity: a@myco.iam}
tools:
  allowed:
    - name: read_order
      class: read_only
    - name: send_mail
      class: irreversible small
      args: {to: {in: [a@myco.example], max_items: 1}}
  blocked: [drop_table]
execution: {max_steps: 3}
approval: {reviewers: [leads], within: 1h}
)";

constexpr const char* tests = R"(policy: role.yaml
tests:
  - name: reading is free
    call: [read_order, {id: 7}]
    expect: {effect: allow}
  - name: mail goes to us
    call: [send_mail, {to: [x@evil.example]}]
    expect: {effect: deny, code: constraint, at: args.to}
  - name: mail waits for a person
    call: [send_mail, {to: [a@myco.example]}]
    expect: {effect: hold, quorum: 1, reviewers: [leads]}
  - name: the fourth step halts
    steps:
      - {call: [read_order, {}], times: 3, expect: {effect: allow}}
      - {call: [read_order, {}], expect: {effect: deny, code: ceiling, halts: true}}
)";

struct World {
  Folder folder;
  World() { folder.write("role.yaml", policy); }
  std::string with(const std::string& text) const { return folder.write("role.test.yaml", text); }
};

std::string replaced(std::string text, const std::string& old, const std::string& by) {
  text.replace(text.find(old), old.size(), by);
  return text;
}

TEST(Test, passes_where_everything_is_as_expected) {
  const World world;
  const auto ran = run({"test", world.with(tests)});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("4 passed, 0 failed"));
}

TEST(Test, finds_the_files_of_a_directory) {
  const World world;
  world.with(tests);
  EXPECT_THAT(run({"test", world.folder.at("")}).out, HasSubstr("4 passed"));
}

TEST(Test, says_what_differs_and_what_decided) {
  const World world;
  const auto ran = run({"test", world.with(replaced(tests, "at: args.to", "at: args.cc"))});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("FAIL  mail goes to us"));
  EXPECT_THAT(ran.out, HasSubstr("expected args.cc, found tools/send_mail/args/to"));
  EXPECT_THAT(ran.out, HasSubstr("decided   deny [constraint] by tools/send_mail/args/to"));
  EXPECT_THAT(ran.out, HasSubstr("3 passed, 1 failed"));
}

TEST(Test, accept_rewrites_and_then_passes) {
  const World world;
  const std::string file = world.with(replaced(tests, "effect: hold", "effect: allow"));
  const auto ran = run({"test", "--accept", file});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("-     expect: {effect: allow, quorum: 1"));
  EXPECT_THAT(ran.out, HasSubstr("+     expect: {effect: hold, quorum: 1"));
  EXPECT_EQ(testing::bytes_of(file), tests);
  EXPECT_EQ(run({"test", file}).status, 0);
}

TEST(Test, coverage_names_what_no_test_reached) {
  const World world;
  const auto ran = run({"test", "--coverage", world.with(tests)});
  EXPECT_THAT(ran.out, HasSubstr("role.yaml:9:13"));
  EXPECT_THAT(ran.out, HasSubstr("tools/blocked/drop_table"));
  EXPECT_THAT(ran.out, HasSubstr("4 of 6 rules"));
}

TEST(Test, junit_holds_every_test_and_escapes) {
  const World world;
  const std::string text =
      replaced(replaced(tests, "at: args.to", "at: args.cc"), "mail goes to us", "\"mail <&> us\"");
  run({"test", "--junit", world.folder.at("out.xml"), world.with(text)});
  const std::string xml = testing::bytes_of(world.folder.at("out.xml"));
  EXPECT_THAT(xml, HasSubstr("tests=\"4\" failures=\"1\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("name=\"mail &lt;&amp;&gt; us\""));
}

TEST(Test, a_file_that_does_not_load_is_a_failure_with_its_place) {
  const World world;
  const auto ran = run({"test", world.with("policy: other.yaml\ntests: []\n")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("role.test.yaml:2:8: `tests` is a list"));
  EXPECT_EQ(run({"test", world.folder.at("nothing.yaml")}).status, 2);
}

TEST(Test, nothing_to_test_is_not_a_pass) {
  const Folder empty;
  EXPECT_EQ(run({"test", empty.at("")}).status, 2);
}

}  // namespace
}  // namespace pawl::app
