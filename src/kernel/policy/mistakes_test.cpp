// Every kind of mistake with its exact place and sentence.
//
// test/scenarios/mistakes.cases holds pieces of policies and what the loader says about each. A
// piece under `=== entry` stands in an entry of `tools.allowed` (its first line is line 6 of the
// file, its first column 7), one under `=== file` at the top of a file (line 5), and one under
// `=== whole` is a file. With PAWL_REGENERATE=1 the test writes the sentences anew.
#include <gmock/gmock.h>

#include <cstdlib>

#include "base/text.h"
#include "kernel/policy/policy_keys.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

struct Case {
  std::string frame, text, says;
};

const std::string kFolder = PAWL_SOURCE_DIR "/test/scenarios/";

std::vector<Case> cases() {
  std::vector<Case> out;
  std::string* part = nullptr;
  const std::string file = sample::bytes_of_file(kFolder + "mistakes.cases");
  for (const std::string_view line : split(file, '\n')) {
    if (line.starts_with("=== ")) {
      part = &out.emplace_back(Case{std::string(line.substr(4)), "", ""}).text;
    } else if (line == "--- says") {
      part = &out.back().says;
    } else if (part != nullptr && !(line.empty() && part == &out.back().says)) {
      *part += std::string(line) + "\n";
    }
  }
  return out;
}

std::string framed(const Case& one) {
  if (one.frame == "entry") return sample::entry(one.text);
  if (one.frame == "file") return sample::file(one.text);
  return one.text;
}

std::string said_about(const Case& one) {
  const Loaded loaded = sample::load(framed(one), {{"list.txt", "one\n"},
                                                   {"empty.txt", "# nothing\n"},
                                                   {"hidden.txt", "fine\nhid\u200bden\n"},
                                                   {"broken.txt", "\xFF\n"}});
  EXPECT_EQ(loaded.policy == nullptr, !loaded.errors.empty());
  std::string out;
  for (const Error& error : loaded.errors) {
    std::string line = to_string(error);
    if (line.starts_with("p.yaml:")) line.erase(0, 7);
    out += line + "\n";
  }
  return out;
}

TEST(Mistakes, EachIsLocatedAndSaysWhatWasExpected) {
  const std::vector<Case> all = cases();
  EXPECT_GE(all.size(), 80U);
  std::string again;
  for (const Case& one : all) {
    const std::string says = said_about(one);
    EXPECT_FALSE(says.empty()) << "no mistake was found in:\n" << one.text;
    again += "=== " + one.frame + "\n" + one.text + "--- says\n" + says + "\n";
    if (std::getenv("PAWL_REGENERATE") == nullptr) EXPECT_EQ(says, one.says) << one.text;
  }
  if (std::getenv("PAWL_REGENERATE") != nullptr) {
    std::ofstream(kFolder + "mistakes.cases") << again;
  }
}

// One file with one mistake of each kind, and beside it what is printed about it.
TEST(Mistakes, AFileWithOneOfEachKind) {
  const std::string text = sample::bytes_of_file(kFolder + "mistakes.yaml");
  ASSERT_FALSE(text.empty());
  const Loaded loaded = load_policy(text, "mistakes.yaml", sample::sources());
  const std::string said = sample::said(loaded.errors);
  if (std::getenv("PAWL_REGENERATE") != nullptr) {
    std::ofstream(kFolder + "mistakes.expected") << said;
  }
  EXPECT_EQ(said, sample::bytes_of_file(kFolder + "mistakes.expected"));
}

// The key table and the readers know the same keys: a permitted key without a reader would be
// ignored, and the loader says so about itself.
TEST(Mistakes, NoPermittedKeyIsWithoutAReader) {
  for (const Key& key : policy_keys().all()) {
    if (key.later) continue;
    for (const std::string_view where :
         {"", "agent: ", "execution: ", "escalation: ", "autonomy: ", "approval: "}) {
      const Loaded loaded =
          sample::load(sample::file(where.empty() ? fmt::format("{}: 1\n", key.name)
                                                  : fmt::format("{}{{{}: 1}}\n", where, key.name)));
      EXPECT_THAT(sample::said(loaded.errors), ::testing::Not(::testing::HasSubstr("no reader")));
    }
    const Loaded loaded = sample::load(sample::entry(fmt::format(
        "{0}: 1\nconstraints: {{{0}: 1}}\nargs: {{a: {{{0}: 1}}, b: {{path: {{{0}: 1}}}}, "
        "c: {{url: {{{0}: 1}}}}}}\n",
        key.name)));
    EXPECT_THAT(sample::said(loaded.errors), ::testing::Not(::testing::HasSubstr("no reader")));
  }
}

}  // namespace
}  // namespace pawl
