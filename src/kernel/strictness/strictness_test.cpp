#include "kernel/strictness/strictness.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "kernel/policy/commands.h"
#include "lang/document/manifest.h"
#include "lang/sql/judge.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kBase = R"(version: 1
agent: {id: a, identity: a@x, owner: o}
lists: {payees: [acme, bolt]}
tools:
  allowed:
    - name: read_record
      class: read_only
      scope: [id, mail, card.last]
    - name: [list_a, list_b]
      class: read_only
    - name: update_order
      class: reversible small
      max_records_per_run: 10
      max_calls_per_minute: 5
      args:
        status: [open, closed]
        amount: {min: 1, max: 100}
        code: {matches: "ORD-[0-9]{6}", max_length: 10}
        file: {path: {under: [/srv/a, /srv/b], not_in: ["*.pem"]}}
        page: {url: {host: [a.example, b.example]}}
        to: {in: $payees, max_items: 2}
        other: {not_in: [root]}
    - name: get_*
      class: read_only
    - name: get_letter
      class: read_only
      requires_approval: true
      approval: {quorum: 2, within: 2m, by: [leads, heads]}
    - name: drop_table
      class: irreversible large
      say: "ask first"
  blocked: [bulk_send, "adm_*"]
execution: {max_steps: 25, max_denials: 20, max_wall_clock: 2m}
approval: {reviewers: [leads], within: 5m}
escalation: {contacts: [{name: First, via: "slack:@first", after: 5m}]}
autonomy: {default: established}
freeze: [{name: end, from: "2026-12-18T18:00", until: "2027-01-04T08:00", zone: UTC,
          stop: [reversible, irreversible], then: deny}]
)";

std::shared_ptr<const Policy> load_edited(std::string_view text) {
  LoadSources sources;
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  sources.credentials = {"key"};
  const Loaded loaded = load_policy(text, "p.yaml", sources);
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return loaded.policy;
}

struct RoleEdit {
  std::string_view from, to;
};
std::string edited(const RoleEdit& edit) {
  std::string text(kBase);
  const std::size_t at = text.find(edit.from);
  EXPECT_NE(at, std::string::npos) << edit.from;
  return text.replace(at, edit.from.size(), edit.to);
}
std::vector<Laxer> laxer(const RoleEdit& edit) {
  const auto before = load_edited(kBase);
  const auto after = load_edited(edited(edit));
  if (!before || !after) return {{{}, "does not load"}};
  return laxer_parts(*before, *after);
}

constexpr std::string_view kDropTable =
    "    - name: drop_table\n      class: irreversible large\n      say: \"ask first\"\n";

// Each of these decides no call more generously.
constexpr RoleEdit kStricterEdits[] = {
    {"version: 1\n", "version: 1\n# a remark\n"},
    {kDropTable, ""},
    {"    - name: get_*\n      class: read_only\n", ""},
    {"blocked: [bulk_send,", "blocked: [bulk_send, read_secret,"},
    {"blocked: [bulk_send, \"adm_*\"]", "blocked: [\"bulk_*\", \"adm_*\"]"},
    {"max_steps: 25", "max_steps: 24"},
    {"max_denials: 20", "max_denials: 1"},
    {"max_wall_clock: 2m", "max_wall_clock: 119s"},
    {"execution: {", "execution: {max_tokens_per_run: 5, "},
    {"execution: {", "execution: {max_repeats: 5, "},
    {"max_records_per_run: 10", "max_records_per_run: 9"},
    {"      max_calls_per_minute: 5\n",
     "      max_calls_per_minute: 4\n      max_calls_per_run: 9\n"},
    {"scope: [id, mail, card.last]", "scope: [id, card.last]"},
    {"scope: [id, mail, card.last]", "scope: [id, mail.home, card.last]"},
    {"status: [open, closed]", "status: [open]"},
    {"min: 1, max: 100", "min: 2, max: 99.5"},
    {"max_length: 10}", "max_length: 9}"},
    {"under: [/srv/a, /srv/b]", "under: [/srv/a/x]"},
    {"[\"*.pem\"]", "[\"*.pem\", \"*.key\"]"},
    {"host: [a.example, b.example]", "host: [b.example]"},
    {"payees: [acme, bolt]", "payees: [acme]"},
    {"max_items: 2", "max_items: 1"},
    {"not_in: [root]", "not_in: [root, admin]"},
    {"to: {in: $payees, max_items: 2}", "to: {in: $payees, max_items: 2, else: deny}"},
    {"to: {in: $payees, max_items: 2}", "to: {in: $payees, max_items: 2, from: [user]}"},
    {"- name: [list_a, list_b]\n", "- name: [list_a, list_b]\n      source: untrusted\n"},
    {"        other: {not_in", "        note: {max_length: 80}\n        other: {not_in"},
    {"        other: {not_in", "        kind: [one, two]\n        other: {not_in"},
    {"        other: {not_in", "        tag: {matches: \"[a-z]+-\\\\d\"}\n        other: {not_in"},
    {"      max_records_per_run: 10\n",
     "      max_records_per_run: 10\n      constraints: {allowed_kinds: [x]}\n"},
    {"      class: reversible small\n",
     "      class: reversible small\n      requires_approval: true\n"},
    {"      class: reversible small\n", "      class: irreversible small\n"},
    {"quorum: 2, within: 2m, by: [leads, heads]", "quorum: 3, within: 1m, by: [heads]"},
    {"default: established", "default: new"},
    {"2026-12-18T18:00", "2026-12-01T18:00"},
    {"freeze: [",
     "freeze: [{name: now, from: \"2026-12-01T00:00\", until: \"2026-12-02T00:00\", zone: UTC, "
     "stop: [read_only], then: hold}, "},
};

