#include "io/identity/http_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace pawl::identity {
namespace {

constexpr std::size_t discovery_depth_max = 16;
constexpr std::string_view kOpenId = "/.well-known/openid-configuration";
constexpr std::string_view kOAuth = "/.well-known/oauth-authorization-server";

std::string beside(const std::string& directory, const std::string& file) {
  return file.empty() ? file : (std::filesystem::path(directory) / file).string();
}

}  // namespace

Result<std::string> read_key_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(jose::key_set_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && file.gcount() == 0) {
    return fail(ErrorKind::missing, fmt::format("`{}` cannot be read", escape_untrusted(path)));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

namespace {

http::ClientOptions client_options(const KeyPlace& place, const WebAddress& address,
                                   const std::string& directory) {
  http::ClientOptions options;
  auto& hosts = place.own_network ? options.reach.private_hosts : options.reach.hosts;
  hosts = {address.host_and_port()};
  options.ca_file = beside(directory, place.ca);
  options.user_agent = "pawl";
  options.connections_max = 2;
  return options;
}

}  // namespace

struct HttpKeys::State {
  // One answer from the one host of `address`.
  static Task<Result<http::Answer>> get(std::shared_ptr<State> self, http::ClientOptions options,
                                        std::string url, std::size_t bytes_max);
  static Task<Result<std::string>> discover(std::shared_ptr<State> self, KeyPlace place,
                                            std::string directory);

  explicit State(net::Loop& l) : loop(l) {}
  net::Loop& loop;
  std::list<std::unique_ptr<http::Client>> clients;  // of fetches that are under way
  bool over = false;
};

Task<Result<http::Answer>> HttpKeys::State::get(std::shared_ptr<State> self,
                                                http::ClientOptions options, std::string url,
                                                std::size_t bytes_max) {
  if (self->over) co_return fail(ErrorKind::io, "the node ends");
  self->clients.push_back(std::make_unique<http::Client>(self->loop, std::move(options)));
  const auto at = std::prev(self->clients.end());
  http::Ask ask;
  ask.url = std::move(url);
  ask.headers.add("accept", "application/json");
  ask.body_bytes_max = bytes_max;
  ask.deadline = key_fetch_deadline;
  auto answer = co_await (*at)->fetch(std::move(ask));
  if (self->over) co_return fail(ErrorKind::io, "the node ends");
  self->clients.erase(at);
  co_return answer;
}

Task<Result<std::string>> HttpKeys::State::discover(std::shared_ptr<State> self, KeyPlace place,
                                                    std::string directory) {
  const auto issuer = parse_web_address(place.issuer);
  if (!issuer) co_return fail(ErrorKind::invalid, "the issuer is not an address");
  const http::ClientOptions options = client_options(place, *issuer, directory);
  for (std::string& url : discovery_addresses(place.issuer)) {
    const auto answer = co_await get(self, options, std::move(url), discovery_bytes_max);
    PAWL_CO_TRY(answer);
    if (answer->status == 404) continue;
    if (answer->status != 200) {
      co_return fail(ErrorKind::io,
                     fmt::format("`{}` answers discovery with {}", issuer->host, answer->status));
    }
    auto keys = keys_of_discovery(answer->body, place.issuer);
    if (!keys) co_return keys;
    const auto there = parse_web_address(*keys);
    if (!there || there->host_and_port() != issuer->host_and_port() ||
        (issuer->encrypted && !there->encrypted)) {
      co_return fail(ErrorKind::refused,
                     fmt::format("`{}` says that its keys are at another place: where that is so, "
                                 "the deployment file names it with `keys`",
                                 issuer->host));
    }
    co_return keys;
  }
  co_return fail(ErrorKind::missing, fmt::format("`{}` does not describe itself", issuer->host));
}

HttpKeys::HttpKeys(net::Loop& loop) : state_(std::make_shared<State>(loop)) {}

HttpKeys::~HttpKeys() {
  finish();
}

Task<Result<FetchedKeys>> HttpKeys::fetch(KeyPlace place, std::string directory) {
  const std::shared_ptr<State> state = state_;
  if (!place.file.empty()) {
    auto text = read_key_file(beside(directory, place.file));
    PAWL_CO_TRY(text);
    // A bundle is replaced by its owner; looking again costs nothing.
    co_return FetchedKeys{*std::move(text), fresh_min};
  }
  std::string url = place.url;
  if (url.empty()) {
    auto found = co_await State::discover(state, place, directory);
    PAWL_CO_TRY(found);
    url = *std::move(found);
  }
  const auto address = parse_web_address(url);
  if (!address) co_return fail(ErrorKind::invalid, "the keys are at no address");
  auto answer = co_await State::get(state, client_options(place, *address, directory), url,
                                    jose::key_set_bytes_max);
  PAWL_CO_TRY(answer);
  if (answer->status != 200) {
    co_return fail(ErrorKind::io, fmt::format("`{}` answers with {} where its keys should be",
                                              address->host, answer->status));
  }
  co_return FetchedKeys{std::move(answer->body),
                        fresh_for(answer->headers.find("cache-control").value_or(""))};
}

void HttpKeys::finish() {
  state_->over = true;
  // Each tells its fetch in turn; what runs then looks at `over` and touches nothing of it.
  const auto clients = std::exchange(state_->clients, {});
}

std::optional<Duration> fresh_for(std::string_view cache_control) {
  for (const std::string_view part : split(cache_control, ',')) {
    const std::string word = lower_ascii(trim(part));
    if (word == "no-store" || word == "no-cache") return Duration{};
    constexpr std::string_view kAge = "max-age=";
    if (!word.starts_with(kAge)) continue;
    std::int64_t seconds = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, wrong] = std::from_chars(word.data() + kAge.size(), end, seconds);
    if (wrong != std::errc() || stop != end || seconds < 0) return Duration{};
    return Duration::seconds(std::min<std::int64_t>(seconds, fresh_max.ns / 1'000'000'000));
  }
  return std::nullopt;
}

std::vector<std::string> discovery_addresses(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  const std::size_t start = issuer.find("://");
  const std::size_t path = start == issuer.npos ? issuer.npos : issuer.find('/', start + 3);
  const std::string_view origin = issuer.substr(0, path);
  const std::string_view rest = path == issuer.npos ? "" : issuer.substr(path);
  return {fmt::format("{}{}", issuer, kOpenId), fmt::format("{}{}{}", origin, kOAuth, rest)};
}

Result<std::string> keys_of_discovery(std::string_view text, std::string_view issuer) {
  const auto read =
      json::parse(text, {.bytes_max = discovery_bytes_max, .depth_max = discovery_depth_max});
  PAWL_TRY(read);
  const auto said = read->root().text("issuer");
  if (said != issuer) {
    return fail(ErrorKind::refused, "what was discovered is about another issuer");
  }
  const auto keys = read->root().text("jwks_uri");
  if (!keys) return fail(ErrorKind::invalid, "the issuer does not say where its keys are");
  return std::string(*keys);
}

}  // namespace pawl::identity
