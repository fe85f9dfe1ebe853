#include "app/terminal/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::app {
namespace {

constexpr std::string_view kEnterPage = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view kLeavePage = "\x1b[?25h\x1b[?1049l";
constexpr std::size_t kSentMax = 4096;
constexpr int kEscapeWithin_ms = 40;  // what belongs to one key comes together

struct Sequence {
  std::string_view bytes;
  Key::Kind kind;
};
constexpr std::array kSequences = {
    Sequence{"\x1b[A", Key::Kind::up},       Sequence{"\x1b[B", Key::Kind::down},
    Sequence{"\x1bOA", Key::Kind::up},       Sequence{"\x1bOB", Key::Kind::down},
    Sequence{"\x1b[5~", Key::Kind::page_up}, Sequence{"\x1b[6~", Key::Kind::page_down},
    Sequence{"\x1b[H", Key::Kind::home},     Sequence{"\x1b[F", Key::Kind::end},
    Sequence{"\x1b[1~", Key::Kind::home},    Sequence{"\x1b[4~", Key::Kind::end},
    Sequence{"\x1bOH", Key::Kind::home},     Sequence{"\x1bOF", Key::Kind::end},
};

std::size_t bytes_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0x80U) return 1;
  if (byte >= 0xf0U) return 4;
  if (byte >= 0xe0U) return 3;
  return byte >= 0xc0U ? 2 : 1;
}

// Where a sequence that begins with an escape ends: at its first letter or `~`. 0: not yet.
std::size_t end_of_sequence(std::string_view sent) {
  for (std::size_t i = 2; i < sent.size(); ++i) {
    const char c = sent[i];
    if ((c >= '@' && c <= '~') && !(i == 2 && c == 'O')) return i + 1;
  }
  return 0;
}

std::optional<KeyRead> read_escape(std::string_view sent, bool all) {
  if (sent.size() == 1) {
    return all ? std::optional<KeyRead>({{Key::Kind::escape}, 1}) : std::nullopt;
  }
  if (sent[1] != '[' && sent[1] != 'O') return KeyRead{{Key::Kind::escape}, 1};
  for (const Sequence& one : kSequences) {
    if (sent.starts_with(one.bytes)) return KeyRead{{one.kind}, one.bytes.size()};
  }
  const std::size_t end = end_of_sequence(sent);
  if (end > 0) return KeyRead{{Key::Kind::other}, end};
  return all ? std::optional<KeyRead>({{Key::Kind::other}, sent.size()}) : std::nullopt;
}

// The next piece of a painted line: a colour, or a character with its width.
struct Piece {
  std::string_view bytes;
  std::size_t width = 0;
};
Piece next_piece(std::string_view line) {
  if (line.front() == '\x1b') {
    const std::size_t end = line.find('m');
    return {line.substr(0, end == std::string_view::npos ? line.size() : end + 1), 0};
  }
  const std::string_view character = line.substr(0, bytes_of_character(line.front()));
  return {character, columns(character)};
}

constexpr std::string_view kPlain = "\x1b[0m";

// Those that come as keys while the page is there.
sigset_t kept_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&wanted, number);
  return wanted;
}

}  // namespace

std::optional<KeyRead> read_key(std::string_view sent, bool all) {
  if (sent.empty()) return std::nullopt;
  const char first = sent.front();
  if (first == '\x1b') return read_escape(sent, all);
  if (first == '\r' || first == '\n') return KeyRead{{Key::Kind::enter}, 1};
  if (first == '\x7f' || first == '\b') return KeyRead{{Key::Kind::erase}, 1};
  if (first == '\x03') return KeyRead{{Key::Kind::interrupt}, 1};
  if (static_cast<unsigned char>(first) < ' ') return KeyRead{{Key::Kind::other}, 1};
  const std::size_t wanted = bytes_of_character(first);
  if (sent.size() < wanted) {
    return all ? std::optional<KeyRead>({{Key::Kind::other}, sent.size()}) : std::nullopt;
  }
  const std::string_view character = sent.substr(0, wanted);
  if (!valid_utf8(character)) return KeyRead{{Key::Kind::other}, 1};
  return KeyRead{{Key::Kind::text, std::string(character)}, wanted};
}

std::string cut_line(std::string_view painted, std::size_t columns_max) {
  std::vector<std::string> pieces = fold_line(painted, columns_max);
  return pieces.empty() ? std::string() : std::move(pieces.front());
}

