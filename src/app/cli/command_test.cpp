#include <gmock/gmock.h>

#include <array>

#include "app/common/command.h"

namespace pawl::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kOptions = std::to_array<OptionRow>({
    policy_option,
    json_option,
    {"--env", "NAME", "a variable that is passed on", Takes::many},
});
constexpr auto kOneAndMore = std::to_array<WordRow>({
    {.name = "F", .says = "a file"},
    {.name = "MORE", .says = "more files", .required = false, .many = true},
});
constexpr auto kCommand = std::to_array<WordRow>({
    {.name = "CMD", .says = "the server's command", .many = true, .after_dashes = true},
});

int nothing(const Arguments&) {
  return exit_good;
}

const CommandRow kFiles{"files", "use", "takes files", kOptions, kOneAndMore, nothing};
const CommandRow kWraps{"wraps", "use", "takes a command", kOptions, kCommand, nothing};
const CommandRow kBare{"bare", "use", "takes nothing", {}, {}, nothing};

using Given = std::vector<std::string>;

std::string mistake(const CommandRow& command, const Given& given) {
  const auto read = parse_arguments(command, given);
  if (read) return "none";
  EXPECT_EQ(read.error().fault, ErrorKind::usage);
  return read.error().message;
}

TEST(Arguments, OptionsStandBeforeBetweenAndBehindWords) {
  for (const Given& given :
       {Given{"--policy", "p", "--json", "a", "b"}, Given{"a", "--policy", "p", "b", "--json"},
        Given{"a", "b", "--json", "--policy=p"}}) {
    const auto read = parse_arguments(kFiles, given);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->one("--policy"), "p");
    EXPECT_TRUE(read->has("--json"));
    EXPECT_EQ(read->word("F"), "a");
    EXPECT_THAT(read->words("MORE"), ElementsAre("b"));
  }
}

TEST(Arguments, WhatIsNotGivenIsNotThere) {
  const auto read = parse_arguments(kFiles, {"a"});
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->has("--json"));
  EXPECT_FALSE(read->has("--policy"));
  EXPECT_EQ(read->one("--policy"), std::nullopt);
  EXPECT_THAT(read->many("--env"), IsEmpty());
  EXPECT_EQ(read->word("MORE"), "");
  EXPECT_THAT(read->words("MORE"), IsEmpty());
  EXPECT_EQ(read->word("another"), "");
}

TEST(Arguments, ManyValuesOneAtATime) {
  const auto read = parse_arguments(kFiles, {"--env", "A", "a", "--env=B", "--env", "-C"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->many("--env"), ElementsAre("A", "B", "-C"));
  EXPECT_EQ(read->word("F"), "a");
}

TEST(Arguments, ValuesAreTakenAsTheyAre) {
  for (const std::string value : {"[a,b]", "{}", "a b", "x=y", "-", "%", "\"q\"", "ünü", "-1"}) {
    const auto read = parse_arguments(kFiles, {"--policy", value, value});
    ASSERT_EQ(read.has_value(), value != "-1") << value;
    if (!read) continue;
    EXPECT_EQ(read->one("--policy"), value);
    EXPECT_EQ(read->word("F"), value);
  }
}

TEST(Arguments, BehindDashesNothingIsAnOption) {
  const auto read = parse_arguments(
      kWraps, {"--json", "--", "npx", "-y", "--policy", "x", "--", "--json", "--help"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->has("--json"));
  EXPECT_FALSE(read->has("--policy"));
  EXPECT_FALSE(read->has("--help"));
  EXPECT_THAT(read->words("CMD"),
              ElementsAre("npx", "-y", "--policy", "x", "--", "--json", "--help"));
}

TEST(Arguments, DashesLetAWordBeginWithOne) {
  const auto read = parse_arguments(kFiles, {"--json", "--", "--policy", "-x"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->word("F"), "--policy");
  EXPECT_THAT(read->words("MORE"), ElementsAre("-x"));
}

TEST(Arguments, AnUnknownOptionNamesTheNearestRightOne) {
  EXPECT_EQ(mistake(kFiles, {"a", "--polcy", "p"}),
            "`--polcy` is not an option of `pawl files`: did you mean `--policy`?");
  EXPECT_EQ(mistake(kFiles, {"a", "--jsno=1"}),
            "`--jsno` is not an option of `pawl files`: did you mean `--json`?");
  EXPECT_EQ(mistake(kFiles, {"a", "-x"}), "`-x` is not an option of `pawl files`");
  EXPECT_THAT(mistake(kBare, {"--json"}), HasSubstr("`--json` is not an option of `pawl bare`"));
  EXPECT_THAT(mistake(kFiles, {"--\x1b[31mred"}), Not(HasSubstr("\x1b")));
}

TEST(Arguments, AnOptionWithoutItsValue) {
  for (const Given& given : {Given{"a", "--policy"}, Given{"--policy", "--json", "a"},
                             Given{"a", "--policy="}, Given{"a", "--policy", "--"}}) {
    EXPECT_THAT(mistake(kFiles, given), HasSubstr("`--policy` needs a value: `--policy F`"));
  }
  EXPECT_EQ(mistake(kFiles, {"a", "--json=yes"}), "`--json` takes no value");
  EXPECT_EQ(mistake(kFiles, {"--policy", "a", "--policy", "b", "c"}),
            "`--policy` is given 2 times, and one value is meant");
}

TEST(Arguments, WordsThatAreMissingOrTooMany) {
  EXPECT_EQ(mistake(kFiles, {}), "`pawl files` needs F: a file");
  EXPECT_EQ(mistake(kBare, {"more"}), "`more` is one word too many for `pawl bare`");
  EXPECT_EQ(mistake(kWraps, {}), "`pawl wraps` needs -- CMD: the server's command");
  EXPECT_EQ(mistake(kWraps, {"--"}), "`pawl wraps` needs -- CMD: the server's command");
  EXPECT_EQ(mistake(kWraps, {"npx", "-y"}), "`-y` is not an option of `pawl wraps`");
  EXPECT_EQ(mistake(kWraps, {"npx"}),
            "`npx` is one word too many for `pawl wraps`: the command goes behind `--`");
  EXPECT_EQ(mistake(kWraps, {"npx", "--", "server"}),
            "`npx` is one word too many for `pawl wraps`");
}

TEST(Arguments, HelpNeedsNothingElse) {
  for (const std::string asks : {"--help", "-h"}) {
    for (const CommandRow* command : {&kFiles, &kWraps, &kBare}) {
      const auto read = parse_arguments(*command, {asks});
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_TRUE(read->has("--help"));
    }
  }
}

TEST(Arguments, AThousandWordsAndALongOne) {
  Given given(1000, "f");
  given.emplace_back(100'000, 'x');
  const auto read = parse_arguments(kFiles, given);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->words("MORE").size(), 1000U);
  EXPECT_EQ(read->words("MORE").back().size(), 100'000U);
}

}  // namespace
}  // namespace pawl::app
