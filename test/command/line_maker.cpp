#include "line_maker.h"

#include <array>
#include <initializer_list>
#include <string_view>

namespace pawl {
namespace {

constexpr auto kBashWords = std::to_array<const char*>(
    {"{p,q}",        "{1..3}",      "s{a,-b}t",        "$'a b'",       "${x/v/w}",    "${x^}",
     "${x:0:1}",     "{}",          "HEAD@{1}",        "{a",           "'{a,b}'",     "o=~",
     "{x,$y}",       "$'\\x41'",    "${@:1}",          "\"${@:1:2}\"", "\"${r[@]}\"", "${r[@]}",
     "\"k${r[@]}\"", "\"${r[*]}\"", "\"${r[0]:-$@}\"", "<()",          ">( )"});
constexpr auto kWords = std::to_array<const char*>({"p",
                                                    "q1",
                                                    "-r",
                                                    "--opt=v",
                                                    "'s t'",
                                                    "\"u v\"",
                                                    "w\\ x",
                                                    "$x",
                                                    "\"$x\"",
                                                    "$y",
                                                    "\"$y\"",
                                                    "${x}",
                                                    "${#x}",
                                                    "${x%v*}",
                                                    "*",
                                                    "p*",
                                                    "-*",
                                                    "?.c",
                                                    "sub/*",
                                                    "[pq].c",
                                                    "~",
                                                    "''",
                                                    "\"\"",
                                                    "a#b",
                                                    "k=v",
                                                    "$u",
                                                    "\"$@\"",
                                                    "$*",
                                                    "\"$*\"",
                                                    "\";$u\"",
                                                    "\"{$u}\"",
                                                    "\"+$u\"",
                                                    "\"!$u\"",
                                                    "$1",
                                                    "\"$2\"",
                                                    "k\"$@\"",
                                                    "\"${u:-$@}\"",
                                                    "\"${x:+$@}\"",
                                                    "\"${u-$*}\"",
                                                    "\"${u:-k${y:+$@}}\"",
                                                    "${u:-\"$@\"}",
                                                    "\"${@:-p}\"",
                                                    "\"${@%v}\"",
                                                    "$?",
                                                    "$#",
                                                    "$((1+2))",
                                                    "\"a'b\"",
                                                    "'a\"b'",
                                                    "\\$x",
                                                    "\\;",
                                                    "a\\\\b",
                                                    "'n\nl'",
                                                    "!",
                                                    "=x",
                                                    "x=~",
                                                    "^",
                                                    "%",
                                                    "@",
                                                    "if",
                                                    "done",
                                                    "}",
                                                    "\"\\$x\\\"\"",
                                                    "''$y",
                                                    "-$x",
                                                    "\"-$x\"",
                                                    "é",
                                                    "[",
                                                    "]",
                                                    "--",
                                                    "2",
                                                    "${u:-p q}",
                                                    "\"${u:-p q}\"",
                                                    "${x:?}",
                                                    "$",
                                                    "a$",
                                                    "\"$\""});

// With options that undo each other among them.
constexpr auto kXargsOptions = std::to_array<const char*>({"-I{} -n 2",
                                                           "-n 2 -I{}",
                                                           "-I{} -L1",
                                                           "-L1 -I{}",
                                                           "-I{} -n1",
                                                           "-i -l",
                                                           "-l -i",
                                                           "--replace -n 1",
                                                           "--max-lines=1 --replace={}",
                                                           "-I{} --max-args=2",
                                                           "-rI{} -tn2",
                                                           "-I{} -L 1 -n 2",
                                                           "-i{}",
                                                           "-I{} -d ' '",
                                                           "-P 2 -I{}",
                                                           "-I{} -E w1",
                                                           "-x -n1",
                                                           "-n2 -L1",
                                                           "-I{} -l2 -I{}",
                                                           "-0",
                                                           "-e",
                                                           "-ew1",
                                                           "--eof=w1 -n1",
                                                           "-I w"});

}  // namespace

std::uint32_t LineMaker::below(std::size_t limit) {
  return static_cast<std::uint32_t>(random_() % limit);
}

std::string LineMaker::pick(std::initializer_list<const char*> words) {
  return words.begin()[below(static_cast<std::uint32_t>(words.size()))];
}

std::string LineMaker::word(int depth) {
  if (depth > 0 && below(6) == 0) {
    switch (below(bash_ ? 7 : 5)) {
      case 0:
        return "$(" + list(depth - 1) + ")";
      case 1:
        return "\"k$(" + list(depth - 1) + ")\"";
      case 2:
        return "`" + simple(0) + "`";
      case 3:
        return "${u:-$(" + simple(depth - 1) + ")}";
      case 4:
        return "pre\"${x:+$(" + simple(depth - 1) + ")}\"";
      case 5:
        return "<(" + list(depth - 1) + ")";
      default:
        return "m$'t\\n'$(" + simple(depth - 1) + ")";
    }
  }
  if (bash_ && below(8) == 0) return kBashWords[below(kBashWords.size())];
  return kWords[below(kWords.size())];
}

std::string LineMaker::redirect(int depth) {
  if (bash_ && below(6) == 0)
    return pick({" &>o1", " &>>o2", " <<<\"$x\"", " <<<$(a)", " 2>&1", " >|o3"});
  if (depth > 0 && below(8) == 0) return " >\"$(" + simple(0) + ")\"";
  if (below(4) == 0) {
    return pick({" <p.c >/dev/stdin", " 2<p.c >/dev/stderr", " >/dev/stdout", " 2>/dev/stderr",
                 " 3<p.c 1>&3 >/dev/fd/1", " <p >/proc/self/fd/0", " <q.c", " 2<q.c",
                 " >/dev/stdin", " 1<p.c", " >>/dev/fd/3", " 1<>/dev/stdin"});
  }
  return pick({" >o1", " >>o2", " 2>&1", " </dev/null", " 2>/dev/null", " >&2", " 3>o3", " <o1",
               " >o4 2>&1", " <>o5", " >'o 6'", " 2>&-"});
}

std::string LineMaker::simple(int depth) {
  std::string out;
  if (below(8) == 0) out += pick({"n=1 ", "x=p ", "n=$(a) ", "m='p q' ", "n= "});
  if (below(24) == 0) return out + "n=" + word(depth);
  out += pick({"a", "b", "c", "d", "f1", "f2", "ls", "rm", "'a'", "\"b\"", "\\c", "a", "b", "d''"});
  const std::uint32_t words = below(4);
  for (std::uint32_t i = 0; i < words; ++i) {
    out += pick({" ", " ", "  ", "\t", " \\\n "});
    out += word(depth);
  }
  if (below(6) == 0) out += redirect(depth);
  if (below(60) == 0) out += " # c; " + simple(0) + "\n";
  return out;
}

std::string LineMaker::wrapped(int depth) {
  const std::string inner = simple(depth - 1);
  switch (below(18)) {
    case 13:
      return std::string("a | xargs ") + kXargsOptions[below(kXargsOptions.size())] + " " + inner +
             " {} k{}";
    case 14:
      return "find . -name '*.c' " + pick({"-exec", "-execdir"}) + " " + inner + " {} +";
    case 16:
      return "find . -name '*.c' -exec " + inner + " " +
             pick({"\\;", "{} +", "\";$u\"", "{} \"+$u\""}) + " -exec " + simple(0) + " \\;";
    case 15:
      return "exec " + pick({"<p.c", "3<p.c", "1<>p.c", ">o1", "2>&1"}) + "; " + inner;
    case 0:
      return "env n=1 " + inner;
    case 1:
      return "timeout 9 " + inner;
    case 2:
      return "nice -n 1 " + inner;
    case 3:
      return "a | xargs -n 1 " + inner;
    case 4:
      return "a | xargs -I{} " + inner + " {} k{}";
    case 5:
      return "find . -name '*.c' -exec " + inner + " {} \\;";
    case 6:
      return "bash -c 'a \"$x\"; b $(c)'";
    case 7:
      return "sh -c \"" + pick({"a; b", "a && b p", "c | d", "a $x", "(a)"}) + "\"";
    case 8:
      return "eval '" + pick({"a; b", "a `c`", "n=1 b p", "a \"$x\""}) + "'";
    case 9:
      return "trap 'd p' EXIT; " + inner;
    case 10:
      return "command " + inner;
    case 11:
      return pick({"test -n \"$x\" && a", "[ \"$x\" = p ] || b", "[ -f p.c ] && c", "read n",
                   "set -e", "cd sub && a *", "printf '%s' p", "echo p | d", "export n=1; a",
                   "true && a"});
    case 12:
      return "env -u n " + inner;
    default:
      return "exec " + inner;
  }
}

std::string LineMaker::compound(int depth) {
  const std::string body = list(depth - 1);
  switch (below(bash_ ? 15 : 10)) {
    case 0:
      return "if " + simple(0) + "; then " + body + "; else " + simple(0) + "; fi";
    case 1:
      return "for i in " + word(depth - 1) + " " + word(0) + "; do " + body + "; a $i; done";
    case 2:
      return "while f1; do " + body + "; done";
    case 3:
      return "until a; do " + body + "; done";
    case 4:
      return "{ " + body + "; }" + (below(3) == 0 ? redirect(0) : "");
    case 5:
      return "(" + body + ")" + (below(3) == 0 ? redirect(0) : "");
    case 6:
      return "case " + word(depth - 1) + " in p|q) " + body + ";; *) " + simple(0) + ";; esac";
    case 7:
      return "! " + simple(depth - 1);
    case 8:
      if (below(2) == 0) {
        return "a \"$(c <<'E'\n" + std::string(pick({"$(b)", "it", "x )", "E2"})) +
               " text\nE\n)\"; " + body;
      }
      return "c <<'E'\n$(a) text\nE\n" + body;
    case 9:
      return "fn() { " + body + "; }; fn";
    case 10:
      return "[[ " + word(depth - 1) + " == p* && -n $x ]] && " + simple(0);
    case 11:
      return "for ((i=0; i<2; i++)); do a $i; " + body + "; done";
    case 12:
      return "i=1; a $((i+1)); ((i++)); b $i";
    case 13:
      return "time " + simple(depth - 1);
    default:
      return simple(0) + " |& " + simple(0);
  }
}

std::string LineMaker::command(int depth) {
  if (depth > 0 && below(5) == 0) return compound(depth);
  if (depth > 0 && below(6) == 0) return wrapped(depth);
  return simple(depth);
}

std::string LineMaker::list(int depth) {
  std::string out = command(depth);
  while (below(3) == 0) {
    out += pick({"; ", " && ", " || ", " | ", "\n", " & ", ";", "|", "&&"});
    out += command(depth);
  }
  return out;
}

// One or two characters more, fewer or other. No slash: nothing leaves the scratch folder.
void LineMaker::change(std::string& line) {
  constexpr std::string_view signs = " \t\n;&|<>(){}[]'\"`\\$#*?~=!-+:,.@%^axb1E";
  for (std::uint32_t times = 1 + below(2); times > 0 && !line.empty(); --times) {
    const std::uint32_t at = below(static_cast<std::uint32_t>(line.size()));
    const char sign = signs[below(static_cast<std::uint32_t>(signs.size()))];
    switch (below(3)) {
      case 0:
        line.insert(at, 1, sign);
        break;
      case 1:
        line.erase(at, 1);
        break;
      default:
        line[at] = sign;
        break;
    }
  }
}

std::string LineMaker::line() {
  std::string out = list(3);
  // Words that are several need something to be several of.
  if (below(6) == 0) out = pick({"set -- p -r 's t'; ", "set -- -w; ", "set -- '' q; "}) + out;
  if (bash_ && below(12) == 0) out = pick({"r=(p '-r s' *.c); ", "r=(-z); "}) + out;
  if (below(2) == 0) change(out);
  return out;
}

}  // namespace pawl
