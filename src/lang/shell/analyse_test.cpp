// Lines and the commands that they could run.
#include <gtest/gtest.h>

#include "lang/shell/programs.h"
#include "lang/shell/testing.h"

namespace pawl::shell {
namespace {

struct ReadLine {
  std::string_view line;
  std::string_view commands;
};

class Lines : public testing::TestWithParam<ReadLine> {};

TEST_P(Lines, RunThese) {
  EXPECT_EQ(shown(GetParam().line), GetParam().commands) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Bash, Lines,
    testing::Values(
        ReadLine{"ls", "ls"}, ReadLine{"ls -l 'a b' \"c d\" e\\ f", "ls -l a b c d e f"},
        ReadLine{"a;b&c&&d||e|f\ng", "a; b; c; d; e; f; g"}, ReadLine{"a # b; c\nd", "a; d"},
        ReadLine{"a b#c", "a b#c"},
        ReadLine{"echo $x \"$x\" pre$x \"pre$x\"", "echo ?? ? pre?? pre?"},
        ReadLine{"echo $(a b) \"`c`\"", "a b; c; echo ?? ?"},
        ReadLine{"echo ${x:-$(a)} ${#x} ${x%.c}", "a; echo ?? ? ??"},
        ReadLine{"ls *.c src/*.c ~/x", "ls ?? src/?? ?"},
        ReadLine{"ls {a,b} {} HEAD@{1} a{1..3}", "ls ?? {} HEAD@{1} ??"},
        ReadLine{"if a; then b; elif c; then d; else e; fi", "a; b; c; d; e"},
        ReadLine{"while a; do b; done > f", "a; b"}, ReadLine{"until a; do b; done", "a; b"},
        ReadLine{"for x in $(a) b; do c $x; done", "a; c ??"}, ReadLine{"for x; do c; done", "c"},
        ReadLine{"for ((i=0;i<3;i++)); do c; done", "c"},
        ReadLine{"case $(a) in x|y) b;; (z) c;; *) d; esac", "a; b; c; d"},
        ReadLine{"(a; b) && { c; d; }", "a; b; c; d"},
        ReadLine{"[[ -f x && $(a) == b ]] && c", "a; c"}, ReadLine{"[[ $? -eq 0 ]] || a", "a"},
        ReadLine{"! a | b", "a; b"}, ReadLine{"time -p a", "a"}, ReadLine{"time -- a", "a"},
        ReadLine{"xargs -d -Iq rm", "xargs -d -Iq rm; rm ??"},
        ReadLine{"a <(b) >(c)", "b; c; a ? ?"}, ReadLine{"a $'x\\ty' $((1+2))", "a x\ty ?"},
        ReadLine{"i=1; a $((i+1))", "a ?"}, ReadLine{"x=$(a) b", "a; b"},
        ReadLine{"x=(1 $(a)); b", "a; b"}, ReadLine{"cat <<'E'\n$(a)\nE\nb", "cat; b"},
        ReadLine{"cat <<E | b\nplain\nE\nc", "cat; b; c"},
        ReadLine{"cat <<-E\n\tx\n\tE\nb", "cat; b"},
        ReadLine{"a \"$(cat <<'E'\nit's $x ) `b`\nE\n)\"; c", "cat; a ?; c"},
        ReadLine{"a $(cat <<E\nplain (text\nE\n) && b", "cat; a ??; b"},
        ReadLine{"a <<< \"$(b)\"", "b; a"}, ReadLine{"a 2>&1 >/dev/null &>x", "a"},
        ReadLine{"a \\\n  b", "a b"}, ReadLine{"env A=b C=d ls -l", "env A=b C=d ls -l; ls -l"},
        ReadLine{"sudo -u me -n ls", "sudo -u me -n ls; ls"},
        ReadLine{"nohup nice -n 5 timeout -s KILL 3 ls &",
                 "nohup nice -n 5 timeout -s KILL 3 ls; nice -n 5 timeout -s KILL 3 ls; timeout -s "
                 "KILL 3 ls; ls"},
        ReadLine{"a | xargs -0 -n 1 rm -f", "a; xargs -0 -n 1 rm -f; rm -f ??"},
        ReadLine{"a | xargs -I{} cp {} d/{}", "a; xargs -I{} cp {} d/{}; cp ? d/?"},
        ReadLine{"find . -name '*.o' -exec rm {} + -exec a x{} \\;",
                 "find . -name *.o -exec rm {} + -exec a x{} ;; rm ??; a x?"},
        ReadLine{"bash -c 'a; b \"$(c)\"'", "bash -c a; b \"$(c)\"; a; c; b ?"},
        ReadLine{"bash -lc \"sh -c 'a b'\"", "bash -lc sh -c 'a b'; sh -c a b; a b"},
        ReadLine{"eval 'a b' '; c'", "eval a b ; c; a b; c"},
        ReadLine{"trap 'a' EXIT; b", "trap a EXIT; a; b"}, ReadLine{"command -v a", "command -v a"},
        ReadLine{"command ls", "command ls; ls"}, ReadLine{"exec ls", "exec ls; ls"},
        ReadLine{"[ -f \"$x\" ] && a", "[ -f ? ]; a"}, ReadLine{"test \"$x\" = y", "test ? = y"},
        ReadLine{"set -euo pipefail; read -r x", "set -euo pipefail; read -r x"},
        // of -I and the options that undo it the last holds; where they may, both
        ReadLine{"a | xargs -n1 -I{} b x/{}", "a; xargs -n1 -I{} b x/{}; b x/?"},
        ReadLine{"a | xargs -L1 -rI % b %", "a; xargs -L1 -rI % b %; b ?"},
        ReadLine{"a | xargs -I{} -n2 b x/{}", "a; xargs -I{} -n2 b x/{}; b x/? ??"},
        ReadLine{"a | xargs -I{} -L1 b x/{}", "a; xargs -I{} -L1 b x/{}; b x/? ??"},
        ReadLine{"a | xargs -i -l b {}", "a; xargs -i -l b {}; b ? ??"},
        ReadLine{"a | xargs -iX b X", "a; xargs -iX b X; b ?"},
        ReadLine{"a | xargs --replace b {}", "a; xargs --replace b {}; b ?"},
        ReadLine{"a | xargs --replace=X --max-args=2 b X",
                 "a; xargs --replace=X --max-args=2 b X; b ? ??"},
        ReadLine{"a | xargs -I{} -P \"$n\" b y\"$x\"{}", "a; xargs -I{} -P ? b y?; b y?"},
        ReadLine{"a | xargs -I{} b \"{$x\"", "a; xargs -I{} b {?; b ?"},
        ReadLine{"a | xargs -0 -n 1 -I{} -d x -E y b", "a; xargs -0 -n 1 -I{} -d x -E y b; b"},
        // words that are several
        ReadLine{"a \"$@\" \"$*\" x\"$@\"", "a ?? ? x??"},
        ReadLine{"a ./\"${x:-$@}\" ./\"${x-$@}\" \"${x:+$@}\" \"${x+y$@}\"", "a ./?? ./?? ?? ??"},
        ReadLine{"a \"${x:-${y:+$@}}\" \"${x:-${r[@]}}\" \"${x:=$@}\"", "a ?? ?? ??"},
        ReadLine{"a \"${@:2}\" \"${r[@]}\" \"${r[*]}\" \"${@%x}\" \"${#@}\"", "a ?? ?? ?? ?? ?"},
        ReadLine{"a \"${x:-$y}\" \"${x:-p q}\" \"${x:-$(b)}\" \"${x%$y}\"", "b; a ? ? ? ?"},
        ReadLine{"export \"x=$y\"; a", "export x=?; a"}, ReadLine{"a | xargs", "a; xargs"},
        ReadLine{"dir & del x", "dir; del x"}));

class Refused : public testing::TestWithParam<std::string_view> {};

TEST_P(Refused, IsNotFullyAnalysable) {
  EXPECT_EQ(shown(GetParam()).substr(0, 2), "! ") << GetParam() << "\n" << shown(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Bash, Refused,
    testing::Values(
        "", "   # only a comment", "$x ls", "\"$(which git)\" x", "l?", "{ls,-l}", "~/bin/x",
        "eval $x", "eval \"$(a)\"", "source x", ". x", "trap \"$x\" EXIT", "alias ls=rm; ls",
        "hash -p /tmp/x ls", "enable -f x y", "mapfile -C a b", "let 'a[$(id)]'",
        "shopt -s extglob", "[[ -v a[$(id)] ]]", "echo $((a[$(id)]))", "echo $((x))", "((x++))",
        "echo $((x)); x=1", "x=$(a); echo $((x))", "[[ $x -eq 1 ]]", "test -v 'a[$(id)]'", "[ $x ]",
        "[ \"$x\" \"$y\" ]", "printf -v 'a[$(id)]' x", "printf \"$x\"", "printf '%n' PATH",
        "read 'a[$(id)]'", "unset 'a[$(id)]'", "declare -n x=y", "export \"$x\"", "wait $x",
        "a[0]=1", "x=([$(id)]=1)", "echo ${!x}", "echo ${x@P}", "echo ${a[$(id)]}",
        "echo ${x:$(id)}", "echo $[1+1]", "ls() { rm; }; ls", "function ls { rm; }", "coproc a",
        "ls =(id)", "echo @(a|b)", "cat <<E\n$(id)\nE", "a $(cat <<E)\nx\nE",
        "a $(cat <<'E'\nEx)\nid\nE\n)", "a \"$(cat <<E\n$(id)\nE\n)\"", "a `cat <<E\nx\nE\n`",
        "a <(cat <<E\nx\nE\n)", "a $(b $(cat <<E\nx\nE\n))", "a ${x:-$(cat <<E\nx\nE\n)}",
        "cat <<E\nx", "cat <<\"E F\"\nE F", "sh", "a | bash", "bash -s", "bash -i -c a",
        "bash -c \"$x\"", "bash --rcfile x -c a", "env -S 'a b'", "env -C d a", "env ^n=1 ls",
        "a }<(b)", "a \\;<(b)", "[[ <(a) ]]", "b ${u:-$<(a)}", "b ${u:-x<(a)}", "((1<(2)))",
        "a x=<(b)", "xargs -a f", "xargs $x", "a | xargs -I{} sh -c 'b {}'", "a | xargs -I a a",
        "find . -exec {} \\;", "find . -exec a", "bash -c +x a", "eval -- a", "find . -ok a {} +",
        "find $x", "find \"$x\" -name y", "timeout $x a", "nice -n $x a", "sudo -i", "sudo -s a",
        "sudo -e f", "echo $\"x\"", "echo \"${x:-'}'}\"", "echo `a \\`b\\``", "ls \"", "ls '",
        "ls $(", "ls `a", "ls ${x", "ls )", "if a; then b", "fi", "a &&& b", "a ;; b", "ls > $x",
        "ls > /dev/tcp/h/1", "ls >& $x", "echo {$,x}HOME", "echo {a,\"$x\"}", "ls l\\\ns",
        "{PATH}>x ls", "ls {PATH}>x", "ls \x01", "a\rb", "echo $'\\x41'",
        "bash -c 'bash -c \"$x\"'",
        // another name than the program's own
        "exec -a git-fetch git status", "exec -ax git status", "exec -cla x git status",
        "exec -l git status", "command exec -a x git status", "builtin exec -a x git status",
        "bash -c 'exec -a x git status'", "env -a x git status", "env --argv0=x git status",
        "env --argv0 x git status",
        // options of xargs that leave open what runs
        "a | xargs -I '' b", "a | xargs --repl=X b X", "a | xargs -Ia -Ib b",
        "a | xargs -I \"$x\" b", "a | xargs --process-slot-var=PATH b", "a | xargs --arg-file=f b",
        "a | xargs -J % b %", "a | xargs -n $x b", "a | xargs -I{} x{}",
        "a | xargs -I{} -L1 find x ./{}", "a | xargs -I{} -n3 find x ./{}",
        "a | xargs -i --max-lines=1 find x ./{}", "a | xargs -n1 find x",
        // words that are several
        "find x ./\"${x:-$@}\"", "find x ./\"${x+$@}\"", "find x \"./$@\"", "find x ./\"${r[@]}\"",
        "find x ./\"${r[0]:-${r[@]}}\"", "export \"x=${y:-$@}\"", "[ ./\"${x:-$@}\" ]",
        "find -files0-from f -exec find {} \\;", "find x -newer <() -delete",
        "find . -exec ls \";$x\" -exec a \\;", "find . -exec ls \"{$x}\" + -exec a \\;",
        "find . -exec ls {} \"+$x\" -exec a \\;", "find . \"($x\" -name y",
        "a | xargs -I% find . -exec ls \";%\" -exec b \\;", "a <( ) b", "a >(\n# c\n)",
        // what `~` means
        "HOME=-delete; find . ~", "OLDPWD=-delete; find . ~-", "export HOME=\"$x\"; a ~",
        // scripts that shells read
        "bash -", "sh /dev/stdin", "bash /dev/fd/0 < f", "dash ../dev/stdin", "bash <(a)",
        "sh \"s/$x\"", "find . -exec sh {} +", "cd /dev/fd; bash 0"));

INSTANTIATE_TEST_SUITE_P(
    CharacterSets, Refused,
    testing::Values("LC_ALL=zh_CN.gbk\necho \"…\\\"; a\"", "LC_ALL=zh_CN.gbk; echo \"…\\$(a)\"",
                    "export LANG=ja_JP.SJIS; a …", "declare LC_CTYPE=x; a …",
                    "typeset -x LC_ALL=x; a …", "readonly LC_ALL=x; a …", "read LC_ALL; a …",
                    "for LANG in x; do a …; done", "LC_ALL=\"$x\"; a …", "echo ${LANG:=x} …",
                    "LC_ALL=en_US; a …", "LC_ALL=; a …", "unset LC_ALL; a …", "export LC_ALL; a …",
                    "LC_ALL=zh_CN.gbk eval 'a …'", "LC_ALL=zh_CN.gbk bash -c 'a …'",
                    "env LC_ALL=zh_CN.gbk bash -c 'a …'", "env -u LC_ALL bash -c 'a …'",
                    "env --unset=LANG a …", "env -iuLANG a …", "LC_ALL=zh_CN.gbk sed 's/…/x/' f",
                    "LC_ALL=x@y.utf-8; a …", "if a; then LC_ALL=x; fi; a …", "(LC_ALL=x; a); a …",
                    "a | LC_ALL=x b; c …"));

INSTANTIATE_TEST_SUITE_P(
    CharacterSets, Lines,
    testing::Values(ReadLine{"LC_ALL=C; a …", "a …"}, ReadLine{"LC_ALL=C.UTF-8 a …", "a …"},
                    ReadLine{"export LANG=en_US.utf8; a …", "export LANG=en_US.utf8; a …"},
                    ReadLine{"LC_ALL=POSIX sort …", "sort …"},
                    ReadLine{"LC_ALL=sr_RS.UTF-8@latin a …", "a …"},
                    ReadLine{"LC_COLLATE=x LC_TIME=y a …", "a …"},
                    ReadLine{"LC_ALL=zh_CN.gbk a", "a"},
                    ReadLine{"unset LC_ALL; a", "unset LC_ALL; a"},
                    ReadLine{"HOME=/tmp a; HOME=/x; a ~", "a; a ?"}));

TEST(Refused, WhatDiffersBetweenShells) {
  for (const std::string_view text :
       {"[[ a ]]", "a 10>f", "a &> f", "a |& b", "cat <<< x", "a <(b)", "echo $'x'", "x=(a)",
        "x+=a", "function a { b; }", "select x in a; do b; done", "for ((;;)); do a; done", "((1))",
        "echo ${x/a/b}", "echo ${x^}", "case x in a) b;& esac", "chdir /tmp"}) {
    EXPECT_EQ(shown(text, Dialect::posix).substr(0, 2), "! ") << text;
  }
}

TEST(Limits, AreErrorsOrTroubles) {
  EXPECT_FALSE(parse(std::string(40000, 'a'), Dialect::bash));
  EXPECT_FALSE(parse(std::string_view("a\0b", 3), Dialect::bash));
  EXPECT_FALSE(parse("a \xff", Dialect::bash));
  std::string deep;
  std::string many;
  std::string words = "echo";
  for (int i = 0; i < 1000; ++i) deep += "$(a ";
  for (int i = 0; i < 300; ++i) many += "a;";
  for (int i = 0; i < 5000; ++i) words += " x";
  EXPECT_EQ(shown("a " + deep), "! too many levels");
  EXPECT_EQ(shown(many), "! too many commands");
  EXPECT_EQ(shown(words), "! too many words");
  std::string sums = "a=1; echo $((a";
  for (int i = 0; i < 1000; ++i) sums += "+a";
  EXPECT_EQ(shown(sums + "))"), "! too many variables");
  std::string wrapped;
  for (int i = 0; i < 100; ++i) wrapped += "env ";
  EXPECT_EQ(shown(wrapped + "a"), "! too many commands");
}

TEST(Argv, LooksThroughTheSamePrograms) {
  using Words = std::vector<std::string_view>;
  const auto list = [](const Words& words) { return shown(analyse_argv(words)); };
  EXPECT_EQ(list({"ls", "$x", "*"}), "ls $x *");
  EXPECT_EQ(list({"bash", "-lc", "a | b"}), "bash -lc a | b; a; b");
  EXPECT_EQ(list({"env", "A=b", "a"}), "env A=b a; a");
  EXPECT_EQ(list({"eval", "a"}), "eval a");
  EXPECT_EQ(list({}), "! there is no command");
}

TEST(Dialects, AreTwo) {
  EXPECT_EQ(*parse_dialect("bash"), Dialect::bash);
  EXPECT_EQ(*parse_dialect("sh"), Dialect::posix);
  for (const std::string_view name : {"zsh", "powershell", "cmd", "fish", ""}) {
    EXPECT_FALSE(parse_dialect(name)) << name;
  }
}

TEST(Tables, AreSortedAndReadable) {
  for (std::size_t i = 1; i < program_table().size(); ++i) {
    EXPECT_LT(program_table()[i - 1].name, program_table()[i].name);
  }
  // Lines of one program stand together, and an option stands in a line once.
  for (const auto table : {usage_table(), builders_table(), git_table()}) {
    for (std::size_t i = 1; i < table.size(); ++i) {
      EXPECT_LE(table[i - 1].program, table[i].program);
    }
    for (const Usage& usage : table) {
      EXPECT_NE(usage.source, "") << usage.program;
      const std::string_view sub = usage.subs.substr(0, usage.subs.find(','));
      const Form* form = find_form(usage.program, sub);
      ASSERT_NE(form, nullptr) << usage.program;
      for (std::size_t at = 1; at < form->options.size(); ++at) {
        const Option& one = form->options[at - 1];
        const Option& next = form->options[at];
        const bool same = one.name == next.name;
        // What is shared must not be laxer than what the line says itself.
        EXPECT_TRUE(!same || one.values == next.values)
            << usage.program << " " << usage.subs << " " << one.name;
      }
    }
  }
}

}  // namespace
}  // namespace pawl::shell
