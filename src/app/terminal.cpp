#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include "app/command.h"
#include "app/layout.h"
#include "base/text.h"

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
  // Somebody who closed the pipe has read enough; anybody else would believe that this was all.
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

}  // namespace pawl::app
