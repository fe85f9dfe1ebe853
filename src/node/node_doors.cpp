// What a node serves besides sessions: the control socket, the decision API, the console.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "doors/api/body.h"
#include "doors/console/console.h"
#include "doors/control/control.h"
#include "doors/mcp/session/session.h"
#include "gate/gate.h"
#include "io/approvals/ways.h"
#include "io/identity/provider.h"
#include "io/journal/journal.h"
#include "io/journal/posix_disk.h"
#include "io/net/clock.h"
#include "io/notify/slack_answer.h"
#include "io/pins/lock.h"
#include "io/secrets/run_keys.h"
#include "kernel/policy/policy.h"
#include "node/attention_checks.h"
#include "node/common/isolated_sql.h"
#include "node/console_listener.h"
#include "node/drill.h"
#include "node/files/config_files.h"
#include "node/gateway.h"
#include "node/journal_desk.h"
#include "node/network_callers.h"
#include "node/node_impl.h"
#include "node/notifications.h"
#include "node/notifier.h"
#include "node/policy_views.h"
#include "node/policy_watch.h"
#include "node/processes.h"
#include "node/remote_sessions.h"
#include "node/reviewers.h"
#include "node/rollout.h"
#include "node/servers/process_trees.h"
#include "node/servers/remotes.h"
#include "node/servers/server_processes.h"
#include "node/telemetry.h"
#include "views/cards.h"