// Each of these is laxer, or cannot be told; the words say which part.
struct LaxerEdit {
  RoleEdit edit;
  std::string_view says;
};
constexpr LaxerEdit kLaxerEdits[] = {
    {{"    - name: get_*\n",
      "    - name: send_all\n      class: irreversible large external_sink\n    - name: get_*\n"},
     "p.yaml:23: `send_all` is granted"},
    {{"name: get_*", "name: \"ge*\""}, "`ge*` is granted"},
    {{"    - name: get_letter\n      class: read_only\n      requires_approval: true\n      "
      "approval: {quorum: 2, within: 2m, by: [leads, heads]}\n",
      ""},
     "`get_*` does not ask for approval"},
    {{"requires_approval: true", "requires_approval: false"}, "does not ask for approval"},
    {{"[bulk_send, \"adm_*\"]", "[\"adm_*\"]"},
     "`bulk_send` is not blocked any more (line 32 before)"},
    {{"max_steps: 25", "max_steps: 26"}, "p.yaml:33: `max_steps` was 25 and is 26"},
    {{"max_steps: 25, ", ""}, "`max_steps` was 25 and is gone"},
    {{"max_wall_clock: 2m", "max_wall_clock: 3m"}, "max_wall_clock"},
    {{"max_records_per_run: 10", "max_records_per_run: 11"}, "was 10 and is 11"},
    {{"      max_calls_per_minute: 5\n", ""}, "max_calls_per_minute"},
    {{"      max_records_per_run: 10\n", "      max_records_per_run: 10\n      records: 1\n"},
     "fewer records"},
    {{"name: update_order", "name: [update_order, update_orders]"}, "granted"},
    {{"scope: [id, mail, card.last]", "scope: [id, mail, card.last, ssn]"}, "`ssn`"},
    {{"scope: [id, mail, card.last]", "scope: [id, mail]"}, "neighbours"},
    {{"      scope: [id, mail, card.last]\n", ""}, "no `scope`"},
    {{"status: [open, closed]", "status: [open, closed, all]"}, "`in` of `status` lets more pass"},
    {{"        status: [open, closed]\n", ""}, "no rule is about `status`"},
    {{"status: [open, closed]", "status: {in: [open], required: false}"}, "may be missing"},
    {{"status: [open, closed]", "status: {in: [open], max_items: 0}"}, "may be missing"},
    {{"min: 1, max: 100", "min: 0, max: 100"}, "`min`"},
    {{"min: 1, max: 100", "min: 1"}, "not checked with `max`"},
    {{"ORD-[0-9]{6}", "ORD-[0-9]{5,6}"}, "`matches`"},
    {{"[/srv/a, /srv/b]", "[/srv]"}, "`path`"},
    {{", not_in: [\"*.pem\"]", ""}, "`path`"},
    {{"{path: {under: [/srv/a, /srv/b]", "{path: {base: /srv/a, under: [/srv/a, /srv/b]"},
     "`path`"},
    {{"host: [a.example, b.example]", "host: [a.example], scheme: [https, http]"}, "`url`"},
    {{"payees: [acme, bolt]", "payees: [acme, bolt, evil]"}, "`to`"},
    {{"not_in: [root]", "not_in: [root, 5]"}, "`not_in`"},
    {{"to: {in: $payees, max_items: 2}", "to: {in: $payees, max_items: 2, or_from: [user]}"},
     "`to` may come from elsewhere instead"},
    {{"to: {in: $payees, max_items: 2}", "to: {in: $payees, max_items: 2, else: hold}"},
     "a person may let another `to` pass"},
    {{"to: {in: $payees, max_items: 2}", "to: {from: {result: read_record.to}, max_items: 2}"},
     "`to` is not checked with `in` any more"},
    {{"not_in: [root]", "not_in: [admin]"}, "`not_in`"},
    {{"        other: {not_in",
      "        note: {max_length: 80, single_line: false}\n        other: {not_in"},
     "line breaks"},
    {{"        other: {not_in", "        note: {matches: \"(?s).*\"}\n        other: {not_in"},
     "line breaks"},
    {{"        other: {not_in", "        ids: {max_items: 3}\n        other: {not_in"},
     "not an object"},
    {{"        other: {not_in",
      "        where: {path: {base: /srv, under: /srv}}\n        other: {not_in"},
     "another spelling"},
    {{"class: reversible small", "class: reversible large"}, "class"},
    {{"agent: {id: a, identity: a@x, owner: o}",
      "agent: {id: a, identity: a@x, owner: o}\nenvironment: staging"},
     "environment"},
    {{"      class: reversible small\n", ""}, "class"},
    {{"quorum: 2, within: 2m, by: [leads, heads]", "quorum: 1, within: 2m, by: [leads, heads]"},
     "fewer persons"},
    {{"within: 2m, by", "within: 3m, by"}, "longer"},
    {{"by: [leads, heads]", "by: [leads, me]"}, "others may approve"},
    {{"reviewers: [leads], within: 5m", "reviewers: [me], within: 5m"}, "others may approve"},
    {{"requires_approval: true", "requires_approval: true\n      auto_deny_on_timeout: false"},
     "stays open"},
    {{"via: \"slack:@first\"", "via: \"command:/tmp/x\""}, "escalation"},
    {{"default: established", "default: mature"}, "`autonomy`"},
    {{"stop: [reversible, irreversible]", "stop: [reversible]"}, "freeze"},
    {{"2026-12-18T18:00", "2026-12-19T18:00"}, "freeze"},
    {{"owner: o}", "owner: p}"}, "owner"},
    {{"a@x", "b@x"}, "identity"},
    {{"ask first", "approved already"}, "words"},
    {{"class: irreversible large\n", "class: irreversible large\n      credential: key\n"},
     "credential"},
    {{"execution:",
      "accept_risk: [{rule: \"tools/drop_table/class\", reason: r, owner: o, until: "
      "2027-01-01}]\nexecution:"},
     "risk"},
};

