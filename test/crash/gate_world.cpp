#include "crash/gate_world.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "io/journal/reader.h"

namespace pawl::crash {

namespace {

// A world that cannot do what a story asks of it is a mistake in the test.
void demand(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "the world is broken: %s\n", what.c_str());
  std::abort();
}

class HeldSyncer final : public Syncer {
 public:
  explicit HeldSyncer(WorldSync& sync) : sync_(sync) {}
  void start(SyncTarget& target) override { sync_.target = &target; }
  void wake() override {
    if (!sync_.held) sync_.run();
  }
  void stop() override { sync_.target = nullptr; }

 private:
  WorldSync& sync_;
};

}  // namespace

std::shared_ptr<void> WorldExecutor::after(Duration delay, std::function<void()> work) {
  std::shared_ptr<void> token = std::make_shared<char>();
  timers_.emplace(clock_.boot().ns + delay.ns, Timer{token, std::move(work)});
  return token;
}

void WorldExecutor::offload(std::function<void()> work, std::function<void()> done) {
  beside_.emplace_back(std::move(work), std::move(done));
  if (!holds_offloaded) finish_one();
}

void WorldExecutor::finish_one() {
  demand(!beside_.empty(), "nothing is done beside the loop");
  auto [work, done] = std::move(beside_.front());
  beside_.pop_front();
  work();
  work = {};
  post(std::move(done));
}

bool WorldExecutor::run_one() {
  if (!ready_.empty()) {
    const std::function<void()> work = std::move(ready_.front());
    ready_.pop_front();
    work();
    return true;
  }
  while (!timers_.empty()) {
    const auto first = timers_.begin();
    if (!first->second.token.expired() && first->first > clock_.boot().ns) return false;
    const Timer timer = std::move(first->second);
    timers_.erase(first);
    if (timer.token.expired()) continue;
    timer.work();
    return true;
  }
  return false;
}

std::optional<Duration> WorldExecutor::next_timer() const {
  for (const auto& [at, timer] : timers_) {
    if (timer.token.expired()) continue;
    return Duration{std::max<std::int64_t>(0, at - clock_.since_boot.ns)};
  }
  return std::nullopt;
}

void ToolServer::answer(Outcome outcome) {
  demand(!waiting.empty(), "no call waits for an answer");
  Completion<Outcome> first = waiting.front();
  waiting.pop_front();
  first.deliver(std::move(outcome));
}

std::size_t ToolServer::count(std::string_view tool) const {
  return static_cast<std::size_t>(std::ranges::count(executed, tool, &Executed::tool));
}

Asked::Asked(ToolServer& server, Wanted wanted) : server_(server), wanted_(std::move(wanted)) {
  auto parsed = json::parse(wanted_.arguments);
  demand(parsed.has_value(), "arguments that are no JSON: " + wanted_.arguments);
  arguments_ = std::make_shared<const json::Document>(std::move(*parsed));
}

Proposal Asked::proposal() {
  Proposal out;
  out.run = wanted_.run;
  out.call = Call{wanted_.server, wanted_.tool, arguments_->root()};
  out.keeps = arguments_;
  out.definition = wanted_.definition;
  out.pin = wanted_.pin;
  out.resolve = wanted_.resolve;
  out.resumes = wanted_.resumes;
  out.own = wanted_.own;
  out.sub_run = wanted_.part;
  out.model = wanted_.model;
  return out;
}

void Asked::waiting(const std::string& id, Duration, Duration) {
  approval = id;
  ++signs;
}

Task<Outcome> Asked::execute(std::string_view tool, std::string_view arguments) {
  server_.executed.push_back(
      {wanted_.run, std::string(tool), std::string(arguments), journal->next(), journal->synced()});
  if (server_.on_execute) server_.on_execute(server_.executed.back());
  if (server_.answers) co_return told({Outcome::Kind::result, server_.result, {}});
  const Completion<Outcome> answer;
  server_.waiting.push_back(answer);
  co_return told(co_await answer);
}

