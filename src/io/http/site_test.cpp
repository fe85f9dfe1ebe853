#include "io/http/site.h"

#include <gtest/gtest.h>

namespace pawl::http {
namespace {

int status_of(const Site& site, std::string_view host, std::string_view origin = {}) {
  Request request;
  request.headers.add("Host", host);
  if (!origin.empty()) request.headers.add("Origin", origin);
  const auto refusal = check_site(site, request);
  return refusal ? refusal->status : 200;
}

TEST(Site, ServesItsHostsAtAnyPortOrAtOne) {
  const Site site{{"gate.example", "127.0.0.1", "[::1]", "other.example:8443"}, {}};
  EXPECT_EQ(status_of(site, "gate.example"), 200);
  EXPECT_EQ(status_of(site, "GATE.example:81"), 200);
  EXPECT_EQ(status_of(site, "127.0.0.1:9"), 200);
  EXPECT_EQ(status_of(site, "[::1]:9"), 200);
  EXPECT_EQ(status_of(site, "[::1]"), 200);
  EXPECT_EQ(status_of(site, "other.example:8443"), 200);
  EXPECT_EQ(status_of(site, "other.example"), 421);
  EXPECT_EQ(status_of(site, "other.example:443"), 421);
  EXPECT_EQ(status_of(site, "gate.example.evil.example"), 421);
  EXPECT_EQ(status_of(site, "evil.example:80"), 421);
  EXPECT_EQ(status_of(site, "[::2]"), 421);
  EXPECT_EQ(status_of(Site{}, "gate.example"), 421);
}

TEST(Site, ServesPagesOfItsOriginsOnly) {
  const Site site{{"gate.example"}, {"https://console.example", "null"}};
  EXPECT_EQ(status_of(site, "gate.example", "https://console.example"), 200);
  EXPECT_EQ(status_of(site, "gate.example", "http://console.example"), 403);
  EXPECT_EQ(status_of(site, "gate.example", "https://console.example:444"), 403);
  EXPECT_EQ(status_of(site, "gate.example", "https://console.example.evil"), 403);
  EXPECT_EQ(status_of(site, "gate.example", "null"), 403);
}

TEST(Site, OfThisMachineIsLoopback) {
  const Site site = loopback_site(8080);
  EXPECT_EQ(status_of(site, "localhost:8080", "http://localhost:8080"), 200);
  EXPECT_EQ(status_of(site, "127.0.0.1:8080", "http://127.0.0.1:8080"), 200);
  EXPECT_EQ(status_of(site, "rebound.example:8080"), 421);
  EXPECT_EQ(status_of(site, "localhost:8080", "http://rebound.example:8080"), 403);
  EXPECT_EQ(status_of(site, "localhost:8080", "http://localhost:3000"), 403);
}

TEST(Site, TwoHostsAreNone) {
  Request request;
  request.headers.add("host", "localhost");
  request.headers.add("host", "localhost");
  EXPECT_TRUE(check_site(loopback_site(1), request));
}

}  // namespace
}  // namespace pawl::http
