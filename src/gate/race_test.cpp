// One question, and everything that may decide it, in every order: two who approve, one who says
// no, one who changes the call, its time, the switch, the end of its run, a client that leaves and
// asks again, a process that dies, the power that goes. Between any two of them some of the work
// that is ready happens, or none, and what was written is on the disk, or not.
//
// Whatever the order, the question ends once, the call runs at most once, and what runs is what the
// last word of the reviewers was about.
//
// PAWL_SIM_FIRST=S begins with story S, PAWL_RACES=N plays N of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>

#include <crash/gate_world.h>

namespace pawl::crash {
namespace {

constexpr const char* policy_of_races = R"(version: 1
agent: {id: agent, identity: agent@x, owner: o@x}
tools:
  allowed:
    - {name: pay, class: irreversible small, requires_approval: true}
    - {name: wire, class: irreversible small, requires_approval: true, approval: {quorum: 2}}
execution: {max_steps: 100}
approval: {reviewers: [leads], within: 60s}
)";

enum class Act : std::uint8_t {
  approve,
  approve_too,
  reject,
  change,
  expire,
  kill_run,
  close_run,
  leave,
  ask_again,
  answer,
  die,
  power_cut,
};
constexpr std::size_t acts = static_cast<std::size_t>(Act::power_cut) + 1;

// How often each end was reached; a race that ends in one way only proves nothing.
struct Ends {
  std::uint64_t ran = 0, changed = 0, unsure = 0, rejected = 0, expired = 0, withdrawn = 0,
                lost = 0;
};

// What the journal says about the question in the end.
struct ActivityFeed {
  std::uint64_t over = 0, consumed = 0, decisions = 0, ends = 0;
  std::string how, arguments, decided_call;
  std::set<std::string> in_favour;
  bool refused = false, killed_before = false;
};

class Race {
 public:
  explicit Race(std::uint64_t seed)
      : random_(seed), world_(policy_of_races, seed * 31 + 7), quorum_(random_.one_in(2) ? 2 : 1) {
    world_.segment_bytes = 96UL << 10;
    world_.reserve_bytes = 12UL << 10;
    world_.groups["kim"] = {"leads"};
    world_.groups["tom"] = {"leads"};
  }

  std::optional<std::string> run(Ends& ends) {
    world_.start();
    world_.open();
    world_.server.answers = random_.one_in(2);
    world_.sync.held = true;
    ask();
    world_.settle();
    approval_ = world_.open_requests().front()->approval;
    must(!approval_.empty(), "the call is not held");
    if (!random_.one_in(8)) world_.sync.run();
    world_.sync.held = random_.one_in(2);
    for (const Act act : order()) {
      if (wrong_) return wrong_;
      play(act);
      for (std::uint64_t turns = random_.below(4); turns > 0; --turns) world_.executor.run_one();
      if (random_.one_in(3)) world_.sync.run();
    }
    if (!wrong_) finish();
    if (!wrong_) judge(ends);
    return wrong_;
  }

 private:
  static constexpr const char* first = R"({"to":"x"})";
  static constexpr const char* second = R"({"to":"y"})";

  void must(bool holds, const std::string& what) {
    if (!holds && !wrong_) wrong_ = what + story();
  }
  // The records of the story, for the engineer who reads the failure.
  std::string story() {
    std::string told;
    for (const Record& record : world_.records()) told += "\n  " + to_json(record);
    return told;
  }
  std::string tool() const { return quorum_ == 2 ? "wire" : "pay"; }
  void ask() { world_.ask({.run = world_.run, .tool = tool(), .arguments = first}); }

