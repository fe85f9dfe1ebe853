#include "doors/decide/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "doors/decide/line.h"
#include "doors/decide/schema.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* policy_text = R"(version: 1
agent: {id: support, identity: support@myco.iam}
tools:
  allowed:
    - {name: read, class: read_only, scope: [id, contact.email]}
    - {name: touch, class: reversible small, max_records_per_run: 10}
    - {name: update_index, class: reversible large}
    - {name: mail, class: irreversible small, requires_approval: true}
    - name: write
      class: reversible small
      args: {path: {path: {under: [/srv/ok], base: /srv/ok}}}
  blocked: [delete_it]
execution:
  max_steps: 25
  max_denials: 20
  max_wall_clock_seconds: 120
  on_budget_exceeded: {action: halt_and_escalate, notify: "#oncall"}
escalation: {contacts: [{name: First Lastname, via: "command: page", after: 0s}]}
)";

std::shared_ptr<const Policy> policy_of(std::string_view text) {
  const Loaded loaded = load_policy(text, "p.yaml", {});
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return loaded.policy;
}

class DecideTest : public ::testing::Test {
 protected:
  // The answer, parsed; `text` keeps its bytes.
  json::View say(std::string_view line) {
    text = stream.line(line);
    auto parsed = json::parse(text);
    EXPECT_TRUE(parsed) << text;
    document = std::make_unique<json::Document>(std::move(*parsed));
    return document->root();
  }
  std::string code(std::string_view line) { return std::string(say(line)["code"].string()); }

  DecideStream stream{policy_of(policy_text)};
  std::string text;
  std::unique_ptr<json::Document> document;
};

TEST_F(DecideTest, AnswersWithExactlyTheMembersOfTheContract) {
  for (const char* line : {R"({"run":"r","tool":"read","arguments":{}})",
                           R"({"run":"r","tool":"nothing","arguments":{}})",
                           R"({"run":"r","tool":"mail","arguments":{}})", "garbage", "", "[]"}) {
    std::vector<std::string> names;
    for (const auto [key, value] : say(line).members()) names.emplace_back(key);
    EXPECT_THAT(names,
                ElementsAre("effect", "code", "rule", "reason", "class", "obligations", "run"))
        << line;
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
}

TEST_F(DecideTest, AllowsAndSettlesAtTheReservation) {
  const json::View v = say(R"({"run":"r","tool":"touch","arguments":{"ids":["a","b","c"]}})");
  EXPECT_EQ(v["effect"].string(), "allow");
  EXPECT_EQ(v["code"].string(), "none");
  EXPECT_EQ(v["rule"].string(), "tools/touch");
  EXPECT_EQ(v["class"].string(), "reversible small");
  EXPECT_EQ(v["run"].string(), "r");
  EXPECT_EQ(stream.state().run("r")->entries.at("touch").records.settled, 3U);
  EXPECT_EQ(stream.state().run("r")->executing, 0U);
}

TEST_F(DecideTest, AHoldIsChargedAndNotExecuted) {
  const json::View v = say(R"({"run":"r","tool":"mail","arguments":{"to":"a"},"result":{"x":1}})");
  EXPECT_EQ(v["effect"].string(), "hold");
  const json::View asked = v["obligations"]["approval"];
  EXPECT_EQ(asked["quorum"].integer(), 1);
  EXPECT_EQ(asked["within_seconds"].integer(), 300);
  EXPECT_EQ(asked["typed"].boolean(), false);
  EXPECT_EQ(asked["deny_on_timeout"].boolean(), true);
  EXPECT_FALSE(v["obligations"]["result"].exists());
  const pawl::Run& run = *stream.state().run("r");
  EXPECT_EQ(run.steps.settled, 1U);
  EXPECT_EQ(run.denials.settled, 0U);
  EXPECT_EQ(run.live, 0U);
  EXPECT_TRUE(run.entries.empty());
  // No call waits, so the wall clock runs on.
  EXPECT_EQ(code(R"({"run":"r","tool":"read","arguments":{},"now":130})"), "ceiling");
}

TEST_F(DecideTest, AReportOnlyRaisesAndItsExcessHalts) {
  say(R"({"run":"r","tool":"touch","arguments":{"ids":["a","b"]},"outcome":{"records":0}})");
  EXPECT_EQ(stream.state().run("r")->entries.at("touch").records.settled, 2U);
  const json::View v =
      say(R"({"run":"r","tool":"touch","arguments":{"id":"a"},"outcome":{"records":5000}})");
  EXPECT_EQ(v["effect"].string(), "allow");  // it has run
  EXPECT_EQ(v["obligations"]["halt"]["notify"].string(), "#oncall");
  EXPECT_EQ(code(R"({"run":"r","tool":"read","arguments":{}})"), "run_halted");
  EXPECT_EQ(code(R"({"run":"s","tool":"read","arguments":{}})"), "none");  // another run
}

TEST_F(DecideTest, OutcomesAreWordsOrObjects) {
  for (const char* outcome : {R"("completed")", R"("failed")", R"("cancelled")", "null", "{}",
                              R"({"outcome":"failed","is_error":true,"records":1})"}) {
    EXPECT_EQ(
        code(R"({"run":"r","tool":"read","arguments":{},"outcome":)" + std::string(outcome) + "}"),
        "none")
        << outcome;
  }
  for (const char* outcome : {R"("aborted")", R"("indeterminate")", R"("")", "1", "[]",
                              R"({"records":-1})", R"({"records":1.5})", R"({"records":"1"})",
                              R"({"outcome":"aborted"})", R"({"is_error":"no"})", R"({"x":1})"}) {
    EXPECT_EQ(
        code(R"({"run":"r2","tool":"read","arguments":{},"outcome":)" + std::string(outcome) + "}"),
        "ambiguous_request")
        << outcome;
  }
}

TEST_F(DecideTest, TheProjectionOfAResultIsAnObligation) {
  json::View v = say(R"({"run":"r","tool":"read","arguments":{},"result":{"id":7,"card":"4",)"
                     R"("contact":{"email":"e","phone":"p"}}})");
  EXPECT_EQ(json::write(v["obligations"]["result"]), R"({"contact":{"email":"e"},"id":7})");
  EXPECT_THAT(json::write(v["obligations"]["withheld"]), HasSubstr("card"));
  EXPECT_EQ(json::write(v["obligations"]["scope"]), R"(["id","contact.email"])");

  v = say(R"({"run":"r","tool":"read","arguments":{},"result":"{\"id\":7,\"card\":\"4\"}"})");
  EXPECT_EQ(v["obligations"]["result"].string(), R"({"id":7})");

  v = say(R"({"run":"r","tool":"read","arguments":{},"result":)"
          R"({"content":[{"type":"text","text":"{\"id\":1,\"card\":2}"}],"isError":false}})");
  EXPECT_THAT(json::write(v["obligations"]["result"]), Not(HasSubstr("card\\\"")));

  for (const char* result : {R"("plain words")", "17", "null", R"([1,2])"}) {
    v = say(R"({"run":"r","tool":"read","arguments":{},"result":)" + std::string(result) + "}");
    EXPECT_THAT(json::write(v["obligations"]["result"]), Not(HasSubstr("words"))) << text;
    EXPECT_THAT(json::write(v["obligations"]["result"]), Not(HasSubstr("17")));
  }
  v = say(R"({"run":"r","tool":"touch","arguments":{},"result":{"id":7}})");
  EXPECT_FALSE(v["obligations"]["result"].exists());  // no scope, nothing to project
}

