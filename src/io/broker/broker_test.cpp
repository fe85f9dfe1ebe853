#include "io/broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "io/secrets/store_file.h"

namespace pawl::broker {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Desk {
  Desk() : folder(std::filesystem::temp_directory_path() / ("pawl-broker-" + hex_name())) {
    std::filesystem::create_directories(folder);
    broker.emplace(loop, path("credentials.store"), std::vector<std::string>{"PATH=/usr/bin:/bin"});
  }
  ~Desk() { std::filesystem::remove_all(folder); }
  Desk(const Desk&) = delete;

  static std::string hex_name() { return hex(random_bytes(8)); }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), 0600);
  }
  void use(const std::string& text) {
    LoadedDeployment loaded = load_deployment(text, "pawl.yaml");
    ASSERT_TRUE(loaded.deployment) << (loaded.errors.empty() ? "" : loaded.errors[0].message);
    broker->use(*loaded.deployment, folder.string());
  }
  static Task<void> note(Broker& broker, Errand errand, std::optional<Result<Minted>>& into) {
    into = co_await broker.mint(std::move(errand));
  }
  Result<Minted> mint(const std::string& credential, const std::string& tool = "read",
                      const std::string& server = "crm", std::vector<std::string> roles = {}) {
    std::optional<Result<Minted>> out;
    spawn(note(*broker, {std::move(roles), server, tool, credential}, out));
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return *std::move(out);
  }
  std::string refusal(const std::string& credential, const std::string& tool = "read",
                      const std::string& server = "crm", std::vector<std::string> roles = {}) {
    const auto minted = mint(credential, tool, server, std::move(roles));
    return minted ? "minted" : minted.error().message;
  }

  net::Loop loop;
  std::filesystem::path folder;
  std::optional<Broker> broker;
};

constexpr const char* kServers =
    "servers:\n"
    "  crm: {url: \"https://api.example:8443/mcp\"}\n"
    "  mail: {url: \"https://mail.example/\"}\n";

TEST(Broker, ReadsASecretAnewEachTime) {
  Desk desk;
  desk.write("t", "first-value\n");
  desk.use(std::string(kServers) + "credentials: {t: {file: t, principal: svc}}\n");
  const auto first = desk.mint("t");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->value.bytes(), "first-value");
  EXPECT_EQ(first->used.name, "t");
  EXPECT_EQ(first->used.principal, "svc");
  desk.write("t", "second-value");
  EXPECT_EQ(desk.mint("t")->value.bytes(), "second-value");
  std::string text = "a first-value and a second-value";
  desk.broker->scrub("crm", text);
  EXPECT_EQ(text, "a [redacted t] and a [redacted t]");
  // What one server was told says nothing about another.
  text = "first-value";
  desk.broker->scrub("mail", text);
  EXPECT_EQ(text, "first-value");
}

TEST(Broker, KnowsThePartBehindAScheme) {
  Desk desk;
  ::setenv("BROKER_BASIC", "Basic dXNlcjpwYXNzd29yZA==", 1);
  desk.use(std::string(kServers) + "credentials: {b: {env: BROKER_BASIC}}\n");
  ASSERT_TRUE(desk.mint("b"));
  std::string text = "you sent dXNlcjpwYXNzd29yZA==";
  desk.broker->scrub("crm", text);
  EXPECT_THAT(text, Not(HasSubstr("dXNlcjpwYXNzd29yZA==")));
}

TEST(Broker, AsksAProgramWhileTheLoopTurns) {
  Desk desk;
  desk.use(std::string(kServers) +
           "credentials:\n"
           "  good: {command: [sh, -c, \"sleep 0.1; echo printed-secret\"]}\n"
           "  bad: {command: [sh, -c, \"echo printed-secret; exit 3\"]}\n"
           "  none: {command: [no-such-program-here]}\n"
           "  short: {command: [echo, abc]}\n");
  int turns = 0;
  const net::Timer timer = desk.loop.after(Duration::milliseconds(20), [&] { ++turns; });
  const auto good = desk.mint("good");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->value.bytes(), "printed-secret");
  EXPECT_EQ(turns, 1);
  EXPECT_THAT(desk.refusal("bad"), testing::AllOf(HasSubstr("`bad`"), HasSubstr("exit status 3"),
                                                  Not(HasSubstr("printed-secret"))));
  EXPECT_THAT(desk.refusal("none"), HasSubstr("no-such-program-here"));
  EXPECT_THAT(desk.refusal("short"), HasSubstr("less than 8 bytes"));
}

