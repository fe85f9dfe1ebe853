#include "io/broker/broker.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "io/net/clock.h"
#include "io/secrets/source.h"

namespace pawl::broker {

Broker::Broker(net::Loop& loop, std::string store, std::vector<std::string> environment)
    : loop_(loop),
      environment_(std::move(environment)),
      store_(loop, std::move(store)),
      issuer_(loop, issuer_ports()) {}

issue::IssuerPorts Broker::issuer_ports() {
  return {.read = [this](SecretSource from) { return secret(std::move(from)); },
          .beside = [this](const std::string& file) { return beside(file); },
          .wall = net::wall_time,
          .hold = [this](const std::string& name) -> Result<issue::IssuerPorts::Replace> {
            auto held = store_.hold();
            PAWL_TRY(held);
            const auto kept = std::make_shared<secrets::StoreFile>(*std::move(held));
            return [this, kept, name](const secrets::Credential& value) {
              return store_.replace(*kept, name, value);
            };
          }};
}

void Broker::use(const Deployment& deployment, const std::string& directory) {
  deployment_ = deployment;
  directory_ = directory;
  issuer_.forget();
}

std::string Broker::beside(const std::string& file) const {
  return file.empty() ? std::string() : (std::filesystem::path(directory_) / file).string();
}

namespace {

constexpr std::size_t owner_characters_max = 39;
constexpr std::size_t repository_characters_max = 100;

bool plain(std::string_view text, std::size_t most, std::string_view besides) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           besides.contains(c);
  });
}

// The repository that a call names: `NAME`, or `OWNER/NAME`, of which the name counts, because an
// installation has one owner. Nothing where it is neither.
std::string_view repository_in(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view name = slash == text.npos ? text : text.substr(slash + 1);
  const bool owned = slash == text.npos || plain(text.substr(0, slash), owner_characters_max, "-");
  const bool fine =
      owned && plain(name, repository_characters_max, "-_.") && name != "." && name != "..";
  return fine ? name : std::string_view();
}

}  // namespace

Status choose_repository(GithubAppToken& token, std::string_view arguments) {
  if (token.repository_by.empty()) return {};
  const auto given = json::parse(arguments);
  const json::View value = given ? given->root()[token.repository_by] : json::View();
  const std::string_view name =
      value.exists() && value.is_string() ? repository_in(value.string()) : std::string_view();
  if (name.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("it is for the repository that `args.{}` names, and the call names "
                            "none there: expected `NAME` or `OWNER/NAME`",
                            token.repository_by));
  }
  token.repositories = {std::string(name)};
  token.repository_by.clear();
  return {};
}

Task<Result<Minted>> Broker::mint(Errand errand) {
  const Status may =
      deployment_.check_use(errand.credential, errand.roles, errand.server, errand.tool);
  PAWL_CO_TRY(may);
  const auto server = deployment_.servers.find(errand.server);
  const std::string url = server == deployment_.servers.end() ? std::string() : server->second.url;
  Deployment::Credential from = deployment_.credentials.at(errand.credential);
  std::string kept_as = errand.credential;
  Result<Minted> minted = fail(ErrorKind::internal, "no service was asked");
  const bool chosen = from.github_app && !from.github_app->repository_by.empty();
  const Status named = chosen ? choose_repository(*from.github_app, errand.arguments) : Status{};
  const std::string repository =
      chosen && named ? from.github_app->repositories.front() : std::string();
  // Of each repository a token of its own: no name of a credential has a line break.
  if (!repository.empty()) kept_as += "\n" + repository;
  if (named) {
    minted = co_await read(errand.credential, std::move(from), url, std::move(kept_as));
  } else {
    minted = std::unexpected(named.error());
  }
  if (minted && !repository.empty()) minted->used.principal += ", repository " + repository;
  if (!minted) {
    minted.error().message =
        fmt::format("the credential `{}` cannot be read: {}", escape_untrusted(errand.credential),
                    minted.error().message);
    co_return minted;
  }
  bool found = true;
  const auto remember = [&](std::string_view value) {
    found = found && traces_.remember(errand.server, errand.credential, value);
  };
  for (const auto& [variable, value] : minted->variables) remember(value.bytes());
  if (const std::string_view value = minted->value.bytes(); !value.empty()) {
    remember(value);
    // A value of `Basic …` or `Bearer …`: what follows is the secret.
    const std::size_t blank = value.find(' ');
    const std::string_view rest =
        blank == value.npos ? std::string_view() : value.substr(blank + 1);
    if (rest.size() >= scrubbed_bytes_min) remember(rest);
  }
  if (!found) {
    co_return fail(ErrorKind::invalid,
                   fmt::format("the credential `{}` could not be kept out of what "
                               "the server answers",
                               escape_untrusted(errand.credential)));
  }
  co_return minted;
}

