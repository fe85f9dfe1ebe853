// What happens in a story of the gate: calls, people, servers, operators, disturbances.
#include <fmt/format.h>

#include <algorithm>

#include "crash/gate_sim.h"

namespace pawl::crash {

void GateSim::play() {
  const std::uint64_t steps = 10 + random_.below(90);
  for (std::uint64_t i = 0; i < steps && !wrong_ && !world_.disk.off(); ++i) {
    step();
    if (random_.one_in(3)) {
      world_.settle();
    } else {
      for (std::uint64_t turns = random_.below(6); turns > 0; --turns) world_.executor.run_one();
    }
    reached_.full += world_.journal->full();
    if (random_.one_in(12) && !world_.disk.off()) check_life();
  }
  reached_.failures += world_.journal->failed();
}

void GateSim::step() {
  switch (random_.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return ask();
    case 4:
    case 5:
      return people();
    case 6:
    case 7:
      return server();
    case 8:
      return operate();
    case 9:
      return disturb();
    case 10:
      return world_.advance(
          Duration::milliseconds(static_cast<std::int64_t>(random_.below(40'000))));
    default:
      return world_.sync.run();
  }
}

void GateSim::ask() {
  if (stubborn_ && !last_tool_.empty() && !random_.one_in(12)) {
    ++reached_.calls;
    world_.ask({.run = last_run_, .tool = last_tool_});
    return world_.settle();
  }
  if (runs_.empty() || random_.one_in(10)) {
    const std::string key = "key " + std::to_string(random_.below(3));
    const std::string sponsor = random_.one_in(2) ? "sam" : "kim";
    const auto opened = world_.gate->runs.open(
        {.key = key + sponsor, .sponsor = sponsor, .client = "sim", .policy = world_.policy});
    if (opened) runs_.push_back(*opened);
  }
  if (runs_.empty()) return;
  const std::string& run = runs_[random_.below(runs_.size())];
  if (random_.one_in(6)) return ask_model(run);
  const std::uint64_t kind = random_.below(10);
  if (kind == 9) {
    (void)world_.gate->calls.refuse(run, Code::ambiguous_request, "tools/Call", "it is ambiguous");
    return;
  }
  const std::string which = std::to_string(random_.below(4));
  const std::string tool = kind < 3   ? "read_" + which
                           : kind < 5 ? "put_" + which
                           : kind < 7 ? "mail_" + which
                           : kind < 8 ? "set_" + which
                                      : "drop_" + which;
  last_run_ = run;
  last_tool_ = tool;
  const auto patience = static_cast<std::int64_t>(1 + random_.below(120));
  ++reached_.calls;
  // Sometimes with words for people, who mostly asked nothing.
  const std::string arguments = random_.one_in(3) ? R"({"pawl_answer":"that one"})" : "{}";
  world_.ask(
      {.run = run, .tool = tool, .arguments = arguments, .patience = Duration::seconds(patience)});
}

// $1 for a million tokens in, $10 out; the answer may say what it used, and never more than that.
void GateSim::ask_model(const std::string& run) {
  ModelFact fact;
  fact.input_most = 1 + random_.below(5000);
  fact.output_asked = 1 + random_.below(2000);
  fact.price = DearestPrice{nano_usd_per_usd, 10 * nano_usd_per_usd, 0, "acme/one", "sha256:t"};
  std::optional<double> uses;
  if (!random_.one_in(3)) uses = static_cast<double>(random_.below(101)) / 100.0;
  ++reached_.calls;
  const auto patience = static_cast<std::int64_t>(1 + random_.below(120));
  world_.ask({.run = run,
              .tool = "model_" + std::to_string(random_.below(3)),
              .patience = Duration::seconds(patience),
              .server = "model:acme",
              .model = fact,
              .uses = uses});
}

void GateSim::flood() {
  if (runs_.empty()) return;
  const std::string& run = runs_[random_.below(runs_.size())];
  const std::uint64_t before = world_.journal->next();
  for (std::uint64_t left = random_.below(300); left > 0; --left) {
    const Settled reply =
        world_.gate->calls.refuse(run, Code::ambiguous_request, "tools/Call", "it is ambiguous");
    if (counts_as_denial(reply.code)) told_no(run);
  }
  ++reached_.floods;
  const std::uint64_t cost = world_.journal->next() - before;
  must(cost <= 2 * world_.limits.denial_records_max + 16,
       fmt::format("a flood of refusals wrote {} records", cost));
}

void GateSim::people() {
  std::vector<std::string> open;
  for (const auto& [id, approval] : world_.gate->state().approvals()) {
    if (approval.phase == ApprovalPhase::open) open.push_back(id);
  }
  if (open.empty()) return;
  std::ranges::sort(open);
  const std::string& id = open[random_.below(open.size())];
  const std::string person = random_.one_in(2) ? "ann" : "bob";
  if (random_.one_in(6)) {
    const auto& groups = world_.groups.at(person);
    if (random_.one_in(3)) {
      (void)world_.gate->approvals.reassign(
          {id, person, groups, person == "ann" ? "bob" : "ann", "", "test"});
    } else {
      (void)world_.gate->approvals.request_clarification(
          {id, person, groups, "which one?", "test"});
      if (const Approval* asked = world_.gate->state().approval(id); asked && random_.one_in(2)) {
        const std::string run = asked->asked.run, tool = asked->asked.terms->tool;
        world_.settle();
        world_.ask({.run = run, .tool = tool, .arguments = R"({"pawl_answer":"that one"})"});
      }
    }
    return;
  }
  if (random_.one_in(6)) return together(open, person);
  if (random_.one_in(5)) {
    const std::string other = fmt::format(R"({{"changed":{}}})", random_.below(1000));
    (void)world_.change(id, other, person);
    return;
  }
  if (random_.one_in(4)) {
    (void)world_.reject(id, person);
  } else {
    approve(id, person);
  }
}

// For the one call, or for more; whether it may be is the gate's to say.
void GateSim::approve(const std::string& id, const std::string& person) {
  Reach reach;
  if (random_.one_in(2)) reach.identical = random_.below(5);
  if (random_.one_in(3)) reach.for_run = true;
  const Status done = world_.gate->approvals.answer(id, person, world_.groups.at(person), true, "",
                                                    "test", "sha256:shown", false, reach);
  if (!done && reach.any()) (void)world_.approve(id, person);
  const Approval* asked = world_.gate->state().approval(id);
  if (!done || !reach.any() || asked == nullptr) return;
  const std::string run = asked->asked.run, tool = asked->asked.terms->tool;
  world_.settle();
  for (std::uint64_t again = random_.below(4); again > 0; --again) {
    world_.ask({.run = run, .tool = tool});
  }
}

// Whether they may be answered together is the gate's to say.
void GateSim::together(const std::vector<std::string>& open, const std::string& person) {
  BatchAnswer answers;
  for (const std::string& id : open) {
    if (random_.one_in(2)) answers.to.push_back({id, "sha256:shown"});
  }
  answers.approve = random_.one_in(2);
  answers.person = person;
  answers.groups = world_.groups.at(person);
  answers.proof = "test";
  answers.batch = "sha256:all";
  const std::uint64_t before = world_.journal->next();
  const bool done = world_.gate->approvals.answer(answers).has_value();
  const std::uint64_t written = world_.journal->next() - before;
  // A refusal is at most a note, unless the disk ends in the middle.
  const bool ended = world_.journal->full() || world_.journal->failed() || world_.disk.off();
  must(done ? written >= answers.to.size() : written <= 1 || ended,
       fmt::format("{} answers in one act wrote {} records", answers.to.size(), written));
}

void GateSim::server() {
  const auto requests = world_.open_requests();
  if (!requests.empty() && random_.one_in(4)) requests[random_.below(requests.size())]->leave();
  if (world_.server.waiting.empty()) return;
  switch (random_.below(8)) {
    case 0:
      return world_.server.answer({Outcome::Kind::lost, {}, "the server ended"});
    case 1:
      return world_.server.answer({Outcome::Kind::cancelled, {}, "cancelled"});
    case 2:
      return world_.server.answer({Outcome::Kind::error, R"({"code":1,"message":"no"})", {}});
    default:
      return world_.server.answer({Outcome::Kind::result, world_.server.result, {}});
  }
}

void GateSim::operate() {
  Gate& gate = *world_.gate;
  const std::string run = runs_.empty() ? std::string{} : runs_[random_.below(runs_.size())];
  switch (random_.below(8)) {
    case 0:
      reached_.kills += gate.kill_switch.kill("all", "", "", "").has_value();
      return;
    case 1:
      reached_.kills += gate.kill_switch.kill("tool", "put_1", "ann", "").has_value();
      return;
    case 2:
      if (!run.empty()) reached_.kills += gate.kill_switch.kill("run", run, "ann", "").has_value();
      return;
    case 3:
      if (!run.empty() && random_.one_in(3)) (void)gate.runs.close(run, "the client said so");
      return;
    default:
      break;
  }
  for (const auto& kill : std::vector<Kill>(gate.state().kills())) {
    (void)gate.kill_switch.resume(kill.scope, kill.name, "ann", "fine");
  }
  (void)gate.kill_switch.resume("agent", "agent", "ann", "looked at");
}

void GateSim::disturb() {
  if (random_.one_in(3)) {
    world_.disk.set_capacity(world_.disk.used_bytes() + random_.below(8UL << 10));
    for (std::uint64_t calls = random_.below(12); calls > 0; --calls) ask();
  } else {
    world_.disk.set_capacity(1ULL << 40);
    if (random_.one_in(2)) flood();
  }
  world_.server.answers = random_.one_in(2);
  world_.sync.held = !random_.one_in(4);
}

}  // namespace pawl::crash