TEST_F(DecideTest, WhatIsForwardedInAnotherSpellingIsSaid) {
  json::View v = say(R"({"run":"r","tool":"write","arguments":{"path":"a/b.txt"}})");
  EXPECT_EQ(v["effect"].string(), "allow") << text;
  EXPECT_EQ(json::write(v["obligations"]["forward"]), R"({"path":"/srv/ok/a/b.txt"})");
  v = say(R"({"run":"r","tool":"write","arguments":{"path":"/srv/ok/c"}})");
  EXPECT_FALSE(v["obligations"]["forward"].exists());
  EXPECT_EQ(code(R"({"run":"r","tool":"write","arguments":{"path":"../x"}})"), "constraint");
  EXPECT_EQ(code(R"({"run":"r","tool":"write","arguments":{"path":"~/x"}})"), "constraint");
}

TEST_F(DecideTest, NotifyRunsAndTheContactIsTold) {
  const json::View v = say(R"({"run":"r","tool":"update_index","arguments":{}})");
  EXPECT_EQ(v["effect"].string(), "allow");
  EXPECT_EQ(json::write(v["obligations"]["notify"]["contacts"]),
            R"([{"after":"0s","name":"First Lastname","via":"command: page"}])");
}

TEST_F(DecideTest, TimeIsWhatTheLinesSay) {
  say(R"({"run":"r","tool":"read","arguments":{}})");
  EXPECT_EQ(stream.now(), Instant{});
  say(R"({"run":"r","tool":"read","arguments":{},"now":"1970-01-01T00:01:00Z"})");
  EXPECT_EQ(stream.now(), Instant{} + Duration::seconds(60));
  say(R"({"run":"r","tool":"read","arguments":{}})");
  EXPECT_EQ(stream.now(), Instant{} + Duration::seconds(60));
  say(R"({"run":"r","tool":"read","arguments":{},"now":60.25})");
  EXPECT_EQ(stream.now(), Instant{} + Duration::milliseconds(60'250));
  EXPECT_EQ(code(R"({"run":"r","tool":"read","arguments":{},"now":120})"), "none");
  EXPECT_EQ(code(R"({"run":"r","tool":"read","arguments":{},"now":121})"), "ceiling");
  for (const char* now : {R"("soon")", "1e30", "-1e30", "99999999999", "null", "true", "[]"}) {
    EXPECT_EQ(code(R"({"run":"n","tool":"read","arguments":{},"now":)" + std::string(now) + "}"),
              "ambiguous_request")
        << now;
  }
}

TEST_F(DecideTest, TimesAtTheEdgesAreTimesOrRefused) {
  int n = 0;
  for (const char* now : {R"("1677-09-21T00:12:43.145224192Z")", "8000000000", "-8000000000",
                          R"("2262-04-11T23:47:16.854775807Z")"}) {
    const std::string run = "e" + std::to_string(++n);
    const std::string head = R"({"run":")" + run + R"(","arguments":{},"tool":)";
    const std::string tail = R"(,"now":)" + std::string(now) + "}";
    for (const char* tool : {R"("read")", R"("mail")", R"("nothing")"}) {
      EXPECT_EQ(say(head + tool + tail)["run"].string(), run) << text;
      EXPECT_NE(document->root()["code"].string(), "internal") << text;
    }
  }
}

TEST_F(DecideTest, ABadLineIsAnsweredAndChargedWhereItsRunCanBeRead) {
  for (const char* line : {
           R"({"run":"b","tool":"read","arguments":{},"argument":{}})",
           R"({"run":"b","tool":"read"})",
           R"({"run":"b","tool":"read","arguments":[]})",
           R"({"run":"b","tool":"read","arguments":"{}"})",
           R"({"run":"b","tool":"","arguments":{}})",
           R"({"run":"b","tool":7,"arguments":{}})",
           R"({"run":"b","arguments":{}})",
           R"({"run":"b","tool":"read","arguments":{},"schema":[]})",
           R"({"run":"b","tool":"read","arguments":{},"user_text":7})",
       }) {
    EXPECT_EQ(code(line), "ambiguous_request") << line;
  }
  EXPECT_EQ(stream.state().run("b")->steps.settled, 9U);
  EXPECT_EQ(stream.state().run("b")->denials.settled, 9U);
  for (const char* line : {"", "garbage", "[]", "null", "{}", R"({"run":""})", R"({"run":7})",
                           R"({"tool":"read","arguments":{}})",
                           R"({"run":"b","run":"c","tool":"read","arguments":{}})"}) {
    const json::View v = say(line);
    EXPECT_EQ(v["code"].string(), "ambiguous_request") << line;
    EXPECT_TRUE(v["run"].is_null());
  }
  EXPECT_EQ(stream.state().runs().size(), 1U);
  EXPECT_EQ(code(R"({"run":"b","tool":"read","arguments":{}})"), "none");  // it goes on
}

TEST_F(DecideTest, ManyBadLinesHaltTheirRunToo) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(code(R"({"run":"b","tool":"read","arguments":7})"), "ambiguous_request");
  }
  const json::View v = say(R"({"run":"b","tool":"read","arguments":7})");
  EXPECT_EQ(v["code"].string(), "ceiling");
  EXPECT_TRUE(v["obligations"]["halt"].exists());
  EXPECT_EQ(code(R"({"run":"b","tool":"read","arguments":7})"), "run_halted");
}

