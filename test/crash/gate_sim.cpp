#include "crash/gate_sim.h"

#include <fmt/format.h>

#include <set>

#include "io/journal/verify.h"

namespace pawl::crash {

namespace {

constexpr std::uint64_t steps_max = 40;
constexpr std::uint64_t puts_max = 6;
constexpr NanoUsd money_max = 50'000'000;

constexpr const char* policy = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: "read_*", class: read_only}
    - name: "put_*"
      class: reversible small
      max_calls_per_run: 6
      counters: [{per: run, max: 6}, {add: 2, per: 1h, max: 5000}]
    - {name: "mail_*", class: irreversible small, requires_approval: true}
    - name: "set_*"
      class: reversible small
      approval: {wider: {identical: 3, run: 20s}}
      max_calls_per_run: 4
execution: {max_steps: 40, max_wall_clock: 10m, max_denials: 12, max_repeats: 3, max_cost_usd: 0.05}
approval: {reviewers: [leads], within: 60s}
)";

constexpr std::uint64_t repeats_max = 3;  // as the policy says
constexpr Duration watched_for = Duration::seconds(1800);

bool is_effect(std::string_view tool) {
  return !tool.starts_with("read_") && !tool.starts_with("model_");
}

bool lets_run(const CallDecided& decided) {
  return decided.effect == "allow" || decided.effect == "notify" || !decided.enforced;
}

}  // namespace

GateSim::GateSim(std::uint64_t seed) : random_(seed), world_(policy, seed * 7919 + 1) {
  world_.segment_bytes = 96UL << 10;
  world_.reserve_bytes = 12UL << 10;
  world_.limits.snapshot_records = 15 + random_.below(60);
  world_.limits.denial_records_max = 2 + static_cast<std::uint32_t>(random_.below(4));
  world_.limits.questions_per_run_max = 3;
  // In half of the stories everything counts as large.
  if (random_.below(2) == 0) world_.limits.offload_bytes_min = 0;
  stubborn_ = random_.one_in(4);
  if (random_.one_in(2)) watched_until_ = world_.clock.wall + watched_for;
  world_.server.on_execute = [this](const Executed& executed) { check_execution(executed); };
  world_.on_reply = [this](const Asked& asked) { check_reply(asked); };
}

void GateSim::must(bool holds, const std::string& what) {
  if (!holds && !wrong_) wrong_ = what;
}

std::optional<std::string> GateSim::run() {
  const std::uint64_t lives = 2 + random_.below(4);
  for (std::uint64_t life = 0; life < lives && !wrong_; ++life) {
    begin_life();
    if (!wrong_) play();
    end_life();
  }
  if (wrong_) return wrong_;
  begin_life();
  if (!wrong_) check_end();
  if (!wrong_) world_.stop();
  return wrong_;
}

void GateSim::begin_life() {
  world_.disk.set_faults({});
  world_.disk.power_cut_after(0);
  world_.disk.set_capacity(1ULL << 40);
  world_.server.answers = random_.one_in(2);
  clean_ = true;
  Status started = world_.try_start();
  must(started.has_value(), started ? "" : "the node does not start: " + started.error().message);
  if (wrong_) return;
  if (watched_until_) {
    world_.gate->policies.set_observations({{"agent", *watched_until_, "first contact"}});
  }
  reached_.snapshots += world_.journal->recovery().from_snapshot > 0;
  check_start();
  if (wrong_) return;
  world_.sync.held = !random_.one_in(4);
  runs_.clear();
  if (random_.one_in(3)) {
    world_.disk.set_faults({random_.below(400), 5, random_.below(80), 0});
    clean_ = false;
  }
  if (random_.one_in(3)) world_.disk.power_cut_after(1 + random_.below(300));
}

