#include "kernel/admit/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LoadSources sources() {
  LoadSources out;
  out.zone = [](std::string_view) -> Result<Zone> { return Zone(); };
  return out;
}

std::vector<Error> wrong(const std::string& entry, const std::string& rest = "") {
  const std::string text = "version: 1\nagent: {id: a, identity: a@x, owner: o}\n" + rest +
                           "tools:\n  allowed:\n    - name: update\n" + entry;
  const Loaded loaded = load_policy(text, "p.yaml", sources());
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  if (loaded.policy == nullptr) return {};
  const Loaded checked = with_examples(loaded);
  EXPECT_EQ(checked.policy == nullptr, !checked.errors.empty());
  return checked.errors;
}

const std::string kEntry =
    "      class: reversible small\n"
    "      args: {to: {in: [ada], max_items: 1}}\n"
    "      requires_approval: args.amount > 5\n";

TEST(Examples, RightOnesAreNoMistake) {
  EXPECT_THAT(wrong(kEntry + "      examples:\n"
                             "        allow: [{to: ada, amount: 1}]\n"
                             "        hold: [{to: [ada], amount: 6}]\n"
                             "        deny: [{to: bob, amount: 1}, {amount: 1}]\n"),
              IsEmpty());
}

TEST(Examples, WrongOnesAreToldWithTheirPlaceAndWhy) {
  const auto errors = wrong(kEntry +
                            "      examples:\n"
                            "        allow: [{to: bob, amount: 1}]\n"
                            "        deny: [{to: ada, amount: 6}]\n");
  ASSERT_THAT(errors, SizeIs(2));
  EXPECT_THAT(to_string(errors[0]), HasSubstr("p.yaml:10:"));
  EXPECT_THAT(errors[0].message, HasSubstr("it gets `deny`: `to` "));
  EXPECT_THAT(errors[0].message, HasSubstr("(line 7)"));
  EXPECT_THAT(errors[1].message, HasSubstr("it gets `hold`"));
}

TEST(Examples, TimesDoNotMatter) {
  EXPECT_THAT(wrong("      class: reversible small\n      examples: {allow: [{x: 1}]}\n",
                    "freeze: [{name: f, weekly: \"Sun 00:00 - Sat 23:59\", zone: UTC, "
                    "stop: [reversible]}]\n"),
              IsEmpty());
}

}  // namespace
}  // namespace pawl
