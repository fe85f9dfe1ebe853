// Threats 5.2, P07 to P10: paths.
#include "kernel/constraint/path_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const Check ok = path_check({.under = {"/srv/ok/"}, .not_in = {}, .base = ""});

TEST(Path, CleanAbsolutePathsUnderADirectory) {
  for (const char* path : {"/srv/ok", "/srv/ok/a", "/srv/ok/a b/c.txt", "/srv/ok/.hidden",
                           "/srv/ok/*.txt", "/srv/ok/~x", "/srv/ok/a..b", "/srv/ok/\u00e9\u4e2d",
                           "/srv/ok/12:30.log", "/srv/ok/...x"}) {
    EXPECT_TRUE(accepts(ok, path)) << path;
  }
  for (const char* path : {"/srv/ok2", "/srv/ok2/a", "/srv", "/", "/srv/o", "/etc/passwd"}) {
    EXPECT_FALSE(accepts(ok, path)) << path;
  }
  EXPECT_TRUE(accepts(path_check({.under = {"/"}, .not_in = {}, .base = ""}), "/etc/passwd"));
}

TEST(Path, SignsThatTheToolTakesAsTheyStand) {
  const auto with = [](std::string signs) {
    return path_check(
        {.under = {"/srv/ok"}, .not_in = {}, .base = "/srv/ok", .signs = std::move(signs)});
  };
  for (const char* path : {"/srv/ok/routes/$id.tsx", "routes/$id.tsx", "/srv/ok/$HOME"}) {
    EXPECT_TRUE(accepts(with("$"), path)) << path;
    EXPECT_FALSE(accepts(with("%"), path)) << path;
    EXPECT_THAT(std::string(check_path_text(path, "%")), HasSubstr("`signs`")) << path;
  }
  for (const char* path : {"/srv/ok/100%.md", "/srv/ok/%2e%2e/x"}) {
    EXPECT_TRUE(accepts(with("$%"), path)) << path;
    EXPECT_FALSE(accepts(with("$"), path)) << path;
  }
  for (const char* path : {"$HOME/../x", "/srv/$x", "~/$x", "/srv/ok/$x/../../y", "x::$DATA"}) {
    EXPECT_FALSE(accepts(with("$%"), path)) << path;
  }
  EXPECT_TRUE(
      accepts(path_check({.under = {"/srv/$new"}, .not_in = {"$x"}, .base = "", .signs = "$"}),
              "/srv/$new/y"));
}

TEST(Path, P08SpellingsThatMeanSomethingElseSomewhere) {
  for (const char* path : {"~/x",
                           "~root/x",
                           "~",
                           "$HOME/x",
                           "/srv/ok/$HOME",
                           "/srv/ok/${X}",
                           "/srv/ok/$(id)",
                           " /srv/ok/x",
                           "/srv/ok/x ",
                           "\t/srv/ok",
                           "\"/srv/ok/x\"",
                           "'/srv/ok/x'",
                           "`/srv/ok/x`",
                           "/srv/ok/%2e%2e/x",
                           "/srv/ok/%SECRET%",
                           "C:\\x",
                           "C:/x",
                           "c:",
                           "\\\\host\\x",
                           "/srv/ok\\x",
                           "/srv/ok/x::$DATA",
                           "/srv/ok/x::x",
                           "/srv/ok/x.",
                           "/srv/ok/x./y",
                           "/srv/ok/x /y",
                           "/srv/ok/../x",
                           "/srv/ok/..",
                           "/srv/ok/./x",
                           "/srv/ok/.",
                           "/srv//ok/x",
                           "//srv/ok/x",
                           "/srv/ok//",
                           "/srv/ok/x//",
                           "",
                           "/srv/ok/\n",
                           "/srv/ok/\x7f",
                           "/srv/ok/a\u202Eb",
                           "/srv/ok/\u200B",
                           "/srv/ok/x\u00A0",
                           "\u3000/srv/ok/x",
                           "/srv/ok/\u0085",
                           "file:///srv/ok/x"}) {
    EXPECT_FALSE(accepts(ok, path)) << path;
  }
  EXPECT_FALSE(accepts(ok, std::string("/srv/ok/\0x", 10)));
  EXPECT_FALSE(accepts(ok, "/srv/ok/" + std::string(path_bytes_max, 'a')));
  std::string deep = "/srv/ok";
  for (std::size_t i = 0; i < path_components_max; ++i) deep += "/a";
  EXPECT_FALSE(accepts(ok, deep));
}

