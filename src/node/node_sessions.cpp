// Runs and sessions of a node: who joins, here and over the network, and what follows when they
// leave.
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "analysis/check/check.h"
#include "base/text.h"
#include "doors/mcp/multiplexer/names.h"
#include "doors/mcp/transport/null_transport.h"
#include "doors/mcp/transport/pipes.h"
#include "io/identity/bearer.h"
#include "io/pins/lock.h"
#include "kernel/deployment/deployment.h"
#include "node/files/config_files.h"
#include "node/files/task_file.h"
#include "node/node_impl.h"
#include "node/servers/server_processes.h"

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

void Node::joined(net::Fd socket, net::Peer peer) {
  if (peer.user != ::getuid() || joined_.size() >= connections_max) return;
  const std::uint64_t id = next_id_++;
  auto entry = std::make_unique<Joined>();
  entry->peer = std::move(peer);
  Joined& joined = *entry;
  joined_.emplace(id, std::move(entry));
  joined.channel.emplace(
      loop_, std::move(socket),
      net::ChannelEvents{
          .frame = [this, id](net::Frame frame) { join_frame(id, std::move(frame)); },
          .end = [this, id](std::optional<Error>) { drop(id); },
      });
}

void Node::join_frame(std::uint64_t id, net::Frame frame) {
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
    joined.channel->send(hello(root));
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
    gate_->alerts.note_refusal("join refused", to_string(run.error()));
    joined.channel->send(refusal(run.error()));
    return;
  }
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(*run);
  const Run* state = gate_->state().run(*run);
  out.key("phase").string(state == nullptr ? "open" : to_string(state->phase)).end();
  joined.channel->send(out.take());
}