TEST(Broker, ReadsNothingThatIsBoundElsewhere) {
  Desk desk;
  ::setenv("BROKER_SECRET", "bound-secret-value", 1);
  desk.use(std::string(kServers) +
           "roles: {a: {file: x}, b: {file: y}}\n"
           "credentials:\n"
           "  host: {env: BROKER_SECRET, roles: [a], hosts: [api.example]}\n"
           "  port: {env: BROKER_SECRET, roles: [a], hosts: [\"api.example:443\"]}\n"
           "  right_port: {env: BROKER_SECRET, roles: [a], hosts: [\"api.example:8443\"]}\n"
           "  server: {env: BROKER_SECRET, roles: [a], servers: [mail]}\n"
           "  tool: {env: BROKER_SECRET, roles: [a], tools: [crm/write_*]}\n");
  const auto as_a = [&](const std::string& name, const std::string& tool = "read",
                        const std::string& server = "crm") {
    return desk.refusal(name, tool, server, {"a"});
  };
  EXPECT_EQ(as_a("host"), "minted");
  EXPECT_EQ(as_a("right_port"), "minted");
  EXPECT_THAT(as_a("host", "read", "mail"), HasSubstr("the host `mail.example`"));
  EXPECT_THAT(as_a("host", "read", "unknown"), HasSubstr("may not be sent to the host"));
  EXPECT_THAT(as_a("port"), HasSubstr("may not be sent to the host"));
  EXPECT_THAT(as_a("server"), HasSubstr("the server `crm`"));
  EXPECT_EQ(as_a("server", "read", "mail"), "minted");
  EXPECT_THAT(as_a("tool"), HasSubstr("the tool `read`"));
  EXPECT_THAT(as_a("tool", ""), HasSubstr("not for every message"));
  EXPECT_EQ(as_a("tool", "write_x"), "minted");
  EXPECT_THAT(desk.refusal("host", "read", "crm", {"b"}), HasSubstr("not for this role"));
  EXPECT_THAT(desk.refusal("host", "read", "crm", {"a", "b"}), HasSubstr("not for this role"));
  EXPECT_THAT(desk.refusal("host"), HasSubstr("not for this role"));
  EXPECT_THAT(as_a("other"), HasSubstr("not in the deployment file"));
}

// Of the repository that `args.repo` names in these arguments; or why of none.
std::string chosen_by(std::string_view arguments) {
  GithubAppToken token;
  token.repository_by = "repo";
  const Status done = choose_repository(token, arguments);
  if (!done) return done.error().message;
  EXPECT_EQ(token.repository_by, "");
  EXPECT_EQ(token.repositories.size(), 1U);
  return token.repositories.front();
}

TEST(Broker, ARepositoryIsTheOneThatTheCallNames) {
  EXPECT_EQ(chosen_by(R"({"repo":"web"})"), "web");
  EXPECT_EQ(chosen_by(R"({"owner":"myco","repo":"a-b_c.d"})"), "a-b_c.d");
  EXPECT_EQ(chosen_by(R"({"repo":"my-co/web"})"), "web");
  const std::string most(100, 'a');
  EXPECT_EQ(chosen_by(R"({"repo":")" + most + R"("})"), most);
  for (const std::string& wrong : {std::string("{}"),
                                   std::string(R"({"Repo":"web"})"),
                                   std::string(R"({"repo":["web"]})"),
                                   std::string(R"({"repo":7})"),
                                   std::string(R"({"repo":null})"),
                                   std::string(R"({"repo":""})"),
                                   std::string(R"({"repo":"."})"),
                                   std::string(R"({"repo":".."})"),
                                   std::string(R"({"repo":"a/b/c"})"),
                                   std::string(R"({"repo":"/web"})"),
                                   std::string(R"({"repo":"myco/"})"),
                                   std::string(R"({"repo":"my.co/web"})"),
                                   std::string(R"({"repo":"web docs"})"),
                                   std::string(R"({"repo":"web\n"})"),
                                   std::string(R"({"repo":"web\",\"docs"})"),
                                   std::string(R"({"repo":"wéb"})"),
                                   std::string(R"({"repo":"web?x"})"),
                                   std::string(R"({"repo":"*"})"),
                                   R"({"repo":"a)" + most + R"("})",
                                   std::string()}) {
    EXPECT_THAT(chosen_by(wrong), HasSubstr("the repository that `args.repo` names")) << wrong;
  }
  GithubAppToken fixed;
  fixed.repositories = {"web", "docs"};
  ASSERT_TRUE(choose_repository(fixed, R"({"repo":"evil"})"));
  EXPECT_EQ(fixed.repositories.size(), 2U);
}

