// Devices that are files: what a redirection to `/dev/stdin` and the like really opens.
#include <gtest/gtest.h>

#include "lang/shell/testing.h"

namespace pawl::shell {
namespace {

// The files that redirections write, `+` before them where they are read; `!` where it cannot be
// told.
std::string opened(std::string_view text) {
  const Result<Line> line = parse(text, Dialect::bash);
  if (!line) return "error";
  const Analysis analysis = analyse(*line);
  if (!analysis.troubles.empty()) return "!";
  std::string out;
  for (const Command& command : analysis.commands) {
    for (const Redirection& one : command.redirections) {
      out += (out.empty() ? "" : " ");
      out += (one.kind == RedirectKind::read ? "+" : "") + one.target.text;
    }
  }
  return out;
}

struct Opened {
  std::string_view line;
  std::string_view files;
};

class Devices : public testing::TestWithParam<Opened> {};

TEST_P(Devices, AreFollowed) {
  EXPECT_EQ(opened(GetParam().line), GetParam().files) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    ThatHoldNothing, Devices,
    testing::Values(Opened{"a > /dev/null 2>&1", ""}, Opened{"a > /dev/stderr", ""},
                    Opened{"a | b > /dev/stdout", ""}, Opened{"a 2> /dev/fd/1", ""},
                    Opened{"a >> /proc/self/fd/2", ""}, Opened{"a < /dev/stdin", ""},
                    Opened{"a > /dev/tty", ""}, Opened{"a | b > /dev/stdin", ""},
                    Opened{"x=$(a > /dev/stdout)", ""}, Opened{"a <<< x > /dev/stdin", ""},
                    Opened{"a 2>&1 > /dev/stderr < f", "+f"},
                    Opened{"a < f; b > /dev/stderr", "+f"}, Opened{"a > f; b > /dev/stdout", "f"},
                    Opened{"a < f | b > /dev/stdin", "+f"},
                    Opened{"{ a | b > /dev/stdin; } < f", "+f"},
                    Opened{"exec 2>&1; a > /dev/stderr", ""}));

INSTANTIATE_TEST_SUITE_P(
    ThatAreFiles, Devices,
    testing::Values(
        Opened{"echo x < f > /dev/stdin", "+f f"}, Opened{"2< f echo x > /dev/stderr", "+f f"},
        Opened{"a 1< f > /dev/stdout", "+f f"}, Opened{"a < f >> /dev/fd/0", "+f f"},
        Opened{"a < f 3> /proc/self/fd/0", "+f f"}, Opened{"a < f <> /dev/stdin", "+f f"},
        Opened{"a < f &> /dev/stdin", "+f f"}, Opened{"a 3< f > /dev/fd/3", "+f f"},
        Opened{"a 3< f 1>&3 > /dev/stdout", "+f f"}, Opened{"a 3< f 1>&3- > /dev/stdout", "+f f"},
        Opened{"a < f 4< /dev/stdin > /dev/fd/4", "+f f"}, Opened{"a > f 2> /dev/stdout", "f f"},
        Opened{"{ a > /dev/stdin; } < f", "+f f"}, Opened{"(a; b > /dev/stderr) 2< f", "+f f"},
        Opened{"while a; do b > /dev/stdin; done < f", "+f f"},
        Opened{"if a; then b > /dev/stdin; fi < f", "+f f"},
        Opened{"for i in $(a > /dev/stdin); do b; done < f", "+f f"},
        Opened{"eval 'a > /dev/stdin' < f", "+f f"},
        Opened{"bash -c 'a > /dev/stderr' 2< f", "+f f"},
        Opened{"timeout 5 bash -c 'a > /dev/stdin' < f", "+f f"},
        Opened{"a < f > \"$(b > /dev/stdin)\"", "!"},
        Opened{"{ a | b > /dev/stderr; } 2< f", "+f f"},
        Opened{"{ a >(b > /dev/stdout); } 1< f", "+f f"}));

INSTANTIATE_TEST_SUITE_P(
    ThatMayBeFiles, Devices,
    testing::Values(Opened{"a > /dev/stdin", "!"}, Opened{"a > /dev/fd/3", "!"},
                    Opened{"a > /dev/fd/12", "!"}, Opened{"a 12< f > /dev/fd/12", "!"},
                    Opened{"a 1>&3 > /dev/stdout", "!"}, Opened{"a 1>&0 > /dev/fd/1", "!"},
                    Opened{"exec < f; a > /dev/stdin", "!"},
                    Opened{"exec 2< f; a > /dev/stderr", "!"},
                    Opened{"while a > /dev/stdout; do exec 1< f; done", "!"},
                    Opened{"command exec 2< f; a > /dev/stderr", "!"},
                    Opened{"eval 'exec 2< f'; a > /dev/stderr", "!"},
                    Opened{"trap 'a > /dev/stderr' EXIT; { exit; } 2< f", "!"},
                    Opened{"x=$(a > /dev/stderr) b 2< f", "!"}, Opened{"a > /dev/tcp/h/1", "!"},
                    Opened{"a > /dev/fd/$x", "!"}));

}  // namespace
}  // namespace pawl::shell