Result<std::string> Node::open_session(std::uint64_t id, json::View request,
                                       std::vector<net::Fd> fds) {
  Joined& joined = *joined_.at(id);
  auto parsed = parse_join(request);
  PAWL_TRY(parsed);
  if (fds.size() != join_fds || joined.handed.size() != parsed->servers.size()) {
    return fail(ErrorKind::invalid, "a join carries two descriptors, and three for each server");
  }
  // The deployment file may have changed since the node started; it is read anew, and a broken one
  // refuses instead of falling back.
  PAWL_TRY(deployment_watch_.read());
  people_changed();
  for (const JoinServer& server : parsed->servers) {
    PAWL_TRY(check_server(server, deployment_));
  }
  const auto file = governing_policy(*parsed, deployment_, config_directory_);
  PAWL_TRY(file);
  std::vector<std::string> parts;
  const Loaded loaded = read_policy(*file, &deployment_, &parts);
  if (!loaded.policy) {
    return loaded.errors.empty() ? fail(ErrorKind::invalid, "the policy does not load")
                                 : std::unexpected(loaded.errors.front());
  }
  PAWL_TRY(policies_->fit_for_use(*loaded.policy));
  auto lock = read_lock(*file);
  PAWL_TRY(lock);

  const auto run_request = request_run(*parsed, loaded.policy, joined.peer, boot_id_);
  PAWL_TRY(run_request);
  auto run = gate_->runs.open(*run_request);
  policies_->watch(*file, std::move(parts));
  if (!run) return run;
  joined.run = *run;
  use_policies();
  auto session = endpoint(id, *parsed, *run, *lock, std::move(fds));
  if (!session) {
    gate_->runs.leave(*run);
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

Result<std::unique_ptr<mcp::Endpoint>> Node::endpoint(std::uint64_t id, const JoinRequest& join,
                                                      const std::string& run, const Lock& lock,
                                                      std::vector<net::Fd> client) {
  Joined& joined = *joined_.at(id);
  const std::vector<std::string> roles = roles_of(deployment_, gate_->runs.policy_of(run)->file);
  std::vector<mcp::UpstreamServer> servers;
  for (std::size_t i = 0; i < join.servers.size(); ++i) {
    std::vector<net::Fd>& fds = joined.handed[i];
    mcp::UpstreamServer server;
    server.spec = session_of(run, join.servers[i].name, lock);
    if (fds.empty()) {
      auto transport = remotes_->open(server.spec.server, roles);
      PAWL_TRY(transport);
      server.transport = *std::move(transport);
    } else if (remotes_->has(server.spec.server)) {
      return fail(ErrorKind::refused, "the deployment file reaches this server over HTTP");
    } else {
      if (join.shares_files) share_files(server.spec);
      server.transport = mcp::over_pipes(loop_, std::move(fds[1]), std::move(fds[0]));
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
  return mcp::connect(
      loop_, *gate_, mcp::over_pipes(loop_, std::move(client[0]), std::move(client[1])),
      std::move(servers), [this, id](const mcp::SessionEnd& end) { session_ended(id, end); });
}

// The server's surroundings are those of the shim, so the shim starts it.
Task<Result<mcp::Program>> Node::start_by_shim(std::uint64_t id, std::size_t server,
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
  const net::Timer enough = loop_.after(shim_starts_within, [waiting = answered]() mutable {
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
  co_return mcp::Program{mcp::over_pipes(loop_, std::move((*fds)[1]), std::move((*fds)[0])),
                         nullptr};
}

void Node::started_by_shim(Joined& joined, json::View answer, std::vector<net::Fd> fds) {
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

void Node::session_ended(std::uint64_t id, const mcp::SessionEnd& end) {
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
  loop_.post([this, id, run] {
    joined_.erase(id);
    run_left(run);
  });
}

void Node::drop(std::uint64_t id) {
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
  loop_.post([this, id] { joined_.erase(id); });
}

void Node::run_left(const std::string& run) {
  if (run.empty()) return;
  gate_->runs.leave(run);
}

void Node::say(const std::string& run, const std::string& text) {
  json::Writer out;
  out.object().key("op").string("say").key("text").string(text).end();
  for (auto& [id, joined] : joined_) {
    if (!run.empty() && joined->run != run) continue;
    if (joined->session && !joined->over) joined->channel->send(out.text());
  }
}

// Clients on the network: who asks, in which run, and the sessions in front of their servers.

namespace {

constexpr std::string_view mcp_path = "/mcp/";
constexpr std::size_t client_name_bytes_max = 64;
constexpr std::size_t role_bytes_max = 256;
constexpr std::size_t mib = 1UL << 20;
// An account that gets another name is somebody else in so long.
constexpr Duration user_name_kept = Duration::seconds(10);

// What the deployment file says without a word about it is what the door does by itself.
static_assert(GatewayLimits{}.sessions == mcp::sessions_max &&
              GatewayLimits{}.sessions_of_caller == mcp::sessions_of_caller_max &&
              GatewayLimits{}.new_sessions_per_minute == mcp::new_sessions_per_minute_max &&
              GatewayLimits{}.requests_of_session == mcp::requests_of_client_max &&
              GatewayLimits{}.requests_per_second == mcp::requests_per_second_max &&
              GatewayLimits{}.request_mib * mib == mcp::requests_bytes_max &&
              GatewayLimits{}.request_mib_of_caller * mib == mcp::requests_bytes_of_caller_max);

uid_t own_user() {
  static const uid_t user = ::getuid();
  return user;
}

// As the deployment file may call one.
bool may_be_role(std::string_view name) {
  return name.size() <= role_bytes_max && is_word(name);
}

std::string client_of(const http::Request& request) {
  const std::string_view agent = request.headers.find("user-agent").value_or("");
  return agent.empty() ? std::string("http")
                       : escape_untrusted(agent.substr(0, client_name_bytes_max));
}

}  // namespace

void Node::add_mcp() {
  mcp::HttpDoorPorts ports;
  ports.identify = [this](const http::Request& request, std::string role) {
    return identify(request, std::move(role));
  };
  ports.open = [this](const mcp::RemoteCaller& caller, const std::string& role,
                      std::unique_ptr<mcp::Transport> client, mcp::HttpDoorPorts::Ended ended) {
    return open_remote(caller, role, std::move(client), std::move(ended));
  };
  ports.refused = [this](const std::string& run, const mcp::RemoteCaller& caller,
                         const std::string& sentence) {
    if (run.empty()) {
      gate_->alerts.note_refusal("request refused", sentence);
    } else {
      (void)gate_->calls.refuse(run, Code::ambiguous_request, "message", sentence,
                                caller.part.get());
    }
  };
  ports.random = random_bytes;
  ports.over = [this](const std::string& id) {
    const Run* run = gate_->state().run(id);
    return run == nullptr || run->phase == RunPhase::closed;
  };
  ports.crowded = [this](const std::string& account) {
    return processes_->servers().crowding(account);
  };
  ports.processes_of = [this](const std::string& role) { return processes_->of_role(role); };
  ports.calls = [this](const std::string& run) { return gate_->calls.live_calls(run) > 0; };
  ports.traced = deployment_.traces.has_value();
  door_ = std::make_unique<mcp::HttpDoor>(loop_, std::move(ports));
  use_limits();
  processes_->servers().on_refused([this](const ProcessOf& of, const std::string& why) {
    note_refusal("process refused", of.caller.empty() ? why : "`" + of.caller + "`: " + why);
  });
  for (const char* method : {"POST", "GET", "DELETE"}) {
    gateway_->routes().add(method, mcp_path, http::Hosts::listed,
                           [this](http::Request request, http::Responder responder) {
                             const std::string role(http::below(mcp_path, request));
                             door_->serve(role, std::move(request), std::move(responder));
                           });
  }
}

// What the deployment file in force says, for what begins from now on.
void Node::use_limits() {
  const GatewayLimits& limits = deployment_.limits;
  processes_->servers().limit({.all = limits.processes, .of_caller = limits.processes_of_caller});
  if (!door_) return;
  door_->limit({.sessions = limits.sessions,
                .sessions_of_caller = limits.sessions_of_caller,
                .new_sessions_per_minute = limits.new_sessions_per_minute,
                .requests_of_session = limits.requests_of_session,
                .requests_bytes_of_caller = limits.request_mib_of_caller * mib,
                .requests_bytes = limits.request_mib * mib,
                .requests_per_second = limits.requests_per_second});
}

// Where the deployment file names agents, one of them it has to be, with its own role, or the
// credential of a run of that role; whoever proves nothing, or to be another's, is told the same
// of a role that there is and of one that there is not. Where it names none, only this machine can
// call: whoever may open a socket of it is one caller, in one run for each role.
Task<std::expected<mcp::RemoteCaller, http::Response>> Node::identify(const http::Request& request,
                                                                      std::string role) {
  const bool asks = asks_who_ || !deployment_.agents.empty();
  if (!may_be_role(role) || (!asks && !serves(role))) {
    co_return std::unexpected(http::respond({404, "there is no such role"}));
  }
  mcp::RemoteCaller caller;
  if (asks) {
    const std::string door = api_->audience_of_role(role);
    const auto who = co_await identities_->authenticate(request, door);
    if (!who) co_return std::unexpected(identities_->refusal(who.error(), door, "propose"));
    if (!who->rights.propose || who->role != role) {
      const identity::Denied denied = identity::lacks(*who, "propose");
      note_refusal("identity refused", denied.reason);
      co_return std::unexpected(identities_->refusal(denied, door, "propose"));
    }
    if (!serves(role)) co_return std::unexpected(http::respond({404, "it has no servers"}));
    auto known_as = caller_of(*who, client_of(request));
    if (!known_as) {
      note_refusal("identity refused", known_as.error().reason);
      co_return std::unexpected(identities_->refusal(known_as.error(), door, "propose"));
    }
    co_return *std::move(known_as);
  }
  caller.sponsor = caller_name(request.remote->user.value_or(own_user()));
  caller.key = caller.account = "local:" + caller.sponsor;
  caller.client = client_of(request);
  auto& stands = local_stands_[role];
  if (!stands) stands = std::make_shared<bool>(true);
  caller.stands = stands;
  co_return caller;
}

// Callers of this machine who prove nothing hear of a role no longer than they could ask for it.
void Node::end_local_streams() {
  std::erase_if(local_stands_, [this](const auto& one) {
    const bool stands = deployment_.agents.empty() && serves(one.first);
    *one.second = stands;
    return !stands;
  });
}

bool Node::serves(const std::string& role) const {
  const auto known = deployment_.roles.find(role);
  return known != deployment_.roles.end() && !known->second.servers.empty();
}

// Whoever has the credential of a sub-run is in the run at its root, with less than that.
identity::Proved<mcp::RemoteCaller> Node::caller_of(const identity::Principal& who,
                                                    const std::string& client) const {
  mcp::RemoteCaller caller;
  caller.agent = who.agent;
  caller.sponsor = who.sponsor;
  // What a sub-agent is called was chosen by whoever started it, so it has no share of its own.
  const std::string& deployed = who.credential ? who.credential->actors.back() : who.agent;
  const std::string acts = deployed == who.agent ? who.agent : who.agent + " of " + deployed;
  caller.client = client + ", " + acts + " by " + who.proof;
  const std::string proved = who.credential ? who.credential->run : std::string();
  caller.account = "agent:" + deployed;
  caller.key = "agent:" + who.agent + ":" + proved;
  caller.run = proved;
  if (who.until) caller.proof_lasts = *who.until - clock_->now();
  caller.stands = who.stands;
  if (!who.credential || who.credential->parent_run.empty()) return caller;
  caller.part = api_->part(proved);
  const Run* root = api_->run_of(proved);
  if (!caller.part || root == nullptr) {
    return std::unexpected(identity::Denied{.error = "invalid_token",
                                            .says = "what was presented is not accepted",
                                            .reason = "a credential of a sub-run that is over"});
  }
  caller.run = root->id;
  caller.agent = who.credential->actors.back();
  return caller;
}

const std::string& Node::caller_name(uid_t user) {
  const Duration now = loop_.now();
  KnownUser& last = last_caller_;
  if (last.user != user || now.ns - last.asked.ns >= user_name_kept.ns) {
    last = {user, user_name(user), now};
  }
  return last.name;
}

Result<std::unique_ptr<mcp::Endpoint>> Node::open_remote(const mcp::RemoteCaller& caller,
                                                         const std::string& role,
                                                         std::unique_ptr<mcp::Transport> client,
                                                         mcp::HttpDoorPorts::Ended ended) {
  const RolePolicy governs = policies_->policy_for(role);
  if (Status fits = policies_->is_of_role(governs, role); !fits) {
    log_line("session refused: " + to_string(fits.error()));
    return std::unexpected(fits.error());
  }
  auto lock = read_lock(governs.file);
  PAWL_TRY(lock);
  RunRequest request;
  request.key = fmt::format("http:{}:{}", role, caller.key);
  request.sponsor = caller.sponsor;
  request.client = caller.client;
  request.caller = caller.agent;
  request.policy = governs.policy;
  request.keeps_policy = true;
  // A caller that proved to be in a run joins that one, as it is; and a run that is there goes on
  // whatever became of the file.
  const bool proved = !caller.run.empty();
  const Run* known =
      proved ? gate_->state().run(caller.run) : gate_->state().run_by_key(request.key);
  const bool open = known != nullptr && known->phase != RunPhase::closed;
  const auto own = open ? gate_->runs.policy_of(known->id) : nullptr;
  if (proved && !own) return fail(ErrorKind::refused, "the run of the credential is over");
  if (own && (proved || !request.policy)) {
    request.key = known->key;
    request.sponsor = known->sponsor;
    request.policy = own;
    request.task = own->task;
  }
  if (!request.policy) {
    log_line("role `" + role + "` cannot be served: " + to_string(governs.missing));
    return std::unexpected(governs.missing);
  }
  auto run = gate_->runs.open(request);
  if (!run) {
    log_line("session refused: " + to_string(run.error()));
    return std::unexpected(run.error());
  }
  auto remote = connect_remote({{*run, caller.account}, caller.part}, role, *lock,
                               std::move(client), std::move(ended));
  if (!remote) {
    gate_->runs.leave(*run);
    return remote;
  }
  log_line(fmt::format("run {}: session of role `{}`{}, client {}", *run, role,
                       caller.part ? ", " + caller.part->name() : "", caller.client));
  use_policies();
  return remote;
}

mcp::SessionSpec Node::session_of(const std::string& run, const std::string& server,
                                  const Lock& lock) {
  mcp::SessionSpec spec;
  spec.run = run;
  spec.server = server;
  spec.policy = gate_->runs.policy_of(run);
  spec.lock = lock;
  spec.call_deadline = options_.call_deadline;
  spec.read_sql = read_sql_;
  spec.trace = telemetry_->begin_trace();
  spec.now = [this] { return clock_->now(); };
  return spec;
}

Result<std::unique_ptr<mcp::Endpoint>> Node::connect_remote(const PartOfRun& whose,
                                                            const std::string& role,
                                                            const Lock& lock,
                                                            std::unique_ptr<mcp::Transport> client,
                                                            mcp::HttpDoorPorts::Ended ended) {
  const std::string& run = whose.of.run;
  PAWL_TRY(processes_->room_for_session(whose.of, role));
  std::vector<mcp::UpstreamServer> servers;
  std::optional<Error> nobody;  // why the first of those that are absent is
  std::size_t absent = 0;
  for (const std::string& name : deployment_.roles.at(role).servers) {
    mcp::UpstreamServer server;
    server.spec = session_of(run, name, lock);
    server.spec.part = whose.part;
    server.spec.shared = true;
    if (remotes_->has(name)) {
      auto transport = remotes_->open(name, {role});
      PAWL_TRY(transport);
      server.transport = *std::move(transport);
    } else {
      share_files(server.spec);
      server.spec.one_for_all = deployment_.servers.at(name).shared;
      const auto start = processes_->start_of(name, role, whose.of);
      auto program = start();
      if (program) {
        server.transport = std::move(program->transport);
        server.life = std::move(program->life);
      } else {
        // The others are there without it, and it may come.
        if (!nobody) nobody = program.error();
        ++absent;
        server.transport = mcp::to_nobody();
        server.spec.not_started = program.error().message;
      }
      server.spec.start_again = [start]() -> Task<Result<mcp::Program>> { co_return start(); };
    }
    servers.push_back(std::move(server));
  }
  if (absent == servers.size() && nobody) return std::unexpected(*nobody);
  return mcp::connect(loop_, *gate_, std::move(client), std::move(servers),
                      [this, run, ended = std::move(ended)](const mcp::SessionEnd& end) {
                        log_line(fmt::format("run {}: {}", run, end.why));
                        gate_->runs.leave(run);
                        ended(end);
                      });
}

}  // namespace pawl::node
