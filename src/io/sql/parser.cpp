#include "io/sql/parser.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "io/net/child.h"
#include "io/sql/frame.h"
#include "lang/sql/scan.h"

namespace pawl::sql {

namespace {

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

constexpr std::string_view kTooLong = "the SQL parser took too long";

// A refusal is an answer; everything else is the end of that process.
bool lost_process(const Result<Summary>& answer) {
  return !answer && answer.error().fault != ErrorKind::invalid;
}

// A write to a process that died must be an error and not a signal. A program that has chosen
// something else for this signal keeps it.
void ignore_broken_pipes() {
  struct sigaction old{};
  if (::sigaction(SIGPIPE, nullptr, &old) == 0 && old.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

std::unexpected<Error> lost(std::string_view why) {
  return fail(ErrorKind::environment, std::string(why));
}

}  // namespace

struct Parser::State {
  State(std::vector<std::string> asked, ParserLimits bounds)
      : command(std::move(asked)), limits(bounds) {}

  Status start();
  void end();
  Result<Summary> ask(std::string_view text);
  Result<std::string> exchange(const std::string& request);
  bool ready(int fd, short what, std::int64_t until) const;
  void keep(std::string_view text, const Result<Summary>& answer);

  std::vector<std::string> command;
  ParserLimits limits;
  std::optional<net::Started> process;
  std::deque<std::int64_t> starts;  // when, within the window
  std::unordered_map<std::string, Result<Summary>> kept;
};

Status Parser::State::start() {
  const std::int64_t now = now_ns();
  while (!starts.empty() && starts.front() < now - limits.starts_window.ns) starts.pop_front();
  if (starts.size() >= limits.starts_max) {
    return lost("the SQL parser ended too often; it is started again in a while");
  }
  starts.push_back(now);
  Result<net::Started> started = net::start({.command = command,
                                             .environment = {},
                                             .directory = "/",
                                             .error_output = net::ErrorOutput::discard});
  PAWL_TRY(started);
  process = *std::move(started);
  return {};
}

void Parser::State::end() {
  if (!process) return;
  process->input.reset();
  // Not reaped yet, so the number is still this process's.
  ::kill(process->id.pid, SIGKILL);
  net::wait_for_exit(process->pidfd);
  process.reset();
}

bool Parser::State::ready(int fd, short what, std::int64_t until) const {
  while (true) {
    const std::int64_t left = until - now_ns();
    if (left <= 0) return false;
    pollfd one{.fd = fd, .events = what, .revents = 0};
    const timespec wait{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    const int n = ::ppoll(&one, 1, &wait, nullptr);
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

// Sends the request and takes one whole reply, or fails.
Result<std::string> Parser::State::exchange(const std::string& request) {
  const std::int64_t until = now_ns() + limits.patience.ns;
  std::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t n = ::write(process->input.get(), rest.data(), rest.size());
    if (n > 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      if (!ready(process->input.get(), POLLOUT, until)) return lost(kTooLong);
    } else if (n == 0 || errno != EINTR) {
      return lost("the SQL parser died");
    }
  }
  std::string reply;
  char piece[4096];
  while (reply.size() < 4 || reply.size() < 4 + length_of(reply)) {
    if (!ready(process->output.get(), POLLIN, until)) {
      return lost(kTooLong);
    }
    const ssize_t n = ::read(process->output.get(), piece, sizeof piece);
    if (n == 0) return lost("the SQL parser died of this text");
    if (n < 0 && errno != EAGAIN && errno != EINTR) return lost("the SQL parser died");
    if (n > 0) reply.append(piece, static_cast<std::size_t>(n));
    if (reply.size() >= 4 && length_of(reply) > reply_bytes_max) break;
  }
  if (reply.size() < 5 || reply.size() != 4 + length_of(reply)) {
    return lost("the SQL parser's answer is not a summary");
  }
  return reply.substr(4);
}

Result<Summary> Parser::State::ask(std::string_view text) {
  const Result<std::string> reply = exchange(framed(text));
  PAWL_TRY(reply);
  const std::string_view words = std::string_view(*reply).substr(1);
  if (reply->front() == '-') return fail(ErrorKind::invalid, std::string(words));
  if (reply->front() != '+') return lost("the SQL parser's answer is not a summary");
  const Result<json::Document> document = json::parse(words);
  if (!document) return lost("the SQL parser's answer is not a summary");
  Result<Summary> summary = parse_summary(document->root());
  if (!summary) return lost("the SQL parser's answer is not a summary");
  return summary;
}

void Parser::State::keep(std::string_view text, const Result<Summary>& answer) {
  if (limits.kept_max == 0) return;
  if (kept.size() >= limits.kept_max) kept.clear();
  kept.insert_or_assign(std::string(text), answer);
}

Parser::Parser(std::vector<std::string> command, ParserLimits limits)
    : state_(std::make_unique<State>(std::move(command), limits)) {
  ignore_broken_pipes();
}

Parser::~Parser() {
  state_->end();
}

Result<Summary> Parser::read(std::string_view text) {
  State& s = *state_;
  if (const auto known = s.kept.find(std::string(text)); known != s.kept.end()) {
    return known->second;
  }
  // Looked at here too: what is plainly out of bounds never reaches the other process.
  PAWL_TRY(scan(text));
  if (!s.process) {
    PAWL_TRY(s.start());
  }
  Result<Summary> answer = s.ask(text);
  if (lost_process(answer)) {
    // Perhaps another process ended it: only a text that ends two processes is remembered.
    s.end();
    if (answer.error().message == kTooLong) return answer;
    PAWL_TRY(s.start());
    answer = s.ask(text);
    if (lost_process(answer)) s.end();
  }
  s.keep(text, answer);
  return answer;
}

}  // namespace pawl::sql
