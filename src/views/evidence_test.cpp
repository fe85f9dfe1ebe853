#include "views/evidence.h"

#include <gtest/gtest.h>

#include <string>

#include "kernel/policy/policy.h"
#include "model/facts.h"

namespace pawl::views {
namespace {

constexpr std::string_view kShellRole = R"(version: 1
agent: {id: a, identity: a@x, owner: o@x}
tools:
  allowed:
    - name: shell/run
      class: irreversible large
      shell: bash
      commands:
        - {run: [ls, tar, "rm"], then: hold, approval: {by: [leads]}}
)";

LineEvidence evidence_of(const std::string& line) {
  const Loaded loaded = load_policy(kShellRole, "p.yaml", {});
  if (loaded.policy == nullptr) {
    ADD_FAILURE() << to_string(loaded.errors.at(0));
    return {};
  }
  const ToolRule* entry = entry_of(*loaded.policy, "shell/run");
  if (entry == nullptr) {
    ADD_FAILURE() << "no entry";
    return {};
  }
  json::Writer out;
  out.object().key("command").string(line).end();
  const auto document = json::parse(out.text());
  const json::View value = document->root()["command"];
  EXPECT_TRUE(line_evidence(*entry, "other", value, json::write(value)).notes.empty());
  return line_evidence(*entry, "command", value, json::write(value));
}

TEST(Evidence, WhatALineRunsBesidesItsProgramIsMarkedWhereItStands) {
  const std::string line = "ls -l && tar --to-command=sh -xf a.tar";
  const LineEvidence found = evidence_of(line);
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_EQ(found.notes[0].find("`tar`: "), 0u) << found.notes[0];
  ASSERT_EQ(found.marks.size(), 1u);
  // Counted in the display, which begins with a quote.
  const std::string shown = "\"" + line + "\"";
  EXPECT_EQ(shown.substr(found.marks[0].from, found.marks[0].to - found.marks[0].from),
            "tar --to-command=sh -xf a.tar");
  EXPECT_TRUE(evidence_of("ls -l").notes.empty());
}

TEST(Evidence, NothingIsMarkedInATextThatIsNotDisplayedAsItIs) {
  const LineEvidence found = evidence_of("tar --to-command=\"sh\" -xf a.tar");
  EXPECT_EQ(found.notes.size(), 1u);
  EXPECT_TRUE(found.marks.empty());
}

TEST(Evidence, WhatCannotBeAnalysedIsSaid) {
  const LineEvidence found = evidence_of("ls; $(cat x)");
  ASSERT_FALSE(found.notes.empty());
  EXPECT_EQ(found.notes[0].find("not fully analysable: "), 0u) << found.notes[0];
}

std::string facts_shown(const Facts& facts) {
  json::Writer out;
  out.object();
  write_facts(out, to_json(facts));
  return out.end().take();
}

TEST(Evidence, FactsSayWhereThingsLeadAndWhatIsDangerous) {
  Facts facts;
  facts.pin = PinState::accepted;
  facts.paths.push_back({"/path", "/srv/real", ""});
  sql::Fact sql;
  sql.summary.statements = 1;
  sql.summary.kinds = {"delete"};
  sql.summary.writes = {"orders"};
  sql.summary.unbounded = {"delete"};
  facts.sql.push_back(sql);
  facts.programs_known = true;
  facts.programs.push_back({"rm", "/usr/bin/rm", "/usr/bin/rm\x1b[2J"});
  const std::string shown = facts_shown(facts);
  EXPECT_NE(shown.find(R"({"danger":false,"name":"path","text":"path leads to /srv/real"})"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find(R"({"danger":true,"name":"changes","text":"orders"})"), std::string::npos);
  EXPECT_NE(shown.find(R"("text":"rm is /usr/bin/rm\\u{1b}[2J")"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("reads"), std::string::npos);
  EXPECT_NE(shown.find(R"("name":"unbounded","text":"delete, which nothing narrows")"),
            std::string::npos);
  const auto rows = json::parse(shown);
  ASSERT_TRUE(rows.has_value());
  for (const json::View row : rows->root()["facts"].elements()) {
    EXPECT_LE(row.text("name").value_or("").size(), 9U) << "wider than its column in a terminal";
  }
}

// A card that says everything twice, or that is red for what is nothing unusual, is not read.
TEST(Evidence, APathThatLeadsToItselfIsNotSaidTwiceAndAToolThatIsNewIsNoAlarm) {
  Facts facts;
  facts.pin = PinState::first_use;
  facts.paths.push_back({"/path", "/srv/app.conf", ""});
  facts.paths.push_back({"/edits/1/path", "/srv/b", ""});
  facts.paths.push_back({"/edits/0/path", "/srv/real", ""});
  const auto arguments =
      json::parse(R"({"path":"/srv/app.conf","edits":[{"path":"/srv/link"},{"path":"/srv/b"}]})");
  json::Writer out;
  out.object();
  write_facts(out, to_json(facts), arguments->root());
  std::string shown = out.end().take();
  EXPECT_EQ(shown.find("app.conf"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("/srv/b"), std::string::npos) << shown;
  EXPECT_NE(shown.find("edits/0/path leads to /srv/real"), std::string::npos) << shown;
  EXPECT_NE(shown.find(R"({"danger":false,"name":"tool")"), std::string::npos) << shown;
  facts.pin = PinState::changed;
  shown = facts_shown(facts);
  EXPECT_NE(shown.find(R"({"danger":true,"name":"tool")"), std::string::npos) << shown;
}

TEST(Evidence, WhatFailedIsSaidAndNoFactsAreNoRows) {
  Facts facts;
  facts.paths.push_back({"/path", "", "a loop of links"});
  facts.sql.push_back({.pointer = "/sql", .failure = "too long", .summary = {}});
  const std::string shown = facts_shown(facts);
  EXPECT_NE(shown.find(R"("danger":true,"name":"path")"), std::string::npos) << shown;
  EXPECT_NE(shown.find("cannot be read: too long"), std::string::npos);
  json::Writer none;
  none.object();
  write_facts(none, "");
  EXPECT_EQ(none.end().take(), "{}");
}

}  // namespace
}  // namespace pawl::views