TEST(Strictness, TheSamePolicyIsAsStrict) {
  const auto policy = load_edited(kBase);
  ASSERT_TRUE(policy);
  EXPECT_THAT(laxer_parts(*policy, *policy), IsEmpty());
}

TEST(Strictness, WhatTakesSomethingAwayIsStricter) {
  for (const RoleEdit& edit : kStricterEdits) {
    EXPECT_EQ(laxer_text(laxer(edit)), "") << edit.from << " -> " << edit.to;
  }
}

TEST(Strictness, WhatIsLaxerIsNamed) {
  for (const LaxerEdit& row : kLaxerEdits) {
    EXPECT_THAT(laxer_text(laxer(row.edit), 99), HasSubstr(row.says))
        << row.edit.from << " -> " << row.edit.to;
  }
}

TEST(Strictness, MoreRepetitionsAreLaxer) {
  const auto with = [](const std::string& most) {
    const Loaded loaded = load_policy(
        "agent: {id: a, identity: a@x, owner: o}\ntools: {allowed: [{name: x, class: read_only}]}\n"
        "execution: {max_steps: 9" +
            most + "}\n",
        "p.yaml", {});
    EXPECT_TRUE(loaded.policy);
    return loaded.policy;
  };
  const auto five = with(", max_repeats: 5"), six = with(", max_repeats: 6"), none = with("");
  EXPECT_THAT(laxer_text(laxer_parts(*five, *six)), HasSubstr("`max_repeats` was 5 and is 6"));
  EXPECT_THAT(laxer_text(laxer_parts(*five, *none)), HasSubstr("`max_repeats` was 5 and is gone"));
  EXPECT_EQ(laxer_text(laxer_parts(*six, *five)), "");
}

