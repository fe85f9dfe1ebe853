#include "node/drill.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/id.h"
#include "base/random.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "gate/gate.h"
#include "io/net/child.h"
#include "kernel/definition/definition.h"
#include "node/servers/process_trees.h"

namespace pawl::node {
namespace {

constexpr std::string_view drill_tool = "drill_effect";
constexpr std::size_t drill_callers = 16;
constexpr std::uint64_t drill_calls_before = 100;
constexpr std::size_t drill_trees = 10;
constexpr const char* drill_tree = "for i in 1 2 3 4 5 6 7 8 9; do sleep 300 & done; wait";
constexpr std::size_t drill_processes = drill_trees * 10;
constexpr Duration drill_within = Duration::seconds(5);
constexpr Duration drill_looks_after = Duration::milliseconds(2);

// What the callers of one drill share.
struct Drilling {
  Drilling(Gate& g, net::Loop& l, std::string r) : gate(g), loop(l), run(std::move(r)) {}

  Gate& gate;
  net::Loop& loop;
  std::string run;
  std::shared_ptr<const ToolDefinition> tool;
  json::Document arguments;
  std::uint64_t calls = 0, after = 0;
  Duration thrown{};  // when the switch was; zero: not yet
  Duration last{};    // when a call was last let through
  std::size_t callers = 0;
  std::string refused;  // why a call was, before the switch
};

// The effect: that it was let through.
class DrillServer final : public Upstream {
 public:
  explicit DrillServer(std::shared_ptr<Drilling> drilling) : drilling_(std::move(drilling)) {}
  Task<pawl::Outcome> execute(std::string_view, std::string_view) override {
    drilling_->last = drilling_->loop.now();
    ++(drilling_->thrown.ns == 0 ? drilling_->calls : drilling_->after);
    co_return pawl::Outcome{pawl::Outcome::Kind::result, R"({"content":[]})", {}};
  }
  void cancel() override {}

 private:
  std::shared_ptr<Drilling> drilling_;
};

class DrillCaller final : public Caller {
 public:
  Duration patience(Duration) const override { return {}; }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return false; }
};

// Calls until it is stopped.
Task<void> call_until_stopped(std::shared_ptr<Drilling> drilling) {
  DrillServer server(drilling);
  DrillCaller caller;
  for (;;) {
    Proposal proposal;
    proposal.run = drilling->run;
    proposal.call = {{}, drill_tool, drilling->arguments.root()};
    proposal.definition = drilling->tool;
    proposal.pin = PinState::accepted;  // pawl's own
    const Settled settled =
        co_await drilling->gate.calls.handle(std::move(proposal), server, caller);
    if (settled.kind == Settled::Kind::result) continue;
    if (drilling->thrown.ns == 0) drilling->refused = settled.text;
    break;
  }
  --drilling->callers;
}

Result<std::vector<std::shared_ptr<net::Child>>> start_trees(net::Loop& loop) {
  std::vector<std::shared_ptr<net::Child>> children;
  for (std::size_t i = 0; i < drill_trees; ++i) {
    net::ChildSpec spec;
    spec.command = {"/bin/sh", "-c", drill_tree};
    spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
    spec.error_output = net::ErrorOutput::discard;
    auto started = net::start(spec);
    PAWL_TRY(started);
    children.push_back(std::make_shared<net::Child>(loop, *std::move(started)));
  }
  return children;
}

std::vector<pid_t> leaders_of(const std::vector<std::shared_ptr<net::Child>>& children) {
  std::vector<pid_t> leaders;
  for (const auto& child : children) leaders.push_back(child->id().pid);
  return leaders;
}

Status give_tool(Drilling& drilling) {
  const auto schema = json::parse(R"({"type":"object"})");
  auto tool = definition_of({}, drill_tool, schema->root(), {});
  auto arguments = json::parse("{}");
  PAWL_TRY(tool);
  PAWL_TRY(arguments);
  drilling.tool = std::make_shared<const ToolDefinition>(*std::move(tool));
  drilling.arguments = *std::move(arguments);
  return {};
}

// It passed where calls were let through before the switch and none after it, and everybody died.
void fill_in(Drilled& record, const Drilling& drilling, const TreesEnded& ended) {
  record.processes = ended.processes;
  record.alive = ended.alive.size();
  record.dead = ended.took;
  record.calls = drilling.calls;
  record.after = drilling.after;
  record.decided = Duration{std::max<std::int64_t>(drilling.last.ns - drilling.thrown.ns, 0)};
  record.passed = record.calls > 0 && record.after == 0 && record.alive == 0 &&
                  record.processes >= drill_processes && drilling.callers == 0;
}

// A stop that a person threw, which an exercise would have to undo to be one; empty: there is
// none.
std::string stopped_already(const State& state, const std::string& run) {
  const Run* known = state.run(run);
  for (const Kill& kill : state.kills()) {
    const bool covered = known == nullptr || covers(kill, *known) || covers_tool(kill, drill_tool);
    if (!covered) continue;
    const std::string what = kill.scope + (kill.name.empty() ? "" : " " + kill.name);
    return fmt::format("the kill switch is set for `{}` by {} ({}): resume it first, then try it",
                       escape_untrusted(what),
                       kill.person.empty() ? "an unknown person" : escape_untrusted(kill.person),
                       escape_untrusted(kill.reason));
  }
  return {};
}

// Until the calls run, or nothing more is to be expected.
Task<void> begin_drill(std::shared_ptr<Drilling> drilling, std::vector<pid_t> leaders) {
  net::Loop& loop = drilling->loop;
  const Duration until{loop.now().ns + drill_within.ns};
  while (trees_of(leaders).size() < drill_processes && loop.now() < until) {
    co_await loop.sleep(drill_looks_after);
  }
  drilling->callers = drill_callers;
  for (std::size_t i = 0; i < drill_callers; ++i) spawn(call_until_stopped(drilling));
  while (drilling->calls < drill_calls_before && drilling->callers > 0 && loop.now() < until) {
    co_await loop.sleep(drill_looks_after);
  }
}

// Lifts the drill's own kill and nothing else: a person who threw the switch in earnest meanwhile
// finds it thrown. So does a person who has lifted the drill's already.
Status end_drill(Gate& gate, const std::string& kill, const Drilled& record) {
  const std::string reason = "drill " + record.drill + " is over";
  const auto& kills = gate.state().kills();
  if (std::ranges::find(kills, kill, &Kill::id) != kills.end()) {
    PAWL_TRY(gate.kill_switch.lift(kill, record.person, reason));
  }
  // What its calls used up is not held against the next run of this role.
  const Run* run = gate.state().run(record.run);
  const bool stopped = std::ranges::any_of(gate.state().kills(), [&](const Kill& one) {
    return one.scope == "run" && one.name == record.run;
  });
  if (run != nullptr && !run->halted.empty() && !stopped) {
    (void)gate.kill_switch.resume("run", record.run, record.person, reason);
  }
  (void)gate.runs.close(record.run, "the drill is over");
  return {};
}

std::string drill_json(const Drilled& drill) {
  json::Writer out;
  out.object().key("after").natural(drill.after).key("alive").natural(drill.alive);
  out.key("calls").natural(drill.calls).key("dead_us").integer(drill.dead.ns / 1000);
  out.key("decided_us").integer(drill.decided.ns / 1000).key("drill").string(drill.drill);
  out.key("ok").boolean(true).key("passed").boolean(drill.passed);
  out.key("processes").natural(drill.processes).key("role").string(drill.role);
  out.key("run").string(drill.run).end();
  return out.take();
}

}  // namespace

