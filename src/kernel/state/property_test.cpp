// Random journals: whatever comes, the sums hold, a refused record changes nothing, and a snapshot
// in the middle makes no difference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "kernel/state/test_journal.h"

namespace pawl {
namespace {

using J = TestJournal;

// Records that fit about as often as they do not: few ids, many collisions.
class Chaos {
 public:
  explicit Chaos(std::uint32_t seed) : random_(seed) {}

  Body next(const TestJournal& j) {
    switch (pick(20)) {
      case 0:
        return RunOpened{run(),
                         "key" + std::to_string(pick(4)),
                         "agent",
                         "",
                         sponsor(),
                         "",
                         "",
                         "",
                         word({"", "bot"})};
      case 1:
        return pick(6) == 0 ? Body(RunHalted{run(), "ceiling", "chaos"}) : decided();
      case 2:
        return pick(6) == 0 ? Body(RunClosed{run(), ""}) : decided();
      case 3:
        return pick(4) == 0 ? Body(kill()) : decided();
      case 4:
        return Resumed{word({"all", "run", "agent", "tool"}), word({"", "r0", "agent", "t1"}),
                       "reviewer", ""};
      case 16:
        return escalation();
      case 5:
        return NodeStarted{"n", "", "boot", "", j.state.epoch() + pick(2)};
      case 6:
        return ApprovalAttached{approval(), pick(2) == 0 ? "" : call(), pick(2) == 0};
      case 7:
        return ApprovalEnded{approval(), word({"expired", "withdrawn", "approved", "consumed"}),
                             ""};
      case 8:
      case 9:
        return J::answer(approval(), word({"first", "second", "sponsor", "agent"}),
                         pick(5) == 0 ? "reject" : "approve");
      case 10:
      case 11:
      case 12:
        return ended();
      case 13:
        return DenialsCounted{run(), "blocked", static_cast<std::uint64_t>(pick(3)),
                              static_cast<std::uint64_t>(pick(2) * pick(40))};
      case 14:
      case 15:
        return j.question(approval(), call(), static_cast<std::uint8_t>(pick(3)), run());
      default:
        return decided();
    }
  }
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

