#include "kernel/policy/bundle.h"

#include <gmock/gmock.h>

#include "kernel/policy/sample_test.h"

namespace pawl {
namespace {

Loaded every_key() {
  const std::string text = sample::bytes_of_file(PAWL_SOURCE_DIR "/test/scenarios/every-key.yaml");
  return sample::load(text, {{"lists/payees.txt", "ACME\nGlobex\n"}});
}

TEST(Bundle, HoldsTheWholePolicy) {
  const Loaded loaded = every_key();
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->digest, loaded.policy->digest);
  EXPECT_EQ(again.policy->bundle, loaded.policy->bundle);
  EXPECT_EQ(again.policy->freezes.at(0).from, loaded.policy->freezes.at(0).from);
  EXPECT_EQ(again.policy->freezes.at(1).until, loaded.policy->freezes.at(1).until);
  EXPECT_EQ(again.policy->find("bank", "pay_invoice")->credential, "crm-key");
}

TEST(Bundle, ItsBytes) {
  const std::string text = sample::file(
      "lists: {l: {file: l.txt}}\n"
      "freeze: [{name: year end, from: 2026-12-18T18:00, until: 2026-12-19T18:00, zone: UTC, "
      "stop: [reversible]}]\n");
  const Loaded loaded = sample::load(text, {{"l.txt", "a\nb"}});
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  EXPECT_EQ(loaded.policy->bundle,
            fmt::format("pawl-bundle 1\npolicy {}\n{}\nlist 3 l.txt\na\nb\n"
                        "freeze 1797616800000000000 1797703200000000000 year end\n",
                        text.size(), text));
  EXPECT_EQ(loaded.policy->digest, sha256(loaded.policy->bundle));
}

// Replay needs nothing else: another edition of a pack does not change an old decision.
TEST(Bundle, HoldsThePacksThatWereInForce) {
  const std::string own =
      "pack: own\nsources: {s: x}\ntools: [{name: tool, class: read_only, source: s}]\n";
  LoadSources sources = sample::sources();
  sources.pack = [&own](std::string_view) -> Result<std::string> { return own; };
  const Loaded loaded = load_policy(sample::file("use: [pawl:own@1]\n"), "p.yaml", sources);
  ASSERT_NE(loaded.policy, nullptr) << sample::said(loaded.errors);
  const std::string kept = fmt::format("\npack {} pawl:own@1\n{}\n", own.size(), own);
  EXPECT_NE(loaded.policy->bundle.find(kept), std::string::npos);
  const Loaded again = load_bundle(loaded.policy->bundle, "p.yaml");
  ASSERT_NE(again.policy, nullptr) << sample::said(again.errors);
  EXPECT_EQ(again.policy->digest, loaded.policy->digest);
  const auto definition = std::make_shared<const ToolDefinition>(
      *definition_of("", "tool", json::View(), json::View()));
  const BoundTool bound = bind(*again.policy, *again.policy->find("", "tool"), definition, {});
  EXPECT_EQ(to_string(bound.action_class), "read_only");
  EXPECT_EQ(bound.class_source, "pack: tool");
}

TEST(Bundle, EveryByteOfEveryFileCounts) {
  const Digest first = every_key().policy->digest;
  const std::string text = sample::bytes_of_file(PAWL_SOURCE_DIR "/test/scenarios/every-key.yaml");
  const Loaded comment = sample::load(text + "# \n", {{"lists/payees.txt", "ACME\nGlobex\n"}});
  const Loaded list = sample::load(text, {{"lists/payees.txt", "ACME\nGlobex"}});
  EXPECT_NE(comment.policy->digest, first);
  EXPECT_NE(list.policy->digest, first);
}

TEST(Bundle, WhatIsNoBundle) {
  const std::string good = every_key().policy->bundle;
  for (std::size_t size = 0; size < good.size(); size += 7) {
    const Loaded cut = load_bundle(std::string_view(good).substr(0, size), "p.yaml");
    // A cut right behind the policy leaves its lists or freezes out, which the policy then misses.
    EXPECT_FALSE(cut.errors.empty()) << size;
  }
  for (const std::string_view text :
       {"", "pawl-bundle 2\n", "pawl-bundle 1\n", "pawl-bundle 1\npolicy 99999\nx\n",
        "pawl-bundle 1\npolicy -1\nx\n", "pawl-bundle 1\npolicy 1\nx\npolicy 1\nx\n",
        "pawl-bundle 1\nlist 1\nx\n", "pawl-bundle 1\nfreeze 1 x\n"}) {
    const Loaded loaded = load_bundle(text, "p.yaml");
    ASSERT_FALSE(loaded.errors.empty()) << text;
    EXPECT_EQ(loaded.errors[0].fault, ErrorKind::corrupt) << text;
  }
}

}  // namespace
}  // namespace pawl
