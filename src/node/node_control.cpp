// People and a node: the control socket.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "node/node_impl.h"
#include "node/servers/process_trees.h"

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
  for (auto& [id, joined] : joined_) {
    for (const std::string& run : stopped.runs) {
      if (joined->run == run && joined->session) joined->session->cancel_all();
    }
  }
  if (!door_) return;
  door_->each([&stopped](mcp::Endpoint& endpoint) {
    if (std::ranges::find(stopped.runs, endpoint.run()) != stopped.runs.end()) {
      endpoint.cancel_all();
    }
  });
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
  for (const auto& [id, joined] : joined_) {
    names.servers.insert(names.servers.end(), joined->server_names.begin(),
                         joined->server_names.end());
  }
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
  for (auto& [id, joined] : joined_) {
    for (std::size_t i = 0; i < joined->servers.size(); ++i) {
      if (!covered(joined->server_names[i], joined->run)) continue;
      auto pidfd = joined->servers[i].duplicate();
      const auto process = pidfd ? net::process_of(*pidfd) : std::unexpected(pidfd.error());
      if (!process) continue;  // it has ended
      leaders.push_back(process->pid);
      if (!end) continue;
      if (auto child = net::Child::adopt(loop_, *std::move(pidfd))) {
        adopted.push_back(std::make_shared<net::Child>(*std::move(child)));
      }
    }
  }
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
  for (auto& [id, joined] : joined_) {
    if (joined->session && !joined->over)
      joined->session->use_policy(gate_->runs.policy_of(joined->run));
  }
  if (!door_) return;
  door_->each([this](mcp::Endpoint& endpoint) {
    endpoint.use_policy(gate_->runs.policy_of(endpoint.run()));
  });
}

}  // namespace pawl::node
