// What a node serves besides sessions: the control socket, the decision API, the console.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"
#include "doors/api/body.h"
#include "io/approvals/ways.h"
#include "io/pins/lock.h"
#include "io/secrets/run_keys.h"
#include "node/files/config_files.h"
#include "node/node_impl.h"
#include "node/policy_views.h"
#include "node/servers/process_trees.h"
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

// Who calls over the network, and the decision API.

namespace {

constexpr std::string_view resource_metadata_path = "/.well-known/oauth-protected-resource";

http::Response key_set_response(std::string text) {
  http::Response response;
  response.headers.add("content-type", "application/jwk-set+json");
  response.headers.add("cache-control", "max-age=300");
  response.body = std::move(text);
  return response;
}

Result<std::vector<identity::RunSigner>> signers_of(const std::vector<secrets::RunKey>& kept) {
  std::vector<identity::RunSigner> signers;
  for (const secrets::RunKey& one : kept) {
    auto key = jose::SigningKey::from_seed(one.seed);
    if (!key) return std::unexpected(key.error());
    signers.push_back({*std::move(key), one.until});
  }
  return signers;
}

}  // namespace

// A part of a run that is open, for a sub-agent (`pawl runs create --parent`).
Result<std::string> Node::create_sub_run(json::View request) {
  json::Writer body;
  body.object();
  for (const char* name : {"agent", "audience", "lasts_seconds", "limits", "tools"}) {
    if (request[name].exists()) body.key(name).value(request[name]);
  }
  const auto document = json::parse(body.end().text());
  if (!document) return std::unexpected(document.error());
  const auto wanted = api::read_new_sub_run(document->root());
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->for_mcp && !asks_who_ && deployment_.agents.empty()) {
    return fail(ErrorKind::usage,
                "the MCP endpoint does not authenticate callers while the deployment file has no "
                "`agents`, so a credential would restrict no caller there");
  }
  const std::string by(request.text("by").value_or(""));
  auto opened = api_->open_sub_run(std::string(request.text("parent").value_or("")), *wanted, by);
  if (!opened) return std::unexpected(opened.error());
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(opened->run);
  out.key("audience").string(opened->audience).key("credential").string(opened->issued.token);
  return out.key("expires").string(to_string(opened->issued.expires)).end().take();
}