// The records that are there now: what was there before, as far as it was promised, and a state
// that folds from the first of them.
void GateSim::check_start() {
  const std::vector<std::string> before = std::move(texts_);
  texts_.clear();
  records_.clear();
  auto reader = JournalReader::open(world_.disk);
  must(reader.has_value(), "the journal cannot be read");
  if (wrong_) return;
  reader_.emplace(std::move(*reader));
  refresh();
  const std::uint64_t promised = last_end_ == End::cut ? durable_ : before.size();
  must(texts_.size() >= promised,
       fmt::format("{} records were promised, {} are left", promised, texts_.size()));
  const std::size_t known =
      std::min({static_cast<std::size_t>(promised), before.size(), texts_.size()});
  for (std::size_t i = 0; i < known; ++i) {
    must(texts_[i] == before[i], fmt::format("record {} has changed", i));
  }
  if (before.size() > promised) reached_.lost_records += before.size() - promised;
  check_life();
  for (const auto& [id, call] : world_.gate->state().calls()) {
    must(call.phase == CallPhase::held, "the call " + id + " stays admitted over a restart");
  }
  for (const auto& [key, count] : effects_) {
    must(count <= grants(key, texts_.size()),
         fmt::format("{} ran {} times, and {} decisions are left", key.second, count,
                     grants(key, texts_.size())));
  }
  check_denials();
  check_billed();
  // A read's decision may go with the power; it is as if it had not been asked.
  for (auto& [key, count] : reads_) count = std::min(count, grants(key, texts_.size()));
}

// What a caller was told before the last record that is left stays counted.
void GateSim::check_denials() {
  const std::uint64_t left = last_end_ == End::cut ? durable_ : texts_.size();
  for (auto& [id, answered] : refused_) {
    std::erase_if(answered, [&](std::uint64_t records) { return records > left; });
    const pawl::Run* run = world_.gate->state().run(id);
    if (run == nullptr) continue;  // its opening was not durable
    must(run->denials.settled >= answered.size(),
         fmt::format("{} was refused {} times, and {} denials are counted", id, answered.size(),
                     run->denials.settled));
  }
}

// What a model was paid for stays charged; a power cut may take the record of a request that was
// not durable, and with it its charge.
void GateSim::check_billed() {
  for (auto& [id, billed] : billed_) {
    const pawl::Run* run = world_.gate->state().run(id);
    const NanoUsd settled = run == nullptr ? 0 : run->spending.money.settled;
    if (last_end_ == End::cut || run == nullptr) billed = std::min(billed, settled);
    must(settled >= billed,
         fmt::format("{} was billed {} nano-USD, and {} are charged", id, billed, settled));
  }
}

// On a disk that is full or fails, refusals are answered that the journal cannot hold.
void GateSim::told_no(const std::string& run) {
  if (world_.disk.off() || world_.journal->full() || world_.journal->failed()) return;
  refused_[run].push_back(world_.journal->next());
}

void GateSim::check_life() {
  refresh();
  State again;
  for (const Record& record : records_) {
    check_circles(again, record);
    const Status applied = again.apply(record);
    must(applied.has_value(), applied ? "" : "it does not fold: " + applied.error().message);
  }
  const State& state = world_.gate->state();
  const Status sums = state.consistent();
  must(sums.has_value(), sums ? "" : "the sums are wrong: " + sums.error().message);
  for (const auto& [id, run] : state.runs()) {
    must(run.spending.money.total() <= money_max,
         fmt::format("{} may spend {} of {} nano-USD", id, run.spending.money.total(), money_max));
  }
  // A record whose write failed may be there all the same; then the node has stopped.
  if (world_.journal->failed() || again.next_seq() != state.next_seq()) return;
  must(again.to_json() == state.to_json(), "folding again gives another state");
}

// A call that goes on with a circle runs where a person lets it, and ends where none did.
void GateSim::check_circles(const State& before, const Record& record) {
  const auto* decided = std::get_if<CallDecided>(&record.body);
  if (decided == nullptr || decided->mark.empty() || decided->round != 1) return;
  const pawl::Run* run = before.run(decided->run);
  if (run == nullptr) return;  // it does not fold, and that is said
  const std::uint64_t repeats = run->repeats.of(decided->mark);
  const bool unasked = lets_run(*decided) && decided->approval.empty();
  must(repeats < repeats_max || !unasked, decided->call + " runs although its run goes in circles");
  must(repeats < 2 * repeats_max || decided->halt || run->phase != RunPhase::open ||
           before.any_halt() || !before.kills().empty() || decided->code == "audit_unavailable" ||
           decided->code == "ceiling",
       decided->call + " goes on with a circle that has to end");
}