TEST_F(DecideTest, DuplicateKeysAnywhereAreRefused) {
  for (const char* line : {
           R"({"run":"d","tool":"read","arguments":{"a":1,"a":2}})",
           R"({"run":"d","tool":"read","arguments":{"to":"x","To":"y"}})",
           R"({"run":"d","tool":"read","Tool":"x","arguments":{}})",
           R"({"run":"d","tool":"read","arguments":{},"result":{"x":{"k":1,"k":2}}})",
           "{\"run\":\"d\",\"tool\":\"read\",\"arguments\":{\"status\":1,\"\u017ftatus\":2}}",
       }) {
    EXPECT_EQ(code(line), "ambiguous_request") << line;
  }
}

TEST_F(DecideTest, AServerMayStandInTheNameOfTheTool) {
  EXPECT_EQ(code(R"({"run":"r","tool":"crm2/Delete_It","arguments":{}})"), "blocked");
  EXPECT_EQ(code(R"({"run":"r","server":"crm2","tool":"DELETE_IT","arguments":{}})"), "blocked");
  EXPECT_EQ(code(R"({"run":"r","tool":"crm/read","arguments":{}})"), "none");
  EXPECT_EQ(code(R"({"run":"r","tool":"mcp:resources/read","arguments":{"uri":"x:y"}})"),
            "not_granted");
}