// An answer of a model says what it used, or does not.
Outcome Asked::told(Outcome outcome) {
  const bool answered = outcome.kind == Outcome::Kind::result;
  if (!spend_ || !answered) return outcome;
  billed_ = spend_->money;
  if (!wanted_.uses) return outcome;
  Spent spent;
  spent.usage.input =
      static_cast<std::uint64_t>(static_cast<double>(spend_->input) * *wanted_.uses);
  spent.usage.output =
      static_cast<std::uint64_t>(static_cast<double>(spend_->output) * *wanted_.uses);
  spent.money = static_cast<NanoUsd>(static_cast<double>(spend_->money) * *wanted_.uses);
  billed_ = spent.money;
  outcome.spent = spent;
  return outcome;
}

void Asked::leave() {
  gone_ = true;
  if (on_gone) on_gone();
}

void WorldSync::run() {
  while (target != nullptr) {
    const auto due = target->due();
    if (!due || due->ns > 0) return;
    target->run();
  }
}

World::World(std::string policy_text, std::uint64_t seed)
    : random(seed), disk(seed ^ 0x9a7e), executor(clock), policy(load(policy_text)) {}

World::~World() {
  if (journal) end();
}

std::shared_ptr<const Policy> World::load(const std::string& text) const {
  // A policy is a value: worlds of the same text share it, and a thousand of them load it once.
  static std::map<std::string, std::shared_ptr<const Policy>> known;
  if (const auto found = known.find(text); found != known.end()) return found->second;
  LoadSources sources;
  sources.read = [](std::string_view) -> Result<std::string> {
    return fail(ErrorKind::missing, "no such file");
  };
  sources.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  Loaded loaded = load_policy(text, "policy.yaml", sources);
  std::string said;
  for (const Error& error : loaded.errors) said += to_string(error) + "\n";
  demand(loaded.policy != nullptr, "the policy does not load:\n" + said);
  known.emplace(text, loaded.policy);
  return loaded.policy;
}

JournalOptions World::options() {
  JournalOptions out;
  out.origin = "world";
  out.post = [this](std::function<void()> work) { executor.post(std::move(work)); };
  out.syncer = std::make_unique<HeldSyncer>(sync);
  out.random = [this](std::size_t count) { return random.bytes(count); };
  out.monotonic = [this] { return clock.boot(); };
  out.segment_bytes_max = segment_bytes;
  out.grow_bytes = 16UL << 10;
  out.reserve_bytes = reserve_bytes;
  out.free_bytes_min = 4096;
  return out;
}

Status World::try_start() {
  if (disk.off()) disk.restart();
  State state;
  JournalReplay replay;
  replay.state = [&](std::string_view text, std::uint64_t) -> Status {
    auto read = State::from_json(text);
    if (!read) return std::unexpected(read.error());
    state = std::move(*read);
    return {};
  };
  replay.record = [&](std::uint64_t, std::string_view text) -> Status {
    const auto record = parse_record(text);
    return record ? state.apply(*record) : std::unexpected(record.error());
  };
  auto opened = Journal::open(disk, options(), replay);
  if (!opened) return std::unexpected(opened.error());
  journal = std::move(*opened);
  Record started{journal->next(), clock.now(), clock.boot().ns, {}};
  started.body = NodeStarted{"world", "0", "boot", "wrap", state.epoch() + 1};
  const auto seq = journal->append(to_json(started), {}, Urgency::reserve);
  Status fine = seq ? state.apply(started) : std::unexpected(seq.error());
  if (fine) {
    gate = std::make_unique<Gate>(
        std::move(state), *journal, clock, executor, *this,
        [this](std::size_t count) { return random.bytes(count); }, limits);
    gate->reviewers.set_people({groups.begin(), groups.end()});
    fine = gate->recover();
  }
  if (!fine) {
    disk.kill();
    end();
  }
  return fine;
}

void World::start() {
  const Status started = try_start();
  demand(started.has_value(),
         "the node does not start" + (started ? std::string{} : ": " + started.error().message));
}

void World::end() {
  clients_.clear();
  gate.reset();
  journal.reset();
  executor.forget();
  server.waiting.clear();
  sync = {};
}

void World::stop() {
  clients_.clear();
  settle();
  sync.held = false;
  gate.reset();
  (void)journal->close();
  end();
}

void World::kill() {
  disk.kill();
  end();
}

