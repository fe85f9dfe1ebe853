#include "node/local_sessions.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "analysis/check/check.h"
#include "base/text.h"
#include "doors/mcp/multiplexer/connect.h"
#include "doors/mcp/multiplexer/names.h"
#include "doors/mcp/transport/pipes.h"
#include "gate/gate.h"
#include "kernel/deployment/deployment.h"
#include "kernel/state/state.h"
#include "node/common/log.h"
#include "node/files/config_files.h"
#include "node/files/task_file.h"
#include "node/join.h"
#include "node/policy_watch.h"
#include "node/servers/remotes.h"

namespace pawl::node {

std::string user_name(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry == nullptr ? fmt::format("uid:{}", user) : std::string(entry->pw_name);
}

namespace {

// Where a path argument really is, in the file system that node and server share.
PathFact resolve(std::string_view pointer, std::string_view path) {
  PathFact fact;
  fact.pointer = std::string(pointer);
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::path(path), error);
  if (error) {
    fact.failure = error.message();
  } else {
    fact.resolved = real.string();
  }
  return fact;
}

// Which file a word of a command line starts where the server's shell looks in these directories,
// and where its links lead. A word with a slash is that file itself, if it is absolute.
ProgramFact find_program(std::string_view word, std::span<const std::string> directories) {
  ProgramFact fact;
  fact.word = std::string(word);
  std::vector<std::string> places;
  if (word.starts_with('/')) {
    places.push_back(fact.word);
  } else if (!word.contains('/')) {
    for (const std::string& directory : directories) places.push_back(directory + "/" + fact.word);
  }
  for (const std::string& place : places) {
    if (::access(place.c_str(), X_OK) != 0) continue;
    std::error_code error;
    if (!std::filesystem::is_regular_file(place, error) || error) continue;
    const auto real = std::filesystem::canonical(place, error);
    if (error) return fact;
    fact.found = place;
    fact.real = real.string();
    return fact;
  }
  return fact;
}

}  // namespace

void share_files(mcp::SessionSpec& spec) {
  spec.resolve = resolve;
  spec.find_program = find_program;
}

namespace {

constexpr Duration ends_within = Duration::seconds(5);

std::string refusal(const Error& error) {
  json::Writer out;
  out.object().key("ok").boolean(false).key("error").string(to_string(error)).end();
  return out.take();
}

// Which run a client means, and its task. The client is the parent of the shim, from /proc.
Result<RunRequest> request_run(const JoinRequest& join, std::shared_ptr<const Policy> policy,
                               const net::Peer& peer, const std::string& boot_id) {
  const auto parent = net::read_stat(peer.process.pid);
  const auto client = net::read_stat(parent ? parent->parent : 0);
  const net::ProcessId id = client ? client->id : net::ProcessId{};
  RunRequest run;
  run.key = run_key(join, policy->agent, id, boot_id);
  run.policy = std::move(policy);
  run.sponsor = user_name(peer.user);
  run.client = client ? escape_untrusted(client->name) : join.client;
  if (join.task.empty()) return run;
  auto task = read_task(join.task, {peer.user, id, join.directory});
  PAWL_TRY(task);
  run.task = std::move(*task);
  run.task_file = join.task;
  return run;
}

}  // namespace

void LocalSessions::accept(net::Fd socket, net::Peer peer) {
  if (peer.user != ::getuid() || joined_.size() >= connections_max) return;
  const std::uint64_t id = next_id_++;
  auto entry = std::make_unique<Joined>();
  entry->peer = std::move(peer);
  Joined& joined = *entry;
  joined_.emplace(id, std::move(entry));
  joined.channel.emplace(
      ports_.loop, std::move(socket),
      net::ChannelEvents{
          .frame = [this, id](net::Frame frame) { join_frame(id, std::move(frame)); },
          .end = [this, id](std::optional<Error>) { drop(id); },
      });
}

void LocalSessions::join_frame(std::uint64_t id, net::Frame frame) {
  const auto found = joined_.find(id);
  if (found == joined_.end()) return;
  Joined& joined = *found->second;
  const auto document = json::parse(frame.text);
  if (!document || !document->root().is_object()) {
    joined.channel->send(refusal({ErrorKind::invalid, "the request is not a JSON object", {}}));
    joined.channel->finish();
    return;
  }
  const json::View root = document->root();
  if (root.text("op") == "hello") {
    joined.channel->send(ports_.hello(root));
    return;
  }
  if (root.text("op") == "started" && joined.session) {
    return started_by_shim(joined, root, std::move(frame.fds));
  }
  if (root.text("op") == "server" && !joined.session) {
    const bool fine = (frame.fds.size() == server_fds || frame.fds.empty()) &&
                      joined.handed.size() < mcp::servers_of_an_endpoint_max;
    if (fine) joined.handed.push_back(std::move(frame.fds));
    if (!fine) joined.channel->finish();
    return;
  }
  if (root.text("op") != "join" || joined.session) {
    joined.channel->send(refusal({ErrorKind::usage, "this socket only joins, once", {}}));
    return;
  }
  const auto run = open_session(id, root, std::move(frame.fds));
  if (!run) {
    log_line("join refused: " + to_string(run.error()));
    ports_.gate.alerts.note_refusal("join refused", to_string(run.error()));
    joined.channel->send(refusal(run.error()));
    return;
  }
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(*run);
  const Run* state = ports_.gate.state().run(*run);
  out.key("phase").string(state == nullptr ? "open" : to_string(state->phase)).end();
  joined.channel->send(out.take());
}