std::vector<std::string> fold_line(std::string_view painted, std::size_t columns_max) {
  std::vector<std::string> lines;
  std::string line;
  std::string colour;  // that is on
  std::size_t used = 0;
  while (!painted.empty()) {
    const Piece piece = next_piece(painted);
    painted.remove_prefix(piece.bytes.size());
    if (piece.bytes.front() == '\x1b') {
      colour = piece.bytes == kPlain ? std::string() : std::string(piece.bytes);
    } else if (used + piece.width > columns_max && used > 0) {
      if (!colour.empty()) line += kPlain;
      lines.push_back(std::exchange(line, colour));
      used = 0;
    }
    line += piece.bytes;
    used += piece.width;
  }
  if (!colour.empty()) line += kPlain;
  lines.push_back(std::move(line));
  return lines;
}

Result<std::unique_ptr<Screen>> Screen::open() {
  net::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.open() || ::isatty(STDOUT_FILENO) != 1) {
    return fail(ErrorKind::environment,
                "this needs a terminal; `--json` prints what changes as lines");
  }
  std::unique_ptr<Screen> screen(new Screen(std::move(terminal)));
  if (::tcgetattr(screen->terminal_.get(), &screen->before_) != 0) {
    return fail(ErrorKind::environment, "the terminal does not say how it is set");
  }
  const sigset_t wanted = kept_signals();
  (void)::pthread_sigmask(SIG_BLOCK, &wanted, &screen->mask_before_);
  screen->changed_ = true;
  screen->signals_ = net::Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!screen->signals_.open() || !screen->raw()) {
    return fail(ErrorKind::environment, "the terminal cannot be read key by key");
  }
  screen->write(kEnterPage);
  screen->drawing_ = true;
  return screen;
}

Screen::~Screen() {
  if (drawing_) write(kLeavePage);
  if (!changed_) return;
  (void)::tcsetattr(terminal_.get(), TCSAFLUSH, &before_);
  (void)::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

bool Screen::raw() {
  termios quiet = before_;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  quiet.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  quiet.c_cc[VMIN] = 0;
  quiet.c_cc[VTIME] = 0;
  // What was typed before the page was there is not meant for it.
  return ::tcsetattr(terminal_.get(), TCSAFLUSH, &quiet) == 0;
}

void Screen::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t n = ::write(terminal_.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

Screen::Size Screen::size() const {
  winsize now{};
  Size size;
  if (::ioctl(terminal_.get(), TIOCGWINSZ, &now) == 0 && now.ws_row > 0 && now.ws_col > 0) {
    size = {now.ws_row, now.ws_col};
  }
  return size;
}

void Screen::draw(const std::vector<std::string>& lines) {
  const Size window = size();
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < std::min(lines.size(), window.rows); ++i) {
    if (i > 0) text += "\r\n";
    text += cut_line(lines[i], window.columns) + "\x1b[K";
  }
  write(text + "\x1b[J");
}

std::optional<Key> Screen::key(Duration within) {
  auto wait_ms = static_cast<int>(within.ns / 1'000'000);
  for (;;) {
    if (const auto found = read_key(sent_, false)) {
      sent_.erase(0, found->bytes);
      return found->key;
    }
    const bool part = !sent_.empty();
    std::array<pollfd, 2> sources = {pollfd{terminal_.get(), POLLIN, 0},
                                     pollfd{signals_.get(), POLLIN, 0}};
    const int ready = ::poll(sources.data(), sources.size(), part ? kEscapeWithin_ms : wait_ms);
    if (ready < 0 && errno != EINTR) return Key{Key::Kind::gone};
    if (sources[1].revents != 0) {
      signalfd_siginfo one{};
      if (::read(signals_.get(), &one, sizeof one) != sizeof one) continue;
      return Key{one.ssi_signo == SIGWINCH ? Key::Kind::resized : Key::Kind::gone};
    }
    if ((sources[0].revents & (POLLHUP | POLLERR)) != 0) return Key{Key::Kind::gone};
    if (sources[0].revents == 0) {
      if (!part) return std::nullopt;
      const auto rest = read_key(sent_, true);
      sent_.erase(0, rest ? rest->bytes : sent_.size());
      return rest ? std::optional(rest->key) : std::nullopt;
    }
    std::array<char, 256> bytes{};
    const ssize_t n = ::read(terminal_.get(), bytes.data(), bytes.size());
    if (n <= 0) return Key{Key::Kind::gone};
    sent_.append(bytes.data(), static_cast<std::size_t>(n));
    if (sent_.size() > kSentMax) sent_.clear();
  }
}

void Screen::pause() {
  write(fmt::format("\x1b[{};1H\r\n\x1b[?25h", size().rows));
  (void)::tcsetattr(terminal_.get(), TCSAFLUSH, &before_);
  (void)::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  sent_.clear();
}

void Screen::go_on() {
  const sigset_t wanted = kept_signals();
  (void)::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  (void)raw();
  write("\x1b[?25l\x1b[2J");
}

}  // namespace pawl::app