void World::power_cut() {
  disk.power_cut();
  end();
}

void World::settle() {
  while (executor.run_one()) {
  }
}

void World::advance(Duration by) {
  settle();
  std::int64_t left = by.ns;
  while (true) {
    const auto next = executor.next_timer();
    if (!next || next->ns > left) break;
    clock.advance(*next);
    left -= next->ns;
    settle();
  }
  clock.advance(Duration{left});
  settle();
}

std::string World::open(const std::string& key, const std::string& sponsor) {
  const auto opened =
      gate->runs.open({.key = key, .sponsor = sponsor, .client = "test", .policy = policy});
  demand(opened.has_value(), opened ? "" : opened.error().message);
  run = *opened;
  return run;
}

Running World::run_call(Asked& asked) {
  Settled reply = co_await gate->calls.handle(asked.proposal(), asked, asked);
  asked.reply.emplace(std::move(reply));
  if (on_reply) on_reply(asked);
}

std::deque<Asked*> World::open_requests() {
  std::deque<Asked*> out;
  for (const Client& client : clients_) {
    if (!client.asked->done() && !client.asked->gone()) out.push_back(client.asked.get());
  }
  return out;
}

Asked& World::ask(Asked::Wanted wanted) {
  if (wanted.run.empty()) wanted.run = run;
  Client& client = clients_.emplace_back();
  client.asked = std::make_unique<Asked>(server, std::move(wanted));
  client.asked->journal = journal.get();
  client.running.emplace(run_call(*client.asked));
  return *client.asked;
}

Asked& World::ask(const std::string& tool, const std::string& arguments) {
  return ask(Asked::Wanted{.run = run, .tool = tool, .arguments = arguments});
}

Settled World::call(const std::string& tool, const std::string& arguments) {
  Asked& asked = ask(tool, arguments);
  settle();
  demand(asked.done(), "the call of " + tool + " has no answer");
  return *asked.reply;
}

Status World::approve(const std::string& approval, const std::string& person) {
  return gate->approvals.answer(approval, person, groups.at(person), true, "", "test",
                                "sha256:shown");
}

Status World::reject(const std::string& approval, const std::string& person) {
  return gate->approvals.answer(approval, person, groups.at(person), false, "not today", "test",
                                "sha256:shown");
}

Status World::change(const std::string& approval, const std::string& arguments,
                     const std::string& person) {
  return gate->approvals.change({.approval = approval,
                                 .person = person,
                                 .groups = groups.at(person),
                                 .arguments = arguments,
                                 .reason = "less of it",
                                 .proof = "test",
                                 .shown = "sha256:shown"});
}

std::vector<Record> World::records() {
  std::vector<Record> out;
  auto reader = JournalReader::open(disk);
  if (!reader) return out;
  while (true) {
    const auto entry = reader->next();
    demand(entry.has_value(), entry ? "" : entry.error().message);
    if (!*entry) return out;
    auto record = parse_record((*entry)->record);
    demand(record.has_value(), record ? "" : record.error().message);
    out.push_back(std::move(*record));
  }
}

std::size_t World::count(std::string_view type) {
  std::size_t found = 0;
  for (const Record& record : records()) found += type_of(record.body) == type;
  return found;
}

void World::question(const std::string& approval, const std::string&) {
  questions.push_back(approval);
}

void World::news(const QuestionNews& told) {
  for (const std::string& to : told.to) {
    told_news.push_back(std::string(to_string(told.kind)) + ' ' + to);
  }
}

void World::escalate(const std::string&, const std::string& event, const std::string&) {
  escalations.push_back(event);
}

void World::tell(const EscalationStep& step) {
  steps.push_back(step);
  if (!ways_answer) return;
  const bool failed = step.contact.via == unreachable;
  executor.post([this, step, failed] {
    if (!gate) return;
    (void)gate->alerts.escalated({step.run, step.event, step.contact.name, step.contact.via,
                                  failed ? "no one there" : "told", step.escalation, step.step,
                                  failed});
  });
}

void World::changed(const EscalationOpened& opened, const std::string& how) {
  changes.push_back(how + " " + opened.event);
}

}  // namespace pawl::crash