TEST(Path, P07RelativeNeedsABaseAndIsForwardedAbsolute) {
  EXPECT_FALSE(accepts(ok, "other/s.txt"));
  const Check based = path_check({.under = {"/srv/ok"}, .not_in = {}, .base = "/srv/ok/sub/"});
  const Outcome out = outcome(rule_of("p[]", {based}), R"({"p":["/srv/ok/a","s.txt"]})");
  ASSERT_TRUE(out.passes());
  ASSERT_EQ(out.rewrites.size(), 1U);
  EXPECT_EQ(out.rewrites[0].pointer, "/p/1");
  EXPECT_EQ(out.rewrites[0].text, "/srv/ok/sub/s.txt");
  for (const char* path : {"../s.txt", "./s.txt", "", "a//b", "a//", "~/x", "C:/x", "a/../../b"}) {
    EXPECT_FALSE(accepts(based, path)) << path;
  }
  const Check outside = path_check({.under = {"/srv/ok"}, .not_in = {}, .base = "/srv"});
  EXPECT_FALSE(accepts(outside, "other/s.txt"));
  EXPECT_TRUE(accepts(outside, "ok/s.txt"));
}

TEST(Path, ASlashAtTheEndIsNotForwarded) {
  const Outcome out = outcome(rule_of("p[]", {ok}), R"({"p":["/srv/ok/a/","/srv/ok/"]})");
  ASSERT_TRUE(out.passes());
  ASSERT_EQ(out.rewrites.size(), 2U);
  EXPECT_EQ(out.rewrites[0].text, "/srv/ok/a");
  EXPECT_EQ(out.rewrites[1].text, "/srv/ok");
}

TEST(Path, ElseHoldAsksAboutPathsElsewhere) {
  ArgumentRule rule =
      rule_of("p", {path_check({.under = {"/srv/ok"}, .not_in = {"*.pem"}, .base = "/srv/ok"})});
  rule.otherwise = Effect::hold;
  const auto held = [&](std::string_view path, const std::vector<PathFact>& facts = {}) {
    std::string arguments = R"({"p":)";
    json::write_string(path, arguments);
    return outcome(rule, arguments + "}", nullptr, facts);
  };
  for (const char* path : {"/etc/hosts", "/srv/ok2/", "/srv/ok/key.pem", "key.pem"}) {
    const Outcome out = held(path);
    ASSERT_TRUE(out.violation) << path;
    EXPECT_TRUE(out.violation->hold) << path;
  }
  EXPECT_TRUE(held("/srv/ok/link", {{"/p", "/etc/hosts", ""}}).violation->hold);
  EXPECT_EQ(held("key.pem").rewrites.size(), 1U);  // a person decides about what is forwarded
  // Of what has no one place no person can say where it leads.
  for (const char* path : {"/srv/ok/../x", "~/x", "$HOME", "", "/srv//x", "/srv/%2e"}) {
    const Outcome out = held(path);
    ASSERT_TRUE(out.violation) << path;
    EXPECT_FALSE(out.violation->hold) << path;
  }
  EXPECT_FALSE(held("/etc/hosts", {{"/p", "", "it is not there"}}).violation->hold);
  EXPECT_FALSE(held("/etc/hosts", {{"/q", "", ""}}).violation->hold);
  const json::Document document = parsed(R"({"p":"/etc/hosts"})");
  EXPECT_EQ(paths_to_resolve({&rule, 1}, document.root(), nullptr).size(), 1U);
}

