// What is said once and used by its name means what it would mean where it is used.
#include "kernel/policy/fragments.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "kernel/constraint/in_words.h"
#include "kernel/constraint/origin_check.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kHead = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n";

std::string with_tools(std::string_view shared, std::string_view entries) {
  return std::string(kHead) + std::string(shared) +
         "tools:\n  allowed:\n    - {name: read_it, class: read_only}\n" + std::string(entries);
}

Loaded load_with(std::string_view shared, std::string_view entries,
                 std::vector<std::string> layers = {}) {
  LoadSources sources;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = "l" + std::to_string(i);
    sources.layers.push_back({name + ".yaml", "layer: " + name + "\nowner: o\n" + layers[i], {}});
  }
  return load_policy(with_tools(shared, entries), "p.yaml", sources);
}

// What an entry says of its arguments, in words.
std::string arguments_of(const Loaded& loaded, std::string_view tool) {
  if (!loaded.policy) return sample::said(loaded.errors);
  std::string out;
  for (const ArgumentRule& rule : loaded.policy->find("", tool)->arguments) {
    out += rule.name();
    for (const Check& check : rule.checks) out += "; " + in_words(check, Entries::said);
    if (!rule.from.empty()) out += "; from " + spoken(rule.from);
    if (!rule.or_from.empty()) out += "; or from " + spoken(rule.or_from);
    out += rule.required ? "\n" : "; may be absent\n";
  }
  return out;
}

std::vector<std::string> notes(const Loaded& loaded) {
  std::vector<std::string> out;
  for (const Finding& one : loaded.policy->findings) {
    if (one.message.starts_with("nothing uses"))
      out.push_back(to_string(one.at) + " " + one.message);
  }
  return out;
}

constexpr std::string_view kShared = R"(lists: {hosts: [x.example]}
sources:
  record: {result: read_it.mail}
  known: [user, $record]
fragments:
  body: {max_length: 80, hosts_in: $hosts}
  text: $body
  to: {from: $known}
  status: [open, done]
)";

TEST(Fragments, MeanWhatWouldStandThere) {
  const std::string shared =
      "    - {name: send_it, class: irreversible small, args: {to: $to, text: $text, state: "
      "$status, "
      "cc: {in: [a@x.example], or_from: [$record, user]}}}\n"
      "    - {name: post_it, class: irreversible small, args: {note: $body, place: $hosts}}\n";
  const std::string plain =
      "    - {name: send_it, class: irreversible small, args: {to: {from: [user, {result: "
      "read_it.mail}]}, text: {max_length: 80, hosts_in: [x.example]}, state: [open, done], cc: "
      "{in: [a@x.example], or_from: [{result: read_it.mail}, user]}}}\n"
      "    - {name: post_it, class: irreversible small, args: {note: {max_length: 80, hosts_in: "
      "x.example}, place: [x.example]}}\n";
  const Loaded by_name = load_with(kShared, shared);
  const Loaded written = load_with("", plain);
  ASSERT_THAT(by_name.errors, IsEmpty()) << sample::said(by_name.errors);
  for (const std::string_view tool : {"send_it", "post_it"}) {
    EXPECT_EQ(arguments_of(by_name, tool), arguments_of(written, tool));
    EXPECT_THAT(arguments_of(by_name, tool), HasSubstr("x.example"));
  }
  EXPECT_THAT(notes(by_name), IsEmpty());
  // A rule stands where it is written, and belongs to its entry.
  const ArgumentRule& note = by_name.policy->find("", "post_it")->arguments.front();
  EXPECT_EQ(note.checks.front().rule.path, "tools/post_it/args/note/max_length");
  EXPECT_EQ(note.checks.front().rule.at.line, 8U);
  // The bundle holds it all.
  const Loaded again = load_bundle(by_name.policy->bundle, "p.yaml");
  ASSERT_TRUE(again.policy) << sample::said(again.errors);
  EXPECT_EQ(arguments_of(again, "send_it"), arguments_of(by_name, "send_it"));
}

TEST(Fragments, StandInCasesTasksAndServersToo) {
  const Loaded loaded = load_with(
      "fragments: {id: {matches: \"c-[0-9]+\"}, tenant: [eu, us]}\n"
      "servers: {crm: {args: {tenant: $tenant}}}\n",
      "    - {name: crm/get_it, class: read_only, args: {id: $id}}\n"
      "    - {name: put_it, class: reversible small, cases: [{if: {id: $id}}]}\n");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_THAT(loaded.policy->find("crm", "get_it")->arguments, SizeIs(2));
  EXPECT_THAT(loaded.policy->find("", "put_it")->cases.list.front().arguments.front().checks,
              SizeIs(1));
  const Loaded task =
      load_task(*loaded.policy, "version: 1\ntools: [{name: put_it, args: {id: $id}}]\n", "t.yaml");
  EXPECT_THAT(task.errors, IsEmpty()) << sample::said(task.errors);
}

