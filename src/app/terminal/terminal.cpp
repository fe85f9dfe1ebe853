#include "app/terminal/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "app/terminal/layout.h"
#include "base/text.h"
#include "base/utf8.h"
#include "io/net/fd.h"

namespace pawl::app {

namespace {

constexpr std::size_t columns_default = 80;
constexpr std::size_t columns_least = 40;
constexpr std::size_t columns_most = 400;
// Lines of prose longer than this are hard to read, however wide the window.
constexpr std::size_t prose_columns_max = 100;
constexpr std::int64_t progress_pause_ms = 400;

// A variable of the environment; empty where it is not set.
std::string_view variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view() : value;
}

std::size_t bounded(std::size_t wide) {
  return std::min(std::max(wide, columns_least), columns_most);
}

// 0, or why the rest could not be written.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

std::string_view escape_of(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return {};
    case Ink::good:
      return "\x1b[32m";
    case Ink::bad:
      return "\x1b[31m";
    case Ink::warn:
      return "\x1b[33m";
    case Ink::dim:
      return "\x1b[2m";
    case Ink::strong:
      return "\x1b[1m";
  }
  return {};
}

std::int64_t steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

bool colours() {
  return ::isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

std::string paint(Ink ink, std::string_view text) {
  if (!colours() || ink == Ink::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(ink), text);
}

Ink ink_of(Effect effect) {
  switch (effect) {
    case Effect::allow:
    case Effect::notify:
    case Effect::contain:
      return Ink::good;
    case Effect::hold:
      return Ink::warn;
    case Effect::deny:
      return Ink::bad;
  }
  return Ink::plain;
}

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return bounded(size.ws_col);
  }
  const std::string stated(variable("COLUMNS"));
  const unsigned long wide = std::strtoul(stated.c_str(), nullptr, 10);
  return wide == 0 ? columns_default : bounded(wide);
}

std::size_t line_columns() {
  // In a pipe a row is a line, for grep and for people who widen their window later.
  return ::isatty(STDOUT_FILENO) == 1 ? terminal_columns() : columns_unlimited;
}

std::size_t prose_columns() {
  return std::min(terminal_columns(), prose_columns_max);
}

void out(std::string_view text) {
  std::string line(text);
  if (!line.ends_with('\n')) line += '\n';
  const int failed = write_all(STDOUT_FILENO, line);
  // A reader who closed the pipe has read enough; any other would believe that this was all.
  if (failed != 0 && failed != EPIPE) {
    throw OutputLost("standard output cannot be written: " +
                     std::generic_category().message(failed));
  }
}

void err(std::string_view text) {
  std::string line(text);
  if (!line.ends_with('\n')) line += '\n';
  // There is nowhere left to say that this could not be said.
  (void)write_all(STDERR_FILENO, line);
}

int complain(const Error& error) {
  err("pawl: " + escape_untrusted(to_string(error), Newlines::keep));
  switch (error.fault) {
    case ErrorKind::invalid:
    case ErrorKind::refused:
    case ErrorKind::corrupt:
      return exit_no;
    case ErrorKind::usage:
    case ErrorKind::missing:
    case ErrorKind::environment:
    case ErrorKind::io:
    case ErrorKind::internal:
      return exit_usage;
  }
  return exit_usage;
}

std::string table(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::string>& head) {
  std::vector<std::vector<std::string>> all;
  if (!head.empty()) {
    std::vector<std::string> painted;
    for (const std::string& title : head) painted.push_back(paint(Ink::dim, title));
    all.push_back(std::move(painted));
  }
  all.insert(all.end(), rows.begin(), rows.end());
  return lay_out(all, line_columns());
}

Progress::Progress(std::string what)
    : what_(std::move(what)), shown_ms_(steady_ms()), visible_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (visible_) (void)write_all(STDERR_FILENO, "\r\x1b[K");
}

void Progress::step(std::uint64_t done, std::uint64_t total) {
  if (!visible_) return;
  const std::int64_t now = steady_ms();
  if (now - shown_ms_ < progress_pause_ms) return;
  shown_ms_ = now;
  const std::string line =
      total == 0 ? fmt::format("\r\x1b[K{}: {}", what_, done)
                 : fmt::format("\r\x1b[K{}: {} of {} ({} %)", what_, done, total,
                               static_cast<std::uint64_t>(100.0 * static_cast<double>(done) /
                                                          static_cast<double>(total)));
  (void)write_all(STDERR_FILENO, line);
}

