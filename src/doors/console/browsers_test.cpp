#include "doors/console/browsers.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::console {
namespace {

Browsers fresh() {
  return Browsers([n = 0](std::size_t count) mutable {
    std::string text = std::to_string(++n);
    text.resize(count, '.');
    return text;
  });
}

TEST(Browsers, AMarkIsGoodForItsPersonAlone) {
  Browsers browsers = fresh();
  const std::string ada = browsers.mark("ada", Duration{1});
  const std::string bob = browsers.mark("bob", Duration{2});
  EXPECT_FALSE(browsers.source_of(ada, "ada").empty());
  EXPECT_NE(browsers.source_of(ada, "ada"), browsers.source_of(bob, "bob"));
  EXPECT_EQ(browsers.source_of(ada, "bob"), "");
  EXPECT_EQ(browsers.source_of("", "ada"), "");
  EXPECT_EQ(browsers.source_of("made up", "ada"), "");
}

TEST(Browsers, APersonsOldestMakesRoom) {
  Browsers browsers = fresh();
  const std::string bob = browsers.mark("bob", Duration{0});
  const std::string first = browsers.mark("ada", Duration{1});
  std::string last;
  for (std::size_t i = 0; i < 5 * Browsers::browsers_of_one_max; ++i) {
    last = browsers.mark("ada", Duration{static_cast<std::int64_t>(i) + 2});
  }
  EXPECT_EQ(browsers.size(), Browsers::browsers_of_one_max + 1);
  EXPECT_EQ(browsers.source_of(first, "ada"), "");
  EXPECT_NE(browsers.source_of(last, "ada"), "");
  EXPECT_NE(browsers.source_of(bob, "bob"), "");
}

}  // namespace
}  // namespace pawl::console
