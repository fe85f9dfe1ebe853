#include "io/identity/provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/http/client.h"
#include "io/issue/requests.h"
#include "lang/jose/base64url.h"
#include "lang/jose/claims.h"

namespace pawl::identity {
namespace {

const std::string kSource = "provider";
constexpr Duration kSecond = Duration::seconds(1);
constexpr Duration kDescribedFor = Duration::seconds(3600);

std::unexpected<Error> no_word(std::string why) {
  return fail(ErrorKind::refused, std::move(why));
}

http::Client client_of(net::Loop& loop, const PersonProvider& from, const std::string& directory) {
  http::ClientOptions options;
  const ReachedHost& at = from.at;
  const bool bare = at.host.find(':') == std::string::npos;
  const std::string where = fmt::format("{}:{}", bare ? at.host : "[" + at.host + "]", at.port);
  (at.own_network ? options.reach.private_hosts : options.reach.hosts) = {where};
  if (!at.ca.empty()) options.ca_file = (std::filesystem::path(directory) / at.ca).string();
  return {loop, std::move(options)};
}

// A text, or a list of texts; nothing where it is anything else.
std::optional<std::vector<std::string>> texts_in(json::View value) {
  std::vector<std::string> texts;
  if (!value.exists()) return texts;
  if (value.is_string()) return std::vector{std::string(value.string())};
  if (!value.is_array() || value.size() > groups_of_person_max) return std::nullopt;
  for (const json::View one : value.elements()) {
    if (!one.is_string()) return std::nullopt;
    texts.emplace_back(one.string());
  }
  return texts;
}

void prove_client(http::Ask& ask, const std::string& client, const secrets::Credential& secret) {
  if (!secret.empty()) issue::add_basic_proof(ask, client, secret.bytes());
}

// `auth_time`: counted from the moment the browser was sent there, as the provider counts it, so
// that a person who needs time for a second factor is not too late.
Status signed_in_lately(json::View when, Duration max_age, Instant began, Instant now) {
  const bool said =
      when.is_integer() && when.integer() >= 0 && when.integer() <= jose::numeric_date_max;
  if (!said) {
    return no_word(
        "the provider does not say when you signed in there: its token has no "
        "`auth_time`");
  }
  const Instant at{when.integer() * kSecond.ns};
  if (at > now + jose::leeway_default) {
    return no_word("the provider says that you signed in there at a time that is still to come");
  }
  // Whole seconds: what it says may be up to one less than it was.
  if (at + max_age + jose::leeway_default < began) {
    return no_word(
        fmt::format("you signed in at the provider more than {} ago, and it has not "
                    "asked you again",
                    to_string(max_age)));
  }
  return {};
}

Result<std::string> id_token_in(const http::Answer& answer) {
  const auto said = json::parse(answer.body);
  const auto token =
      said && said->root().is_object() ? said->root().text("id_token") : std::nullopt;
  if (answer.status >= 400 && answer.status <= 499) {
    return no_word("the provider does not take this sign-in");
  }
  if (answer.status != 200 || !token) return fail(ErrorKind::io, "the provider gave no ID token");
  return std::string(*token);
}

}  // namespace

struct Provider::Asking {
  Asking(ProviderPorts with, PersonProvider provider, std::string beside)
      : ports(std::move(with)),
        from(std::move(provider)),
        client(std::make_unique<http::Client>(client_of(ports.loop, from, beside))),
        keys({ports.now, ports.fetch, ports.failed}) {
    KeyPlace place;
    place.issuer = from.at.url;
    place.ca = from.at.ca;
    place.own_network = from.at.own_network;
    keys.use({{kSource, {std::move(place), jose::KeyUse::signature}}});
  }

  // What it says of itself, read again after a while.
  static Task<Result<issue::Authorization>> describe(std::shared_ptr<Asking> self);
  static Task<Result<Vouched>> judge(std::shared_ptr<Asking> self, std::string id_token,
                                     ProviderAsked asked);