void GateSim::refresh() {
  while (!wrong_ && reader_ && !world_.disk.off()) {
    const auto entry = reader_->next();
    must(entry.has_value(), entry ? "" : "reading: " + entry.error().message);
    if (!entry || !*entry) return;
    auto record = parse_record((*entry)->record);
    must(record.has_value(), record ? "" : "parsing: " + record.error().message);
    if (!record) return;
    texts_.emplace_back((*entry)->record);
    records_.push_back(std::move(*record));
  }
}

std::uint64_t GateSim::grants(const Key& key, std::uint64_t below) const {
  std::uint64_t count = 0;
  for (const Record& record : records_) {
    const auto* decided = std::get_if<CallDecided>(&record.body);
    if (decided == nullptr || record.seq >= below) continue;
    count += decided->run == key.first && decided->tool == key.second && lets_run(*decided);
  }
  return count;
}

void GateSim::check_execution(const Executed& executed) {
  const Key key{executed.run, executed.tool};
  const bool effect = is_effect(executed.tool);
  const std::uint64_t times = ++(effect ? effects_ : reads_)[key];
  ++(effect ? reached_.effects : reached_.reads);
  refresh();
  if (!world_.disk.off()) {
    must(times <= grants(key, effect ? executed.synced : executed.records),
         executed.tool + " runs without a decision that is " + (effect ? "durable" : "written"));
  }
  must(!executed.arguments.contains("pawl_answer"), executed.tool + " gets words for people");
  if (executed.arguments.contains("changed") && !world_.disk.off()) {
    ++reached_.changed;
    const auto changes = std::ranges::count_if(records_, [&](const Record& record) {
      const std::uint64_t below = effect ? executed.synced : executed.records;
      return std::holds_alternative<ApprovalChanged>(record.body) && record.seq < below;
    });
    must(++changed_runs_ <= static_cast<std::uint64_t>(changes),
         executed.tool + " runs with arguments that no reviewer put there");
  }
  const State& state = world_.gate->state();
  const pawl::Run* run = state.run(executed.run);
  must(run != nullptr && run->phase == RunPhase::open, executed.tool + " runs in a stopped run");
  must(state.killed("agent", executed.run, executed.tool) == nullptr,
       executed.tool + " runs under a kill");
}

void GateSim::check_reply(const Asked& asked) {
  const Settled& reply = *asked.reply;
  reached_.rejected += reply.code == Code::approval_rejected;
  if (reply.code == Code::not_granted) told_no(asked.wanted().run);
  if (reply.kind != Settled::Kind::result && reply.kind != Settled::Kind::error) return;
  refresh();
  if (world_.disk.off()) return;
  const bool effect = is_effect(asked.wanted().tool);
  const std::uint64_t below = effect ? world_.journal->synced() : world_.journal->next();
  bool ended = false;
  for (const Record& record : records_) {
    const auto* end = std::get_if<CallEnded>(&record.body);
    ended = ended || (end != nullptr && end->call == reply.call && record.seq < below);
  }
  must(ended, "a reply for " + asked.wanted().tool + " comes before the record of its end");
  if (!asked.wanted().model) return;
  ++reached_.models;
  billed_[asked.wanted().run] += asked.billed();
}

