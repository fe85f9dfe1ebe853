#include "node/remote_sessions.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "doors/mcp/multiplexer/connect.h"
#include "doors/mcp/transport/null_transport.h"
#include "gate/gate.h"
#include "io/identity/bearer.h"
#include "io/net/clock.h"
#include "io/pins/lock.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"
#include "node/common/log.h"
#include "node/network_callers.h"
#include "node/policy_watch.h"
#include "node/processes.h"
#include "node/servers/remotes.h"

namespace pawl::node {

namespace {

constexpr std::string_view mcp_path = "/mcp/";
constexpr std::size_t client_name_bytes_max = 64;
constexpr std::size_t role_bytes_max = 256;
constexpr std::size_t mib = 1UL << 20;
// An account may get another name; it is known within so long.
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

struct RemoteSessions::PartOfRun {
  ProcessOf of;
  std::shared_ptr<SubRunLimits> part;  // null: all of it
};

void RemoteSessions::add_to(http::Routes& routes) {
  mcp::HttpDoorPorts ports;
  ports.identify = [this](const http::Request& request, std::string role) {
    return identify(request, std::move(role));
  };
  ports.open = [this](const mcp::RemoteCaller& caller, const std::string& role,
                      std::unique_ptr<mcp::Transport> client, mcp::HttpDoorPorts::Ended ended) {
    return open(caller, role, std::move(client), std::move(ended));
  };
  ports.refused = [this](const std::string& run, const mcp::RemoteCaller& caller,
                         const std::string& sentence) {
    if (run.empty()) {
      ports_.gate.alerts.note_refusal("request refused", sentence);
    } else {
      (void)ports_.gate.calls.refuse(run, Code::ambiguous_request, "message", sentence,
                                     caller.part.get());
    }
  };
  ports.random = random_bytes;
  ports.over = [this](const std::string& id) {
    const Run* run = ports_.gate.state().run(id);
    return run == nullptr || run->phase == RunPhase::closed;
  };
  ports.crowded = [this](const std::string& account) {
    return ports_.processes.servers().crowding(account);
  };
  ports.processes_of = [this](const std::string& role) { return ports_.processes.of_role(role); };
  ports.calls = [this](const std::string& run) { return ports_.gate.calls.live_calls(run) > 0; };
  ports.traced = ports_.deployment.traces.has_value();
  door_ = std::make_unique<mcp::HttpDoor>(ports_.loop, std::move(ports));
  use_limits();
  ports_.processes.servers().on_refused([this](const ProcessOf& of, const std::string& why) {
    ports_.gate.alerts.note_refusal("process refused",
                                    of.caller.empty() ? why : "`" + of.caller + "`: " + why);
  });
  for (const char* method : {"POST", "GET", "DELETE"}) {
    routes.add(method, mcp_path, http::Hosts::listed,
               [this](http::Request request, http::Responder responder) {
                 const std::string role(http::below(mcp_path, request));
                 door_->serve(role, std::move(request), std::move(responder));
               });
  }
}

void RemoteSessions::use_limits() {
  const GatewayLimits& limits = ports_.deployment.limits;
  ports_.processes.servers().limit(
      {.all = limits.processes, .of_caller = limits.processes_of_caller});
  door_->limit({.sessions = limits.sessions,
                .sessions_of_caller = limits.sessions_of_caller,
                .new_sessions_per_minute = limits.new_sessions_per_minute,
                .requests_of_session = limits.requests_of_session,
                .requests_bytes_of_caller = limits.request_mib_of_caller * mib,
                .requests_bytes = limits.request_mib * mib,
                .requests_per_second = limits.requests_per_second});
}

// Where the deployment file names agents, one of them it has to be, with its own role, or the
// credential of a run of that role; a caller that proves nothing, or to be another's, hears the
// same of a role that there is and of one that there is not. Where it names none, only this machine
// can call: all who may open a socket of it are one caller, in one run for each role.
Task<std::expected<mcp::RemoteCaller, http::Response>> RemoteSessions::identify(
    const http::Request& request, std::string role) {
  const bool asks = ports_.callers.asks_who();
  if (!may_be_role(role) || (!asks && !serves(role))) {
    co_return std::unexpected(http::respond({404, "there is no such role"}));
  }
  mcp::RemoteCaller caller;
  if (asks) {
    const std::string door = ports_.callers.api().audience_of_role(role);
    const auto who = co_await ports_.callers.identities().authenticate(request, door);
    if (!who)
      co_return std::unexpected(ports_.callers.identities().refusal(who.error(), door, "propose"));
    if (!who->rights.propose || who->role != role) {
      const identity::Denied denied = identity::lacks(*who, "propose");
      ports_.gate.alerts.note_refusal("identity refused", denied.reason);
      co_return std::unexpected(ports_.callers.identities().refusal(denied, door, "propose"));
    }
    if (!serves(role)) co_return std::unexpected(http::respond({404, "it has no servers"}));
    auto known_as = caller_of(*who, client_of(request));
    if (!known_as) {
      ports_.gate.alerts.note_refusal("identity refused", known_as.error().reason);
      co_return std::unexpected(
          ports_.callers.identities().refusal(known_as.error(), door, "propose"));
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
void RemoteSessions::end_local_streams() {
  std::erase_if(local_stands_, [this](const auto& one) {
    const bool stands = ports_.deployment.agents.empty() && serves(one.first);
    *one.second = stands;
    return !stands;
  });
}

bool RemoteSessions::serves(const std::string& role) const {
  const auto known = ports_.deployment.roles.find(role);
  return known != ports_.deployment.roles.end() && !known->second.servers.empty();
}

// A caller with the credential of a sub-run is in the run at its root, with less than that.
identity::Proved<mcp::RemoteCaller> RemoteSessions::caller_of(const identity::Principal& who,
                                                              const std::string& client) const {
  mcp::RemoteCaller caller;
  caller.agent = who.agent;
  caller.sponsor = who.sponsor;
  // What a sub-agent is called was chosen by the agent that started it, so it has no share of its
  // own.
  const std::string& deployed = who.credential ? who.credential->actors.back() : who.agent;
  const std::string acts = deployed == who.agent ? who.agent : who.agent + " of " + deployed;
  caller.client = client + ", " + acts + " by " + who.proof;
  const std::string proved = who.credential ? who.credential->run : std::string();
  caller.account = "agent:" + deployed;
  caller.key = "agent:" + who.agent + ":" + proved;
  caller.run = proved;
  if (who.until) caller.proof_lasts = *who.until - ports_.clock.now();
  caller.stands = who.stands;
  if (!who.credential || who.credential->parent_run.empty()) return caller;
  caller.part = ports_.callers.api().part(proved);
  const Run* root = ports_.callers.api().run_of(proved);
  if (!caller.part || root == nullptr) {
    return std::unexpected(identity::Denied{.error = "invalid_token",
                                            .says = "what was presented is not accepted",
                                            .reason = "a credential of a sub-run that is over"});
  }
  caller.run = root->id;
  caller.agent = who.credential->actors.back();
  return caller;
}

const std::string& RemoteSessions::caller_name(uid_t user) {
  const Duration now = ports_.loop.now();
  KnownUser& last = last_caller_;
  if (last.user != user || now.ns - last.asked.ns >= user_name_kept.ns) {
    last = {user, user_name(user), now};
  }
  return last.name;
}

Result<std::unique_ptr<mcp::Endpoint>> RemoteSessions::open(const mcp::RemoteCaller& caller,
                                                            const std::string& role,
                                                            std::unique_ptr<mcp::Transport> client,
                                                            mcp::HttpDoorPorts::Ended ended) {
  const RolePolicy governs = ports_.policies.policy_for(role);
  if (Status fits = ports_.policies.is_of_role(governs, role); !fits) {
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
      proved ? ports_.gate.state().run(caller.run) : ports_.gate.state().run_by_key(request.key);
  const bool open = known != nullptr && known->phase != RunPhase::closed;
  const auto own = open ? ports_.gate.runs.policy_of(known->id) : nullptr;
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
  auto run = ports_.gate.runs.open(request);
  if (!run) {
    log_line("session refused: " + to_string(run.error()));
    return std::unexpected(run.error());
  }
  auto remote = connect({{*run, caller.account}, caller.part}, role, *lock, std::move(client),
                        std::move(ended));
  if (!remote) {
    ports_.gate.runs.leave(*run);
    return remote;
  }
  log_line(fmt::format("run {}: session of role `{}`{}, client {}", *run, role,
                       caller.part ? ", " + caller.part->name() : "", caller.client));
  ports_.joined();
  return remote;
}

Result<std::unique_ptr<mcp::Endpoint>> RemoteSessions::connect(
    const PartOfRun& whose, const std::string& role, const Lock& lock,
    std::unique_ptr<mcp::Transport> client, mcp::HttpDoorPorts::Ended ended) {
  const std::string& run = whose.of.run;
  PAWL_TRY(ports_.processes.room_for_session(whose.of, role));
  std::vector<mcp::UpstreamServer> servers;
  std::optional<Error> first_absence;
  std::size_t absent = 0;
  for (const std::string& name : ports_.deployment.roles.at(role).servers) {
    mcp::UpstreamServer server;
    server.spec = ports_.session_of(run, name, lock);
    server.spec.part = whose.part;
    server.spec.shared = true;
    if (ports_.remotes.has(name)) {
      auto transport = ports_.remotes.open(name, {role});
      PAWL_TRY(transport);
      server.transport = *std::move(transport);
    } else {
      share_files(server.spec);
      server.spec.one_for_all = ports_.deployment.servers.at(name).shared;
      const auto start = ports_.processes.start_of(name, role, whose.of);
      auto program = start();
      if (program) {
        server.transport = std::move(program->transport);
        server.life = std::move(program->life);
      } else {
        // The others are there without it, and it may come.
        if (!first_absence) first_absence = program.error();
        ++absent;
        server.transport = mcp::to_no_server();
        server.spec.not_started = program.error().message;
      }
      server.spec.start_again = [start]() -> Task<Result<mcp::Program>> { co_return start(); };
    }
    servers.push_back(std::move(server));
  }
  if (absent == servers.size() && first_absence) return std::unexpected(*first_absence);
  return mcp::connect(ports_.loop, ports_.gate, std::move(client), std::move(servers),
                      [this, run, ended = std::move(ended)](const mcp::SessionEnd& end) {
                        log_line(fmt::format("run {}: {}", run, end.why));
                        ports_.gate.runs.leave(run);
                        ended(end);
                      });
}

void RemoteSessions::file_changed() {
  use_limits();
  end_local_streams();
}

void RemoteSessions::cancel(const std::vector<std::string>& runs) {
  door_->each([&runs](mcp::Endpoint& endpoint) {
    if (std::ranges::find(runs, endpoint.run()) != runs.end()) endpoint.cancel_all();
  });
}

void RemoteSessions::use_policies() {
  door_->each([this](mcp::Endpoint& endpoint) {
    endpoint.use_policy(ports_.gate.runs.policy_of(endpoint.run()));
  });
}

}  // namespace pawl::node