TEST(Fragments, MistakesHaveAPlace) {
  const auto said = [](std::string_view shared, std::string_view args) {
    return sample::said(
        load_with(shared, "    - {name: put_it, args: {a: " + std::string(args) + "}}\n").errors);
  };
  EXPECT_EQ(said("fragments: {body: {max: 1}}\n", "$bdy"),
            "p.yaml:7:32: there is no list or fragment `$bdy`: did you mean `$body`?\n");
  EXPECT_EQ(said("sources: {known: user}\n", "{from: $knwn}"),
            "p.yaml:7:39: there is no set of sources `$knwn`: did you mean `$known`?\n");
  EXPECT_EQ(said("fragments: {a: $b, b: $a}\n", "$a"),
            "p.yaml:3:23: the fragment `$a` leads back to itself\n");
  EXPECT_EQ(said("sources: {a: [user, $b], b: [$a]}\n", "{from: $a}"),
            "p.yaml:3:30: the set of sources `$a` leads back to itself\n");
  EXPECT_EQ(said("lists: {a: [x]}\nfragments: {a: {max: 1}}\n", "$a"),
            "p.yaml:4:13: `$a` is a list already: a name stands for one thing\n");
  EXPECT_EQ(said("fragments: {a.b: {max: 1}}\n", "x").find("p.yaml:3:13: the name `a.b` may"), 0U);
  // A mistake inside is one, however often it is used, and is found where nothing uses it.
  for (const std::string_view args : {"$a, b: $a", "x"}) {
    EXPECT_EQ(said("fragments: {a: {mx: 1}}\n", args),
              "p.yaml:3:17: unknown key `mx` in an argument: did you mean `max`?\n");
    EXPECT_EQ(said("sources: {a: somebody}\n", args == "x" ? args : "{from: $a}, b: {from: $a}"),
              "p.yaml:3:14: `from` has `somebody`, expected `user`, `{result: tool.field}` or a "
              "`$name` of `sources`\n");
  }
}

TEST(Fragments, OneInThePlaceOfAListIsToldFromAName) {
  const auto said = [](std::string_view entry) {
    return sample::said(
        load_with("fragments: {note: {max_length: 9}}\nsources: {mine: [user]}\n", entry).errors);
  };
  EXPECT_THAT(said("    - {name: b, class: read_only, args: {a: {in: $note}}}\n"),
              HasSubstr("there is no list `$note`: `fragments` has one of that name"));
  EXPECT_THAT(said("    - {name: b, class: read_only, args: {a: {hosts_in: [$mine]}}}\n"),
              HasSubstr("there is no list `$mine`: `sources` has one of that name"));
}

TEST(Fragments, WhatNothingUsesIsAFinding) {
  const Loaded loaded =
      load_with("fragments: {a: {max: 1}}\nsources: {b: user, c: user}\n",
                "    - {name: put_it, class: reversible small, args: {a: {from: $c}}}\n");
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_THAT(notes(loaded), ElementsAre("p.yaml:3:13 nothing uses the fragment `a`",
                                         "p.yaml:4:11 nothing uses the set of sources `b`"));
}

TEST(Fragments, ThoseOfALayerHoldForItsRoles) {
  const std::vector<std::string> layers = {
      "lists: {hosts: [org.example]}\nsources: {person: user}\n"
      "fragments: {body: {hosts_in: $hosts}, to: {from: $person}}\n"};
  const std::string entry =
      "    - {name: send_it, class: irreversible small, args: {to: $to, body: $body, place: "
      "$hosts}}\n";
  const Loaded loaded = load_with("", entry, layers);
  ASSERT_THAT(loaded.errors, IsEmpty()) << sample::said(loaded.errors);
  EXPECT_THAT(arguments_of(loaded, "send_it"), HasSubstr("org.example"));
  EXPECT_THAT(arguments_of(loaded, "send_it"), HasSubstr("from"));
  EXPECT_EQ(loaded.policy->find("", "send_it")->arguments[1].checks[0].rule.at.file, "l0.yaml");
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_TRUE(again.policy) << sample::said(again.errors);
  EXPECT_EQ(arguments_of(again, "send_it"), arguments_of(loaded, "send_it"));
  // A file's own name comes first, and a layer's fragment keeps the names of its layer.
  const Loaded own = load_with("lists: {hosts: [role.example]}\n", entry, layers);
  ASSERT_THAT(own.errors, IsEmpty()) << sample::said(own.errors);
  EXPECT_THAT(arguments_of(own, "send_it"), HasSubstr("role.example"));
  EXPECT_THAT(arguments_of(own, "send_it"), HasSubstr("org.example"));
  // Without the layer there is no such name, and of two layers with it neither is meant.
  EXPECT_THAT(sample::said(load_with("", entry).errors), HasSubstr("there is no list `$to`"));
  const Loaded twice = load_with("", entry, {layers[0], layers[0]});
  EXPECT_THAT(sample::said(twice.errors), HasSubstr("several layers have a fragment `$to`"));
  EXPECT_THAT(sample::said(twice.errors), HasSubstr("several layers have a list `$hosts`"));
}

TEST(Fragments, ALayersMistakesAreItsOwn) {
  const Loaded loaded = load_with("", "", {"fragments: {a: {mx: 1}, b: $c, c: $b}\n"});
  EXPECT_EQ(sample::said(loaded.errors),
            "l0.yaml:3:17: unknown key `mx` in an argument: did you mean `max`?\n"
            "l0.yaml:3:35: the fragment `$b` leads back to itself\n");
}

}  // namespace
}  // namespace pawl