TEST(Path, ANullListHoldsNoPath) {
  ArgumentRule rule = rule_of("edits[].path", {ok});
  EXPECT_FALSE(passes(rule, R"({"edits":null})"));
  rule.min_items = 0;
  EXPECT_TRUE(passes(rule, R"({"edits":null})"));
  rule.min_items = 1;
  rule.required = false;
  for (const char* fine : {R"({"edits":null})", R"({})", R"({"edits":[{"path":null}]})",
                           R"({"edits":[{"path":"/srv/ok/x"},{}]})"}) {
    EXPECT_TRUE(passes(rule, fine)) << fine;
  }
  for (const char* wrong : {R"({"edits":[null]})", R"({"edits":[{"path":"/etc"}]})",
                            R"({"edits":0})", R"({"edits":{"path":"/srv/ok/x"}})"}) {
    EXPECT_FALSE(passes(rule, wrong)) << wrong;
  }
  ArgumentRule deep = rule_of("a.b.c", {ok});
  deep.required = false;
  EXPECT_TRUE(passes(deep, R"({"a":{"b":null}})"));
  EXPECT_TRUE(passes(deep, R"({"a":null})"));
  EXPECT_FALSE(passes(deep, R"({"a":{"b":1}})"));
}

TEST(Path, OtherChecksOfTheRuleSeeWhatIsForwarded) {
  const Check based = path_check({.under = {"/srv"}, .not_in = {}, .base = "/srv/a"});
  EXPECT_FALSE(passes(rule_of("p", {texts(CheckKind::prefix, {"x/"}), based}), R"({"p":"x/y"})"));
  EXPECT_TRUE(
      passes(rule_of("p", {texts(CheckKind::prefix, {"/srv/a/x/"}), based}), R"({"p":"x/y"})"));
  EXPECT_FALSE(
      passes(rule_of("p", {listed(CheckKind::not_in, {R"("/srv/a/x")"}), based}), R"({"p":"x"})"));
}

TEST(Path, P09WhereThePathReallyIsDecidesToo) {
  const ArgumentRule rule = rule_of("p", {ok});
  const std::string call = R"({"p":"/srv/ok/link"})";
  EXPECT_TRUE(outcome(rule, call, nullptr, {{"/p", "/srv/ok/real", ""}}).passes());
  EXPECT_TRUE(outcome(rule, call, nullptr, {{"/p", "", ""}}).passes()) << "lexical";
  const Outcome moved = outcome(rule, call, nullptr, {{"/p", "/etc/shadow", ""}});
  ASSERT_FALSE(moved.passes());
  EXPECT_THAT(moved.violation->says, HasSubstr("links followed"));
  const Outcome failed = outcome(rule, call, nullptr, {{"/p", "", "EACCES on /secret"}});
  ASSERT_FALSE(failed.passes());
  EXPECT_THAT(failed.violation->says, ::testing::Not(HasSubstr("secret")));
  EXPECT_FALSE(outcome(rule, call, nullptr, {{"/q", "/srv/ok/x", ""}}).passes())
      << "facts were gathered and say nothing about this path";
}

TEST(Path, P10WithoutFactsTheCheckIsLexical) {
  EXPECT_TRUE(accepts(ok, "/srv/ok/link"));
}

TEST(Path, ExcludedPathsAndEverythingInThem) {
  const Check check =
      path_check({.under = {"/w"},
                  .not_in = {"**/.env*", "*.pem", ".git/hooks/**", "/w/keys", "**/id_*"},
                  .base = ""});
  for (const char* path : {"/w/.env", "/w/a/.env.local", "/w/a/b.pem", "/w/.git/hooks/pre-commit",
                           "/w/x/.git/hooks/a/b", "/w/keys", "/w/keys/a", "/w/a/id_rsa", "/w/.ENV",
                           "/w/B.PEM", "/w/.env/x", "/w/Keys/a", "/w/\uFF0Eenv", "/w/a.pem/b"}) {
    EXPECT_FALSE(accepts(check, path)) << path;
  }
  for (const char* path : {"/w/env", "/w/keys2", "/w/a.pem2", "/w/git/hooks/x", "/w/.git/config"}) {
    EXPECT_TRUE(accepts(check, path)) << path;
  }
  EXPECT_FALSE(
      outcome(rule_of("p", {check}), R"({"p":"/w/x"})", nullptr, {{"/p", "/w/.env", ""}}).passes());
}

