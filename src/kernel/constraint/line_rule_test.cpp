// `shell` and `argv` as constraints: spellings that mean the same, and spellings that only look so.
#include "kernel/constraint/line_rule.h"

#include <gtest/gtest.h>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: a test of one page

LineRule reader(bool words, shell::Dialect dialect = shell::Dialect::posix) {
  LineRule out;
  std::vector<shell::Row> rows(2);
  rows[0].run = {"ls", "cat", "wc", "head", "grep", "find", "git status", "git log", "sed"};
  rows[1].run = {"mkdir", "cp"};
  rows[1].writes = true;
  out.words = words;
  out.dialect = dialect;
  out.rows = *shell::Rows::compile(rows);
  return out;
}

std::string line(std::string_view text) {
  json::Writer out;
  const json::Document value = parsed(out.string(text).text());
  return check_line(reader(false), value.root());
}
std::string words(std::string_view list) {
  const json::Document value = parsed(list);
  return check_line(reader(true), value.root());
}

TEST(ShellCheck, SpellingsThatMeanTheSame) {
  for (const std::string_view text : {"ls",
                                      "  ls -la  ",
                                      "'ls'",
                                      "\"ls\" x",
                                      "l\\s",
                                      "git status",
                                      "git  -C sub status",
                                      "git --no-pager log | head -5",
                                      "ls && cat x || wc -l y",
                                      "(ls); { cat x; }",
                                      "for f in a b; do wc -l \"$f\"; done",
                                      "if ls; then cat x; fi",
                                      "ls > /dev/null 2>&1",
                                      "cat <<'E'\n$(rm x)\nE",
                                      "env LC_ALL=C ls",
                                      "timeout 5 git log",
                                      "sh -c 'ls | wc -l'",
                                      "command ls",
                                      "mkdir -p x > y",
                                      "cp a b",
                                      "cat $(ls)",
                                      "# a comment\nls",
                                      "ls\ncat x"}) {
    EXPECT_EQ(line(text), "") << text;
  }
}

constexpr auto kLines = std::to_array<std::string_view>({
    "ls; rm x",
    "ls\nrm x",
    "ls & rm x",
    "ls | sh",
    "ls || rm x",
    "ls $(rm x)",
    "ls `rm x`",
    "cat <(rm x)",
    "ls\\\n; rm x",
    "ls #\nrm x",
    "ls\r\nrm x",
    "./ls",
    "/tmp/ls",
    "~/ls",
    "ls()\n{ rm x; }; ls",
    "alias ls=rm; ls x",
    "eval 'rm x'",
    "sh -c 'rm x'",
    "sh -c \"$X\"",
    "env rm x",
    "env -S 'rm x'",
    "xargs rm < f",
    "find . -exec rm {} \\;",
    "find . -delete",
    "find . -fprint /etc/x",
    "git push",
    "git -c core.pager=id log",
    "git -c alias.status=!id status",
    "git --exec-path=/tmp status",
    "git log --output=x",
    "git status > x",
    "ls > x",
    "ls >> ~/.profile",
    "cat x | tee y",
    "sed -i s/a/b/ f",
    "sed '1e id' f",
    "sed 'w x' f",
    "LD_PRELOAD=x ls",
    "PATH=. ls",
    "GIT_SSH_COMMAND=id git log",
    "export GIT_PAGER=id; git log",
    "IFS=x; ls",
    "export FOO=1",
    "x=1",
    "trap 'rm x' EXIT",
    "source x",
    ". ./x",
    "exec rm",
    "sudo ls",
    "nohup rm x &",
    "while :; do rm x; done",
    "case x in x) rm x;; esac",
    "cat <<E\n$(rm x)\nE",
    "l\xD1\x95",
    "ls\xC2\xA0-la",
    "${X:-rm} x",
    "$X",
    "git $X",
    "gi? status",
    "{rm,x}",
    "ls ${x:=$(rm y)}",
    "echo $((a[$(rm x)]))",
    "ls 2>| x",
    "",
    "'",
    "ls |",
    "if ls",
    "$'ls'",
});
static_assert(kLines.size() >= 60);

TEST(ShellCheck, SpellingsThatLookTheSame) {
  for (const std::string_view text : kLines) EXPECT_NE(line(text), "") << text;
}

TEST(ShellCheck, TakesTextsOnly) {
  EXPECT_EQ(words("\"ls\""), "must be a list of words");
  const json::Document list = parsed(R"(["ls"])");
  EXPECT_EQ(check_line(reader(false), list.root()), "must be a string");
}

