// Runs every folder of test/scenarios through `decide --stream`; README.md there says how.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "doors/decide/stream.h"
#include "io/sql/parse.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

// Lines without the comments, repeated as they say.
std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> out;
  std::istringstream text(bytes_of(path));
  for (std::string line; std::getline(text, line);) {
    if (trim(line).empty() || line.starts_with("# ")) continue;
    std::size_t times = 1;
    if (line.starts_with("@")) {
      const std::size_t blank = line.find(' ');
      std::from_chars(line.data() + 1, line.data() + blank, times);
      line.erase(0, blank + 1);
    }
    out.insert(out.end(), times, line);
  }
  return out;
}

// Every member of `expected` is in `found` with its value.
bool contains(json::View found, json::View expected) {
  if (!expected.is_object()) return json::equal(found, expected);
  if (!found.is_object()) return false;
  for (const auto [key, value] : expected.members()) {
    if (!found[key].exists() || !contains(found[key], value)) return false;
  }
  return true;
}

fs::path policy_of(const fs::path& folder) {
  std::ifstream calls(folder / "calls.jsonl");
  std::string first;
  std::getline(calls, first);
  constexpr std::string_view mark = "# policy: ";
  if (!first.starts_with(mark)) return folder / "policy.yaml";
  return folder / first.substr(mark.size());
}

Loaded load(const fs::path& file) {
  LoadSources sources;
  sources.zone = [](std::string_view name) -> Result<Zone> {
    const std::string bytes = bytes_of(fs::path("/usr/share/zoneinfo") / name);
    return Zone::parse(bytes, name);
  };
  sources.read = [&](std::string_view path) -> Result<std::string> {
    return bytes_of(file.parent_path() / path);
  };
  std::vector<fs::path> layers;
  for (const auto& entry : fs::directory_iterator(file.parent_path())) {
    if (entry.path().filename().string().ends_with(".layer.yaml")) layers.push_back(entry.path());
  }
  std::ranges::sort(layers);
  for (const fs::path& layer : layers) {
    sources.layers.push_back({layer.filename().string(), bytes_of(layer), sources.read});
  }
  sources.credentials = {"k8s-stg", "k8s-prod"};  // as if a deployment file defined them
  return load_policy(bytes_of(file), file.filename().string(), sources);
}

void expect_errors(const fs::path& folder) {
  const Loaded loaded = load(folder / "policy.yaml");
  std::string all;
  for (const Error& error : loaded.errors) all += to_string(error) + "\n";
  EXPECT_EQ(loaded.policy, nullptr) << "the policy loads";
  for (const std::string& part : lines_of(folder / "errors")) {
    EXPECT_THAT(all, ::testing::HasSubstr(part));
  }
}

// The parser that the program isolates, in this process.
sql::Fact read_sql(std::string_view pointer, std::string_view text) {
  Result<sql::Summary> summary = sql::parse(text);
  if (!summary) return {std::string(pointer), summary.error().message, {}};
  return {std::string(pointer), {}, *std::move(summary)};
}

void expect_answers(const fs::path& folder) {
  const Loaded loaded = load(policy_of(folder));
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  ASSERT_NE(loaded.policy, nullptr);
  const std::vector<std::string> calls = lines_of(folder / "calls.jsonl");
  const std::vector<std::string> expected = lines_of(folder / "expected.jsonl");
  ASSERT_EQ(calls.size(), expected.size());
  ASSERT_FALSE(calls.empty());
  DecideStream stream(loaded.policy, read_sql);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string answer = stream.line(calls[i]);
    const auto found = json::parse(answer);
    const auto wanted = json::parse(expected[i]);
    ASSERT_TRUE(found) << answer;
    ASSERT_TRUE(wanted) << "expected.jsonl, answer " << i + 1 << ": " << expected[i];
    ASSERT_GT(wanted->root().size(), 0U) << "nothing is expected of answer " << i + 1;
    EXPECT_TRUE(contains(found->root(), wanted->root()))
        << "call " << i + 1 << ": " << calls[i].substr(0, 300) << "\nexpected: " << expected[i]
        << "\nanswer:   " << answer;
  }
}

class ScenarioTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, IsAnsweredAsWritten) {
  const fs::path folder = fs::path(PAWL_SCENARIO_DIR) / GetParam();
  if (fs::exists(folder / "errors")) {
    expect_errors(folder);
  } else {
    expect_answers(folder);
  }
}

std::vector<std::string> folders() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(PAWL_SCENARIO_DIR)) {
    const bool ours =
        fs::exists(entry.path() / "calls.jsonl") || fs::exists(entry.path() / "errors");
    if (entry.is_directory() && ours) out.push_back(entry.path().filename().string());
  }
  std::ranges::sort(out);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Files, ScenarioTest, ::testing::ValuesIn(folders()),
                         [](const auto& folder) {
                           std::string name = folder.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// An example that people copy is a scenario too.
TEST(ExampleTest, TheSupportAgentIsAnsweredAsItsPageSays) {
  expect_answers(fs::path(PAWL_SCENARIO_DIR) / ".." / ".." / "examples" / "support-agent");
}

TEST(ScenarioListTest, IsNotEmpty) {
  EXPECT_GE(folders().size(), 15U);
}

}  // namespace
}  // namespace pawl
