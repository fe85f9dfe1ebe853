#include "kernel/strictness/deployment.h"
#include "kernel/deployment/deployment_keys.h"

#include <gmock/gmock.h>

#include <string>

#include "kernel/deployment/deployment.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kDigest =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

// KEY1 and KEY2 stand for what is kept of two keys.
constexpr std::string_view kDeployment = R"(version: 1
listen: {mcp: "127.0.0.1:8080", hosts: [gate.example, other.example]}
limits: {processes: 100, sessions: 200}
roles:
  clerk:
    file: clerk.yaml
    servers: [crm, files]
    observe: {until: "2026-12-01", reason: "first week"}
  desk: {file: desk.yaml, directories: [/srv/desk]}
  spare: {file: spare.yaml, candidate: next.yaml}
servers:
  crm: {url: "https://crm.example/mcp", credential: token, ca: crm.pem}
  files: {command: [files]}
credentials:
  token: {env: TOKEN, roles: [clerk], hosts: [crm.example, b.example], servers: [crm, files]}
  left: {env: LEFT, roles: [clerk, spare], accept_risk: {reason: r, owner: a, until: "2027-01-01"}}
people:
  default_reviewers: [ada, bob]
  auditors: [eve]
  groups: {leads: [ada, bob, eve, robot], heads: [ada]}
  ada: {groups: [others], accounts: [root]}
  bob: {}
  eve: {}
  robot: {automatic: {command: [look]}}
notify: {command: [tell]}
agents:
  one: {role: clerk, keys: ["KEY1", "KEY2"], rights: [propose, watch], sponsor: ada}
  two: {role: clerk, jwt: {issuer: corp, subject: two}}
  ten: {role: clerk, keys: ["KEY3"]}
issuers:
  corp: {issuer: "https://id.example", audiences: [a]}
)";

std::string key_of(char first) {
  return first + std::string("bcdefgh");
}

std::string with_keys(std::string text) {
  for (const char which : {'1', '2', '3'}) {
    const std::string mark = std::string("KEY") + which;
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(),
                   key_of(static_cast<char>('a' + (which - '1'))) + ":" + std::string(kDigest));
    }
  }
  return text;
}

std::string changed(std::string_view from, std::string_view to) {
  std::string text(kDeployment);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return with_keys(text.replace(at, from.size(), to));
}

std::string text_before() {
  return with_keys(std::string(kDeployment));
}

std::vector<Laxer> laxer_after(const std::string& after) {
  const LoadedDeployment loaded = load_deployment(after, "pawl.yaml");
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return laxer_deployment(text_before(), after, "pawl.yaml");
}

// Every change of a key counts as less strict, but for these.
TEST(DeploymentStrictness, FewRowsSayThatAChangeMayBeStricter) {
  std::string rows;
  for (const Key& key : deployment_keys().all()) {
    if (key.compare_as == CompareAs::less_strict || key.later) continue;
    rows += std::string(place(key.section)) + ": " + std::string(key.name) + "\n";
  }
  EXPECT_EQ(rows,
            "the file: roles\nthe file: people\nthe file: credentials\nthe file: limits\n"
            "the file: agents\n"
            "roles.NAME: servers\nroles.NAME: candidate\nroles.NAME: observe\n"
            "people: default_reviewers\npeople: groups\npeople.NAME: groups\n"
            "agents.NAME: keys\nagents.NAME: rights\n"
            "credentials.NAME: roles\ncredentials.NAME: accept_risk\n"
            "credentials.NAME: hosts\ncredentials.NAME: servers\ncredentials.NAME: tools\n");
}

TEST(DeploymentStrictness, OtherWordsAroundTheSameAreTheSame) {
  EXPECT_THAT(laxer_after(text_before()), IsEmpty());
  EXPECT_THAT(laxer_after(changed("version: 1", "# a word\nversion: 1\n")), IsEmpty());
  EXPECT_THAT(laxer_after(changed("{processes: 100, sessions: 200}",
                                  "\n  sessions:   200\n  processes: 100")),
              IsEmpty());
}

struct FileEdit {
  std::string_view from, to;
};

