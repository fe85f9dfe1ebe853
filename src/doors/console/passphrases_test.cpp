#include "doors/console/passphrases.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/approvals/proof.h"

namespace pawl::console {
namespace {

Task<void> ask(Passphrases& desk, std::string typed, std::string verifier,
               std::vector<Status>* answers, Typist typist = {}) {
  Status answer = co_await desk.check(secrets::Credential::copy_of(typed), std::move(verifier),
                                      std::move(typist));
  answers->push_back(std::move(answer));
}

TEST(Passphrases, OneAfterAnotherAndFewOfOneSource) {
  net::Loop loop;
  Passphrases desk(loop);
  const auto verifier = make_verifier("correct horse", std::string(16, 's'));
  ASSERT_TRUE(verifier);
  std::vector<Status> answers, late;
  spawn(ask(desk, "correct horse", *verifier, &answers, {"there"}));
  spawn(ask(desk, "wrong horse", *verifier, &answers, {"there"}));
  spawn(ask(desk, "wrong horse", *verifier, &answers, {"there"}));
  // The loop goes on meanwhile.
  EXPECT_TRUE(answers.empty());
  spawn(ask(desk, "wrong horse", *verifier, &late, {"there"}));
  ASSERT_EQ(late.size(), 1u) << "one source has room for two that wait";
  EXPECT_EQ(late[0].error().fault, ErrorKind::environment);
  spawn(ask(desk, "correct horse", *verifier, &answers, {"here"}));
  ASSERT_TRUE(loop.run_until([&] { return answers.size() == 4; }));
  EXPECT_TRUE(answers[0]);
  EXPECT_EQ(answers[1].error().fault, ErrorKind::refused);
  EXPECT_TRUE(answers[3]);
}

TEST(Passphrases, StrangersInMassesDoNotKeepThoseOutWhoAreKnown) {
  net::Loop loop;
  Passphrases desk(loop);
  const auto verifier = make_verifier("correct horse", std::string(16, 's'));
  ASSERT_TRUE(verifier);
  std::vector<Status> strangers, known;
  spawn(ask(desk, "x", "no verifier", &strangers, {"there"}));
  for (std::size_t i = 0; i < 10 * Passphrases::waiting_max; ++i) {
    spawn(ask(desk, "x", "no verifier", &strangers, {"there " + std::to_string(i)}));
  }
  const std::size_t refused = strangers.size();
  EXPECT_EQ(refused, 9 * Passphrases::waiting_max);
  spawn(ask(desk, "correct horse", *verifier, &known, {"browser", true}));
  EXPECT_TRUE(known.empty()) << "there is room for them";
  ASSERT_TRUE(loop.run_until([&] { return known.size() == 1; }));
  EXPECT_TRUE(known[0]);
  EXPECT_LE(strangers.size(), refused + 2) << "and they come next, but for the one under way";
  ASSERT_TRUE(
      loop.run_until([&] { return strangers.size() == 10 * Passphrases::waiting_max + 1; }));
}

Task<void> held(Passphrases& desk, std::string source, std::vector<bool>* went_on) {
  const bool goes_on = co_await desk.hold(std::move(source), Duration::milliseconds(20));
  went_on->push_back(goes_on);
}

TEST(Passphrases, ASourceIsHeldOneBehindTheOther) {
  net::Loop loop;
  std::vector<bool> there, here, late;
  Passphrases desk(loop);
  const Duration began = loop.now();
  for (std::size_t i = 0; i < Passphrases::held_of_one_max; ++i) spawn(held(desk, "there", &there));
  spawn(held(desk, "there", &late));
  EXPECT_EQ(late, std::vector<bool>{false}) << "more of them are sent away";
  spawn(held(desk, "here", &here));
  ASSERT_TRUE(loop.run_until([&] { return there.size() == Passphrases::held_of_one_max; }));
  EXPECT_GE(loop.now().ns - began.ns, Duration::milliseconds(40).ns);
  EXPECT_EQ(here, std::vector<bool>{true});
  spawn(held(desk, "there", &late));
  desk.finish();
  EXPECT_EQ(late, (std::vector<bool>{false, false})) << "the end answers who is held";
}

TEST(Passphrases, TheEndAnswersThoseWhoWait) {
  net::Loop loop;
  std::vector<Status> answers;
  {
    Passphrases desk(loop);
    const auto verifier = make_verifier("correct horse", std::string(16, 's'));
    spawn(ask(desk, "correct horse", *verifier, &answers));
    spawn(ask(desk, "correct horse", *verifier, &answers));
  }
  ASSERT_EQ(answers.size(), 2u);
  for (const Status& answer : answers) EXPECT_EQ(answer.error().fault, ErrorKind::environment);
  loop.turn();
}

}  // namespace
}  // namespace pawl::console