namespace {

constexpr std::size_t answer_bytes_max = 4096;
constexpr char interrupt_key = 0x03;
constexpr char end_key = 0x04;
constexpr char erase_line_key = 0x15;
constexpr char backspace_key = 0x08;
constexpr char delete_key = 0x7f;

// The terminal reads key by key without showing them, until this goes.
class Hidden {
 public:
  explicit Hidden(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal, &before_) != 0) return;
    termios quiet = before_;
    // Without ISIG a key that would end the process comes here first, so that the terminal is
    // never left mute.
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    set_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  ~Hidden() {
    if (set_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  bool set() const { return set_; }

 private:
  int terminal_;
  termios before_{};
  bool set_ = false;
};

void say(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(terminal, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// `otherwise`: what a script does.
Result<net::Fd> open_terminal(const char* otherwise) {
  net::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.open()) {
    return fail(ErrorKind::environment,
                "there is no terminal to ask at; " + std::string(otherwise));
  }
  return terminal;
}

// What a key does to the answer: more of it, the end of it, or the end of everything.
enum class Key : std::uint8_t { goes_on, done, interrupted };

Key take(char key, std::string& answer) {
  switch (key) {
    case '\n':
    case '\r':
    case end_key:
      return Key::done;
    case interrupt_key:
      return Key::interrupted;
    case erase_line_key:
      answer.clear();
      return Key::goes_on;
    case backspace_key:
    case delete_key:
      utf8::erase_last(answer);
      return Key::goes_on;
    default:  // a text has no other keys that are no characters
      if (static_cast<unsigned char>(key) >= ' ' && answer.size() < answer_bytes_max) answer += key;
      return Key::goes_on;
  }
}

Result<std::string> read_keys(int terminal) {
  std::string answer;
  answer.reserve(answer_bytes_max);  // a secret that grows would leave its beginnings behind
  for (;;) {
    char key = 0;
    const ssize_t n = ::read(terminal, &key, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(ErrorKind::environment, "the terminal is gone");
    switch (take(key, answer)) {
      case Key::goes_on:
        break;
      case Key::done:
        return answer;
      case Key::interrupted:
        return fail(ErrorKind::usage, "interrupted");
    }
  }
}

Result<std::string> read_line(int terminal) {
  std::string answer;
  for (;;) {
    char c = 0;
    const ssize_t n = ::read(terminal, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(ErrorKind::environment, "the terminal is gone");
    if (n == 0 || c == '\n') return answer;
    if (answer.size() < answer_bytes_max) answer += c;
  }
}

// The first line of a file that no other user can read.
Result<std::string> passphrase_file(const std::string& path) {
  const Position at{path, 0, 0};
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.open()) {
    Error error = net::system_error(ErrorKind::environment, "read the passphrase file", errno);
    error.at = at;
    return std::unexpected(std::move(error));
  }
  struct stat what{};
  if (::fstat(file.get(), &what) != 0 || !S_ISREG(what.st_mode)) {
    return fail(ErrorKind::environment, "the passphrase file is not a regular file", at);
  }
  if ((what.st_mode & 077U) != 0) {
    return fail(ErrorKind::refused, "others can read the passphrase file: `chmod 600` it", at);
  }
  if (what.st_uid != ::geteuid() && what.st_uid != 0) {
    return fail(ErrorKind::refused, "the passphrase file belongs to another user", at);
  }
  std::string text(answer_bytes_max + 1, '\0');
  const ssize_t n = ::read(file.get(), text.data(), text.size());
  if (n < 0) return fail(ErrorKind::environment, "the passphrase file cannot be read", at);
  text.resize(static_cast<std::size_t>(n));
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.size() > answer_bytes_max) {
    return fail(ErrorKind::invalid,
                text.empty()
                    ? "the passphrase file starts with an empty line"
                    : fmt::format("the passphrase has more than {} bytes", answer_bytes_max),
                at);
  }
  return text;
}

}  // namespace

Result<std::string> ask(const std::string& question) {
  const auto terminal = open_terminal("scripts say it beforehand, with `--yes` or `--typed`");
  PAWL_TRY(terminal);
  say(terminal->get(), question + " ");
  return read_line(terminal->get());
}

Result<std::string> ask_secret(const std::string& question) {
  const char* file = std::getenv("PAWL_PASSPHRASE_FILE");  // NOLINT(concurrency-mt-unsafe)
  if (file != nullptr && *file != '\0') return passphrase_file(file);
  return ask_hidden(question);
}

Result<std::string> ask_hidden(const std::string& question) {
  const auto terminal = open_terminal("scripts name a file in PAWL_PASSPHRASE_FILE");
  PAWL_TRY(terminal);
  Result<std::string> answer = [&] {
    const Hidden hidden(terminal->get());
    if (!hidden.set()) {
      return Result<std::string>(
          fail(ErrorKind::environment, "the terminal does not stop showing what is typed"));
    }
    say(terminal->get(), question + " ");
    return read_keys(terminal->get());
  }();
  say(terminal->get(), "\n");
  if (answer && !valid_utf8(*answer)) return fail(ErrorKind::invalid, "that is not valid UTF-8");
  return answer;
}

}  // namespace pawl::app