Result<std::string> Drill::open_run(const std::string& id, const std::string& person) {
  if (!deployment_.drill) {
    return fail(ErrorKind::usage,
                "the deployment file has no `drill`: it says whose run is killed");
  }
  const auto role = role_(deployment_.drill->role);
  PAWL_TRY(role);
  RunRequest request;
  request.key = "drill:" + id;
  request.sponsor = person;
  request.client = "pawl drill";
  request.policy = role->policy;
  request.keeps_policy = true;
  return gate_.runs.open(request);
}

// A run of its own, calls that have an effect, processes; then the switch, and clocks. Its own kill
// is lifted afterwards, in the name of the person who asked.
Task<Result<std::string>> Drill::run(std::string person, bool everything) {
  Drilled record;
  record.drill = make_id("d", random_bytes(5));
  record.person = person;
  const auto run = open_run(record.drill, person);
  PAWL_CO_TRY(run);
  record.role = deployment_.drill->role;
  record.run = *run;
  if (const std::string no = stopped_already(gate_.state(), *run); !no.empty()) {
    (void)gate_.runs.close(*run, "nothing was tried");
    co_return fail(ErrorKind::refused, no);
  }
  auto drilling = std::make_shared<Drilling>(gate_, loop_, *run);
  PAWL_CO_TRY(give_tool(*drilling));
  const auto children = start_trees(loop_);
  PAWL_CO_TRY(children);
  const std::vector<pid_t> leaders = leaders_of(*children);
  co_await begin_drill(drilling, leaders);
  // A person may have thrown it while the processes started.
  const std::string stopped_by = stopped_already(gate_.state(), *run);
  drilling->thrown = loop_.now();
  const std::string scope = everything ? "all" : "run";
  const std::string name = everything ? std::string() : *run;
  std::string kill;
  if (stopped_by.empty()) {
    const auto stopped = gate_.kill_switch.kill(scope, name, person, "drill " + record.drill,
                                                everything ? KillAlarm::exercise : KillAlarm::none);
    PAWL_CO_TRY(stopped);
    kill = stopped->kill;
    killed_(*stopped);
  }
  const TreesEnded ended = co_await end_trees(loop_, leaders, [&children] {
    for (const auto& child : *children) child->kill();
  });
  const Duration last_look{drilling->thrown.ns + drill_within.ns};
  while (drilling->callers > 0 && loop_.now() < last_look) {
    co_await loop_.sleep(drill_looks_after);
  }
  // A switch that was thrown is lifted whatever came out; where that fails, it stays thrown.
  PAWL_CO_TRY(end_drill(gate_, kill, record));
  if (!stopped_by.empty()) co_return fail(ErrorKind::refused, stopped_by);
  fill_in(record, *drilling, ended);
  PAWL_CO_TRY(gate_.alerts.drilled(record));
  if (record.calls > 0) co_return drill_json(record);
  co_return fail(ErrorKind::refused,
                 fmt::format("no call was let through, so nothing was tried: the "
                             "policy of `{}` has to allow `{}`. {}",
                             escape_untrusted(record.role), drill_tool, drilling->refused));
}

}  // namespace pawl::node
