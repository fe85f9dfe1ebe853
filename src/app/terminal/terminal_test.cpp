// Questions at a terminal: a pseudo terminal, with a process of its own in front of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>

#include "app/terminal/terminal.h"
#include "io/net/fd.h"

namespace pawl::app {
namespace {

using ::testing::HasSubstr;

// What the process made of the question, and what the terminal showed.
struct Asked {
  std::string answer;  // or `error: …`
  std::string shown;
  bool echoes_again = false;
};

void answer_in_child(const std::string& terminal, int result,
                     const std::function<Result<std::string>()>& question) {
  ::setsid();
  // The first terminal that a session opens is its own: it is /dev/tty then.
  const int own = ::open(terminal.c_str(), O_RDWR);
  const auto answer = question();
  const std::string text = answer ? *answer : "error: " + answer.error().message;
  const bool written = own >= 0 && ::write(result, text.data(), text.size()) >= 0;
  ::_exit(written ? 0 : 1);
}

// Types once the question is there.
Asked asked(const std::string& keys, const std::function<Result<std::string>()>& question) {
  Asked out;
  const net::Fd main(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 128> name{};
  EXPECT_EQ(::grantpt(main.get()), 0);
  EXPECT_EQ(::unlockpt(main.get()), 0);
  EXPECT_EQ(::ptsname_r(main.get(), name.data(), name.size()), 0);
  const net::Fd held(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  auto result = net::make_pipe();
  const pid_t child = ::fork();
  if (child == 0) answer_in_child(name.data(), result->write.get(), question);
  result->write.reset();

  const auto read_until = [&out, &main](std::string_view mark) {
    while (out.shown.find(mark) == std::string::npos) {
      std::array<char, 256> bytes{};
      const ssize_t n = ::read(main.get(), bytes.data(), bytes.size());
      if (n <= 0) return;
      out.shown.append(bytes.data(), static_cast<std::size_t>(n));
    }
  };
  read_until("? ");
  EXPECT_EQ(::write(main.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  std::array<char, 8192> bytes{};
  for (ssize_t n = 0; (n = ::read(result->read.get(), bytes.data(), bytes.size())) > 0;) {
    out.answer.append(bytes.data(), static_cast<std::size_t>(n));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  pollfd more{.fd = main.get(), .events = POLLIN, .revents = 0};
  while (::poll(&more, 1, 0) > 0 && (more.revents & POLLIN) != 0) {
    const ssize_t n = ::read(main.get(), bytes.data(), bytes.size());
    if (n <= 0) break;
    out.shown.append(bytes.data(), static_cast<std::size_t>(n));
  }
  termios after{};
  out.echoes_again = ::tcgetattr(held.get(), &after) == 0 && (after.c_lflag & ECHO) != 0 &&
                     (after.c_lflag & ICANON) != 0 && (after.c_lflag & ISIG) != 0;
  return out;
}

Result<std::string> secret() {
  ::unsetenv("PAWL_PASSPHRASE_FILE");
  return ask_secret("who?");
}

TEST(Ask, ShowsWhatIsTyped) {
  const Asked at = asked("ada\n", [] { return ask("who?"); });
  EXPECT_EQ(at.answer, "ada");
  EXPECT_THAT(at.shown, HasSubstr("who? ada"));
}

TEST(AskSecret, ShowsNothingOfIt) {
  const Asked at = asked("correct horse\r", secret);
  EXPECT_EQ(at.answer, "correct horse");
  EXPECT_EQ(at.shown, "who? \r\n");
  EXPECT_TRUE(at.echoes_again);
}

TEST(AskSecret, KeysThatTakeBack) {
  EXPECT_EQ(asked("ab\x7f\x7f"
                  "cd\n",
                  secret)
                .answer,
            "cd");
  EXPECT_EQ(asked("aü\x7f\n", secret).answer, "a") << "a character is more than a byte";
  EXPECT_EQ(asked("\x7f"
                  "a\x08"
                  "b\n",
                  secret)
                .answer,
            "b");
  EXPECT_EQ(asked("wrong\x15right\n", secret).answer, "right");
  EXPECT_EQ(asked("a\x1a\x1b\n", secret).answer, "a") << "no key but a character is part of it";
}

TEST(AskSecret, AnInterruptLeavesTheTerminalAsItWas) {
  const Asked at = asked("half\x03", secret);
  EXPECT_EQ(at.answer, "error: interrupted");
  EXPECT_TRUE(at.echoes_again);
  EXPECT_EQ(at.shown, "who? \r\n");
}

TEST(AskSecret, EndsWithTheEndOfInputToo) {
  EXPECT_EQ(asked("pass\x04", secret).answer, "pass");
  EXPECT_EQ(asked("\xff\n", secret).answer, "error: that is not valid UTF-8");
}

}  // namespace
}  // namespace pawl::app