TEST_F(DecideTest, ADefinitionThatCannotBeReadDenies) {
  EXPECT_EQ(code(R"({"run":"r","tool":"read","arguments":{},"annotations":{"readOnlyHint":"x"}})"),
            "schema");
  EXPECT_EQ(
      code(R"({"run":"r","tool":"delete_it","arguments":{},"annotations":{"readOnlyHint":"x"}})"),
      "blocked");
}

TEST_F(DecideTest, AnnotationsOnlyRaiseTheClass) {
  const DecideStream before(policy_of(policy_text));
  json::View v = say(R"({"run":"r","tool":"read","arguments":{},)"
                     R"("annotations":{"destructiveHint":true,"readOnlyHint":false}})");
  EXPECT_EQ(v["code"].string(), "schema") << text;  // stated below what the server itself says
}

TEST_F(DecideTest, HiddenCharactersInADefinitionCanNeverBeAccepted) {
  EXPECT_EQ(
      code("{\"run\":\"r\",\"tool\":\"read\",\"arguments\":{},\"schema\":{\"type\":\"object\","
           "\"description\":\"a\xe2\x80\x8b\"}}"),
      "tool_changed");
}

TEST_F(DecideTest, LinesThatRepeatASchemaShareItsReading) {
  const std::string line = R"({"run":"r","tool":"touch","arguments":{"id":"a"},)"
                           R"("schema":{"type":"object","properties":{"id":{"type":"string"}}}})";
  EXPECT_EQ(code(line), "none");
  EXPECT_EQ(code(line), "none");
  EXPECT_EQ(code(R"({"run":"r","tool":"touch","arguments":{"id":"a"},)"
                 R"("schema":{"type":"object","properties":{"no":{"type":"string"}}}})"),
            "constraint");
}

TEST_F(DecideTest, TooLongIsRefusedAndTheNextLineIsRead) {
  const std::string huge = R"({"run":"r","tool":"read","arguments":{"x":")" +
                           std::string(decide_line_bytes_max, 'x') + "\"}}";
  EXPECT_EQ(code(huge), "ambiguous_request");
  const std::string deep(100'000, '[');
  EXPECT_EQ(code(deep), "ambiguous_request");
  EXPECT_EQ(code(R"({"run":")" + std::string(300, 'r') + R"(","tool":"read","arguments":{}})"),
            "ambiguous_request");
  EXPECT_EQ(code(R"({"run":"r","tool":"read","arguments":{}})"), "none");
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

TEST(DecideSchemaTest, ThePublishedSchemaIsTheOneOfTheCode) {
  const auto published =
      json::parse(bytes_of(PAWL_SOURCE_DIR "/docs/reference/decide.schema.json"));
  ASSERT_TRUE(published) << published.error().message;
  const auto ours = json::parse(decide_schema());
  ASSERT_TRUE(ours) << ours.error().message;
  EXPECT_TRUE(json::equal(published->root(), ours->root()))
      << "write this into docs/reference/decide.schema.json:\n"
      << decide_schema();
}

// Every member that the schema names is read, and no other.
TEST(DecideSchemaTest, NamesTheMembersThatAreRead) {
  const auto schema = json::parse(decide_schema());
  const json::View line = schema->root()["$defs"]["line"];
  EXPECT_EQ(line["properties"].size(), line_members.size());
  DecideStream stream(policy_of(policy_text));
  for (const auto [name, value] : line["properties"].members()) {
    json::Writer out;
    out.object();
    if (name != "run") out.key("run").string("r");
    if (name != "tool") out.key("tool").string("read");
    if (name != "arguments") out.key("arguments").object().end();
    out.key(name);
    const bool object =
        name == "arguments" || name == "schema" || name == "annotations" || name == "result";
    if (object) {
      out.object().end();
    } else if (name == "now") {
      out.integer(1);
    } else if (name == "outcome") {
      out.string("completed");
    } else {
      out.string(name == "tool" ? "read" : "r");
    }
    out.end();
    EXPECT_THAT(stream.line(out.text()), HasSubstr(R"("effect":"allow")")) << out.text();
  }
}

}  // namespace
}  // namespace pawl
