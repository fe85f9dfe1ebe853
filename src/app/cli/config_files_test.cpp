#include "node/files/config_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

#include "app/cli/run_test.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "kernel/policy/policy.h"

namespace pawl::app {
namespace {

using ::testing::EndsWith;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kPathOptions = std::to_array<OptionRow>({state_option, config_option});

Arguments given(const std::vector<std::string>& words) {
  const CommandRow row{"x", "use", "x", kPathOptions, {}, nullptr};
  return *parse_arguments(row, words);
}

// Sets a variable, and puts back what was there.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    if (value == nullptr) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value, 1);
    }
  }
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(Paths, TheOptionThenTheVariableThenHome) {
  const Variable home("HOME", "/home/ada");
  {
    const Variable state("XDG_STATE_HOME", "/s"), config("XDG_CONFIG_HOME", "/c");
    EXPECT_EQ(*state_directory(given({"--state-dir", "/x/y"})), "/x/y");
    EXPECT_EQ(*state_directory(given({})), "/s/pawl");
    EXPECT_EQ(config_path(given({"--config", "/x/p.yaml"})), "/x/p.yaml");
    EXPECT_EQ(config_path(given({})), "/c/pawl/pawl.yaml");
  }
  const Variable state("XDG_STATE_HOME", "relative"), config("XDG_CONFIG_HOME", nullptr);
  EXPECT_EQ(*state_directory(given({})), "/home/ada/.local/state/pawl");
  EXPECT_EQ(config_path(given({})), "/home/ada/.config/pawl/pawl.yaml");
}

TEST(Paths, AreAbsolute) {
  EXPECT_THAT(*state_directory(given({"--state-dir", "here"})),
              ::testing::AllOf(StartsWith("/"), EndsWith("/here")));
  EXPECT_THAT(node::absolute("./a/b"), EndsWith("/a/b"));
  EXPECT_EQ(node::absolute("/a/link/../b"), "/a/link/../b")
      << "only the file system knows what this is";
}

TEST(Paths, AMissingDefaultIsEmptyAndAMissingNamedOneIsAnError) {
  const Folder folder;
  EXPECT_TRUE(node::read_deployment(folder.at("none.yaml"), false).deployment);
  const auto named = node::read_deployment(folder.at("none.yaml"), true);
  EXPECT_FALSE(named.deployment);
  ASSERT_EQ(named.errors.size(), 1U);
  EXPECT_EQ(named.errors[0].fault, ErrorKind::missing);
  folder.write("bad.yaml", "version: 1\nx: 1\n");
  EXPECT_FALSE(node::read_deployment(folder.at("bad.yaml"), false).deployment);
}

TEST(Paths, ReadFileTakesRegularFilesUpToItsLimit) {
  const Folder folder;
  const std::string path = folder.write("f", std::string(200'000, 'x'));
  EXPECT_EQ(node::read_file(path)->size(), 200'000U);
  EXPECT_EQ(node::read_file(path, 200'000)->size(), 200'000U);
  EXPECT_EQ(node::read_file(path, 199'999).error().fault, ErrorKind::invalid);
  EXPECT_EQ(node::read_file(folder.at("absent")).error().fault, ErrorKind::missing);
  EXPECT_EQ(node::read_file(folder.at("f/below")).error().fault, ErrorKind::missing);
  EXPECT_EQ(node::read_file(folder.at(".")).error().message, "is a directory");
  ASSERT_EQ(::mkfifo(folder.at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(node::read_file(folder.at("pipe")).error().message, "is not a regular file");
  EXPECT_EQ(node::read_file("/dev/zero").error().message, "is not a regular file");
  EXPECT_EQ(*node::read_file(folder.write("empty", "")), "");
}

TEST(Paths, ListsAndZonesOfAPolicy) {
  const Folder folder;
  folder.write("hosts.txt", "example.org\n");
  const std::string text =
      "agent: {id: a, identity: a@b}\nlists: {hosts: {file: hosts.txt}}\n"
      "tools: {allowed: [{name: get, class: read_only, args: {host: {in: $hosts}}}]}\n"
      "freeze: [{name: f, from: 2026-12-18T18:00, until: 2027-01-04T08:00, zone: ZONE, "
      "stop: [irreversible], then: deny}]\n";
  const auto with_zone = [&](const std::string& zone) {
    std::string all = text;
    all.replace(all.find("ZONE"), 4, zone);
    return node::read_policy(folder.write("p.yaml", all), nullptr);
  };
  const auto loaded = with_zone("UTC");
  EXPECT_TRUE(loaded.policy) << (loaded.errors.empty() ? "" : loaded.errors[0].message);
  for (const std::string zone : {"../../../etc/passwd", "/etc/passwd", "Nowhere/City"}) {
    const auto refused = with_zone(zone);
    ASSERT_FALSE(refused.errors.empty()) << zone;
    EXPECT_THAT(refused.errors[0].message, HasSubstr("time zone")) << zone;
  }
}

TEST(AskSecret, AFileAnswersForAScriptIfOnlyItsOwnerCanReadIt) {
  const Folder folder;
  const std::string path = folder.write("pass", "correct horse\nsecond line\n");
  const Variable file("PAWL_PASSPHRASE_FILE", path.c_str());
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(*ask_secret("passphrase:"), "correct horse");
  for (const mode_t open : {0640U, 0604U, 0620U, 0602U, 0644U}) {
    ASSERT_EQ(::chmod(path.c_str(), open), 0);
    const auto answer = ask_secret("passphrase:");
    ASSERT_FALSE(answer) << open;
    EXPECT_EQ(answer.error().fault, ErrorKind::refused);
    EXPECT_THAT(answer.error().message, HasSubstr("chmod 600"));
  }
}

TEST(AskSecret, AFileThatHoldsNothingOrIsNone) {
  const Folder folder;
  const auto answer_of = [](const std::string& path) {
    const Variable file("PAWL_PASSPHRASE_FILE", path.c_str());
    return ask_secret("passphrase:");
  };
  const std::string path = folder.write("pass", "\n");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(answer_of(path).error().fault, ErrorKind::invalid);
  folder.write("pass", std::string(5000, 'x'));
  EXPECT_EQ(answer_of(path).error().fault, ErrorKind::invalid);
  EXPECT_EQ(answer_of(folder.at("absent")).error().fault, ErrorKind::environment);
  EXPECT_EQ(answer_of(folder.at(".")).error().fault, ErrorKind::environment);
}

}  // namespace
}  // namespace pawl::app
