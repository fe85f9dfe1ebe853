#include "io/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "io/http/client.h"
#include "io/http/server.h"
#include "io/http/socket_testing.h"
#include "io/http/tls_testing.h"

namespace pawl::http {
namespace {

using testing::ElementsAre;

struct Encrypted : testing::Test {
  Encrypted()
      : authority(folder.path()),
        server(loop, limits(), [this](Request request, Responder responder) {
          remote = *request.remote;
          Response response;
          response.body = std::move(request.body);
          std::move(responder).answer(std::move(response));
        }) {
    authority.sign("server", "IP:127.0.0.1");
    authority.sign("agent", "URI:spiffe://myco.example/agent/support,DNS:agent.example");
  }

  static ServerLimits limits() {
    ServerLimits some;
    some.header_time = Duration::milliseconds(200);
    return some;
  }

  TlsFiles files() const {
    return {.certificate = authority.pem("server"),
            .key = authority.key("server"),
            .client_ca = authority.pem("authority"),
            .clients = ClientCertificates::none};
  }
  void listen(const TlsFiles& from) {
    auto loaded = TlsSettings::load(from);
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    settings = *std::move(loaded);
    const auto taken = server.listen("127.0.0.1", 0, *settings);
    ASSERT_TRUE(taken);
    port = *taken;
  }

  ClientOptions trusting() const {
    ClientOptions options;
    options.reach.private_hosts = {"127.0.0.1", "localhost"};
    options.ca_file = authority.pem("authority");
    return options;
  }
  ClientOptions as(const std::string& name, const Authority& by) const {
    ClientOptions options = trusting();
    options.certificate = by.pem(name);
    options.key = by.key(name);
    return options;
  }

  static Task<void> note(Client& client, Ask ask, std::optional<Result<Answer>>& into) {
    into = co_await client.fetch(std::move(ask));
  }
  Result<Answer> post(const ClientOptions& options, std::string body,
                      const std::string& host = "127.0.0.1") {
    Client client(loop, options);
    std::optional<Result<Answer>> answer;
    Ask ask;
    ask.method = "POST";
    ask.url = "https://" + host + ":" + std::to_string(port) + "/";
    ask.body = std::move(body);
    spawn(note(client, std::move(ask), answer));
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  Folder folder;
  Authority authority;
  net::Loop loop;
  Remote remote;
  Server server;
  std::optional<TlsSettings> settings;
  std::uint16_t port = 0;
};

TEST_F(Encrypted, RequestsAreAnswered) {
  listen(files());
  const auto answer = post(trusting(), "secret");
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_EQ(answer->body, "secret");
  EXPECT_TRUE(remote.encrypted);
  EXPECT_FALSE(remote.certificate);
  const std::string large(10UL << 20, 'x');
  const auto much = post(trusting(), large);
  ASSERT_TRUE(much) << to_string(much.error());
  EXPECT_EQ(much->body, large);
}

TEST_F(Encrypted, AClientVerifiesWhomItAsks) {
  listen(files());
  ClientOptions stranger = trusting();
  stranger.ca_file.clear();
  const auto unknown = post(stranger, "x");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault, ErrorKind::refused) << to_string(unknown.error());
  // The right authority, but a certificate of another name.
  const auto wrong_name = post(trusting(), "x", "localhost");
  ASSERT_FALSE(wrong_name);
  EXPECT_EQ(wrong_name.error().fault, ErrorKind::refused) << to_string(wrong_name.error());
}

TEST_F(Encrypted, AClientsCertificateIsHandedOver) {
  TlsFiles asking = files();
  asking.clients = ClientCertificates::required;
  listen(asking);
  const auto answer = post(as("agent", authority), "x");
  ASSERT_TRUE(answer) << to_string(answer.error());
  ASSERT_TRUE(remote.certificate);
  EXPECT_EQ(remote.certificate->subject, "CN=agent");
  EXPECT_THAT(remote.certificate->uris, ElementsAre("spiffe://myco.example/agent/support"));
  EXPECT_THAT(remote.certificate->dns_names, ElementsAre("agent.example"));
  EXPECT_EQ(remote.certificate->sha256.size(), 64U);
  std::string why;
  server.on_unproved([&why](const Remote&, const std::string& said) { why = said; });
  EXPECT_FALSE(post(trusting(), "x")) << "without a certificate";
  EXPECT_TRUE(loop.run_until([&] { return !why.empty(); }));
  EXPECT_EQ(why, "no certificate of a client");
}

TEST_F(Encrypted, ACertificateOfNoKnownAuthorityIsRefusedEvenWhereNoneIsNeeded) {
  TlsFiles asking = files();
  asking.clients = ClientCertificates::optional;
  listen(asking);
  std::vector<std::string> unproved;
  server.on_unproved([&unproved](const Remote& who, const std::string& why) {
    unproved.push_back(who.address + ": " + why);
  });
  EXPECT_TRUE(post(trusting(), "x"));
  EXPECT_FALSE(remote.certificate);
  EXPECT_THAT(unproved, testing::IsEmpty());
  const Folder elsewhere;
  const Authority other(elsewhere.path());
  other.sign("agent", "URI:spiffe://myco.example/agent/support");
  EXPECT_FALSE(post(as("agent", other), "x"));
  EXPECT_TRUE(loop.run_until([&] { return !unproved.empty(); }));
  EXPECT_THAT(unproved, ElementsAre(testing::StartsWith("127.0.0.1: a certificate of a client: ")));
}

TEST_F(Encrypted, APlainRequestAndASilentPeerGetNothing) {
  listen(files());
  RawClient plain(loop, port);
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(plain.sees_end());
  EXPECT_EQ(plain.got().find("HTTP"), std::string::npos);
  RawClient silent(loop, port);
  EXPECT_TRUE(silent.sees_end());
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(Encrypted, ANewCertificateServesNewConnectionsAndABadOneNever) {
  listen(files());
  ASSERT_TRUE(post(trusting(), "x"));
  authority.sign("server", "IP:127.0.0.1,DNS:localhost");
  EXPECT_FALSE(post(trusting(), "x", "localhost"));
  ASSERT_TRUE(settings->reload());
  EXPECT_TRUE(post(trusting(), "x", "localhost"));
  std::ofstream(authority.pem("server")) << "nothing";
  EXPECT_EQ(settings->reload().error().fault, ErrorKind::invalid);
  EXPECT_TRUE(post(trusting(), "x", "localhost"));
}

TEST_F(Encrypted, FilesThatDoNotBelongTogetherAreRefused) {
  TlsFiles other = files();
  other.key = authority.key("agent");
  EXPECT_EQ(TlsSettings::load(other).error().fault, ErrorKind::invalid);
  TlsFiles missing = files();
  missing.certificate = folder.path() + "/none.pem";
  EXPECT_EQ(TlsSettings::load(missing).error().fault, ErrorKind::missing);
  TlsFiles wrong_ca = files();
  wrong_ca.clients = ClientCertificates::required;
  wrong_ca.client_ca = authority.key("agent");
  EXPECT_EQ(TlsSettings::load(wrong_ca).error().fault, ErrorKind::invalid);
}

}  // namespace
}  // namespace pawl::http