TEST(Broker, ATokenForTheRepositoryOfACallIsForNothingElse) {
  Desk desk;
  ::setenv("BROKER_PEM", "a-key-that-is-none", 1);
  desk.use(std::string(kServers) +
           "credentials: {g: {github_app: {id: 1, installation: 2, key: {env: BROKER_PEM}, "
           "repositories: \"${args.repo}\", permissions: {contents: read}}}}\n");
  // Neither has arguments: a message that is not a call, and a call without any.
  EXPECT_THAT(desk.refusal("g", ""), HasSubstr("not for every message"));
  EXPECT_THAT(desk.refusal("g"), HasSubstr("the repository that `args.repo` names"));
}

void store(Desk& desk, const std::string& value) {
  const auto passphrase = secrets::Credential::copy_of("correct horse battery");
  auto file = secrets::StoreFile::open(desk.path("credentials.store"));
  ASSERT_TRUE(file);
  const auto text = file->read();
  auto opened = text->empty() ? secrets::Store::create(passphrase, random_bytes)
                              : secrets::Store::open(*text, passphrase);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->put("s", secrets::Credential::copy_of(value), Instant{1}, random_bytes));
  ASSERT_TRUE(file->replace(opened->text()));
}

TEST(Broker, OpensTheStoreAndSeesThatItChanged) {
  Desk desk;
  desk.use(std::string(kServers) + "credentials: {c: {store: s}}\nstore: {key_file: key}\n");
  EXPECT_THAT(desk.refusal("c"), HasSubstr("there is no store"));
  store(desk, "first-stored");
  EXPECT_THAT(desk.refusal("c"), HasSubstr("cannot open the file"));
  desk.write("key", "wrong horse battery\n");
  EXPECT_THAT(desk.refusal("c"), HasSubstr("passphrase"));
  desk.write("key", "correct horse battery\n");
  const auto first = desk.mint("c");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->value.bytes(), "first-stored");
  EXPECT_EQ(first->used.version, "1");
  store(desk, "second-stored");
  const auto second = desk.mint("c");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->value.bytes(), "second-stored");
  EXPECT_EQ(second->used.version, "2");
  // A store that cannot be opened any more gives nothing, also not what it gave before.
  desk.write("credentials.store", "{}");
  EXPECT_THAT(desk.refusal("c"), HasSubstr("cannot be read"));
}

// Two calls at once; what the world is like changes after the first has begun to open the store.
void expect_own_key(Desk& desk, const std::function<void()>& meanwhile) {
  std::optional<Result<Minted>> first, second, third;
  const Errand errand{{}, "crm", "read", "c"};
  spawn(Desk::note(*desk.broker, errand, first));
  meanwhile();
  spawn(Desk::note(*desk.broker, errand, second));
  spawn(Desk::note(*desk.broker, errand, third));
  ASSERT_TRUE(desk.loop.run_until([&] { return first && second && third; }));
  ASSERT_FALSE(*first);
  EXPECT_THAT(first->error().message, HasSubstr("passphrase"));
  ASSERT_TRUE(*second) << second->error().message;
  ASSERT_TRUE(*third) << third->error().message;
  EXPECT_EQ((*second)->value.bytes(), "stored-value");
  EXPECT_EQ((*third)->value.bytes(), "stored-value");
}

TEST(Broker, TwoWhoOpenTheStoreAtOnceEachHaveTheirOwnKey) {
  const std::string with = std::string(kServers) + "credentials: {c: {store: s}}\nstore: ";
  Desk desk;
  store(desk, "stored-value");
  desk.write("wrong", "wrong horse battery\n");
  desk.write("right", "correct horse battery\n");
  desk.use(with + "{key_file: wrong}\n");
  expect_own_key(desk, [&] { desk.use(with + "{key_file: right}\n"); });
  // The same file with something else in it is another key too.
  Desk other;
  store(other, "stored-value");
  other.write("key", "wrong horse battery\n");
  other.use(with + "{key_file: key}\n");
  expect_own_key(other, [&] { other.write("key", "correct horse battery\n"); });
}

TEST(Broker, AWrongKeyIsWrongForAllWhoHaveIt) {
  Desk desk;
  store(desk, "stored-value");
  desk.write("key", "wrong horse battery\n");
  desk.use(std::string(kServers) + "credentials: {c: {store: s}}\nstore: {key_file: key}\n");
  std::vector<std::optional<Result<Minted>>> all(4);
  for (auto& one : all) spawn(Desk::note(*desk.broker, {{}, "crm", "read", "c"}, one));
  ASSERT_TRUE(desk.loop.run_until(
      [&] { return std::ranges::all_of(all, [](const auto& one) { return one.has_value(); }); }));
  for (const auto& one : all) {
    ASSERT_FALSE(*one);
    EXPECT_THAT(one->error().message, HasSubstr("passphrase"));
  }
}

}  // namespace
}  // namespace pawl::broker