 private:
  std::string run() { return "r" + std::to_string(pick(3)); }
  std::string call() { return "c" + std::to_string(pick(12)); }
  std::string approval() { return "a" + std::to_string(pick(8)); }
  std::string sponsor() { return word({"sponsor", ""}); }
  std::string word(std::initializer_list<const char*> words) {
    return *(words.begin() + pick(static_cast<int>(words.size())));
  }
  KillSet kill() {
    KillSet set;
    set.id = "k" + std::to_string(pick(5));
    set.scope = word({"all", "run", "agent", "tool", "role", "upstream"});
    set.name = set.scope == "all" ? "" : word({"r0", "agent", "t1", "tool"});
    return set;
  }
  Body escalation() {
    const std::string id = "e" + std::to_string(pick(6));
    switch (pick(4)) {
      case 0:
        return EscalationChanged{id, word({"acknowledged", "resolved", "unanswered", "gone"}),
                                 word({"ann", ""}), "passphrase"};
      case 1:
        return Escalated{run(),
                         "ceiling",
                         "Ann",
                         "slack:@ann",
                         "told",
                         id,
                         static_cast<std::uint32_t>(pick(4)),
                         pick(2) == 0};
      default:
        return EscalationOpened{id,
                                run(),
                                word({"ceiling", "killed"}),
                                "chaos",
                                word({"", "all", "run r0"}),
                                {{"Ann", "slack:@ann", {}}, {"Ben", "mail:b@x", Duration{5}}},
                                Instant{1}};
    }
  }
  CallEnded ended() {
    CallEnded e =
        J::ended(call(), word({"completed", "failed", "cancelled", "aborted", "indeterminate"}),
                 static_cast<std::uint64_t>(pick(4)), run());
    e.mark = word({"", "1", "1", "2"});
    return e;
  }
  CallDecided decided() {
    CallDecided d = J::decided(call(), word({"allow", "hold", "deny", "notify"}),
                               static_cast<std::uint64_t>(pick(5)), run());
    d.entry = "t" + std::to_string(pick(2));
    d.mark = word({"", "m0", "m1"});
    d.round = pick(3) == 0 ? 2 : 1;
    if (d.round == 2) d.steps = 0;
    if (pick(2) == 0 || d.effect == "hold") d.approval = approval();
    d.halt = d.effect == "deny" && pick(30) == 0;
    if (pick(6) == 0) d.enforced = false;
    if (!d.enforced && pick(4) != 0) {
      d.class_text = word({"read_only", "reversible small"});
      if (pick(3) != 0) d.approval.clear();
    }
    const bool runs = d.effect == "allow" || d.effect == "notify" || !d.enforced;
    for (int i = runs ? pick(3) : 0; i > 0; --i) d.sums.push_back(charge());
    return d;
  }
  SumCharge charge() {
    const bool of_run = pick(2) == 0;
    return {"sum" + std::to_string(pick(2)), word({"", "sha256:k"}),
            Amount{static_cast<std::uint64_t>(pick(40)) * 250'000'000},
            of_run ? Duration{} : Duration::seconds(60 * (1 + pick(3)))};
  }
  std::mt19937 random_;
};

class PropertyTest : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(PropertyTest, SumsHoldAndSnapshotsMakeNoDifference) {
  Chaos chaos(GetParam());
  TestJournal j;
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    j.now = j.now + Duration{std::int64_t{chaos.pick(3'000)} * 1'000'123};
    const bool look = i % 50 == 0;
    const std::string before = look ? j.state.to_json() : "";
    const bool taken = j.add(chaos.next(j)).has_value();
    if (!taken) ++refused;
    if (look && !taken) ASSERT_EQ(j.state.to_json(), before);
    const Status fine = j.state.consistent();
    ASSERT_TRUE(fine) << fine.error().message << " after record " << j.records.size();
  }
  // Neither all nor nothing: the sequence says something.
  EXPECT_GT(j.records.size(), 150U);
  EXPECT_GT(refused, 150);

  const std::string whole = j.state.to_json();
  const std::size_t cut = j.records.size() / 2;
  State half;
  for (std::size_t i = 0; i < cut; ++i) ASSERT_TRUE(half.apply(j.records[i]));
  auto resumed = State::from_json(half.to_json());
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_EQ(resumed->to_json(), half.to_json());
  // The rest goes through its written form, as a journal gives it back.
  for (std::size_t i = cut; i < j.records.size(); ++i) {
    const auto read = parse_record(to_json(j.records[i]));
    ASSERT_TRUE(read) << read.error().message;
    const Status done = resumed->apply(*read);
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_EQ(resumed->to_json(), whole);

  // After a crash at the end nothing is left in flight.
  State after = *State::from_json(whole);
  for (Body& body : after.settle_after_crash()) {
    const Status done = after.apply({after.next_seq(), j.now, 0, std::move(body)});
    ASSERT_TRUE(done) << done.error().message;
  }
  for (const auto& [id, run] : after.runs()) EXPECT_EQ(run.executing, 0U) << id;
  EXPECT_TRUE(after.consistent());
}

INSTANTIATE_TEST_SUITE_P(Seeds, PropertyTest, ::testing::Range(1U, 41U));

TEST(SnapshotTest, TextIsCanonical) {
  TestJournal j;
  j.must(NodeStarted{"n", "", "boot", "", 3});
  j.must(PolicyLoaded{"sha256:1", "agent", "f", "sha256:2"});
  j.must(PinAccepted{"crm", "read", "sha256:3", "someone"});
  j.must(ReviewerEnrolled{"first", "passphrase", "v", ""});
  j.open("r");
  j.hold("c1", "a1");
  j.must(J::decided("c2", "allow", 2));
  const std::string text = j.state.to_json();
  const auto document = json::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(json::write(document->root()), text);
  const auto back = State::from_json(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->policy_payload("sha256:1"), "sha256:2");
  ASSERT_NE(back->pin("crm", "read"), nullptr);
  EXPECT_EQ(back->pin("crm", "read")->person, "someone");
  EXPECT_EQ(back->to_json(), text);
}

TEST(SnapshotTest, DamageIsAnError) {
  TestJournal j;
  j.open("r");
  j.must(J::decided("c1", "allow", 2));
  const std::string text = j.state.to_json();
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_FALSE(State::from_json(text.substr(0, cut))) << cut;
  }
  std::string other = text;
  other.replace(other.find(R"("records_reserved":2)"), 20, R"("records_reserved":1)");
  EXPECT_FALSE(State::from_json(other));  // it does not add up
}

}  // namespace
}  // namespace pawl