Result<std::string> LocalSessions::open_session(std::uint64_t id, json::View request,
                                                std::vector<net::Fd> fds) {
  Joined& joined = *joined_.at(id);
  auto parsed = parse_join(request);
  PAWL_TRY(parsed);
  if (fds.size() != join_fds || joined.handed.size() != parsed->servers.size()) {
    return fail(ErrorKind::invalid, "a join carries two descriptors, and three for each server");
  }
  // The deployment file may have changed since the node started; it is read anew, and a broken one
  // refuses instead of falling back.
  PAWL_TRY(ports_.read_deployment());
  for (const JoinServer& server : parsed->servers) {
    PAWL_TRY(check_server(server, ports_.deployment));
  }
  const auto file = governing_policy(*parsed, ports_.deployment, ports_.config_directory);
  PAWL_TRY(file);
  std::vector<std::string> parts;
  const Loaded loaded = read_policy(*file, &ports_.deployment, &parts);
  if (!loaded.policy) {
    return loaded.errors.empty() ? fail(ErrorKind::invalid, "the policy does not load")
                                 : std::unexpected(loaded.errors.front());
  }
  PAWL_TRY(ports_.policies.fit_for_use(*loaded.policy));
  auto lock = read_lock(*file);
  PAWL_TRY(lock);

  const auto run_request = request_run(*parsed, loaded.policy, joined.peer, ports_.boot_id);
  PAWL_TRY(run_request);
  auto run = ports_.gate.runs.open(*run_request);
  ports_.policies.watch(*file, std::move(parts));
  if (!run) return run;
  joined.run = *run;
  ports_.joined();
  auto session = endpoint(id, *parsed, *run, *lock, std::move(fds));
  if (!session) {
    ports_.gate.runs.leave(*run);
    joined.run.clear();
    return std::unexpected(session.error());
  }
  joined.session = std::move(*session);
  std::string names;
  for (const JoinServer& server : parsed->servers) {
    names += (names.empty() ? "`" : ", `") + server.name + "`";
  }
  log_line(fmt::format("run {} joined: server {}, client {}", *run, names, run_request->client));
  return *run;
}

Result<std::unique_ptr<mcp::Endpoint>> LocalSessions::endpoint(std::uint64_t id,
                                                               const JoinRequest& join,
                                                               const std::string& run,
                                                               const Lock& lock,
                                                               std::vector<net::Fd> client) {
  Joined& joined = *joined_.at(id);
  const std::vector<std::string> roles =
      roles_of(ports_.deployment, ports_.gate.runs.policy_of(run)->file);
  std::vector<mcp::UpstreamServer> servers;
  for (std::size_t i = 0; i < join.servers.size(); ++i) {
    std::vector<net::Fd>& fds = joined.handed[i];
    mcp::UpstreamServer server;
    server.spec = ports_.session_of(run, join.servers[i].name, lock);
    if (fds.empty()) {
      auto transport = ports_.remotes.open(server.spec.server, roles);
      PAWL_TRY(transport);
      server.transport = *std::move(transport);
    } else if (ports_.remotes.has(server.spec.server)) {
      return fail(ErrorKind::refused, "the deployment file reaches this server over HTTP");
    } else {
      if (join.shares_files) share_files(server.spec);
      server.transport = mcp::over_pipes(ports_.loop, std::move(fds[1]), std::move(fds[0]));
      joined.servers.push_back(std::move(fds[2]));
      joined.server_names.push_back(join.servers[i].name);
      // A client with one server sees it end, as it would without pawl.
      if (join.servers.size() > 1) {
        server.spec.start_again = [this, id, i, name = join.servers[i].name] {
          return start_by_shim(id, i, name);
        };
      }
    }
    servers.push_back(std::move(server));
  }
  joined.handed.clear();
  return mcp::connect(ports_.loop, ports_.gate,
                      mcp::over_pipes(ports_.loop, std::move(client[0]), std::move(client[1])),
                      std::move(servers),
                      [this, id](const mcp::SessionEnd& end) { session_ended(id, end); });
}