class Tightens : public ::testing::TestWithParam<FileEdit> {};
TEST_P(Tightens, TheFile) {
  EXPECT_THAT(laxer_text(laxer_after(changed(GetParam().from, GetParam().to))), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    Edits, Tightens,
    ::testing::Values(
        FileEdit{"\"KEY1\", \"KEY2\"", "\"KEY2\""},
        FileEdit{"\"KEY1\", \"KEY2\"", "\"abcdefgh:revoked\", \"KEY2\""},
        FileEdit{"\"KEY1\", \"KEY2\"", "\"abcdefgh:revoked\", \"bbcdefgh:revoked\""},
        FileEdit{"[propose, watch]", "[propose]"},
        FileEdit{"  ten: {role: clerk, keys: [\"KEY3\"]}\n", ""},
        FileEdit{"servers: [crm, files]\n", "servers: [crm]\n"},
        FileEdit{"    servers: [crm, files]\n", ""},
        FileEdit{"    observe: {until: \"2026-12-01\", reason: \"first week\"}\n", ""},
        FileEdit{", candidate: next.yaml", ""},
        FileEdit{"candidate: next.yaml", "candidate: other.yaml"},
        FileEdit{"{file: desk.yaml,", "{file: desk.yaml, candidate: other.yaml,"},
        FileEdit{"processes: 100", "processes: 99"},
        FileEdit{"processes: 100", "processes: 100, processes_of_caller: 1"},
        FileEdit{"[crm.example, b.example]", "[crm.example]"},
        FileEdit{"servers: [crm, files]}", "servers: [crm]}"},
        FileEdit{"[clerk, spare], accept_risk: {reason: r, owner: a, until: \"2027-01-01\"}",
                 "[spare]"},
        FileEdit{"  left: {env: LEFT, roles: [clerk, spare], accept_risk: {reason: r, owner: a, "
                 "until: \"2027-01-01\"}}\n",
                 ""},
        FileEdit{"default_reviewers: [ada, bob]", "default_reviewers: [ada]"},
        FileEdit{"leads: [ada, bob, eve, robot]", "leads: [ada, eve, robot]"},
        FileEdit{", heads: [ada]", ""}, FileEdit{"groups: [others], ", ""}));

TEST(DeploymentStrictness, APersonWhoOnlyAnsweredMayGo) {
  std::string text = changed("  bob: {}\n", "");
  for (const std::string_view name : {"[ada, bob]", "[ada, bob, "}) {
    const std::size_t at = text.find(name);
    ASSERT_NE(at, std::string::npos);
    text.erase(at + 4, 5);
  }
  EXPECT_THAT(laxer_after(text), IsEmpty());
}

TEST(DeploymentStrictness, ARoleThatBindsNothingMayGo) {
  std::string text = changed("  spare: {file: spare.yaml, candidate: next.yaml}\n", "");
  const std::string_view of =
      "[clerk, spare], accept_risk: {reason: r, owner: a, until: "
      "\"2027-01-01\"}";
  text.replace(text.find(of), of.size(), "[clerk]");
  EXPECT_THAT(laxer_after(text), IsEmpty());
}

struct LaxEdit {
  std::string_view from, to, says;
};

class Loosens : public ::testing::TestWithParam<LaxEdit> {};
TEST_P(Loosens, TheFile) {
  const LaxEdit& edit = GetParam();
  EXPECT_THAT(laxer_text(laxer_after(changed(edit.from, edit.to))), HasSubstr(edit.says));
}
INSTANTIATE_TEST_SUITE_P(
    Edits, Loosens,
    ::testing::Values(
        LaxEdit{"\"KEY1\", \"KEY2\"",
                "\"KEY1\", \"KEY2\", \"xbcdefgh:"
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
                "of `agents.one.keys` is new"},
        LaxEdit{"rights: [propose, watch], ", "", "`agents.one.rights` is gone"},
        LaxEdit{"[propose, watch]", "[propose, settle]", "`settle` of `agents.one.rights` is new"},
        LaxEdit{", sponsor: ada", "", "`agents.one.sponsor` is gone"},
        LaxEdit{"  two: {role: clerk, jwt: {issuer: corp, subject: two}}\n", "",
                "`agents.two` is gone, and what proved it may prove another agent"},
        LaxEdit{"subject: two}", "subject: other}", "`agents.two.jwt.subject` is another one"},
        LaxEdit{"issuers:", "  six: {role: spare, jwt: {issuer: corp, subject: six}}\nissuers:",
                "`agents.six` is new"},
        LaxEdit{"audiences: [a]", "audiences: [a, b]", "`issuers.corp.audiences` is another one"},
        LaxEdit{", audiences: [a]", "", "`issuers.corp.audiences` is gone"},
        LaxEdit{"file: clerk.yaml", "file: other.yaml", "`roles.clerk.file` is another one"},
        LaxEdit{", directories: [/srv/desk]", "", "`roles.desk.directories` is gone"},
        LaxEdit{"[/srv/desk]", "[/srv/desk, /srv]", "`roles.desk.directories` is another one"},
        LaxEdit{"  desk: {file: desk.yaml, directories: [/srv/desk]}\n", "",
                "`roles.desk` is gone, and with it what binds its directories"},
        LaxEdit{"{file: spare.yaml,", "{file: spare.yaml, servers: [crm],",
                "`roles.spare.servers` is new"},
        LaxEdit{"{file: desk.yaml,",
                "{file: desk.yaml, observe: {until: \"2026-12-01\", reason: r},",
                "`roles.desk.observe` is new"},
        LaxEdit{"2026-12-01", "2026-12-02", "`roles.clerk.observe.until` is another one"},
        LaxEdit{", ca: crm.pem", "", "`servers.crm.ca` is gone"},
        LaxEdit{"crm.example/mcp", "crm.example/two", "`servers.crm.url` is another one"},
        LaxEdit{"[files]}\ncred", "[files, \"--all\"]}\ncred",
                "`servers.files.command` is another one"},
        LaxEdit{"{env: TOKEN", "{env: OTHER", "`credentials.token.env` is another one"},
        LaxEdit{", hosts: [crm.example, b.example]", "", "`credentials.token.hosts` is gone"},
        LaxEdit{"b.example]", "c.example]", "`c.example` of `credentials.token.hosts` is new"},
        LaxEdit{"processes: 100", "processes: 101", "`limits.processes` was 100 and is 101"},
        LaxEdit{"sessions: 200", "new_sessions_per_minute: 5", "`limits.sessions` was 200 and is"},
        LaxEdit{"default_reviewers: [ada, bob]", "default_reviewers: [ada, bob, eve]",
                "`eve` of `people.default_reviewers` is new"},
        LaxEdit{"  default_reviewers: [ada, bob]\n", "", "`people.default_reviewers` is gone"},
        LaxEdit{"  auditors: [eve]\n", "", "`people.auditors` is gone"},
        LaxEdit{"leads: [ada, bob, eve, robot]", "leads: [ada, bob, eve]",
                "`robot` of `people.groups.leads` is gone"},
        LaxEdit{"leads: [ada, bob, eve, robot]", "leads: [ada, bob, robot]",
                "`eve` of `people.groups.leads` is gone"},
        LaxEdit{"heads: [ada]", "heads: [ada, bob]", "`bob` of `people.groups.heads` is new"},
        LaxEdit{"bob: {}", "bob: {}\n  mallory: {}", "`people.mallory` is new"},
        LaxEdit{", accounts: [root]", "", "`people.ada.accounts` is gone"},
        LaxEdit{"{automatic: {command: [look]}}", "{}", "`people.robot.automatic` is gone"},
        LaxEdit{"notify: {command: [tell]}\n", "", "`notify` is gone"},
        LaxEdit{"[gate.example, other.example]", "[gate.example]", "`listen.hosts` is another"},
        LaxEdit{"notify:", "layers: [all.yaml]\nnotify:", "`layers` is new"}));

TEST(DeploymentStrictness, SaysInWhichLine) {
  const auto parts = laxer_after(changed("file: desk.yaml", "file: other.yaml"));
  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_EQ(parts[0].at.line, 9U);
  EXPECT_EQ(parts[0].at.file, "pawl.yaml");
  EXPECT_THAT(parts[0].says, HasSubstr("(line 9 before)"));
}

TEST(DeploymentStrictness, TheLastAgentStays) {
  const std::string one = with_keys(
      "version: 1\nroles: {a: {file: a.yaml}}\n"
      "agents: {one: {role: a, keys: [\"KEY1\"]}}\n");
  EXPECT_THAT(laxer_text(laxer_deployment(one, "version: 1\nroles: {a: {file: a.yaml}}\n", "f")),
              HasSubstr("`agents.one` is gone, and callers are not authenticated any more"));
}

TEST(DeploymentStrictness, WhomAProviderMayKnowStays) {
  const std::string before =
      "version: 1\npeople:\n  idp: {issuer: \"https://id.example\", "
      "client: pawl}\n  ada: {}\n  bob: {}\n";
  const std::string after = before.substr(0, before.find("  bob"));
  EXPECT_THAT(laxer_text(laxer_deployment(before, after, "f")),
              HasSubstr("`people.bob` is gone, and the provider may know another person"));
}

TEST(DeploymentStrictness, ARoleOfALayerStays) {
  const std::string before =
      "version: 1\nlayers: [all.yaml]\nroles: {a: {file: a.yaml}, b: {file: b.yaml}}\n";
  const std::string after = "version: 1\nlayers: [all.yaml]\nroles: {a: {file: a.yaml}}\n";
  EXPECT_THAT(laxer_text(laxer_deployment(before, after, "f")), HasSubstr("what its layers are"));
}

TEST(DeploymentStrictness, ARoleThatSharesItsFileStays) {
  const std::string before = "version: 1\nroles: {a: {file: one.yaml}, b: {file: one.yaml}}\n";
  const std::string after = "version: 1\nroles: {a: {file: one.yaml}}\n";
  EXPECT_THAT(laxer_text(laxer_deployment(before, after, "f")), HasSubstr("another role has its"));
}

TEST(DeploymentStrictness, AFileThatIsNotThereHasNothing) {
  const std::string roles = "version: 1\nroles: {a: {file: a.yaml, directories: [/srv]}}\n";
  EXPECT_THAT(laxer_text(laxer_deployment(roles, "", "f")), HasSubstr("`roles.a` is gone"));
  EXPECT_THAT(laxer_text(laxer_deployment("", roles, "f")), HasSubstr("`roles.a` is new"));
  EXPECT_THAT(laxer_deployment("", "", "f"), IsEmpty());
}

TEST(DeploymentStrictness, WhatDoesNotLoadIsLaxer) {
  EXPECT_THAT(laxer_text(laxer_deployment("version: 2\n", "version: 1\n", "f")),
              HasSubstr("what was accepted does not load"));
  EXPECT_THAT(laxer_text(laxer_deployment("version: 1\n", "colour: red\n", "f")),
              HasSubstr("it does not load"));
}

}  // namespace
}  // namespace pawl