Task<Result<Minted>> Broker::read(std::string name, Deployment::Credential from, std::string url,
                                  std::string kept_as) {
  Minted minted;
  minted.used = {name, {}, from.principal};
  if (issue::Issuer::issues(from)) {
    const bool named = !from.principal.empty();
    const bool login = from.login.has_value();
    auto issued = co_await issuer_.issue(std::move(kept_as), std::move(from));
    PAWL_CO_TRY(issued);
    // A person logged in for one server, and this would be another one.
    if (login && issued->resource != url) {
      co_return fail(ErrorKind::refused, "it was got for another server: `pawl login` gets one");
    }
    minted.used.version = std::move(issued->version);
    if (!named) minted.used.principal = std::move(issued->principal);
    const bool one = issued->values.size() == 1 && issued->values.front().first.empty();
    if (one) {
      minted.value = std::move(issued->values.front().second);
    } else {
      minted.variables = std::move(issued->values);
    }
    co_return minted;
  }
  auto value = co_await read_source(std::move(from));
  PAWL_CO_TRY(value);
  if (value->version > 0) minted.used.version = fmt::format("{}", value->version);
  minted.value = std::move(value->value);
  co_return minted;
}

Task<Result<secrets::Credential>> Broker::own(std::string credential) {
  const auto known = deployment_.credentials.find(credential);
  if (known == deployment_.credentials.end()) {
    co_return fail(ErrorKind::missing, fmt::format("there is no credential `{}` any more",
                                                   escape_untrusted(credential)));
  }
  auto minted = co_await read(credential, known->second, {}, credential);
  if (!minted) {
    minted.error().message = fmt::format("the credential `{}` cannot be read: {}",
                                         escape_untrusted(credential), minted.error().message);
    co_return std::unexpected(minted.error());
  }
  if (minted->value.empty()) {
    co_return fail(ErrorKind::invalid, fmt::format("the credential `{}` is not a single text",
                                                   escape_untrusted(credential)));
  }
  co_return std::move(minted->value);
}

Task<Result<secrets::Credential>> Broker::secret(SecretSource from) {
  auto read = co_await read_source(std::move(from));
  PAWL_CO_TRY(read);
  co_return std::move(read->value);
}

Task<Result<Stored>> Broker::read_source(SecretSource from) {
  Result<secrets::Credential> value = fail(ErrorKind::internal, "it has no source");
  if (!from.env.empty()) {
    value = secrets::from_environment(from.env);
  } else if (!from.file.empty()) {
    value = secrets::from_file(beside(from.file));
  } else if (!from.command.empty()) {
    value = co_await secrets::from_command(
        loop_, {.argv = std::move(from.command), .environment = environment_});
  } else if (!from.store.empty()) {
    Deployment::StoreKey key = deployment_.store;
    key.file = beside(key.file);
    co_return co_await store_.get(from.store, std::move(key), environment_);
  }
  PAWL_CO_TRY(value);
  co_return Stored{*std::move(value), 0};
}

}  // namespace pawl::broker