TEST(Strictness, EveryLaxerPartIsToldWithItsPlace) {
  const std::vector<Laxer> parts = laxer({"max_steps: 25, max_denials: 20, max_wall_clock: 2m",
                                          "max_steps: 26, max_denials: 21, max_wall_clock: 3m"});
  ASSERT_THAT(parts, SizeIs(3));
  for (const Laxer& part : parts) EXPECT_EQ(part.at.line, 33U) << part.says;
  EXPECT_THAT(laxer_text(parts, 2), HasSubstr("; and 1 more"));
}

TEST(Strictness, WhatMayLeaveWithACallIsCompared) {
  const auto policy = [](const std::string& secrets, const std::string& entry) {
    const Loaded loaded = load_policy("agent: {id: a, identity: a@x, owner: o}\n" + secrets +
                                          "tools:\n  allowed:\n    - {name: fetch, class: "
                                          "read_only external_sink" +
                                          entry + "}\n",
                                      "p.yaml", {});
    EXPECT_TRUE(loaded.policy);
    return loaded.policy;
  };
  const auto none = policy("", "");
  const auto denies = policy("secrets: {then: deny}\n", "");
  const auto lists = policy("secrets: {listed: [Blue Heron, falcon]}\n", "");
  const auto lists_less = policy("secrets: {listed: [falcon]}\n", "");
  const auto allows = policy("secrets: {then: deny}\n", ", secrets: allow");
  const auto is_laxer = [](const auto& before, const auto& after) {
    return !laxer_parts(*before, *after).empty();
  };
  EXPECT_FALSE(is_laxer(none, denies));
  EXPECT_FALSE(is_laxer(none, lists));
  EXPECT_FALSE(is_laxer(lists_less, lists));
  EXPECT_TRUE(is_laxer(denies, none));
  EXPECT_TRUE(is_laxer(lists, lists_less));
  EXPECT_TRUE(is_laxer(lists, none));
  EXPECT_TRUE(is_laxer(denies, allows));
  EXPECT_TRUE(is_laxer(none, allows));
  EXPECT_FALSE(is_laxer(allows, denies));
  EXPECT_TRUE(is_laxer(none, policy("", ", args: {url: {max_length: 9000}}")));
  EXPECT_FALSE(is_laxer(none, policy("", ", args: {url: {max_length: 90}}")));
}

TEST(Strictness, ALinkThatLeadsElsewhereIsLaxer) {
  const auto policy = [](const std::string& under, const std::string& place) {
    LoadSources sources;
    sources.place = [place, under](const std::string& directory) {
      return directory == under ? place : directory;
    };
    const Loaded loaded = load_policy(
        "agent: {id: a, identity: a@x, owner: o}\n"
        "tools:\n  allowed:\n    - {name: read_file, class: "
        "read_only, args: {path: {under: " +
            under + "}}}\n",
        "p.yaml", sources);
    EXPECT_TRUE(loaded.policy);
    return loaded.policy;
  };
  const auto is_laxer = [](const auto& before, const auto& after) {
    return !laxer_parts(*before, *after).empty();
  };
  const auto plain = policy("/srv/a", "/srv/a");
  const auto linked = policy("/srv/a", "/data/a");
  EXPECT_NE(plain->digest, linked->digest);
  EXPECT_TRUE(is_laxer(plain, linked));
  EXPECT_TRUE(is_laxer(linked, policy("/srv/a", "/etc")));
  EXPECT_TRUE(is_laxer(linked, policy("/srv/a", "/data")));
  EXPECT_FALSE(is_laxer(linked, policy("/srv/a", "/data/a/b")));
  EXPECT_FALSE(is_laxer(linked, policy("/srv/a/b", "/data/a/b")));
  EXPECT_FALSE(is_laxer(linked, plain)) << "the directory itself was allowed before";
  // What was decided with it is decided with it again, wherever the link leads by then.
  const Loaded again = load_bundle(linked->bundle, "p.yaml");
  ASSERT_TRUE(again.policy);
  EXPECT_EQ(again.policy->digest, linked->digest);
  EXPECT_EQ(again.policy->links, linked->links);
}

TEST(Strictness, ANameThatIsSplitOffIsComparedWithWhatItCameFrom) {
  const RoleEdit narrower{
      "    - name: get_*\n",
      "    - name: get_x\n      class: read_only\n      requires_approval: true\n"
      "    - name: get_*\n"};
  EXPECT_EQ(laxer_text(laxer(narrower)), "");
  const RoleEdit softer{"    - name: get_*\n",
                        "    - name: get_s*\n      class: read_only\n    - name: get_*\n"};
  EXPECT_EQ(laxer_text(laxer(softer)), "");  // `get_letter` is still the narrower one
}

}  // namespace
}  // namespace pawl
