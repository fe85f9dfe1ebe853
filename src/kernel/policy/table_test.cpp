#include "kernel/policy/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

constexpr Class read{Reversibility::read_only, Blast::small};
constexpr Class small{Reversibility::reversible, Blast::small};
constexpr Class large{Reversibility::reversible, Blast::large};
constexpr Class final_small{Reversibility::irreversible, Blast::small};
constexpr Class final_large{Reversibility::irreversible, Blast::large};

// "hold", "hold typed 2" and so on.
std::string cell(Class c, Stage stage, bool claimed = true, bool gate_reads = false,
                 Environment environment = Environment::none) {
  const Default found = default_for(c, stage, claimed, gate_reads, environment);
  std::string out(to_string(found.effect));
  if (found.typed) out += " typed";
  if (found.quorum > 1) out += " " + std::to_string(found.quorum);
  return out;
}

TEST(TableTest, IsTheTableOfTheDesign) {
  EXPECT_EQ(cell(read, Stage::fresh), "allow");
  EXPECT_EQ(cell(read, Stage::established), "allow");
  EXPECT_EQ(cell(read, Stage::mature), "allow");
  EXPECT_EQ(cell(small, Stage::fresh), "hold");
  EXPECT_EQ(cell(small, Stage::established), "allow");
  EXPECT_EQ(cell(small, Stage::mature), "allow");
  EXPECT_EQ(cell(large, Stage::fresh), "hold");
  EXPECT_EQ(cell(large, Stage::established), "notify");
  EXPECT_EQ(cell(large, Stage::mature), "notify");
  EXPECT_EQ(cell(final_small, Stage::fresh), "hold typed");
  EXPECT_EQ(cell(final_small, Stage::established), "hold");
  EXPECT_EQ(cell(final_small, Stage::mature), "hold");
  EXPECT_EQ(cell(final_large, Stage::fresh), "hold typed 2");
  EXPECT_EQ(cell(final_large, Stage::established), "hold typed 2");
  EXPECT_EQ(cell(final_large, Stage::mature), "hold typed");
}

TEST(TableTest, GatedReadsAreHeldInTheFirstColumn) {
  EXPECT_EQ(cell(read, Stage::fresh, true, true), "hold");
  EXPECT_EQ(cell(read, Stage::established, true, true), "allow");
}

TEST(TableTest, WithoutAClaimItIsEstablishedWithOnePerson) {
  for (const Stage stage : {Stage::fresh, Stage::established, Stage::mature}) {
    EXPECT_EQ(cell(small, stage, false), "allow");
    EXPECT_EQ(cell(final_small, stage, false), "hold");
    EXPECT_EQ(cell(final_large, stage, false), "hold typed");
  }
}

TEST(TableTest, ProductionWantsTypedConfirmationInEveryColumn) {
  for (const Stage stage : {Stage::fresh, Stage::established, Stage::mature}) {
    for (const bool claimed : {false, true}) {
      const Default found =
          default_for(final_small, stage, claimed, false, Environment::production);
      EXPECT_TRUE(found.typed);
      EXPECT_EQ(found.effect, Effect::hold);
    }
  }
  EXPECT_EQ(cell(small, Stage::established, true, false, Environment::production), "allow");
}

}  // namespace
}  // namespace pawl