  ProviderPorts ports;
  PersonProvider from;
  std::unique_ptr<http::Client> client;  // null: the node ends
  KeyCache keys;
  std::optional<issue::Authorization> described;
  Instant described_at{};
};

Provider::Provider(ProviderPorts ports, PersonProvider from, std::string directory)
    : asking_(std::make_shared<Asking>(std::move(ports), std::move(from), std::move(directory))) {}

void Provider::finish() {
  asking_->client.reset();
  asking_->keys.finish();
}

const PersonProvider& Provider::from() const {
  return asking_->from;
}

Task<Result<issue::Authorization>> Provider::Asking::describe(std::shared_ptr<Asking> self) {
  const bool fresh = self->described && self->ports.now() - self->described_at < kDescribedFor;
  if (fresh) co_return *self->described;
  for (const std::string& place : issue::places_of_issuer(self->from.at.url)) {
    if (!self->client) co_return fail(ErrorKind::environment, "the node ends");
    http::Ask ask;
    ask.url = place;
    ask.headers.add("accept", "application/json");
    ask.body_bytes_max = issue::answer_bytes_max;
    ask.deadline = issue::ask_within;
    const auto said = co_await self->client->fetch(std::move(ask));
    if (!said) co_return fail(ErrorKind::environment, said.error().message);
    if (said->status != 200) continue;
    auto found = issue::read_authorization(said->body, self->from.at.url);
    if (!found) co_return fail(ErrorKind::environment, found.error().message);
    self->described = *found;
    self->described_at = self->ports.now();
    co_return *std::move(found);
  }
  co_return fail(ErrorKind::environment, "the provider does not describe itself");
}

std::string sign_in_address(const std::string& authorize_url, const PersonProvider& from,
                            const ProviderAsked& asked) {
  const bool more = authorize_url.find('?') != std::string::npos;
  // Of a provider that does not say when a person signed in, no more than this can be had.
  const std::string fresh = from.max_age ? fmt::format("max_age={}", from.max_age->ns / kSecond.ns)
                                         : std::string("prompt=login");
  return fmt::format(
      "{}{}response_type=code&scope=openid&client_id={}&redirect_uri={}&state={}&nonce={}"
      "&{}&code_challenge={}&code_challenge_method=S256",
      authorize_url, more ? '&' : '?', issue::percent(from.client), issue::percent(asked.redirect),
      issue::percent(asked.state), issue::percent(asked.nonce), fresh,
      jose::base64url(bytes_of(sha256(asked.verifier))));
}

Task<Result<std::string>> Provider::address(ProviderAsked asked) {
  const auto self = asking_;
  const auto described = co_await Asking::describe(self);
  PAWL_CO_TRY(described);
  co_return sign_in_address(described->authorize_url, self->from, asked);
}

Result<Vouched> judge_id_token(const jose::Claims& claims, const PersonProvider& from,
                               const ProviderAsked& asked, Instant now) {
  const json::View all = claims.document.root();
  if (asked.nonce.empty() || all.text("nonce") != asked.nonce) {
    return no_word("the provider's token is of another sign-in");
  }
  // A token for several clients says which of them asked for it.
  const bool other_party = !claims.party.empty() && claims.party != from.client;
  if (other_party || (claims.audiences.size() > 1 && claims.party.empty())) {
    return no_word("the provider's token is for another client");
  }
  const Status recent =
      from.max_age ? signed_in_lately(all["auth_time"], *from.max_age, asked.began, now) : Status{};
  PAWL_TRY(recent);
  const auto ways = texts_in(all["amr"]);
  for (const std::string& wanted : from.require) {
    if (!ways || std::ranges::find(*ways, wanted) == ways->end()) {
      return no_word(fmt::format("the provider does not say that you signed in with `{}`",
                                 escape_untrusted(wanted)));
    }
  }
  Vouched vouched;
  vouched.name = all.text(from.person_claim).value_or("");
  if (vouched.name.empty() || vouched.name.size() > person_name_bytes_max) {
    return no_word(fmt::format("the provider does not say who you are: its token has no `{}`",
                               escape_untrusted(from.person_claim)));
  }
  // An unchecked address may belong to any person.
  const json::View checked = all["email_verified"];
  const bool verified = checked.kind() == json::Kind::boolean && checked.boolean();
  if (from.person_claim == "email" && !verified) {
    return no_word(
        "the provider does not say that it has verified your address: name people by another "
        "claim, such as `sub`");
  }
  auto groups = texts_in(all[from.groups_claim]);
  if (!groups) return no_word("the provider's token names no groups that can be read");
  vouched.groups = *std::move(groups);
  return vouched;
}

Task<Result<Vouched>> Provider::Asking::judge(std::shared_ptr<Asking> self, std::string id_token,
                                              ProviderAsked asked) {
  const jose::Expected expected{.issuer = self->from.at.url,
                                .audiences = {self->from.client},
                                .parties = {},
                                .scopes = {},
                                .types = {"jwt", ""}};
  auto keys = co_await self->keys.keys(kSource);
  if (!keys) co_return fail(ErrorKind::environment, keys.error().message);
  auto claims = jose::verify(id_token, *keys->keys, expected, self->ports.now());
  if (!claims && claims.error().flaw == jose::Flaw::key_unknown) {
    auto newer = co_await self->keys.newer(kSource, keys->generation);
    if (newer) claims = jose::verify(id_token, *newer->keys, expected, self->ports.now());
  }
  if (!claims) {
    co_return no_word("the provider's token does not count: " + jose::to_string(claims.error()));
  }
  co_return judge_id_token(*claims, self->from, asked, self->ports.now());
}

Task<Result<Vouched>> Provider::redeem(ProviderAsked asked, ProviderAnswer answer) {
  const auto self = asking_;
  const auto described = co_await Asking::describe(self);
  PAWL_CO_TRY(described);
  if (answer.issuer.empty() ? described->says_issuer : answer.issuer != self->from.at.url) {
    co_return no_word("the answer in the browser is of another provider");
  }
  secrets::Credential secret;
  if (self->from.client_secret.given()) {
    auto read = co_await self->ports.secret(self->from.client_secret);
    if (!read) co_return fail(ErrorKind::environment, "the client's secret cannot be read");
    secret = *std::move(read);
  }
  const issue::Login login{self->from.at.url, described->token_url, self->from.client, {}, {}, {}};
  http::Ask ask = issue::ask_with_code(login, answer.code, asked.redirect, asked.verifier);
  prove_client(ask, self->from.client, secret);
  if (!self->client) co_return fail(ErrorKind::environment, "the node ends");
  auto said = co_await self->client->fetch(std::move(ask));
  if (!said) co_return fail(ErrorKind::environment, said.error().message);
  auto id_token = id_token_in(*said);
  secrets::wipe(said->body);
  PAWL_CO_TRY(id_token);
  co_return co_await Asking::judge(self, *std::move(id_token), std::move(asked));
}

}  // namespace pawl::identity
