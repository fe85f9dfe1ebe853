#include "node/servers/server_processes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "doors/mcp/transport/pipes.h"
#include "doors/mcp/transport/process_pool.h"
#include "io/net/pipe.h"
#include "io/secrets/credential.h"
#include "node/common/log.h"
#include "node/servers/tool_discovery.h"

namespace pawl::node {

namespace {

constexpr Duration first_wait = Duration::milliseconds(500);
constexpr unsigned waits_doubled_max = 8;
constexpr std::size_t error_line_bytes_max = 16UL << 10;
constexpr std::size_t error_line_shown_max = 500;

}  // namespace

struct ServerProcess : std::enable_shared_from_this<ServerProcess> {
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

void ServerProcess::says(Duration now, std::string_view line) {
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

Status ServerProcesses::room_for(const ProcessOf& of, std::size_t processes) {
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

std::size_t ServerProcesses::staying(const std::string* caller) const {
  return static_cast<std::size_t>(std::ranges::count_if(all_, [caller](const auto& one) {
    const auto process = one.lock();
    return process && !process->ending && (caller == nullptr || process->of.caller == *caller);
  }));
}

std::optional<std::size_t> ServerProcesses::lacking(const ProcessOf& of,
                                                    std::size_t processes) const {
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

std::size_t ServerProcesses::crowding(const std::string& caller) const {
  const std::size_t roomy = limits_.of_caller - limits_.of_caller / 4;
  const std::size_t theirs = staying(&caller);
  return theirs > roomy ? theirs - roomy : 0;
}

Result<std::shared_ptr<ServerProcess>> ServerProcesses::start(
    const std::string& name, const Deployment::Server& server, const std::string& directory,
    std::vector<std::string> carried, std::function<void(std::string&)> scrub,
    const ProcessOf& of) {
  PAWL_TRY(room_for(of, 1));
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
  auto process = std::make_shared<ServerProcess>();
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
  const std::weak_ptr<ServerProcess> self = process;
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

std::vector<std::shared_ptr<ServerProcess>> ServerProcesses::serving(const Serves& wanted) {
  std::vector<std::shared_ptr<ServerProcess>> found;
  for (const auto& one : all_) {
    auto process = one.lock();
    if (process && process->child && wanted(process->name, process->of.run)) {
      found.push_back(std::move(process));
    }
  }
  return found;
}

pid_t ServerProcesses::leader(const ServerProcess& process) {
  return process.child->id().pid;
}

void ServerProcesses::kill(ServerProcess& process) {
  process.child->kill();
}

std::unique_ptr<mcp::Transport> ServerProcesses::transport(ServerProcess& process) {
  // A program that ends as soon as it is told may be gone before its session is: it did live.
  return mcp::over_pipes(loop_, std::move(process.child->output), std::move(process.child->input),
                         [self = process.weak_from_this()] {
                           const auto alive = self.lock();
                           if (alive && alive->child->running()) alive->dismissed = true;
                         });
}

void ServerProcesses::lived(const ServerProcess& process) {
  Record& record = records_[process.name];
  if (loop_.now().ns - process.started.ns >= lives_long.ns) {
    record = {};
    return;
  }
  const unsigned doubled = std::min(record.failures++, waits_doubled_max);
  record.again = loop_.now() + std::min(Duration{first_wait.ns << doubled}, start_again_max);
}

std::shared_ptr<void> ServerProcesses::life(std::shared_ptr<ServerProcess> process) {
  void* const held = process.get();
  return {held, [this, kept = std::move(process)](void*) { end(kept); }};
}

void ServerProcesses::end(const std::shared_ptr<ServerProcess>& process) {
  if (std::exchange(process->ending, true)) return;
  spawn(escalation(process));
}

Task<void> ServerProcesses::escalation(std::shared_ptr<ServerProcess> process) {
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

namespace {

struct Equipping {
  std::shared_ptr<broker::Broker> broker;
  EquippedServer what;
};

std::string assignment(const mcp::ProcessCredentials::Variable& one) {
  std::string text;
  text.reserve(one.name.size() + 1 + one.value.bytes().size());
  text += one.name;
  text += '=';
  text += one.value.bytes();
  return text;
}

// Of two that are equal the values are: no session gets a process that was started with another
// one.
std::string mark_of(const mcp::ProcessCredentials& equipment) {
  Digest digest{};
  for (const auto& one : equipment.variables) {
    digest = sha256({bytes_of(digest), one.name, "=", bytes_of(sha256(one.value.bytes()))});
  }
  return hex(digest);
}

Task<Result<mcp::ProcessCredentials>> equipment_for(std::shared_ptr<const Equipping> how,
                                                    mcp::Pass pass) {
  const EquippedServer& what = how->what;
  const std::string name = pass.credential.empty() ? what.server.credential : pass.credential;
  mcp::ProcessCredentials out;
  if (name.empty()) co_return out;
  auto minted = co_await how->broker->mint(
      {what.roles, what.name, pass.tool, name, std::move(pass.arguments)});
  PAWL_CO_TRY(minted);
  out.used = std::move(minted->used);
  for (auto& [variable, value] : minted->variables) {
    out.variables.push_back({variable, std::move(value)});
  }
  if (out.variables.empty()) {
    out.variables.push_back({what.server.variable, std::move(minted->value)});
  }
  for (const auto& one : out.variables) {
    // What a program says is read line by line.
    if (one.value.bytes().find_first_of("\r\n") == std::string_view::npos) continue;
    co_return fail(ErrorKind::invalid,
                   fmt::format("the credential `{}` has several lines, which could "
                               "not be taken out of what the server says",
                               escape_untrusted(name)));
  }
  out.mark = mark_of(out);
  co_return out;
}

}  // namespace

std::unique_ptr<mcp::Transport> equipped_wire(net::Loop& loop, ServerProcesses& starts,
                                              std::shared_ptr<broker::Broker> broker,
                                              EquippedServer what) {
  const auto how = std::make_shared<const Equipping>(Equipping{std::move(broker), std::move(what)});
  mcp::ServerPrograms programs;
  programs.own = how->what.server.credential;
  programs.equip = [how](mcp::Pass pass) { return equipment_for(how, std::move(pass)); };
  programs.scrub = [how](std::string& text) { how->broker->scrub(how->what.name, text); };
  programs.start = [how, &starts, scrub = programs.scrub](
                       const mcp::ProcessCredentials& with) -> Result<mcp::Program> {
    std::vector<std::string> carried;
    carried.reserve(with.variables.size());
    for (const auto& one : with.variables) carried.push_back(assignment(one));
    auto process = starts.start(how->what.name, how->what.server, how->what.directory,
                                std::move(carried), scrub, how->what.of);
    PAWL_TRY(process);
    mcp::Program program;
    program.transport = starts.transport(**process);
    program.life = starts.life(*process);
    return program;
  };
  return mcp::over_programs(loop, std::move(programs));
}

}  // namespace pawl::node
