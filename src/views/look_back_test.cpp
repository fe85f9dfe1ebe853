#include "views/look_back.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "io/journal/journal_test_support.h"
#include "io/journal/posix_disk.h"
#include "io/journal/segment.h"

namespace pawl::views {
namespace {

constexpr int kQuestions = 60;

std::string question(int number) {
  return "a-" + std::to_string(number);
}
Instant opened_at(int number) {
  return Instant{(1'000 + number) * 1'000'000'000LL};
}

// Questions over many small segments, each with the decision that opened it, another that came back
// to it, and the look after the hold.
class LookBack : public testing::Test {
 protected:
  void SetUp() override {
    disk_ = *PosixDisk::open(scratch_.path(), PosixDisk::Root::must_exist);
    JournalOptions options = journal_testing::immediate();
    options.segment_bytes_max = 2048;
    options.grow_bytes = 512;
    options.reserve_bytes = 512;
    journal_ = *Journal::open(*disk_, std::move(options));
    for (int i = 0; i < kQuestions; ++i) write(i);
    ASSERT_GT(journal::list_segments(*disk_)->size(), 10u);
  }
  void write(int number) {
    CallDecided first;
    first.call = "c-" + std::to_string(number);
    first.run = "r-1";
    first.tool = "mail";
    first.effect = "hold";
    first.code = "approval_pending";
    first.facts = "{}";
    first.approval = question(number);
    first.rule_at = "p.yaml:" + std::to_string(number) + ":7";
    first.reason = "says \"approval\":\"a-0\",\"type\":\"call.decided\"";
    add(opened_at(number), first);
    ApprovalOpened opened;
    opened.approval = question(number);
    opened.call = first.call;
    opened.run = "r-1";
    opened.binding = "sha256:b";
    opened.expires = opened_at(number + 60);
    add(opened_at(number), opened);
    CallDecided later = first;
    later.rule_at = "p.yaml:1:1";
    const Instant back = opened_at(number) + Duration::milliseconds(1);
    add(back, later);
    later.round = 2;
    later.effect = "allow";
    add(back, later);
  }
  void add(Instant at, Body body) {
    const Record record{journal_->next(), at, 0, std::move(body)};
    ASSERT_TRUE(journal_->append(to_json(record)));
  }
  FoundCalls look(const std::vector<SoughtCall>& sought, bool stop = false) {
    return look_back(*disk_, sought, [stop] { return stop; });
  }

  journal_testing::Scratch scratch_;
  std::unique_ptr<PosixDisk> disk_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(LookBack, FindsTheDecisionThatOpenedEachQuestion) {
  for (int i = 0; i < kQuestions; ++i) {
    const FoundCalls found = look({{question(i), opened_at(i)}});
    ASSERT_EQ(found.size(), 1u) << i;
    EXPECT_EQ(found.at(question(i)).rule_at, "p.yaml:" + std::to_string(i) + ":7");
  }
}

TEST_F(LookBack, FindsSeveralAndLeavesOutWhatIsNotThere) {
  const FoundCalls found = look({{"a-59", opened_at(59)},
                                 {"a-3", opened_at(3)},
                                 {"a-none", opened_at(30)},
                                 {"a-4", opened_at(40)}});
  EXPECT_EQ(found.size(), 2u) << "one is not there, and one is not where it says";
  EXPECT_EQ(found.at("a-59").call, "c-59");
  EXPECT_EQ(found.at("a-3").call, "c-3");
  EXPECT_TRUE(look({{"a-0", Instant{}}}).empty()) << "what was judged later did not open it";
}

TEST_F(LookBack, StopsWhenItIsTold) {
  EXPECT_TRUE(look({{"a-3", opened_at(3)}}, true).empty());
}

}  // namespace
}  // namespace pawl::views
