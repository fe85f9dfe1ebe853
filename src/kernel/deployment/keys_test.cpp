#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "kernel/deployment/deployment_keys.h"
#include "kernel/policy/policy_keys.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kMark = "<!-- from here on written from the table of keys -->\n";

// The page is prose up to the mark and the table of keys behind it; PAWL_REGENERATE=1 rewrites the
// second part.
void compare_page(const std::string& path, const KeyTable& keys) {
  std::string page = sample::bytes_of_file(path);
  const std::size_t mark = page.find(kMark);
  ASSERT_NE(mark, std::string::npos) << path << " has no mark";
  const std::size_t start = mark + kMark.size();
  if (std::getenv("PAWL_REGENERATE") != nullptr) {
    page = page.substr(0, start) + keys.reference();
    std::ofstream(path) << page;
  }
  EXPECT_EQ(page.substr(start), keys.reference()) << "regenerate it with PAWL_REGENERATE=1";
}

TEST(Keys, TheReferencePagesAreThoseOfTheTable) {
  compare_page(PAWL_SOURCE_DIR "/docs/reference/policy.md", policy_keys());
  compare_page(PAWL_SOURCE_DIR "/docs/reference/deployment.md", deployment_keys());
}

TEST(Keys, NoRowIsThereTwiceAndEachSaysSomething) {
  std::set<std::pair<Section, std::string_view>> seen;
  std::vector<Key> all(policy_keys().all().begin(), policy_keys().all().end());
  all.insert(all.end(), deployment_keys().all().begin(), deployment_keys().all().end());
  for (const Key& key : all) {
    EXPECT_TRUE(seen.emplace(key.section, key.name).second) << key.name;
    EXPECT_TRUE(key.sentence.ends_with('.')) << key.name;
    EXPECT_FALSE(key.type.words.empty()) << key.name;
    EXPECT_EQ(key.preset.empty(),
              key.later || (key.section == Section::approval && key.name == "by"))
        << key.name;
    EXPECT_GE(key.rule, 0);
    EXPECT_LE(key.rule, 15);
  }
}

TEST(Keys, PatternsStandForTheirNames) {
  EXPECT_EQ(policy_keys().find(Section::constraints, "max_amount")->name, "max_X");
  EXPECT_EQ(policy_keys().find(Section::constraints, "max_records_per_run")->name,
            "max_records_per_run");
  EXPECT_EQ(policy_keys().find(Section::constraints, "max_"), nullptr);
  EXPECT_EQ(policy_keys().find(Section::constraints, "maximum"), nullptr);
}

TEST(Keys, RefusalsNameTheNearestRightOne) {
  EXPECT_EQ(policy_keys().refusal(Section::entry, "scop"),
            "unknown key `scop` in a tool's entry: did you mean `scope`?");
  EXPECT_EQ(policy_keys().refusal(Section::tools, "max_steps"),
            "unknown key `max_steps` in `tools`: it belongs to `execution`");
  EXPECT_EQ(policy_keys().refusal(Section::entry, "allowed_states"),
            "unknown key `allowed_states` in a tool's entry: it belongs to `constraints`");
  EXPECT_EQ(policy_keys().refusal(Section::constraints, "allowd_states"),
            "unknown key `allowd_states` in `constraints`: did you mean `allowed_states`?");
  EXPECT_EQ(policy_keys().refusal(Section::entry, "contain"),
            "`contain` in a tool's entry is not enforced by this version, so it is refused");
  EXPECT_EQ(policy_keys().refusal(Section::url, "\x1b[31m"),
            "unknown key `\\u{1b}[31m` in `url`: expected `host`, `scheme`, `query_max`");
}

TEST(Keys, AHeadingIsAPathOrASentence) {
  for (const KeyTable* keys : {&policy_keys(), &deployment_keys()}) {
    const std::string page = keys->reference();
    for (std::size_t at = page.find("### "); at != page.npos; at = page.find("### ", at + 1)) {
      const std::string line = page.substr(at, page.find('\n', at) - at);
      EXPECT_EQ(std::ranges::count(line, '`') % 2, 0) << line;
      EXPECT_THAT(line, Not(HasSubstr("asamapping"))) << line;
    }
  }
  EXPECT_THAT(policy_keys().reference(),
              HasSubstr("### `tools.allowed[].commands`, as a mapping\n"));
  EXPECT_THAT(deployment_keys().reference(),
              HasSubstr("### A secret inside of vault, oauth, github_app, aws_sts "
                        "and notify\n"));
  EXPECT_THAT(deployment_keys().reference(), HasSubstr("### `credentials.NAME.accept_risk`\n"));
}

}  // namespace
}  // namespace pawl