TEST(ArgvCheck, WordsAreWords) {
  for (const std::string_view list :
       {R"(["ls"])", R"(["ls","-la","x y"])", R"(["git","status"])", R"(["git","-C","x","status"])",
        R"x(["cat","$(rm x)","`rm`",";","rm"])x", R"(["ls","*","~","|","sh"])", R"(["cp","a","b"])",
        R"(["env","LC_ALL=C","ls"])", R"(["sh","-c","ls | wc -l"])",
        R"(["timeout","5","git","log"])", R"(["find",".","-name","*.c"])", R"(["cat",""])"}) {
    EXPECT_EQ(words(list), "") << list;
  }
}

constexpr auto kWords = std::to_array<std::string_view>({
    R"([])",
    R"({})",
    R"(null)",
    R"([["ls"]])",
    R"([null])",
    R"([1])",
    R"(["ls",1])",
    R"(["ls",["x"]])",
    R"([""])",
    R"(["rm"])",
    R"(["ls x"])",
    R"(["ls;rm"])",
    R"(["./ls"])",
    R"(["/tmp/ls"])",
    R"(["../bin/ls"])",
    R"(["LS"])",
    R"(["ls "])",
    R"([" ls"])",
    R"(["ls\n"])",
    R"(["l\u0455"])",
    R"(["ls\u0000"])",
    R"(["ls","x\u0000y"])",
    R"(["git"])",
    R"(["git","push"])",
    R"(["git","Status"])",
    R"(["git","status\u00a0"])",
    R"(["git","-c","core.pager=id","log"])",
    R"(["git","-ccore.pager=id","log"])",
    R"(["git","--exec-path=/tmp","status"])",
    R"(["git","-c","alias.log=!id","log"])",
    R"(["git","log","--output=x"])",
    R"(["git","log","--outp","x"])",
    R"(["sh"])",
    R"(["sh","-c"])",
    R"(["sh","-c","rm x"])",
    R"(["sh","-c","ls; rm x"])",
    R"(["sh","-ec","rm x"])",
    R"(["sh","x.sh"])",
    R"(["bash","-c","$0","rm"])",
    R"(["env","rm"])",
    R"(["env","-S","rm x"])",
    R"(["env","-Srm x"])",
    R"(["env","PATH=.","ls"])",
    R"(["env","-i","sh","-c","rm x"])",
    R"(["xargs","rm"])",
    R"(["xargs","-I{}","sh","-c","rm {}"])",
    R"(["timeout","5","rm","x"])",
    R"(["nice","rm"])",
    R"(["find",".","-delete"])",
    R"(["find",".","-exec","rm","{}",";"])",
    R"(["find",".","-fls","x"])",
    R"(["sed","-i","s/a/b/","f"])",
    R"(["sed","1e id","f"])",
    R"(["sed","--in-place","s/a/b/","f"])",
    R"(["sed","-nw x","f"])",
    R"(["sudo","ls"])",
    R"(["cd","x"])",
    R"(["eval","ls"])",
    R"([".","x"])",
    R"(["true\u2028rm"])",
});
static_assert(kWords.size() >= 55);

TEST(ArgvCheck, NothingElseGetsThrough) {
  for (const std::string_view list : kWords) EXPECT_NE(words(list), "") << list;
}

// The whole list is one value, also for a schema that speaks of its elements.
TEST(ArgvCheck, IsNotJudgedWordByWord) {
  Check check{};
  check.kind = CheckKind::argv;
  check.line = std::make_shared<const LineRule>(reader(true));
  ASSERT_TRUE(compile(check));
  ArgumentRule rule;
  rule.path = *parse_argument_path("words");
  rule.checks.push_back(check);
  std::vector<Rewrite> rewrites;
  const auto judged = [&](std::string_view text) {
    const json::Document call = parsed(text);
    const auto wrong = evaluate(rule, call.root(), nullptr, {}, rewrites);
    return wrong ? wrong->says : std::string();
  };
  EXPECT_EQ(judged(R"({"words":["git","status"]})"), "");
  EXPECT_NE(judged(R"({"words":["ls",["rm"]]})"), "");
  EXPECT_NE(judged(R"({"words":[["ls"],["ls"]]})"), "");
  EXPECT_NE(judged(R"({"words":"ls"})"), "");
  EXPECT_NE(judged(R"({"words":[]})"), "");
  EXPECT_NE(judged(R"({})"), "");
}

TEST(Describe, SaysWhichCommand) {
  EXPECT_EQ(
      line("ls; rm x; cat y"),
      "is a command that is not allowed: no row covers it (the 2nd of 3 commands, at byte 4)");
  EXPECT_EQ(
      line("ls; cat x; id"),
      "is a command that is not allowed: no row covers it (the 3rd of 3 commands, at byte 11)");
  EXPECT_TRUE(
      line("ls; rm $(x").starts_with("is a command that is not allowed: it cannot be told"));
}

}  // namespace
}  // namespace pawl