namespace pawl::node {

std::string Node::hello(json::View request) const {
  const std::string nonce(request.text("nonce").value_or(""));
  json::Writer out;
  out.object().key("ok").boolean(true).key("node").string(journal_->public_key());
  out.key("signature").string(key_->prove(hello_text(nonce))).end();
  return out.take();
}

void Node::asked(net::Fd socket, net::Peer peer) {
  if (peer.user != ::getuid() || control_connections_.size() >= connections_max) return;
  const std::uint64_t id = next_id_++;
  control_connections_.emplace(id, std::make_unique<ControlConnection>());
  control_connections_.at(id)->channel.emplace(
      loop_, std::move(socket),
      net::ChannelEvents{
          .frame = [this, id](net::Frame frame) { control_frame(id, std::move(frame)); },
          .end =
              [this, id](std::optional<Error>) {
                const auto found = control_connections_.find(id);
                if (found == control_connections_.end()) return;
                found->second->over = true;
                if (found->second->running > 0) return;
                loop_.post([this, id] { control_connections_.erase(id); });
              },
      });
}

namespace {

Task<void> answer(Control& control, std::string request, std::string source,
                  std::function<void(std::string)> deliver) {
  deliver(co_await control.answer(std::move(request), std::move(source)));
}

}  // namespace

void Node::control_frame(std::uint64_t id, net::Frame frame) {
  const auto found = control_connections_.find(id);
  if (found == control_connections_.end()) return;
  ++found->second->running;
  std::string source = "connection " + std::to_string(id);
  spawn(answer(*control_, std::move(frame.text), std::move(source), [this, id](std::string text) {
    const auto entry = control_connections_.find(id);
    if (entry == control_connections_.end()) return;
    --entry->second->running;
    if (!entry->second->over) {
      entry->second->channel->send(std::move(text));
    } else if (entry->second->running == 0) {
      loop_.post([this, id] { control_connections_.erase(id); });
    }
  }));
}

void Node::killed(const Stopped& stopped) {
  if (local_sessions_) local_sessions_->cancel(stopped.runs);
  if (remote_sessions_) remote_sessions_->cancel(stopped.runs);
}

// What a kill may name although nothing of it runs.
views::StandingNames Node::standing_names() {
  views::StandingNames names;
  for (const auto& [role, row] : deployment_.roles) {
    names.roles.push_back(role);
    if (!options_.serves) continue;
    if (auto governs = policies_->policy_for(role); governs.policy)
      names.policies.push_back(governs.policy);
  }
  for (const auto& [agent, row] : deployment_.agents) names.agents.push_back(agent);
  for (const auto& [server, row] : deployment_.servers) names.servers.push_back(server);
  local_sessions_->each_server([&](const std::string&, const std::string& name, const net::Fd&) {
    names.servers.push_back(name);
  });
  return names;
}

// Processes behind what was killed. Not ended, they are only counted: their sessions go on, with
// every call denied.
Task<std::string> Node::end_processes(std::string scope, std::string name,
                                      std::vector<std::string> runs, bool end) {
  const std::string folded = fold(name);
  const auto covered = [&](const std::string& server, const std::string& run) {
    if (scope == "upstream") return fold(server) == folded;
    if (scope == "all") return true;  // those that several runs share too
    return scope != "tool" && std::ranges::find(runs, run) != runs.end();
  };
  std::vector<pid_t> leaders;
  const auto served = processes_->servers().serving(covered);
  for (const auto& process : served) leaders.push_back(ServerProcesses::leader(*process));
  std::vector<std::shared_ptr<net::Child>> adopted;
  local_sessions_->each_server(
      [&](const std::string& run, const std::string& server, const net::Fd& handed) {
        if (!covered(server, run)) return;
        auto pidfd = handed.duplicate();
        const auto process = pidfd ? net::process_of(*pidfd) : std::unexpected(pidfd.error());
        if (!process) return;  // it has ended
        leaders.push_back(process->pid);
        if (!end) return;
        if (auto child = net::Child::adopt(loop_, *std::move(pidfd))) {
          adopted.push_back(std::make_shared<net::Child>(*std::move(child)));
        }
      });
  TreesEnded ended;
  if (end) {
    ended = co_await end_trees(loop_, leaders, [&served, &adopted] {
      for (const auto& process : served) ServerProcesses::kill(*process);
      for (const auto& child : adopted) child->kill();
    });
  } else {
    ended.alive = trees_of(leaders);
    ended.processes = ended.alive.size();
  }
  json::Writer out;
  out.object().key("alive").array();
  for (const net::ProcessStat& one : ended.alive) {
    out.string(fmt::format("{} {}", one.id.pid, escape_untrusted(one.name)));
  }
  out.end().key("asked").boolean(end).key("found").natural(ended.processes);
  out.key("took_us").integer(ended.took.ns / 1000).end();
  co_return out.take();
}

// Every session filters its lists by the policy of its run.
void Node::use_policies() {
  if (local_sessions_) local_sessions_->use_policies();
  if (remote_sessions_) remote_sessions_->use_policies();
}

SessionSpecOf Node::session_of() {
  return [this](const std::string& run, const std::string& server, const Lock& lock) {
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
  };
}

void Node::note_refusal(const std::string& topic, const std::string& text) {
  gate_->alerts.note_refusal(topic, text);
}

// People with a browser: the console of a node, opened with it or when a person asks for it.

Status Node::open_console() {
  const Deployment::Listen* listen = deployment_.listen ? &*deployment_.listen : nullptr;
  Deployment::Address where;
  where.host = "127.0.0.1";
  if (listen != nullptr && !listen->console.none()) where = listen->console;
  auto door = std::make_unique<console::Console>(console::ConsolePorts{
      .loop = loop_,
      .boot = [this] { return clock_->boot(); },
      .now = [this] { return clock_->now(); },
      .random = random_bytes,
      .node = journal_->public_key(),
      .person = [this](const std::string& person) { return reviewers_->known_person(person); },
      .owner_of_passkey = [this](std::string_view id) { return reviewers_->owner_of_passkey(id); },
      .provider = [this] { return deployment_.provider ? deployment_.provider->at.host : ""; },
      .provider_address =
          [this](console::ProviderSignIn asked) {
            return reviewers_->provider_address(std::move(asked));
          },
      .provider_redeem =
          [this](console::ProviderSignIn asked, std::string code, std::string issuer) {
            return reviewers_->provider_redeem(std::move(asked), std::move(code),
                                               std::move(issuer));
          },
      .ask = [this](std::string request) { return console_asks(std::move(request)); },
      .act =
          [this](std::string person, std::string proof, std::string act) {
            return control_->perform(std::move(person), std::move(proof), std::move(act));
          },
      .row = [this](const std::string& approval) { return control_->row(approval); },
      .on_record =
          [this](std::function<void(const Record&)> told) {
            return gate_->on_record(std::move(told));
          },
      .note = [this](const std::string& topic,
                     const std::string& text) { note_refusal(topic, text); }});
  auto listener = std::make_unique<ConsoleListener>(
      loop_, [this](http::Request request, http::Responder responder) {
        console_->serve(std::move(request), std::move(responder));
      });
  PAWL_TRY(listener->listen(where, listen, config_directory_));
  door->listens_on(listener->port());
  console_ = std::move(door);
  console_listener_ = std::move(listener);
  log_line("console at " + console_listener_->address());
  return {};
}

// Roles of the deployment file, and others that runs have.
std::string Node::policies_in_force() {
  std::map<std::string, std::shared_ptr<const Policy>> found;
  for (const auto& [id, run] : gate_->state().runs()) {
    if (run.phase == RunPhase::closed) continue;
    if (auto policy = gate_->runs.policy_of(id)) found[run.agent] = std::move(policy);
  }
  if (options_.serves) {
    for (const auto& [role, row] : deployment_.roles) {
      if (auto governs = policies_->policy_for(role); governs.policy) {
        found[governs.policy->agent] = governs.policy;
      }
    }
  }
  json::Writer out;
  out.object().key("ok").boolean(true).key("roles").array();
  const std::vector<WaitingPolicy> waiting = gate_->policies.waiting_policies();
  for (const auto& [agent, policy] : found) {
    write_policy(out, *policy, deployment_, waiting, clock_->now());
  }
  return out.end().end().take();
}

namespace {

AuditFilter wanted_records(json::View request, Instant now) {
  const auto member = [request](std::string_view name) {
    return std::string(request.text(name).value_or(""));
  };
  AuditFilter filter;
  filter.run = member("run");
  filter.tool = member("tool");
  filter.agent = member("agent");
  filter.effect = member("effect");
  filter.argument = member("argument");
  filter.person = member("person");
  filter.since = moment_of(member("since"), now);
  return filter;
}

}  // namespace

// The control door, and what takes files to answer.
Task<std::string> Node::console_asks(std::string request) {
  const auto document = json::parse(request);
  const std::string op(document ? document->root().text("op").value_or("") : "");
  if (op == "policies") co_return policies_in_force();
  if (op == "journal_proof") co_return co_await journal_desk_->prove();
  if (op == "journal") {
    co_return co_await journal_desk_->report(
        [wanted = wanted_records(document->root(), clock_->now())](const JournalRead& read) {
          return search_journal(read, wanted);
        });
  }
  if (op == "record") {
    const json::View seq = document->root()["seq"];
    co_return co_await journal_desk_->report(
        [wanted = seq.is_integer() ? seq.natural() : ~0ULL](const JournalRead& read) {
          return show_record(read, wanted);
        });
  }
  if (op == "calls") {
    co_return co_await journal_desk_->report(
        [run = std::string(document->root().text("run").value_or(""))](const JournalRead& read) {
          return tell_run(read, run);
        });
  }
  if (op == "ended") co_return co_await journal_desk_->report(ended_runs);
  co_return co_await control_->answer(std::move(request));
}

Task<std::string> Node::journal_damage(bool now) {
  constexpr std::uint64_t records_soon_read = 500'000;
  if (now && journal_->next() <= records_soon_read) co_return co_await journal_desk_->damage();
  if (now) spawn(journal_desk_->look());
  co_return journal_desk_->known_damage();
}

// What is granted goes on: the state is what was recovered, and from a snapshot that was signed.
void Node::say_damage(const std::string& damage) {
  log_line("warning: " + damage);
  gate_->alerts.escalate({}, "journal_damaged", damage);
}

// For a client of the control socket, which is the user's own.
Result<std::string> Node::console_address() {
  if (!console_) {
    if (ending_) return fail(ErrorKind::environment, "the node ends");
    PAWL_TRY(open_console());
  }
  return console_listener_->address();
}

void Node::reload_console() {
  if (!console_) return;
  console_->look_again();
  if (Status certificate = console_listener_->reload(); !certificate) {
    log_line("the console's certificate stays as it was: " + to_string(certificate.error()));
  }
}

// Before the gate goes: pages are told, and those who sign in are answered.
void Node::close_console() {
  if (console_) console_->finish();
  if (reviewers_) reviewers_->finish();
  console_listener_.reset();
  console_.reset();
}

}  // namespace pawl::node