TEST(Path, PoliciesThatSayNoDirectory) {
  for (const PathCheck& bad :
       {PathCheck{}, PathCheck{{"relative"}, {}, ""}, PathCheck{{"~/x"}, {}, ""},
        PathCheck{{"/a/../b"}, {}, ""}, PathCheck{{"/a"}, {}, "rel"},
        PathCheck{{"/a"}, {"~/.ssh/**"}, ""}, PathCheck{{"/a"}, {""}, ""},
        PathCheck{{"/a"}, {"$HOME/x"}, ""}, PathCheck{{"/a//b"}, {}, ""}}) {
    Check check = check_of(CheckKind::path);
    check.path = std::make_shared<const PathCheck>(bad);
    EXPECT_FALSE(compile(check));
  }
}

TEST(Path, PathsToResolveAreThoseThatPassAsWritten) {
  const std::vector<ArgumentRule> rules = {
      rule_of("edits[].path", {path_check({.under = {"/w"}, .not_in = {}, .base = "/w"})}),
      rule_of("to", {ok}), rule_of("n", {bounded(CheckKind::max, 3)})};
  const json::Document call =
      parsed(R"({"edits":[{"path":"/w/a"},{"path":"b"},{"path":"/etc/x"},{"q":1},{"path":5}],
                 "to":["/srv/ok/a","../x"],"n":1})");
  EXPECT_THAT(paths_to_resolve(rules, call.root(), nullptr),
              ElementsAre(Pair("/edits/0/path", "/w/a"), Pair("/edits/1/path", "/w/b"),
                          Pair("/to/0", "/srv/ok/a")));
  EXPECT_THAT(paths_to_resolve(rules, {}, nullptr), IsEmpty());
}

TEST(Path, PointersAreEscaped) {
  const Check based = path_check({.under = {"/w"}, .not_in = {}, .base = "/w"});
  const Outcome out = outcome(rule_of("a/b~c", {based}), R"({"a/b~c":"x"})");
  ASSERT_TRUE(out.passes());
  EXPECT_EQ(out.rewrites[0].pointer, "/a~1b~0c");
}

TEST(Path, ALinkedDirectoryIsThePlaceToWhichItLed) {
  const auto passes_at = [](const std::string& path, const std::string& resolved,
                            const std::map<std::string, std::string>& leads) {
    const Check check = path_check({.under = {"/srv/link/"},
                                    .not_in = {"/srv/link/secret", "*.pem"},
                                    .base = "",
                                    .leads = leads});
    return outcome(rule_of("x", {check}), R"({"x":")" + path + "\"}", nullptr,
                   {PathFact{"/x", resolved, {}}})
        .passes();
  };
  const std::map<std::string, std::string> led = {{"/srv/link", "/data/a"}};
  EXPECT_FALSE(passes_at("/srv/link/f", "/data/a/f", {})) << "it is unknown where it led";
  EXPECT_TRUE(passes_at("/srv/link/f", "/data/a/f", led));
  EXPECT_TRUE(passes_at("/srv/link", "/data/a", led));
  EXPECT_FALSE(passes_at("/srv/link/f", "/etc/f", led)) << "the link was swapped";
  EXPECT_FALSE(passes_at("/srv/link/f", "/data/a2/f", led));
  EXPECT_FALSE(passes_at("/srv/link/f", "/data/f", led));
  EXPECT_FALSE(passes_at("/data/a/f", "/data/a/f", led)) << "not as the policy writes it";
  EXPECT_FALSE(passes_at("/srv/link/x", "/data/a/secret", led)) << "closed as the policy writes it";
  EXPECT_FALSE(passes_at("/srv/link/x", "/data/a/secret/f", led));
  EXPECT_FALSE(passes_at("/srv/link/x", "/data/a/k.pem", led));
  EXPECT_FALSE(passes_at("/srv/link/f", "/other/f", {{"/srv/other", "/other"}})) << "not its own";
  EXPECT_FALSE(passes_at("/srv/link/f", "/etc/f", {{"/srv/link", ""}}));
  const Check both = path_check({.under = {"/srv/a", "/srv/b"},
                                 .not_in = {"/srv/b/closed"},
                                 .base = "",
                                 .leads = {{"/srv/a", "/data"}, {"/srv/b", "/data/b"}}});
  EXPECT_FALSE(outcome(rule_of("x", {both}), R"({"x":"/srv/a/l"})", nullptr,
                       {PathFact{"/x", "/data/b/closed/f", {}}})
                   .passes())
      << "closed in one of its spellings";
}

}  // namespace
}  // namespace pawl