void GateSim::end_life() {
  if (!world_.journal) return;
  refresh();
  durable_ = world_.journal->synced();
  if (!world_.disk.off()) check_life();
  // A record whose write failed may be there, whole to a reader and without its payloads: no one
  // was promised anything of it.
  if (world_.journal->failed() && texts_.size() > world_.journal->next()) {
    texts_.resize(world_.journal->next());
  }
  for (const Record& record : records_) {
    if (const auto* ended = std::get_if<CallEnded>(&record.body)) {
      reached_.aborted += ended->outcome == "aborted";
      reached_.indeterminate += ended->outcome == "indeterminate";
    }
    reached_.halts += std::holds_alternative<RunHalted>(record.body);
    reached_.counted += std::holds_alternative<DenialsCounted>(record.body);
    reached_.held += std::holds_alternative<ApprovalOpened>(record.body);
    reached_.replied += std::holds_alternative<ApprovalReplied>(record.body);
    const auto* answered = std::get_if<ApprovalAnswered>(&record.body);
    reached_.batches += answered != nullptr && !answered->batch.empty();
    const auto* over = std::get_if<ApprovalEnded>(&record.body);
    reached_.expired += over != nullptr && over->how == "expired";
    const auto* attached = std::get_if<ApprovalAttached>(&record.body);
    reached_.taken_up += attached != nullptr && attached->attached;
    const auto* decided = std::get_if<CallDecided>(&record.body);
    reached_.circles += decided != nullptr && decided->rule == "execution/max_repeats";
    reached_.watched += decided != nullptr && !decided->enforced;
    reached_.approved_runs += decided != nullptr && decided->round == 2 && lets_run(*decided);
  }
  reader_.reset();
  if (world_.disk.off() || random_.one_in(3)) {
    last_end_ = End::cut;
    ++reached_.cuts;
    return world_.power_cut();
  }
  if (random_.one_in(4) && clean_) {
    world_.stop();
    last_end_ = world_.disk.off() ? End::cut : End::stop;  // the power may go in the middle of it
    return;
  }
  last_end_ = End::death;
  ++reached_.deaths;
  world_.kill();
}

// An approval is used once, or as often and as long as the reviewer said who gave it.
void GateSim::check_standing() {
  struct Use {
    std::string run;
    Instant first{};
    std::uint64_t times = 0;
  };
  std::map<std::string, Use> uses;
  std::map<std::string, ApprovalAnswered> given;
  for (const Record& record : records_) {
    if (const auto* answered = std::get_if<ApprovalAnswered>(&record.body)) {
      if (answered->answer == "approve") given[answered->approval] = *answered;
      continue;
    }
    const auto* decided = std::get_if<CallDecided>(&record.body);
    if (decided == nullptr || !decided->enforced || !lets_run(*decided)) continue;
    if (!decided->tool.starts_with("set_")) continue;
    const std::string& approval = decided->approval;
    must(!approval.empty(), "a call was let through unasked");
    Use& use = uses[approval];
    if (use.times++ == 0) {
      must(decided->round == 2, "an approval is used first by another call than its own");
      use = {decided->run, record.at, 1};
      continue;
    }
    ++reached_.stood;
    const ApprovalAnswered& answer = given[approval];
    must(decided->round == 1 && decided->run == use.run, approval + " was used elsewhere");
    const bool in_time = answer.for_run && record.at < use.first + Duration::seconds(20);
    must(in_time || use.times <= answer.identical, approval + " was used too often");
  }
}

void GateSim::check_end() {
  std::map<std::string, std::uint64_t> puts;
  std::map<std::string, std::uint64_t> all;
  for (const auto& [key, count] : effects_) {
    all[key.first] += count;
    if (key.second.starts_with("put_")) puts[key.first] += count;
  }
  for (const auto& [key, count] : reads_) all[key.first] += count;
  for (const auto& [run, count] : puts) {
    must(count <= puts_max, fmt::format("{} executed {} of {} puts", run, count, puts_max));
  }
  for (const auto& [run, count] : all) {
    must(count <= steps_max, fmt::format("{} executed {} of {} calls", run, count, steps_max));
  }
  std::set<std::string> used;
  for (const Record& record : records_) {
    const auto* decided = std::get_if<CallDecided>(&record.body);
    if (decided == nullptr || !lets_run(*decided) || !decided->tool.starts_with("mail_")) continue;
    must(decided->round == 2 && !decided->approval.empty(), "a mail was let through unasked");
    must(used.insert(decided->approval).second, decided->approval + " was used twice");
  }
  check_standing();
  const auto verified = verify_journal(world_.disk);
  must(verified.has_value(), "the journal cannot be verified");
  if (verified && !verified->clean()) {
    must(false, "the verifier finds: " + to_string(verified->findings.front()));
  }
}

}  // namespace pawl::crash
