#include "model/class.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl {
namespace {

using R = Reversibility;

TEST(ClassTest, IsSpelledAndReadBack) {
  for (const R r : {R::read_only, R::reversible, R::irreversible}) {
    for (const Blast b : {Blast::small, Blast::large}) {
      for (const bool sink : {false, true}) {
        if (r == R::read_only && b == Blast::large) continue;  // a read has no radius
        const Class c{r, b, sink};
        EXPECT_EQ(parse_class(to_string(c)), c) << to_string(c);
      }
    }
  }
  EXPECT_EQ(to_string(Class{R::read_only, Blast::small, true}), "read_only external_sink");
  EXPECT_EQ(to_string(kMostDangerous), "irreversible large");
}

TEST(ClassTest, ReadsWordsInAnyOrder) {
  EXPECT_EQ(parse_class("large irreversible"), kMostDangerous);
  EXPECT_EQ(parse_class("external_sink small reversible"),
            (Class{R::reversible, Blast::small, true}));
  EXPECT_EQ(parse_class("read only"), (Class{R::read_only, Blast::small}));
}

TEST(ClassTest, RefusesWhatSaysTooLittleTooMuchOrNothing) {
  for (const char* text :
       {"", " ", "reversible", "small", "irreversible", "read", "only", "read_only small",
        "reversible small large", "reversible reversible small", "reversible irreversible small",
        "READ_ONLY", "read small only", "reversible small extra", "read_only read_only",
        "reversible\tsmall", "external_sink", "read_only external_sink external_sink"}) {
    EXPECT_EQ(parse_class(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_class("read_only" + std::string(200, ' ')), std::nullopt);
}

TEST(ClassTest, ComparesByDanger) {
  const Class small{R::reversible, Blast::small};
  const Class sink{R::read_only, Blast::small, true};
  EXPECT_EQ(more_dangerous(small, sink), (Class{R::reversible, Blast::small, true}));
  EXPECT_TRUE(less_dangerous(small, kMostDangerous));
  EXPECT_FALSE(less_dangerous(kMostDangerous, small));
  EXPECT_FALSE(less_dangerous(small, small));
  // Each mark counts alone: one higher mark does not pay for a lower one.
  EXPECT_TRUE(less_dangerous({R::irreversible, Blast::small}, {R::reversible, Blast::large}));
  EXPECT_FALSE(sink.has_effect());
}

}  // namespace
}  // namespace pawl
