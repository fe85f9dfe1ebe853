#include "node/node.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "base/random.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "doors/console/console.h"
#include "doors/control/control.h"
#include "doors/mcp/session/session.h"
#include "doors/watch/metrics.h"
#include "gate/gate.h"
#include "io/approvals/ways.h"
#include "io/http/libcurl.h"
#include "io/identity/provider.h"
#include "io/journal/journal.h"
#include "io/journal/key_files.h"
#include "io/journal/posix_disk.h"
#include "io/net/clock.h"
#include "io/notify/slack_answer.h"
#include "kernel/policy/policy.h"
#include "kernel/state/live.h"
#include "kernel/state/state.h"
#include "node/attention_checks.h"
#include "node/common/isolated_sql.h"
#include "node/console_listener.h"
#include "node/drill.h"
#include "node/files/config_files.h"
#include "node/gateway.h"
#include "node/journal_desk.h"
#include "node/model_proxy.h"
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
#include "node/servers/remotes.h"
#include "node/servers/server_processes.h"
#include "node/telemetry.h"

namespace pawl::node {
namespace {

constexpr Duration idle_look_every = Duration::seconds(1);
// Longer than a quick server takes, shorter than anybody notices on a processor.
constexpr Duration asks_for{50'000};
constexpr Duration node_farewell_within = Duration::seconds(1);
// Two settlings of a session, and the steps of its server's escalation.
constexpr Duration remote_end_within = Duration::seconds(9);

// The fold of the journal, and what the clock must continue from.
struct Folded {
  views::ActivityFeed& activity;
  AccessHistory& access;
  State state = {};
  std::optional<net::Anchor> anchor = {};
  Instant newest{};
  std::string boot_id = {};
};

Status fold_record(Folded& folded, std::string_view text) {
  auto record = parse_record(text);
  PAWL_TRY(record);
  if (const auto* started = std::get_if<NodeStarted>(&record->body)) {
    folded.boot_id = started->boot_id;
  }
  folded.newest = std::max(folded.newest, record->at);
  if (!folded.boot_id.empty()) {
    folded.anchor = net::Anchor{folded.boot_id, Duration{record->boot_ns}, record->at};
  }
  PAWL_TRY(folded.state.apply(*record));
  folded.activity.note(*record, folded.state);
  folded.access.take(*record);
  return {};
}

}  // namespace

// What looks after one thing each. The gate and the clock are there.
Node::Node(NodeOptions options)
    : options_(std::move(options)),
      deployment_watch_({
          .state_directory = options_.state_directory,
          .file = options_.config,
          .named = options_.config_named,
          .serves = options_.serves,
          .in_force = [this] { use_deployment(); },
          .keys_taken =
              [this] {
                if (callers_) callers_->file_changed();
              },
          .told = [this](const std::string& directory) { notifier_->use(deployment_, directory); },
      }),
      read_sql_(isolated_sql()) {}

Node::~Node() = default;

void Node::open_services() {
  gate_->policies.set_budgets(
      [this](std::string_view role, Instant now) { return budgets_of(deployment_, role, now); });
  const auto role = [this](const std::string& name) { return policies_->role_in_force(name); };
  policies_ = std::make_unique<PolicyWatch>(
      PolicyWatchPorts{.gate = *gate_,
                       .clock = *clock_,
                       .deployment = deployment_,
                       .config_directory = config_directory_,
                       .in_force = [this](const Policy& policy) { telemetry_->know(policy); },
                       .changed = [this] { use_policies(); }});
  const auto refused = [this](const std::string& topic, const std::string& text) {
    note_refusal(topic, text);
  };
  reviewers_ = std::make_unique<Reviewers>(
      ReviewersPorts{.loop = loop_,
                     .gate = *gate_,
                     .clock = *clock_,
                     .deployment = deployment_,
                     .config_directory = config_directory_,
                     .broker = remotes_->broker(),
                     .refused = refused,
                     .told = [this] { notifier_->automated().ask_open(); }});
  notifications_ = std::make_unique<Notifications>(NotificationPorts{
      .gate = *gate_,
      .journal = *journal_,
      .clock = *clock_,
      .notifier = *notifier_,
      .deployment = deployment_,
      .groups_of = [this](std::string_view person) { return reviewers_->groups_of(person); },
      .why_to_deny = [this](const std::string& run) { return attention_->why_to_deny(run); },
      .refused = refused});
  rollout_ = std::make_unique<Rollout>(*gate_, deployment_);
  attention_ = std::make_unique<AttentionChecks>(AttentionPorts{.loop = loop_,
                                                                .gate = *gate_,
                                                                .deployment = deployment_,
                                                                .read_sql = read_sql_,
                                                                .role = role});
  drill_ = std::make_unique<Drill>(
      DrillPorts{.loop = loop_,
                 .gate = *gate_,
                 .deployment = deployment_,
                 .role = role,
                 .killed = [this](const Stopped& stopped) { killed(stopped); }});
  callers_ = std::make_unique<NetworkCallers>(
      NetworkCallerPorts{.loop = loop_,
                         .gate = *gate_,
                         .clock = *clock_,
                         .deployment = deployment_,
                         .config_directory = config_directory_,
                         .state_directory = options_.state_directory,
                         .policies = *policies_,
                         .executor = executor_,
                         .read_sql = read_sql_,
                         .begin_trace = [this] { return telemetry_->begin_trace(); }});
}

Status Node::open_journal() {
  Folded folded{activity_, access_};
  JournalOptions journal;
  journal.post = [this](std::function<void()> work) { loop_.post(std::move(work)); };
  journal.syncer = make_thread_syncer();
  journal.random = random_in_batches();  // a salt for each payload
  JournalReplay replay;
  replay.state = [&](std::string_view text, std::uint64_t) -> Status {
    auto state = State::from_json(text);
    PAWL_TRY(state);
    folded.state = std::move(*state);
    return {};
  };
  replay.record = [&](std::uint64_t, std::string_view text) { return fold_record(folded, text); };
  auto opened = Journal::open(*disk_, std::move(journal), replay);
  if (!opened && opened.error().fault == ErrorKind::corrupt) {
    return fail(ErrorKind::corrupt,
                "the journal is damaged, so the node does not start: " + opened.error().message +
                    "; `pawl audit verify` says what can still be read");
  }
  PAWL_TRY(opened);
  journal_ = std::move(*opened);
  if (const Recovery& found = journal_->recovery(); found.torn_bytes > 0) {
    log_line(fmt::format("the journal had a torn end: {} bytes behind record {} were cut off",
                         found.torn_bytes, found.size == 0 ? 0 : found.size - 1));
  }
  auto key = journal::open_node_key(*disk_, journal_->origin(), random_bytes);
  PAWL_TRY(key);
  key_ = std::move(*key);

  auto boot = net::boot_id();
  PAWL_TRY(boot);
  boot_id_ = *boot;
  auto clock = net::NodeClock::start(folded.anchor, folded.newest);
  PAWL_TRY(clock);
  clock_ = std::make_unique<net::NodeClock>(std::move(*clock));

  NodeStarted started;
  started.node = journal_->public_key();
  started.version = PAWL_VERSION;
  started.boot_id = boot_id_;
  started.setup = options_.serves ? "serve" : "wrap";
  started.epoch = folded.state.epoch() + 1;
  Record record{journal_->next(), clock_->now(), clock_->boot().ns, std::move(started)};
  auto appended = journal_->append(pawl::to_json(record));
  PAWL_TRY(appended);
  PAWL_TRY(folded.state.apply(record));
  GateLimits limits;
  limits.idle_close = options_.idle_close;
  limits.snapshot_records = std::min(limits.snapshot_records, options_.snapshot_records);
  gate_ = std::make_unique<Gate>(std::move(folded.state), *journal_, *clock_, executor_, *notifier_,
                                 random_bytes, limits);
  open_services();
  notifier_->use(gate_.get(), journal_.get());
  chronicles_ = gate_->on_record([this](const Record& written) {
    activity_.note(written, gate_->state());
    access_.take(written);
  });
  return {};
}

// What follows from a file that is in force now. Who is no longer in it counts as no one from here
// on, also where a new one could not be enrolled.
Status Node::follow_config() {
  const Status people = reviewers_->enrol_configured();
  people_changed();
  policies_->look_at_roles();
  reload_console();
  return people;
}

// For `reread` of the control socket: empty where the file is in force, else the mistake for which
// what was in force stays.
Result<std::string> Node::reread_config() {
  if (Status read = deployment_watch_.read(); !read) return to_string(read.error());
  PAWL_TRY(follow_config());
  return std::string();
}

// On SIGHUP. Where it listens is decided once.
void Node::reload() {
  if (Status read = deployment_watch_.read(); !read) {
    return log_line("the deployment file has a mistake; what was in force stays");
  }
  if (Status followed = follow_config(); !followed) log_line(to_string(followed.error()));
  if (Status certificate = gateway_->reload(); !certificate) {
    log_line("the certificate stays as it was: " + to_string(certificate.error()));
  }
  log_line(deployment_watch_.known().waiting.empty()
               ? "the deployment file was read again"
               : "the deployment file was read again, and waits for a reviewer");
}

// The deployment file was read: who may answer may be other people now, and so may be the calls by
// which people are measured.
void Node::people_changed() {
  reviewers_->file_changed();
  attention_->file_changed();
  if (options_.serves) attention_->plan();
}

// Sessions keep what they began with; new ones, and people, get what the file says now.
void Node::use_deployment() {
  if (callers_) callers_->file_changed();
  remotes_->use(deployment_, config_directory_);
  if (remote_sessions_) remote_sessions_->file_changed();
  if (model_proxy_) model_proxy_->file_changed();
  notifier_->use(deployment_, config_directory_);
  if (policies_) policies_->file_changed();
  if (telemetry_) telemetry_->know(deployment_);
  if (control_) rollout_->begin();  // else the node starts, and does that when it knows its people
}

Status Node::open_sockets() {
  local_sessions_ = std::make_unique<LocalSessions>(
      LocalSessionPorts{.loop = loop_,
                        .gate = *gate_,
                        .deployment = deployment_,
                        .config_directory = config_directory_,
                        .policies = *policies_,
                        .remotes = *remotes_,
                        .boot_id = boot_id_,
                        .read_deployment = [this]() -> Status {
                          PAWL_TRY(deployment_watch_.read());
                          people_changed();
                          return {};
                        },
                        .hello = [this](json::View request) { return hello(request); },
                        .joined = [this] { use_policies(); },
                        .session_of = session_of()});
  const std::string join = options_.state_directory + "/" + join_socket;
  const std::string control = options_.state_directory + "/" + control_socket;
  auto asks = net::Listener::open(
      loop_, control,
      [this](net::Fd socket, net::Peer peer) { asked(std::move(socket), std::move(peer)); },
      {.replace_stale = true});
  PAWL_TRY(asks);
  ask_ = std::move(*asks);
  auto joins = net::Listener::open(loop_, join,
                                   [this](net::Fd socket, net::Peer peer) {
                                     local_sessions_->accept(std::move(socket), std::move(peer));
                                   },
                                   {.replace_stale = true});
  PAWL_TRY(joins);
  join_ = std::move(*joins);
  return {};
}

void Node::open_control() {
  control_ = std::make_unique<Control>(ControlPorts{
      *gate_,
      *journal_,
      *clock_,
      challenges_,
      random_bytes,
      [this](std::string_view text) { return key_->prove(text); },
      [this](std::string_view person) { return reviewers_->groups_of(person); },
      [this](const Stopped& stopped) { killed(stopped); },
      [this] { return reread_config(); },
      [this](json::View request) { return callers_->create_run(request); },
      [this](json::View request) { return callers_->rotate_keys(request); },
      [this] { return notifications_->notices_json(); },
      [this](std::string scope, std::string name, std::vector<std::string> runs, bool end) {
        return end_processes(std::move(scope), std::move(name), std::move(runs), end);
      },
      [this](std::string person, bool everything) {
        return drill_->run(std::move(person), everything);
      },
      options_.config,
      PAWL_VERSION,
      [this] { return console_address(); },
      [this](const std::string& run) { return attention_->why_to_deny(run); },
      &activity_,
      [this] { return deployment_.default_reviewers; },
      [this](json::Writer& out) { write_access(out, access_); },
      [this](std::function<void()> work) { loop_.post(std::move(work)); },
      [this](std::vector<views::SoughtCall> sought) {
        return card_desk_->look_back(std::move(sought));
      },
      [this] { return deployment_watch_.known(); },
      [this](const std::string& digest, const std::string& person) {
        Status accepted = deployment_watch_.accept(digest, person);
        return accepted ? follow_config() : accepted;
      },
      [this](bool now) { return journal_damage(now); },
      [this] { return standing_names(); },
      [this](json::Writer& out) {
        out.key("clients")
            .natural(local_sessions_->size())
            .key("idle")
            .string(to_string(options_.idle));
        out.key("serves").boolean(options_.serves);
      },
      [this] { return policies_->mistakes(); }});
}

Status Node::open() {
  // A node without a way to the servers of its file, or to the people, is none.
  PAWL_TRY(http::fit(http::Libcurl::made()));
  auto disk = PosixDisk::open(options_.state_directory, PosixDisk::Root::create);
  PAWL_TRY(disk);
  disk_ = std::move(*disk);
  auto signals = net::Signals::watch(loop_, {SIGTERM, SIGINT, SIGHUP},
                                     [this](int number) { signalled(number); });
  PAWL_TRY(signals);
  signals_ = std::move(*signals);
  remotes_ = std::make_unique<Remotes>(loop_, options_.state_directory);
  processes_ = std::make_unique<Processes>(
      ProcessPorts{.loop = loop_,
                   .remotes = *remotes_,
                   .deployment = deployment_,
                   .config_directory = config_directory_,
                   .end_quiet = [this](const std::string& caller, std::size_t wanted) {
                     return remote_sessions_->door().end_quiet(caller, wanted);
                   }});
  notifier_ = std::make_unique<NodeNotifier>(
      loop_, remotes_->broker(), [this](const std::string& run, const std::string& text) {
        if (local_sessions_) local_sessions_->say(run, text);
      });
  const DeploymentRead read = read_deployment(options_.config, options_.config_named);
  PAWL_TRY(deployment_watch_.check(read));
  if (Status journal = open_journal(); !journal) {
    deployment_watch_.use(read);  // for those who are told
    return journal;
  }
  PAWL_TRY(deployment_watch_.begin(*gate_, read));
  PAWL_TRY(gate_->recover());
  deployment_watch_.say_waiting();
  deployment_watch_.warn_of_writers();
  PAWL_TRY(reviewers_->enrol_configured());
  people_changed();
  rollout_->begin();
  card_desk_ = std::make_unique<JournalDesk>(loop_, options_.state_directory);
  journal_desk_ = std::make_unique<JournalDesk>(
      loop_, options_.state_directory, [this](const std::string& damage) { say_damage(damage); });
  open_control();
  deployment_watch_.set_started();
  spawn(journal_desk_->look());
  for (const auto& [id, run] : gate_->state().runs()) {
    if (run.phase != RunPhase::closed) gate_->runs.leave(id);
  }
  PAWL_TRY(open_telemetry());
  PAWL_TRY(open_sockets());
  policies_->look_at_roles();
  PAWL_TRY(open_gateway());
  const bool wanted = options_.serves && deployment_.listen && !deployment_.listen->console.none();
  return wanted ? open_console() : Status{};
}

bool Node::busy() const {
  if (options_.serves || local_sessions_->size() > 0 || !control_connections_.empty()) return true;
  if (console_ && console_->watched() > 0) return true;
  if (notifier_->notifiers().waiting() > 0) return true;
  for (const auto& [id, escalation] : gate_->state().escalations()) {
    if (escalation.phase == Escalation::Phase::open) return true;
  }
  for (const auto& [id, approval] : gate_->state().approvals()) {
    if (is_live(approval)) {
      return true;
    }
  }
  return false;
}

void Node::watch_idle() {
  policies_->look();
  rollout_->look();
  if (busy()) {
    idle_now_ = false;
  } else if (!std::exchange(idle_now_, true)) {
    idle_since_ = clock_->now();
  } else if (clock_->now() - idle_since_ >= options_.idle) {
    log_line("nothing to do: the node ends");
    loop_.stop();
    return;
  }
  idle_ = loop_.after(idle_look_every, [this] { watch_idle(); });
}

void Node::close() {
  close_console();
  if (card_desk_) card_desk_->finish();
  if (journal_desk_) journal_desk_->finish();
  if (callers_) callers_->finish();
  if (model_proxy_) {
    model_proxy_->door().finish();
    (void)loop_.run_until([this] { return model_proxy_->door().under_way() == 0; },
                          remote_end_within);
  }
  if (remote_sessions_) {
    mcp::HttpDoor& door = remote_sessions_->door();
    door.finish("the node ends");
    (void)loop_.run_until([&] { return door.sessions() == 0 && processes_->servers().live() == 0; },
                          remote_end_within);
  }
  gateway_.reset();
  model_proxy_.reset();
  if (callers_) callers_->close();
  remote_sessions_.reset();
  join_.reset();
  ask_.reset();
  executor_.finish();
  if (local_sessions_) local_sessions_->finish();
  control_connections_.clear();
  // Servers that keep sessions are told that theirs is over, where they listen.
  if (remotes_) {
    (void)loop_.run_until([this] { return remotes_->under_way() == 0; }, node_farewell_within);
  }
  send_last_traces();
  control_.reset();
  telemetry_.reset();
  if (gate_) gate_->alerts.write_refusals();
  if (notifier_) notifier_->use(nullptr, nullptr);
  gate_.reset();
  if (journal_) {
    if (Status closed = journal_->close(); !closed) log_line(to_string(closed.error()));
  }
}

NodeEnd Node::run() {
  if (Status opened = open(); !opened) {
    log_line("the node cannot start: " + to_string(opened.error()));
    if (notifier_) tell_of_no_start(loop_, *notifier_, deployment_, opened.error());
    return opened.error().fault == ErrorKind::refused ? NodeEnd::refused : NodeEnd::failed;
  }
  log_line(fmt::format("node {} serves {} ({} records)", PAWL_VERSION, options_.state_directory,
                       journal_->next()));
  watch_idle();
  loop_.set_patience(asks_for);
  const Status ran = loop_.run();
  close();
  if (!ran) {
    log_line(to_string(ran.error()));
    return NodeEnd::failed;
  }
  return NodeEnd::done;
}

NodeEnd run_node(const NodeOptions& options) {
  // Coroutine frames of calls that still wait for people live until the process ends.
  auto node = std::make_unique<Node>(options);
  return node->run();
}

// The doors on the network: opened with the node, read anew on a signal, closed in order.

namespace {

// How long calls that are under way may take when the node is told to end, and after them the
// sessions and the connections.
constexpr Duration calls_within = Duration::seconds(10);
constexpr Duration look_again_after = Duration::milliseconds(50);
constexpr Duration drain_within = Duration::seconds(6);
constexpr const char* slack_path = "/notify/slack";
constexpr std::size_t roles_shown_max = 8;

// Where clients find their role, for the operator who started the gateway: ` with /mcp/a, /mcp/b
// and 3 more`.
std::string places_of(const std::vector<std::string>& roles) {
  std::string text;
  for (std::size_t i = 0; i < roles.size() && i < roles_shown_max; ++i) {
    text += (i == 0 ? " with /mcp/" : ", /mcp/") + escape_untrusted(roles[i]);
  }
  if (roles.size() > roles_shown_max) {
    text += fmt::format(" and {} more", roles.size() - roles_shown_max);
  }
  return text;
}

}  // namespace

Status Node::open_gateway() {
  if (!options_.serves) return {};
  if (!deployment_.listen)
    return fail(ErrorKind::usage, "the deployment file has no `listen` any more");
  http::ServerLimits limits;
  limits.connections_max = deployment_.limits.connections;
  limits.connections_per_peer_max = deployment_.limits.connections_of_address;
  gateway_ = std::make_unique<Gateway>(
      loop_, limits, [this] { return gate_->fault(); },
      [this] { return notifications_->unheard(); }, [this] { return notifications_->degraded(); });
  gateway_->on_unproved([this](const http::Remote& remote, const std::string& why) {
    note_refusal("identity refused", why + ", from " + remote.address);
  });
  remote_sessions_ =
      std::make_unique<RemoteSessions>(RemoteSessionPorts{.loop = loop_,
                                                          .gate = *gate_,
                                                          .clock = *clock_,
                                                          .deployment = deployment_,
                                                          .policies = *policies_,
                                                          .processes = *processes_,
                                                          .remotes = *remotes_,
                                                          .callers = *callers_,
                                                          .joined = [this] { use_policies(); },
                                                          .session_of = session_of()});
  remote_sessions_->add_to(gateway_->routes());
  if (deployment_.notices.slack && deployment_.notices.slack->signing.given()) {
    gateway_->routes().add(
        "POST", slack_path, http::Hosts::listed,
        [this](http::Request request, http::Responder responder) {
          spawn(notifications_->posted(std::move(request), std::move(responder)));
        });
  }
  PAWL_TRY(gateway_->listen(*deployment_.listen, config_directory_));
  std::vector<std::string> roles;
  for (const auto& [name, role] : deployment_.roles) {
    if (remote_sessions_->serves(name)) roles.push_back(name);
  }
  log_line(fmt::format("serving at {}{}", gateway_->address(), places_of(roles)));
  PAWL_TRY(callers_->open(*gateway_));
  model_proxy_ = std::make_unique<ModelProxy>(
      ModelProxyPorts{.gate = *gate_,
                      .executor = executor_,
                      .clock = *clock_,
                      .deployment = deployment_,
                      .config_directory = config_directory_,
                      .policies = *policies_,
                      .callers = *callers_,
                      .remotes = *remotes_,
                      .begin_trace = [this] { return telemetry_->begin_trace(); }});
  model_proxy_->add_to(gateway_->routes());
  return {};
}

void Node::signalled(int number) {
  if (number == SIGHUP && options_.serves) return reload();
  if (gateway_ && !std::exchange(ending_, true)) {
    log_line(fmt::format("signal {}: no further requests, running calls are finished", number));
    spawn(end_serving());
    return;
  }
  log_line(fmt::format("signal {}: the node ends", number));
  loop_.stop();
}

bool Node::calls_under_way() const {
  bool any = callers_->api().executing() > 0 || model_proxy_->door().under_way() > 0;
  remote_sessions_->door().each(
      [&](mcp::Endpoint& endpoint) { any |= gate_->calls.live_calls(endpoint.run()) > 0; });
  return any;
}

// Requests that come from now on are told to go; what is under way gets its time.
Task<void> Node::end_serving() {
  gateway_->set_ending();
  remote_sessions_->door().refuse_new();
  callers_->api().refuse_new();
  model_proxy_->door().refuse_new();
  const Duration until = loop_.now() + calls_within;
  while (calls_under_way() && loop_.now() < until) co_await loop_.sleep(look_again_after);
  remote_sessions_->door().finish("the node ends");
  model_proxy_->door().finish();
  close_console();
  const bool in_time = co_await gateway_->drain(drain_within);
  if (!in_time) log_line("connections were cut that did not end in time");
  loop_.stop();
}

// For those who watch the machine: numbers and traces of this node.

namespace {

constexpr Duration last_traces_within = Duration::milliseconds(1500);
constexpr Duration last_look_within = Duration::seconds(2);

Task<void> flush_into(Telemetry& watching, std::shared_ptr<bool> done) {
  (void)co_await watching.flush(last_traces_within);
  *done = true;
}

}  // namespace

Status Node::open_telemetry() {
  telemetry_ = std::make_unique<Telemetry>(loop_, *gate_, *clock_, [this] { return numbers(); });
  if (options_.serves && deployment_.listen && !deployment_.listen->metrics.none()) {
    const Deployment::Address& where = deployment_.listen->metrics;
    if (Status served = telemetry_->serve_metrics(where); !served) {
      Error error = served.error();
      error.at = where.at;
      return std::unexpected(std::move(error));
    }
  }
  if (deployment_.traces) {
    telemetry_->send_traces(*deployment_.traces, config_directory_, journal_->origin(),
                            remotes_->broker(), [](const std::string& text) { log_line(text); });
  }
  telemetry_->know(deployment_);
  if (logs_json()) logs_ = gate_->on_record(log_record);
  return {};
}

// Calls are over by now; a collector that is not there is not waited for.
void Node::send_last_traces() {
  if (!telemetry_) return;
  const auto done = std::make_shared<bool>(false);
  spawn(flush_into(*telemetry_, done));
  (void)loop_.run_until([done] { return *done; }, last_look_within);
}

watch::NodeNow Node::numbers() const {
  watch::NodeNow now;
  now.version = PAWL_VERSION;
  now.ending = ending_;
  now.sessions = remote_sessions_ ? remote_sessions_->door().sessions() : 0;
  now.joined = local_sessions_->size();
  now.connections = gateway_ ? gateway_->connections() : 0;
  now.server_processes = processes_->servers().live();
  now.journal_records = journal_->next();
  now.journal_synced = journal_->synced();
  now.journal_bytes = journal_->bytes_written();
  for (const WayNow& way : notifier_->notifiers().now()) {
    now.ways.push_back({way.name, way.dead.empty(), way.told, way.failed});
  }
  return now;
}

}  // namespace pawl::node
