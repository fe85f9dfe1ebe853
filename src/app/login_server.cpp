#include "app/login_server.h"

#include <optional>
#include <utility>

#include "io/issue/challenge.h"
#include "io/issue/discovery.h"
#include "io/issue/requests.h"

namespace pawl::app {
namespace {

// A message that changes nothing and opens no session, as clients without a token send it.
http::Ask without_token(std::string url) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = std::move(url);
  ask.headers.add("accept", "application/json, text/event-stream");
  ask.headers.add("content-type", "application/json");
  ask.headers.add("mcp-protocol-version", "2025-11-25");
  ask.body = R"({"id":1,"jsonrpc":"2.0","method":"ping"})";
  ask.body_bytes_max = issue::answer_bytes_max;
  ask.deadline = issue::ask_within;
  return ask;
}

std::optional<issue::BearerChallenge> challenge_of(const http::Headers& headers) {
  std::string all;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].name == "www-authenticate") all.append(headers[i].value).append(", ");
  }
  return issue::bearer_challenge(all);
}

}  // namespace

Task<Result<std::string>> read_first(http::Client& client, std::vector<std::string> places) {
  for (const std::string& place : places) {
    http::Ask ask;
    ask.url = place;
    ask.headers.add("accept", "application/json");
    ask.body_bytes_max = issue::answer_bytes_max;
    ask.deadline = issue::ask_within;
    auto said = co_await client.fetch(std::move(ask));
    if (!said) co_return std::unexpected(said.error());
    if (said->status == 200) co_return std::move(said->body);
  }
  co_return fail(ErrorKind::missing, "nothing is there");
}

Task<Result<SaidOfLogins>> ask_about_logins(http::Client& client, std::string url) {
  SaidOfLogins found;
  std::vector<std::string> places = issue::places_of_resource(url);
  const auto answer = co_await client.fetch(without_token(url));
  // A server that answers no such message may describe itself all the same.
  const auto challenge =
      answer && answer->status == 401 ? challenge_of(answer->headers) : std::nullopt;
  const bool followed = challenge && !challenge->metadata.empty();
  if (challenge) found.scope = challenge->scope;
  if (followed) {
    if (issue::origin_of(challenge->metadata) != issue::origin_of(url)) {
      co_return fail(ErrorKind::refused,
                     "the server says that it describes itself at another address than its own");
    }
    places = {challenge->metadata};
  }
  const auto body = co_await read_first(client, std::move(places));
  if (!body && body.error().fault == ErrorKind::missing) {
    if (!followed) co_return found;
    co_return fail(ErrorKind::refused, "nothing is where the server says that it describes itself");
  }
  if (!body) co_return std::unexpected(body.error());
  auto issuers = issue::issuers_of_resource(*body, url);
  if (!issuers) co_return std::unexpected(issuers.error());
  found.said = true;
  found.issuers = *std::move(issuers);
  co_return found;
}

}  // namespace pawl::app
