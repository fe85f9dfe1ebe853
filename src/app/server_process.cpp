#include "app/server_process.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/command.h"
#include "app/offer.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr Duration early_end = Duration::seconds(5);
constexpr std::size_t names_shown_max = 8;

// Names that look like what a server dies without come first.
std::string withheld_words(std::vector<std::string> names) {
  const auto telling = [](const std::string& name) {
    for (std::string_view part : {"TOKEN", "KEY", "SECRET", "PASSWORD", "URL", "HOST", "DSN"}) {
      if (name.find(part) != std::string::npos) return true;
    }
    return false;
  };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return telling(a) != telling(b) ? telling(a) : a < b;
  });
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < names_shown_max; ++i) {
    text += (i == 0 ? " " : ", ") + escape_untrusted(names[i]);
  }
  if (names.size() > names_shown_max) text += ", …";
  return text;
}

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(net::Loop& loop,
                                                            const ServerCommand& what) {
  std::unique_ptr<ServerProcess> server(new ServerProcess(loop));
  server->name_ = what.name;
  auto started = net::start({.command = what.command,
                             .environment = passed_environment(what.wanted, &server->withheld_),
                             .directory = {},
                             .error_output = net::ErrorOutput::pipe});
  if (!started) return std::unexpected(started.error());
  server->since_ = loop.now();
  server->started_ = std::move(*started);
  return server;
}

std::vector<int> ServerProcess::fds() const {
  return {started_->input.get(), started_->output.get(), started_->pidfd.get()};
}

std::vector<net::Fd> ServerProcess::own_fds() const {
  std::vector<net::Fd> all;
  for (const net::Fd* one : {&started_->input, &started_->output, &started_->pidfd}) {
    if (auto copy = one->duplicate()) all.push_back(std::move(*copy));
  }
  return all;
}

void ServerProcess::handed_over() {
  if (!started_) return;
  started_->input.reset();
  started_->output.reset();
  errors_ = std::move(started_->error_output);
  child_.emplace(loop_, std::move(*started_));
  started_.reset();
}

Status ServerProcess::relay() {
  auto watch =
      loop_.watch(errors_.get(), net::Interest::read, [this](net::Ready) { relay_errors(); });
  if (!watch) return std::unexpected(watch.error());
  errors_watch_ = std::move(*watch);
  return {};
}

// The server's standard error goes where the client expects it. Ours is never registered with the
// loop: whether it blocks is a property that other programs share.
void ServerProcess::relay_errors() {
  char buffer[16384];
  const ssize_t count = ::read(errors_.get(), buffer, sizeof buffer);
  if (count <= 0) {
    errors_watch_.reset();
    return;
  }
  ssize_t done = 0;
  while (done < count) {
    const ssize_t written =
        ::write(STDERR_FILENO, buffer + done, static_cast<std::size_t>(count - done));
    if (written <= 0) return;
    done += written;
  }
}

Task<net::Exit> ServerProcess::ended() {
  exit_ = co_await child_->ended();
  lived_ = Duration{loop_.now().ns - since_.ns};
  co_return *exit_;
}

Task<void> ServerProcess::end() {
  ending_ = true;
  handed_over();
  const net::Ending ended = co_await child_->end_gently();
  if (!exit_) lived_ = Duration{loop_.now().ns - since_.ns};
  exit_ = ended.exit;
  for (const net::ProcessStat& left : ended.survivors) {
    err(fmt::format("pawl: process {} (`{}`) of the server is not proven dead", left.id.pid,
                    escape_untrusted(left.name)));
  }
}

void ServerProcess::report(bool initialized) const {
  if (!exit_) return;
  const bool soon = lived_ < early_end || !initialized;
  err(fmt::format("pawl: {} ended with {}{}",
                  name_.empty() ? "the server" : "server `" + escape_untrusted(name_) + "`",
                  net::to_string(*exit_),
                  soon ? fmt::format(" {} after its start",
                                     to_string(Duration::milliseconds(lived_.ns / 1'000'000)))
                       : std::string()));
  if (soon && !withheld_.empty()) {
    err(fmt::format("pawl: {} variables of this environment were not passed to it:{}",
                    withheld_.size(), withheld_words(withheld_)));
    err("pawl: pass one with `--env NAME`");
  }
}

}  // namespace pawl::app
