#include "app/served.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "app/notifier.h"
#include "app/offer.h"
#include "base/text.h"
#include "doors/mcp/transport/pipes.h"
#include "io/net/pipe.h"
#include "io/secrets/credential.h"

namespace pawl::app {
namespace {

constexpr Duration first_wait = Duration::milliseconds(500);
constexpr unsigned waits_doubled_max = 8;
constexpr std::size_t error_line_bytes_max = 16UL << 10;
constexpr std::size_t error_line_shown_max = 500;

}  // namespace

struct ServedProcess : std::enable_shared_from_this<ServedProcess> {
  std::string name;
  ProcessOf of;
  Duration started{};
  std::optional<net::Child> child;
  std::optional<net::LineReader> errors;
  Duration second{};
  std::size_t lines = 0;  // in that second
  bool ending = false;
  bool dismissed = false;  // it was there when we ended what it reads
  std::function<void(std::string&)> scrub;

  void says(Duration now, std::string_view line);
};

void ServedProcess::says(Duration now, std::string_view line) {
  if (now.ns - second.ns >= Duration::seconds(1).ns) {
    second = now;
    lines = 0;
  }
  if (++lines > error_lines_per_second_max) return;
  std::string whole(line);
  if (scrub) scrub(whole);
  const std::string text =
      escape_untrusted(std::string_view(whole).substr(0, error_line_shown_max));
  log_line(fmt::format("server `{}`: {}", name, text));
  if (lines == error_lines_per_second_max) {
    log_line(fmt::format("server `{}` says more in this second, which is not kept", name));
  }
}

Status ServerStarts::room_for(const ProcessOf& of, std::size_t processes) {
  std::string why;
  const auto known = live_of_.find(of.caller);
  const std::size_t theirs = known == live_of_.end() ? 0 : known->second;
  if (live_ + processes > limits_.all) {
    why = "too many processes of servers are running";
  } else if (!of.caller.empty() && theirs + processes > limits_.of_caller) {
    why = fmt::format(
        "too many processes of servers are running for this caller: {}, and at most "
        "{} may",
        theirs, limits_.of_caller);
  }
  if (why.empty()) return {};
  if (refused_) refused_(of, why);
  return fail(ErrorKind::environment, std::move(why));
}

std::size_t ServerStarts::staying(const std::string* caller) const {
  return static_cast<std::size_t>(std::ranges::count_if(all_, [caller](const auto& one) {
    const auto process = one.lock();
    return process && !process->ending && (caller == nullptr || process->of.caller == *caller);
  }));
}

std::optional<std::size_t> ServerStarts::lacking(const ProcessOf& of, std::size_t processes) const {
  const std::size_t share =
      of.caller.empty() ? limits_.all : std::min(limits_.all, limits_.of_caller);
  if (processes > share) return std::nullopt;
  const auto above = [processes](std::size_t staying, std::size_t most) {
    return staying + processes > most ? staying + processes - most : 0;
  };
  const std::size_t of_all = above(staying(nullptr), limits_.all);
  if (of.caller.empty()) return of_all;
  return std::max(of_all, above(staying(&of.caller), limits_.of_caller));
}

std::size_t ServerStarts::crowding(const std::string& caller) const {
  const std::size_t roomy = limits_.of_caller - limits_.of_caller / 4;
  const std::size_t theirs = staying(&caller);
  return theirs > roomy ? theirs - roomy : 0;
}

Result<std::shared_ptr<ServedProcess>> ServerStarts::start(const std::string& name,
                                                           const Deployment::Server& server,
                                                           const std::string& directory,
                                                           std::vector<std::string> carried,
                                                           std::function<void(std::string&)> scrub,
                                                           const ProcessOf& of) {
  if (Status room = room_for(of, 1); !room) return std::unexpected(room.error());
  const Record& record = records_[name];
  if (loop_.now() < record.again) {
    return fail(ErrorKind::environment,
                fmt::format("server `{}` ended right after its start, {} times in a row; it is "
                            "tried again later",
                            name, record.failures));
  }
  net::ChildSpec spec{.command = server.command,
                      .environment = passed_environment(server.env),
                      .directory = directory,
                      .error_output = net::ErrorOutput::pipe};
  for (std::string& one : carried) {
    spec.environment.push_back(one);
    secrets::wipe(one);
  }
  auto started = net::start(spec);
  for (std::string& one : spec.environment) secrets::wipe(one);
  auto process = std::make_shared<ServedProcess>();
  process->name = name;
  process->of = of;
  process->scrub = std::move(scrub);
  process->started = loop_.now();
  if (!started) {
    lived(*process);
    log_line(fmt::format("server `{}` cannot be started: {}", name, to_string(started.error())));
    return fail(ErrorKind::environment, fmt::format("server `{}` cannot be started", name));
  }
  process->child.emplace(loop_, std::move(*started));
  const std::weak_ptr<ServedProcess> self = process;
  process->errors.emplace(loop_, std::move(process->child->error_output),
                          net::LineEvents{.line =
                                              [self, this](std::string_view line) {
                                                if (auto alive = self.lock())
                                                  alive->says(loop_.now(), line);
                                              },
                                          .overlong =
                                              [self, this](std::string_view head) {
                                                if (auto alive = self.lock())
                                                  alive->says(loop_.now(), head);
                                              },
                                          .batch = {},
                                          .end = [](const net::StreamEnd&) {}},
                          error_line_bytes_max);
  ++live_;
  if (!of.caller.empty()) ++live_of_[of.caller];
  std::erase_if(all_, [](const auto& one) { return one.expired(); });
  all_.push_back(process);
  return process;
}

std::vector<std::shared_ptr<ServedProcess>> ServerStarts::serving(const Serves& wanted) {
  std::vector<std::shared_ptr<ServedProcess>> found;
  for (const auto& one : all_) {
    auto process = one.lock();
    if (process && process->child && wanted(process->name, process->of.run)) {
      found.push_back(std::move(process));
    }
  }
  return found;
}

pid_t ServerStarts::leader(const ServedProcess& process) {
  return process.child->id().pid;
}

void ServerStarts::kill(ServedProcess& process) {
  process.child->kill();
}

std::unique_ptr<mcp::Transport> ServerStarts::transport(ServedProcess& process) {
  // A program that ends as soon as it is told may be gone before its session is: it did live.
  return mcp::over_pipes(loop_, std::move(process.child->output), std::move(process.child->input),
                         [self = process.weak_from_this()] {
                           const auto alive = self.lock();
                           if (alive && alive->child->running()) alive->dismissed = true;
                         });
}

void ServerStarts::lived(const ServedProcess& process) {
  Record& record = records_[process.name];
  if (loop_.now().ns - process.started.ns >= lives_long.ns) {
    record = {};
    return;
  }
  const unsigned doubled = std::min(record.failures++, waits_doubled_max);
  record.again = loop_.now() + std::min(Duration{first_wait.ns << doubled}, start_again_max);
}

std::shared_ptr<void> ServerStarts::life(std::shared_ptr<ServedProcess> process) {
  void* const held = process.get();
  return {held, [this, kept = std::move(process)](void*) { end(kept); }};
}

void ServerStarts::end(const std::shared_ptr<ServedProcess>& process) {
  if (std::exchange(process->ending, true)) return;
  spawn(escalation(process));
}

Task<void> ServerStarts::escalation(std::shared_ptr<ServedProcess> process) {
  // Only one that ended before it was asked to is not started again at once.
  if (process->dismissed || process->child->running()) {
    records_.erase(process->name);
  } else {
    lived(*process);
  }
  const net::Ending ended = co_await process->child->end_gently();
  for (const net::ProcessStat& left : ended.survivors) {
    log_line(fmt::format("process {} (`{}`) of server `{}` is not proven dead", left.id.pid,
                         escape_untrusted(left.name), process->name));
  }
  process->errors.reset();
  --live_;
  if (const auto caller = live_of_.find(process->of.caller);
      caller != live_of_.end() && --caller->second == 0) {
    live_of_.erase(caller);
  }
}

}  // namespace pawl::app