// The server's surroundings are those of the shim, so the shim starts it.
Task<Result<mcp::Program>> LocalSessions::start_by_shim(std::uint64_t id, std::size_t server,
                                                        std::string name) {
  const auto found = joined_.find(id);
  if (found == joined_.end()) co_return fail(ErrorKind::environment, "the client's shim is gone");
  Joined& joined = *found->second;
  const std::uint64_t number = joined.next_start++;
  Completion<Result<std::vector<net::Fd>>> answered;
  joined.starting.emplace(number, answered);
  json::Writer out;
  out.object().key("op").string("start").key("server").natural(server);
  out.key("number").natural(number).end();
  joined.channel->send(out.take());
  const net::Timer enough = ports_.loop.after(shim_starts_within, [waiting = answered]() mutable {
    waiting.deliver(fail(ErrorKind::environment, "it was not started in time"));
  });
  auto fds = co_await answered;
  // The shim may be gone by now, and this place with it.
  const auto still = joined_.find(id);
  if (still != joined_.end()) still->second->starting.erase(number);
  PAWL_CO_TRY(fds);
  if (still != joined_.end()) {
    // The switch ends the process that is there now.
    Joined& now = *still->second;
    const auto place = std::ranges::find(now.server_names, name);
    if (place != now.server_names.end()) {
      const auto at = static_cast<std::size_t>(place - now.server_names.begin());
      now.servers[at] = std::move((*fds)[2]);
    }
  }
  co_return mcp::Program{mcp::over_pipes(ports_.loop, std::move((*fds)[1]), std::move((*fds)[0])),
                         nullptr};
}

void LocalSessions::started_by_shim(Joined& joined, json::View answer, std::vector<net::Fd> fds) {
  const json::View number = answer["number"];
  const auto asked = number.is_integer() && number.integer() > 0
                         ? joined.starting.find(number.natural())
                         : joined.starting.end();
  if (asked == joined.starting.end()) return;
  auto waiting = asked->second;
  if (fds.size() == server_fds) {
    waiting.deliver(std::move(fds));
  } else {
    waiting.deliver(fail(ErrorKind::environment,
                         escape_untrusted(answer.text("error").value_or("it was not started"))));
  }
}

void LocalSessions::session_ended(std::uint64_t id, const mcp::SessionEnd& end) {
  const auto found = joined_.find(id);
  if (found == joined_.end()) return;
  Joined& joined = *found->second;
  joined.over = true;
  log_line(fmt::format("run {}: {}", joined.run, end.why));
  json::Writer out;
  out.object().key("op").string("end").key("why").string(end.why);
  out.key("server_ended").boolean(end.server_ended);
  out.key("initialized").boolean(end.initialized).end();
  joined.channel->send(out.take());
  joined.channel->finish();
  const std::string run = joined.run;
  // Not from inside the session's own callback.
  ports_.loop.post([this, id, run] {
    joined_.erase(id);
    if (!run.empty()) ports_.gate.runs.leave(run);
  });
}

void LocalSessions::drop(std::uint64_t id) {
  const auto found = joined_.find(id);
  if (found == joined_.end()) return;
  Joined& joined = *found->second;
  for (auto& [number, waiting] : std::exchange(joined.starting, {})) {
    waiting.deliver(fail(ErrorKind::environment, "the client's shim is gone"));
  }
  if (joined.session && !joined.over) {
    joined.session->finish("the client's shim is gone");
    return;
  }
  ports_.loop.post([this, id] { joined_.erase(id); });
}

void LocalSessions::say(const std::string& run, const std::string& text) {
  json::Writer out;
  out.object().key("op").string("say").key("text").string(text).end();
  for (auto& [id, joined] : joined_) {
    if (!run.empty() && joined->run != run) continue;
    if (joined->session && !joined->over) joined->channel->send(out.text());
  }
}

void LocalSessions::cancel(const std::vector<std::string>& runs) {
  for (auto& [id, joined] : joined_) {
    if (joined->session && std::ranges::find(runs, joined->run) != runs.end())
      joined->session->cancel_all();
  }
}

void LocalSessions::use_policies() {
  for (auto& [id, joined] : joined_) {
    if (!joined->session || joined->over) continue;
    joined->session->use_policy(ports_.gate.runs.policy_of(joined->run));
  }
}

void LocalSessions::each_server(const Server& visit) const {
  for (const auto& [id, joined] : joined_) {
    for (std::size_t i = 0; i < joined->servers.size(); ++i) {
      visit(joined->run, joined->server_names[i], joined->servers[i]);
    }
  }
}

void LocalSessions::finish() {
  for (auto& [id, joined] : joined_) {
    if (joined->session) joined->session->finish("the node ends");
  }
  const auto over = [](const auto& one) { return one.second->over; };
  (void)ports_.loop.run_until([&] { return std::ranges::all_of(joined_, over); }, ends_within);
  joined_.clear();
}

}  // namespace pawl::node