// A run that a person at this machine opens for an agent elsewhere (`pawl runs create`).
Result<std::string> Node::create_run(json::View request) {
  if (!identities_) {
    return fail(ErrorKind::usage,
                "nothing listens here: a credential is for the doors of `pawl serve`");
  }
  const std::string by(request.text("by").value_or(""));
  if (by.empty() || has_hidden_characters(by))
    return fail(ErrorKind::invalid, "the request does not say who asks");
  if (request["parent"].exists()) return create_sub_run(request);
  const auto member = [request](std::string_view name) {
    return std::string(request.text(name).value_or(""));
  };
  const std::string name = member("role");
  auto role = policies_->role_in_force(name);
  if (!role) return std::unexpected(role.error());
  std::string key = member("key");
  if (key.empty()) key = identities_->new_id("k");
  const identity::Principal agent{
      .agent = name, .role = name, .sponsor = by, .rights = {}, .proof = {}, .credential = {}};
  const auto run = gate_->runs.open({.key = identity::run_key(agent, key),
                                     .sponsor = by,
                                     .client = "pawl runs create",
                                     .policy = role->policy,
                                     .task = member("task"),
                                     .task_file = member("task_file"),
                                     .caller = name,
                                     .vouched = role->vouched,
                                     .keeps_policy = true});
  if (!run) return run;
  const json::View lasts = request["lasts_seconds"];
  const Duration life =
      lasts.is_integer() && lasts.integer() > 0
          ? Duration::seconds(std::min<std::int64_t>(
                lasts.integer(), identity::credential_life_max.ns / 1'000'000'000))
          : identity::credential_life_default;
  const std::string door =
      member("audience") == "mcp" ? api_->audience_of_role(name) : api_->audience();
  const auto issued =
      identities_->issue({.agent = name, .run = *run, .audience = door, .life = life});
  if (!issued) {
    gate_->runs.leave(*run);
    return std::unexpected(issued.error());
  }
  api_->adopt(*run, std::move(role->lock), issued->expires);
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(*run).key("audience").string(door);
  out.key("credential").string(issued->token);
  return out.key("expires").string(to_string(issued->expires)).end().take();
}

// The clock of a run stands still while a person is asked, so this is the earliest moment that its
// time can be used up; whoever goes on after it asks for another credential.
std::optional<Instant> Node::deadline_of(std::string_view id) const {
  const Run* run = gate_->state().run(id);
  const auto policy = run == nullptr ? nullptr : gate_->runs.policy_of(run->id);
  if (!policy || !policy->ceilings.wall_clock) return std::nullopt;
  const Instant now = clock_->now();
  return now + Duration{policy->ceilings.wall_clock->ns - run->clock(now).ns};
}

// What anybody may read: the keys that check our credentials, and whose tokens a door takes.
void Node::add_well_known() {
  gateway_->routes().add("GET", "/.well-known/jwks.json", http::Hosts::any,
                         [this](const http::Request&, http::Responder responder) {
                           std::move(responder).answer(key_set_response(identities_->key_set()));
                         });
  const http::Handler describe = [this](const http::Request& request, http::Responder responder) {
    const std::string_view path = http::path_of(request.target);
    std::string text = identities_->metadata(path.substr(resource_metadata_path.size()));
    if (text.empty()) {
      return std::move(responder).answer(http::respond({404, "nothing is here"}));
    }
    http::Response response;
    response.headers.add("content-type", "application/json");
    response.headers.add("cache-control", "max-age=300");
    response.body = std::move(text);
    std::move(responder).answer(std::move(response));
  };
  for (const std::string& path :
       {std::string(resource_metadata_path), std::string(resource_metadata_path) + "/"}) {
    gateway_->routes().add("GET", path, http::Hosts::listed, describe);
  }
}

void Node::note_refusal(const std::string& topic, const std::string& text) {
  gate_->alerts.note_refusal(topic, text);
}

// `pawl keys rotate`: needs nobody's proof, it only tightens.
Result<std::string> Node::rotate_keys(json::View request) {
  const json::View now = request["at_once"];
  const bool at_once = now.kind() == json::Kind::boolean && now.boolean();
  auto kept =
      secrets::rotate_run_keys(options_.state_directory + "/" + secrets::run_keys_name,
                               {.now = clock_->now(),
                                .checks_for = at_once ? Duration{} : identity::credential_life_max,
                                .random = random_bytes});
  if (!kept) return std::unexpected(kept.error());
  const std::size_t checking = kept->size() - 1;
  auto keys = signers_of(*kept);
  if (!keys) return std::unexpected(keys.error());
  if (identities_) identities_->sign_with(*std::move(keys));
  (void)gate_->alerts.note(
      {}, "keys of runs", at_once ? "a new key signs, and no older one checks" : "a new key signs");
  json::Writer out;
  out.object().key("checking").natural(checking).key("ok").boolean(true).end();
  return out.take();
}

Status Node::open_api() {
  auto kept =
      secrets::open_run_keys(options_.state_directory + "/" + secrets::run_keys_name, random_bytes);
  if (!kept) return std::unexpected(kept.error());
  auto keys = signers_of(*kept);
  if (!keys) return std::unexpected(keys.error());
  const std::string& url = deployment_.listen->url;
  const std::string address = url.empty() ? gateway_->address() : url;
  others_keys_ = std::make_unique<identity::HttpKeys>(loop_);
  identities_.emplace(
      identity::IdentityPorts{
          .now = [this] { return clock_->now(); },
          .run = [this](std::string_view id) { return api_ ? api_->run_of(id) : nullptr; },
          .deadline = [this](std::string_view run) { return deadline_of(run); },
          .note = [this](const std::string& topic,
                         const std::string& text) { note_refusal(topic, text); },
          .random = random_bytes,
          .fetch =
              [this](KeyPlace place) {
                return others_keys_->fetch(std::move(place), config_directory_);
              }},
      *std::move(keys), address);
  identities_->use(deployment_);
  api_ = std::make_unique<api::Api>(
      api::ApiPorts{.gate = *gate_,
                    .identities = *identities_,
                    .executor = executor_,
                    .now = [this] { return clock_->now(); },
                    .role = [this](const std::string& role) -> Result<api::RoleInForce> {
                      auto in_force = policies_->role_as_it_is(role);
                      const bool none = in_force && !in_force->policy;
                      if (!in_force || none) {
                        log_line("role `" + escape_untrusted(role) +
                                 "`: " + to_string(none ? in_force->missing : in_force.error()));
                      }
                      return in_force;
                    },
                    .read_sql = read_sql_,
                    .address = address,
                    .trace = telemetry_->begin_trace()});
  const http::Handler serve = [this](http::Request request, http::Responder responder) {
    api_->serve(std::move(request), std::move(responder));
  };
  gateway_->routes().add("GET", "/v1/", http::Hosts::listed, serve);
  gateway_->routes().add("POST", "/v1/", http::Hosts::listed, serve);
  add_well_known();
  // A file that loses its agents later does not open the doors to everybody.
  asks_who_ = !deployment_.agents.empty();
  if (!asks_who_) {
    log_line("the deployment file has no `agents`, so the decision API has no callers");
  }
  return {};
}

// People with a browser: the console of a node, opened with it or when somebody asks for it.

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
  if (Status opened = listener->listen(where, listen, config_directory_); !opened) return opened;
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
    co_return co_await journal_desk_->search(wanted_records(document->root(), clock_->now()));
  }
  co_return co_await control_->answer(std::move(request));
}

// Recovery reads what the node's state comes from: not what lies before the snapshot, and no old
// payload. So the whole journal is looked at beside the loop, at the start and when people ask.
Task<void> Node::look_at_journal() {
  if (std::exchange(looking_at_journal_, true)) co_return;
  (void)co_await journal_desk_->damage();
  looking_at_journal_ = false;
}

Task<std::string> Node::journal_damage(bool now) {
  constexpr std::uint64_t records_soon_read = 500'000;
  if (now && journal_->next() <= records_soon_read) co_return co_await journal_desk_->damage();
  if (now) spawn(look_at_journal());
  co_return journal_desk_->known_damage();
}

// What is granted goes on: the state is what was recovered, and from a snapshot that was signed.
void Node::say_damage(const std::string& damage) {
  log_line("warning: " + damage);
  gate_->alerts.escalate({}, "journal_damaged", damage);
}

// For whoever asks over the control socket, which is the user's own.
Result<std::string> Node::console_address() {
  if (!console_) {
    if (ending_) return fail(ErrorKind::environment, "the node ends");
    if (Status opened = open_console(); !opened) return std::unexpected(opened.error());
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

// Before the gate goes: pages are told, and whoever signs in is answered.
void Node::close_console() {
  if (console_) console_->finish();
  if (reviewers_) reviewers_->finish();
  console_listener_.reset();
  console_.reset();
}

}  // namespace pawl::node
