// Arguments that are programs, and interpreters that read one.
#include <gtest/gtest.h>

#include "lang/shell/testing.h"

namespace pawl::shell {
namespace {

// What the first command of the line may do besides its ordinary work: `runs`, `writes F`.
std::string effects(std::string_view text) {
  const Result<Line> line = parse(text, Dialect::bash);
  if (!line) return "error";
  const Analysis analysis = analyse(*line);
  if (!analysis.troubles.empty()) return "! " + analysis.troubles[0].why;
  std::string out = analysis.commands.back().writes ? "writes " : "";
  for (const Hazard& hazard : analysis.commands.back().hazards) {
    if (hazard.effect == Effect::elsewhere) continue;
    const std::string one = hazard.effect == Effect::runs ? "runs" : "writes " + hazard.value.text;
    if (!out.contains(one)) out += (out.empty() ? "" : ", ") + one;
  }
  return out;
}

struct Code {
  std::string_view line;
  std::string_view effects;
};

class CodeLines : public testing::TestWithParam<Code> {};

TEST_P(CodeLines, AreSeen) {
  EXPECT_EQ(effects(GetParam().line), GetParam().effects) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    SedThatEdits, CodeLines,
    testing::Values(
        Code{"sed -n '1,5p;/a\\/b/I,+3!{s/x/y/gI2p;n;d}' f", ""},
        Code{"sed -e ':a;N;$!ba' -e 's/\\n/ /g' f", ""}, Code{"sed '$!{N;bx};P;D;:x' f", ""},
        Code{"sed '0~4d;2~3!p;1,~2=;$d' f", ""}, Code{"sed '\\%a/b%d;s|a|b|;y/abc/xyz/' f", ""},
        Code{"sed 's/[^]x]*/y/;s/a/b/ }' f", ""}, Code{"sed 's/[]a]/x/;s/[[:alpha:]]/y/' f", ""},
        Code{"sed 's/a/b\\\nc/;p' f", ""}, Code{"sed '# e id\np#e id' f", ""},
        Code{"sed '#n\n/x/p' f", ""}, Code{"sed '/x/a\\\ne id\\\ne id' f", ""},
        Code{"sed '1i\\  e id' f", ""}, Code{"sed '$ a e id; e id' f", ""},
        Code{"sed -e 'a\\' -e 'e id' -e p f", ""}, Code{"sed -e 'a x\\' -e 'e id' f", ""},
        Code{"sed 'r f;e id' f", ""}, Code{"sed 'R f' f", ""}, Code{"sed 'q5;Q;l 7;F;z' f", ""},
        Code{"sed -nEszu --posix --debug p f", ""}, Code{"sed --quiet --regexp-ext --sep p f", ""},
        Code{"sed --expression=p --expr p f", ""}, Code{"sed -l 5 --line-length=7 l f", ""},
        Code{"sed 'w /dev/stdout' f", ""}, Code{"sed -E 's/(a|b)+/\\1/g;s,/,\\,,' f", ""},
        Code{"sed --help", ""}));

INSTANTIATE_TEST_SUITE_P(
    SedThatRunsOrWrites, CodeLines,
    testing::Values(
        Code{"sed '# \\\ne touch PWN' f", "runs"}, Code{"sed '#\\\ne id' f", "runs"},
        Code{"sed 'p # x\\\ne id' f", "runs"}, Code{"sed -e '# x\\' -e 'e id' f", "runs"},
        Code{"sed '{e id\n}' f", "runs"}, Code{"sed '1!e id' f", "runs"},
        Code{"sed '/x/Ie id' f", "runs"}, Code{"sed '\\%x%e id' f", "runs"},
        Code{"sed '\\,x, M e id' f", "runs"}, Code{"sed '1,+1e id' f", "runs"},
        Code{"sed '0~4e id' f", "runs"}, Code{"sed '1~e id' f", "runs"},
        Code{"sed 's/a/b/;;e' f", "runs"}, Code{"sed 's/a/b/gpe' f", "runs"},
        Code{"sed 's;a;b;e' f", "runs"}, Code{"sed 's/a/b\\\nc/e' f", "runs"},
        Code{"sed 's/a/b\ne id\n/' f", "runs"}, Code{"sed 'y/a/b/;e id' f", "runs"},
        Code{"sed 'a x\\\\\ne id' f", "runs"}, Code{"sed 'a\\  \ne id' f", "runs"},
        Code{"sed 'a\\\\\ne id' f", "runs"}, Code{"sed 'a\ne id' f", "runs"},
        Code{"sed 'r x\\\ne id' f", "runs"}, Code{"sed ':a\ne id' f", "runs"},
        Code{"sed ':a}s;e id;x;' f", "runs"}, Code{"sed ':a s;e id;x;' f", "runs"},
        Code{"sed -e 'a\\' -e x -e 'e id' f", "runs"}, Code{"sed -e p --expr='e id' f", "runs"},
        Code{"sed -e p --e 'e id' f", "runs"}, Code{"sed -nie 'e id' f", "writes , runs"},
        Code{"sed -iex 'e id' f", "writes , runs"}, Code{"sed -i.bak s/a/b/ f", "writes "},
        Code{"sed --in-place=.x s/a/b/ f", "writes "}, Code{"sed -Ei s/a/b/ f", "writes "},
        Code{"sed -ns -f x f", "runs"}, Code{"sed --fil x f", "runs"}, Code{"sed -f - f", "runs"},
        Code{"sed --unknown p f", "runs"}, Code{"sed -Q p f", "runs"},
        Code{"sed --sandbox=x p f", "runs"}, Code{"sed -e p --sandbox -e 'e id' f", "runs"},
        Code{"sed -n -l \"$@\" p", "runs"}, Code{"sed -e\"$x\" f", "runs"},
        Code{"sed 'v 4.2' f", "runs"}, Code{"sed 's/a/b/w out x;e id' f", "writes out x;e id"},
        Code{"sed -n '/x/w a}b' f", "writes a}b"},
        Code{"sed -e 'w o1' -e 's/x/y/pw o2' f", "writes o1, writes o2"},
        Code{"sed 'W x\nw /dev/stderr' f", "writes x"}, Code{"gsed '1e id' f", "runs"},
        Code{"sed 'w' f", "runs, writes "}));

INSTANTIATE_TEST_SUITE_P(
    Make, CodeLines,
    testing::Values(
        Code{"make", ""}, Code{"make -j4 -C sub all test/x.o %.o a-b", ""},
        Code{"make V=1 DEBUG= VERBOSE=yes BUILD_TYPE=Release TESTS=tests/a.py x", ""},
        Code{"make -k --no-print-directory -C ./sub N=3", ""}, Code{"make 'X!=touch PWN'", "runs"},
        Code{"make 'X:=$(shell id)'", "runs"}, Code{"make 'X=$(shell id)'", "runs"},
        Code{"make 'X+=`id`'", "runs"}, Code{"make 'X ?= $(shell id)'", "runs"},
        Code{"make 'X::=1'", "runs"}, Code{"make '$(shell id)=1'", "runs"},
        Code{"make 'a/b:=$(shell id)'", "runs"}, Code{"make CC=clang", "runs"},
        Code{"make CC='id;'", "runs"}, Code{"make PYTHON=./x test", "runs"},
        Code{"make TESTS=../x", "runs"}, Code{"make TESTS=-pevil", "runs"},
        Code{"make TESTS=/tmp/x", "runs"}, Code{"make MAKEFLAGS=n", "runs"},
        Code{"make SHELL=1", "runs"}, Code{"make CFLAGS=1", "runs"},
        Code{"make LD_PRELOAD=1", "runs"}, Code{"make BASH_ENV=1", "runs"},
        Code{"make -- X=id", "runs"}, Code{"make 'all;id'", "runs"}, Code{"make '$(id)'", "runs"},
        Code{"make 'a b'", "runs"}, Code{"make \"t/$x\"", "runs"}, Code{"make -E 'x:;id'", "runs"},
        Code{"make -sE 'x:;id'", "runs"}, Code{"make --ev 'x:;id'", "runs"},
        Code{"make -f x", "runs"}, Code{"make -f-", "runs"}, Code{"make -I/tmp", "runs"},
        Code{"make --include-dir=x", "runs"}, Code{"make -C /tmp/evil", "runs"},
        Code{"make -C../x", "runs"}, Code{"make --directory=\"$x\"", "runs"},
        Code{"gmake 'X!=id'", "runs"}, Code{"bmake 'X!=id'", "runs"},
        Code{"just 'x=`id`' build", "runs"}, Code{"just build 'a; id'", "runs"},
        Code{"just --justfile x", "runs"}, Code{"just build", ""}, Code{"ninja -f x", "runs"},
        Code{"ninja -C /tmp/x", "runs"}, Code{"ninja -C build all", ""},
        Code{"cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug -DX:BOOL=ON -GNinja", ""},
        Code{"cmake -DCMAKE_C_COMPILER_LAUNCHER=id .", "runs"},
        Code{"cmake -D CMAKE_CXX_COMPILER=./x .", "runs"},
        Code{"cmake -DCMAKE_PROJECT_INCLUDE=x.cmake .", "runs"},
        Code{"cmake -C cache.cmake .", "runs"}, Code{"cmake -P x.cmake", "runs"},
        Code{"cmake --toolchain x .", "runs"}, Code{"rake -f x", "runs"}));

INSTANTIATE_TEST_SUITE_P(
    InterpretersWithAScript, CodeLines,
    testing::Values(
        Code{"python3 x.py", ""}, Code{"python3 -uB -W ignore x.py - < data", ""},
        Code{"python3.11 -- x.py", ""}, Code{"python3 --version", ""}, Code{"node x.js -", ""},
        Code{"node --no-warnings --max-old-space-size=99 x.js", ""}, Code{"node --test", ""},
        Code{"node -v", ""}, Code{"perl -w -CS -0777 x.pl", ""}, Code{"ruby -w x.rb", ""},
        Code{"php -f x.php", ""}, Code{"php -d a=1 x.php", "runs"}, Code{"lua5.4 x.lua", ""},
        Code{"tclsh x.tcl", ""}, Code{"Rscript --vanilla x.R", ""}, Code{"julia -t 4 x.jl", ""},
        Code{"deno test", ""}, Code{"bun run x.ts", ""}, Code{"tsx x.ts", ""},
        Code{"npx prettier --check -", ""}, Code{"java -jar x.jar", ""}, Code{"bash x.sh", ""},
        Code{"bc", ""}, Code{"swift build", ""}, Code{"ocaml x.ml", ""}, Code{"elixir x.exs", ""}));

INSTANTIATE_TEST_SUITE_P(
    InterpretersThatRead, CodeLines,
    testing::Values(
        Code{"echo x | python3", "runs"}, Code{"python3 - <<'E'\nx\nE", "runs"},
        Code{"python3 <<< x", "runs"}, Code{"python3 -u", "runs"},
        Code{"python3 -W ignore", "runs"}, Code{"python3 /dev/stdin", "runs"},
        Code{"python3 /dev/fd/3", "runs"}, Code{"python3 /proc/self/fd/0", "runs"},
        Code{"python3 ../dev/stdin", "runs"}, Code{"python3 -- -", "runs"},
        Code{"python3 --", "runs"}, Code{"python3 --odd x.py", "runs"},
        Code{"python3 <(ls)", "runs"}, Code{"python3 \"s/$x\"", "runs"}, Code{"python3 ''", "runs"},
        Code{"env python3", "runs"}, Code{"ls | timeout 5 python3", "runs"},
        Code{"ls | xargs python3", "runs"}, Code{"ls | xargs -I{} python3 s/{}", "runs"},
        Code{"find . -exec python3 {} \\;", "runs"}, Code{"pypy3", "runs"}, Code{"node", "runs"},
        Code{"node -", "runs"}, Code{"node <<< x", "runs"},
        Code{"node --input-type module", "runs"}, Code{"node --no-warnings", "runs"},
        Code{"nodejs -C x", "runs"}, Code{"perl", "runs"}, Code{"perl -w -", "runs"},
        Code{"perl -Fx", "runs"}, Code{"ruby", "runs"}, Code{"ruby -v -", "runs"},
        Code{"php", "runs"}, Code{"php -- x.php", "runs"}, Code{"php -f /dev/stdin", "runs"},
        Code{"php -q", "runs"}, Code{"lua", "runs"}, Code{"lua5.4 -", "runs"},
        Code{"luajit", "runs"}, Code{"tclsh", "runs"}, Code{"tclsh8.6 --version", "runs"},
        Code{"R --no-save", "runs"}, Code{"Rscript -", "runs"}, Code{"julia", "runs"},
        Code{"deno", "runs"}, Code{"deno run -", "runs"}, Code{"bun -", "runs"},
        Code{"tsx", "runs"}, Code{"npx tsx -", "runs"}, Code{"npx -y node", "runs"},
        Code{"java /dev/stdin", "runs"}, Code{"psql", "runs"}, Code{"sqlite3 x.db", "runs"},
        Code{"gdb", "runs"}, Code{"ed", "runs"}, Code{"ex x", "runs"}, Code{"dc -e x", "runs"},
        Code{"m4", "runs"}, Code{"at now", "runs"}, Code{"batch", "runs"},
        Code{"crontab -", "runs"}, Code{"ghci", "runs"}, Code{"elixir", "runs"},
        Code{"ocaml -", "runs"}, Code{"swift", "runs"}, Code{"irb", "runs"}, Code{"octave", "runs"},
        Code{"gnuplot", "runs"}, Code{"make -f -", "runs"}, Code{"awk -f - x", "runs"},
        Code{"awk -f /dev/stdin", "runs"}, Code{"sed -f /dev/stdin x", "runs"},
        Code{"parallel", "runs"}, Code{"busybox sh", "runs"},
        Code{"sh", "! a shell that reads its commands"},
        Code{"bash -s", "! a shell with these options"},
        Code{"source /dev/stdin", "! this builtin runs text or changes what names mean"}));

}  // namespace
}  // namespace pawl::shell
