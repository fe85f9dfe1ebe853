// A file with every key, damaged in every way that a person or a merge can damage it: the loader
// answers with a policy or with located mistakes, never with a crash, and never with both.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "base/text.h"
#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

const std::map<std::string, std::string> kFiles = {{"lists/payees.txt", "ACME\n"}};

std::string good() {
  return sample::bytes_of_file(PAWL_SOURCE_DIR "/test/scenarios/every-key.yaml");
}

void load_damaged(const std::string& text) {
  const Loaded loaded = sample::load(text, kFiles);
  ASSERT_EQ(loaded.policy == nullptr, !loaded.errors.empty()) << text;
  for (const Error& error : loaded.errors) {
    EXPECT_FALSE(error.message.empty());
    EXPECT_NE(error.fault, ErrorKind::internal) << to_string(error) << "\n" << text;
    EXPECT_FALSE(error.message.ends_with('.')) << error.message;
    EXPECT_FALSE(has_hidden_characters(error.message)) << error.message;
    EXPECT_FALSE(error.at.file.empty()) << error.message;
  }
  if (loaded.policy == nullptr) return;
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors) << text;
  EXPECT_EQ(again.policy->digest, loaded.policy->digest);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

TEST(Mutation, EveryLineRemovedOrTwice) {
  const std::vector<std::string> lines = lines_of(good());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    load_damaged(joined(without));
    std::vector<std::string> twice = lines;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    load_damaged(joined(twice));
  }
}

// Every key misspelt is found, wherever it stands.
TEST(Mutation, EveryKeyMisspelt) {
  const std::string text = good();
  std::size_t keys = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\n' || text[i - 1] == '{');
    std::size_t end = i;
    while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '_')) ++end;
    if (!begins || end == i || text[end] != ':' || text[end + 1] != ' ') continue;
    ++keys;
    load_damaged(text.substr(0, i) + "x" + text.substr(i));
  }
  EXPECT_GT(keys, 80U);
}

// PAWL_MUTATION_SHARE=N: every N-th of them, where a sanitizer makes each of them dear.
TEST(Mutation, EveryValueReplaced) {
  const char* share_text = std::getenv("PAWL_MUTATION_SHARE");
  const long share = share_text == nullptr ? 1 : std::max(1L, std::strtol(share_text, nullptr, 10));
  const std::string text = good();
  long made = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ':' || text[i + 1] != ' ') continue;
    const std::size_t end = text.find_first_of(",}\n", i + 2);
    for (const std::string_view value :
         {"", "x", "5", "-1", "[]", "{}", "[x]", "{x: y}", "\"true\"", "$hosts", "~"}) {
      if (made++ % share != 0) continue;
      load_damaged(text.substr(0, i + 2) + std::string(value) + text.substr(end));
    }
  }
}

TEST(Mutation, RandomDamage) {
  std::mt19937 random(20261121);
  const std::string text = good();
  const std::string_view signs =
      "{}[]:,-#&*!|>'\"%@`$~ \n\t\x01\xff"
      "aA0";
  for (int round = 0; round < 600; ++round) {
    std::string damaged = text;
    const int edits = 1 + static_cast<int>(random() % 4);
    for (int edit = 0; edit < edits; ++edit) {
      const std::size_t at = random() % damaged.size();
      const std::size_t length = std::min<std::size_t>(random() % 20, damaged.size() - at);
      switch (random() % 4) {
        case 0:
          damaged.erase(at, length);
          break;
        case 1:
          damaged.insert(at, damaged.substr(at, length));
          break;
        case 2:
          damaged[at] = signs[random() % signs.size()];
          break;
        default:
          damaged.insert(at, 1, signs[random() % signs.size()]);
          break;
      }
      if (damaged.empty()) damaged = "x";
    }
    load_damaged(damaged);
  }
}

TEST(Mutation, EveryBeginning) {
  const std::string text = good();
  for (std::size_t size = 0; size < text.size(); size += 13) load_damaged(text.substr(0, size));
}

}  // namespace
}  // namespace pawl
