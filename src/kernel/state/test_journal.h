// For tests of the fold: a journal in memory that numbers its records and moves its own time.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "kernel/state/state.h"

namespace pawl {

struct TestJournal {
  State state;
  std::vector<Record> records;
  Instant now = Instant{1'800'000'000'000'000'000};

  Status add(Body body) {
    Record record{state.next_seq(), now, 0, std::move(body)};
    Status done = state.apply(record);
    if (done) records.push_back(record);
    return done;
  }
  // A record that has to be accepted.
  void must(Body body) {
    const Status done = add(std::move(body));
    ASSERT_TRUE(done) << done.error().message;
    const Status fine = state.consistent();
    ASSERT_TRUE(fine) << fine.error().message;
  }
  // A record that has to be refused, and to change nothing.
  void never(Body body) {
    const std::string before = state.to_json();
    EXPECT_FALSE(add(std::move(body)));
    EXPECT_EQ(state.to_json(), before);
  }
  void wait(std::int64_t seconds) { now = now + Duration::seconds(seconds); }

  void open(const std::string& run, const std::string& sponsor = "sponsor") {
    RunOpened opened;
    opened.run = run;
    opened.key = "key of " + run;
    opened.agent = "agent";
    opened.identity = "agent@myco.iam";
    opened.sponsor = sponsor;
    must(opened);
  }

  static CallDecided decided(const std::string& call, const std::string& effect,
                             std::uint64_t records = 0, const std::string& run = "r") {
    CallDecided d;
    d.call = call;
    d.run = run;
    d.tool = "tool";
    d.entry = "tool";
    d.effect = effect;
    d.code = effect == "deny" ? "constraint" : effect == "hold" ? "approval_pending" : "none";
    d.class_text = "irreversible small";
    d.steps = 1;
    const bool runs = effect == "allow" || effect == "notify";
    d.records = runs ? records : 0;
    d.calls = runs ? 1 : 0;
    return d;
  }
  static CallDecided again(const std::string& call, const std::string& effect,
                           const std::string& approval, std::uint64_t records = 0,
                           const std::string& run = "r") {
    CallDecided d = decided(call, effect, records, run);
    d.round = 2;
    d.steps = 0;
    d.approval = approval;
    return d;
  }
  static CallEnded ended(const std::string& call, const std::string& outcome,
                         std::uint64_t records = 0, const std::string& run = "r") {
    CallEnded e;
    e.call = call;
    e.run = run;
    e.outcome = outcome;
    e.records = records;
    return e;
  }
  ApprovalOpened question(const std::string& approval, const std::string& call,
                          std::uint8_t quorum = 1, const std::string& run = "r") const {
    ApprovalOpened q;
    q.approval = approval;
    q.call = call;
    q.run = run;
    q.binding = "sha256:of " + run;
    q.agent = "agent";
    q.sponsor = state.run(run) == nullptr ? "sponsor" : state.run(run)->sponsor;
    q.tool = "tool";
    q.quorum = quorum;
    q.expires = now + Duration::seconds(300);
    return q;
  }
  // A held call with its question.
  void hold(const std::string& call, const std::string& approval, std::uint8_t quorum = 1,
            const std::string& run = "r") {
    CallDecided d = decided(call, "hold", 0, run);
    d.approval = approval;
    must(d);
    must(question(approval, call, quorum, run));
  }
  static ApprovalAnswered answer(const std::string& approval, const std::string& person,
                                 const std::string& word = "approve") {
    ApprovalAnswered a;
    a.approval = approval;
    a.person = person;
    a.answer = word;
    return a;
  }

  const Run& run(const std::string& id = "r") const { return *state.run(id); }
  ApprovalPhase phase(const std::string& approval) const { return state.approval(approval)->phase; }
};

}  // namespace pawl