  // Some of the acts, once each, in any order.
  std::vector<Act> order() {
    std::vector<Act> all;
    for (std::size_t i = 0; i < acts; ++i) {
      const Act act = static_cast<Act>(i);
      const bool rare = act == Act::kill_run || act == Act::close_run || act == Act::reject ||
                        act == Act::expire || act == Act::change;
      if (random_.one_in(rare ? 4 : 2)) all.push_back(act);
    }
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random_.below(i)]);
    return all;
  }

  void play(Act act) {
    switch (act) {
      case Act::approve:
        return (void)world_.approve(approval_, "ann");
      case Act::approve_too:
        return (void)world_.approve(approval_, "bob");
      case Act::reject:
        return (void)world_.reject(approval_, "kim");
      case Act::change:
        return (void)world_.change(approval_, second, "tom");
      case Act::expire:
        // To the very moment, or past it.
        return world_.advance(Duration::seconds(random_.one_in(2) ? 60 : 61));
      case Act::kill_run:
        return (void)world_.gate->kill_switch.kill("run", world_.run, "ann", "enough");
      case Act::close_run:
        return (void)world_.gate->runs.close(world_.run, "the client said so");
      case Act::leave:
        for (Asked* asked : world_.open_requests()) asked->leave();
        return;
      case Act::ask_again:
        if (world_.server.executed.empty()) ask();
        return;
      case Act::answer:
        if (world_.server.waiting.empty()) return;
        return world_.server.answer({Outcome::Kind::result, world_.server.result, {}});
      case Act::die:
        world_.kill();
        return again();
      case Act::power_cut:
        world_.power_cut();
        return again();
    }
  }

  void again() {
    const bool held = random_.one_in(2);
    const Status started = world_.try_start();
    must(started.has_value(), "the node does not start");
    world_.sync.held = held;
  }

  // Whatever can still happen does, and then nothing is open any more.
  void finish() {
    world_.sync.held = false;
    world_.sync.run();
    world_.settle();
    while (!world_.server.waiting.empty()) {
      world_.server.answer({Outcome::Kind::result, world_.server.result, {}});
      world_.settle();
    }
    world_.advance(Duration::seconds(200));
    world_.kill();
    again();
  }

  ActivityFeed read() {
    ActivityFeed told;
    told.arguments = first;
    bool killed = false;
    for (const Record& record : world_.records()) {
      killed = killed || std::holds_alternative<KillSet>(record.body);
      const auto* answered = std::get_if<ApprovalAnswered>(&record.body);
      if (answered != nullptr && answered->approval == approval_) {
        if (answered->answer == "approve") told.in_favour.insert(answered->person);
        told.refused = told.refused || answered->answer == "reject";
      }
      const auto* changed = std::get_if<ApprovalChanged>(&record.body);
      if (changed != nullptr && changed->approval == approval_) {
        told.in_favour = {changed->person};
        told.arguments = second;
      }
      const auto* ended = std::get_if<ApprovalEnded>(&record.body);
      if (ended != nullptr && ended->approval == approval_ && ended->how != "approved") {
        told.how = ended->how;
        ++told.over;
      }
      const auto* decided = std::get_if<CallDecided>(&record.body);
      if (decided != nullptr && decided->approval == approval_ && decided->effect == "allow") {
        ++told.decisions;
        told.decided_call = decided->call;
        told.killed_before = killed;
      }
      const auto* over = std::get_if<CallEnded>(&record.body);
      told.ends += over != nullptr && !told.decided_call.empty() && over->call == told.decided_call;
    }
    return told;
  }

  void judge(Ends& ends) {
    const pawl::Approval* approval = world_.gate->state().approval(approval_);
    ActivityFeed told = read();
    const std::size_t executed = world_.server.executed.size();
    must(executed <= 1, fmt::format("it ran {} times", executed));
    if (approval == nullptr && told.over == 0 && told.decisions == 0) {
      // The power went before the question was on the disk: no reviewer could have answered it.
      must(executed == 0, "it ran, and the question is lost");
      ++ends.lost;
      return;
    }
    // A kill and the end of a run withdraw their questions by their own records.
    if (told.over == 0 && approval != nullptr) told.how = std::string(to_string(approval->phase));
    must(told.over <= 1, fmt::format("the question ended {} times, last {}", told.over, told.how));
    must(approval == nullptr || told.how == std::string(to_string(approval->phase)),
         "two ends: " + told.how);
    must(std::set<std::string>{"consumed", "rejected", "expired", "withdrawn"}.contains(told.how),
         "the question is still " + told.how);
    must(told.decisions == (told.how == "consumed" ? 1U : 0U),
         fmt::format("{} decisions used it, which ended as {}", told.decisions, told.how));
    must(executed <= told.decisions, "it ran without a decision that used the answer");
    if (told.how == "consumed") {
      must(told.in_favour.size() >= quorum_, "too few were in favour");
      must(!told.refused, "a reviewer had said no");
      must(!told.killed_before, "it was decided under a kill");
      must(told.ends == 1, fmt::format("the call ended {} times", told.ends));
      if (executed == 1) {
        must(world_.server.executed.front().arguments == told.arguments,
             "what ran is not what was approved last");
      }
      ++(executed == 0 ? ends.unsure : told.arguments == second ? ends.changed : ends.ran);
      return;
    }
    must(told.refused == (told.how == "rejected"), "a no that did not end it");
    ++(told.how == "rejected"  ? ends.rejected
       : told.how == "expired" ? ends.expired
                               : ends.withdrawn);
  }

  Random random_;
  World world_;
  std::size_t quorum_;
  std::string approval_;
  std::optional<std::string> wrong_;
};

std::uint64_t wanted(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(GateRace, EveryOrderHasOneOutcome) {
  const std::uint64_t first = wanted("PAWL_SIM_FIRST", 1);
  const std::uint64_t count = wanted("PAWL_RACES", 10'000);
  Ends ends;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto wrong = Race(seed).run(ends);
    ASSERT_FALSE(wrong.has_value()) << "PAWL_SIM_FIRST=" << seed << ": " << *wrong;
  }
  std::printf(
      "%llu orders: %llu ran, %llu ran changed, %llu cut off, %llu rejected, %llu expired, "
      "%llu withdrawn, %llu never on the disk\n",
      static_cast<unsigned long long>(count), static_cast<unsigned long long>(ends.ran),
      static_cast<unsigned long long>(ends.changed), static_cast<unsigned long long>(ends.unsure),
      static_cast<unsigned long long>(ends.rejected), static_cast<unsigned long long>(ends.expired),
      static_cast<unsigned long long>(ends.withdrawn), static_cast<unsigned long long>(ends.lost));
  if (count < 1000) return;
  for (const std::uint64_t reached :
       {ends.ran, ends.changed, ends.unsure, ends.rejected, ends.expired, ends.withdrawn}) {
    EXPECT_GT(reached, count / 200);
  }
}

}  // namespace
}  // namespace pawl::crash
