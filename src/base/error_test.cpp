#include "base/error.h"

#include <gtest/gtest.h>

namespace pawl {
namespace {

TEST(Error, PlacesLeaveOutWhatIsUnknown) {
  EXPECT_EQ(to_string(Position{}), "");
  EXPECT_EQ(to_string(Position{"a.yaml", 0, 0}), "a.yaml");
  EXPECT_EQ(to_string(Position{"a.yaml", 3, 0}), "a.yaml:3");
  EXPECT_EQ(to_string(Position{"a.yaml", 3, 14}), "a.yaml:3:14");
  EXPECT_EQ(to_string(Position{"", 3, 14}), "3:14");
}

TEST(Error, TheMessageFollowsItsPlace) {
  EXPECT_EQ(to_string(Error{ErrorKind::invalid, "no such key", {}}), "no such key");
  EXPECT_EQ(to_string(Error{ErrorKind::invalid, "no such key", {"f", 1, 2}}), "f:1:2: no such key");
}

TEST(Error, AFailureCarriesEverything) {
  const Status status = fail(ErrorKind::refused, "not granted", {"f", 1, 2});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().fault, ErrorKind::refused);
  EXPECT_EQ(status.error().at, (Position{"f", 1, 2}));
}

}  // namespace
}  // namespace pawl
