#include "doors/console/passphrases.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/approvals/proof.h"

namespace pawl::console {
namespace {

Task<void> ask(Passphrases& desk, std::string typed, std::string verifier,
               std::vector<Status>* answers) {
  Status answer = co_await desk.check(secrets::Credential::copy_of(typed), std::move(verifier));
  answers->push_back(std::move(answer));
}

TEST(Passphrases, OneAfterAnotherAndNoneBeyondTheBound) {
  net::Loop loop;
  Passphrases desk(loop);
  const auto verifier = make_verifier("correct horse", std::string(16, 's'));
  ASSERT_TRUE(verifier);
  std::vector<Status> answers;
  spawn(ask(desk, "correct horse", *verifier, &answers));
  spawn(ask(desk, "wrong horse", *verifier, &answers));
  // The loop goes on meanwhile.
  EXPECT_TRUE(answers.empty());
  std::vector<Status> late;
  for (std::size_t i = 1; i < Passphrases::waiting_max; ++i) {
    spawn(ask(desk, "other horse", "no verifier", &late));
  }
  EXPECT_TRUE(late.empty());
  spawn(ask(desk, "other horse", "no verifier", &late));
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].error().fault, Fault::environment);
  ASSERT_TRUE(loop.run_until([&] { return answers.size() == 2 && late.size() == 8; }));
  EXPECT_TRUE(answers[0]);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().fault, Fault::refused);
  EXPECT_EQ(late[1].error().fault, Fault::invalid);
}

TEST(Passphrases, TheEndAnswersWhoeverWaits) {
  net::Loop loop;
  std::vector<Status> answers;
  {
    Passphrases desk(loop);
    const auto verifier = make_verifier("correct horse", std::string(16, 's'));
    spawn(ask(desk, "correct horse", *verifier, &answers));
    spawn(ask(desk, "correct horse", *verifier, &answers));
  }
  ASSERT_EQ(answers.size(), 2u);
  for (const Status& answer : answers) EXPECT_EQ(answer.error().fault, Fault::environment);
  loop.turn();
}

}  // namespace
}  // namespace pawl::console
