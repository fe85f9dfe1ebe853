#include "io/broker/broker.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/text.h"
#include "io/secrets/source.h"

namespace pawl::broker {

Broker::Broker(net::Loop& loop, std::string store, std::vector<std::string> environment)
    : loop_(loop), environment_(std::move(environment)), store_(loop, std::move(store)) {}

void Broker::use(const Deployment& deployment, const std::string& directory) {
  deployment_ = deployment;
  directory_ = directory;
}

std::string Broker::beside(const std::string& file) const {
  return file.empty() ? std::string() : (std::filesystem::path(directory_) / file).string();
}

Task<Result<Minted>> Broker::mint(Errand errand) {
  const Status may =
      deployment_.check_use(errand.credential, errand.roles, errand.server, errand.tool);
  if (!may) co_return std::unexpected(may.error());
  Result<Minted> minted =
      co_await read(errand.credential, deployment_.credentials.at(errand.credential));
  if (!minted) {
    minted.error().message = fmt::format("the credential `{}` cannot be read: {}",
                                         visible(errand.credential), minted.error().message);
    co_return minted;
  }
  // A value of `Basic …` or `Bearer …`: what follows is the secret.
  const std::string_view value = minted->value.bytes();
  const std::size_t blank = value.find(' ');
  const std::string_view rest = blank == value.npos ? std::string_view() : value.substr(blank + 1);
  bool found = traces_.remember(errand.server, errand.credential, value);
  if (rest.size() >= scrubbed_bytes_min) {
    found = found && traces_.remember(errand.server, errand.credential, rest);
  }
  if (!found) {
    co_return fail(Fault::invalid, fmt::format("the credential `{}` could not be kept out of what "
                                               "the server answers",
                                               visible(errand.credential)));
  }
  co_return minted;
}

Task<Result<Minted>> Broker::read(std::string name, Deployment::Credential from) {
  Minted minted;
  minted.used = {std::move(name), {}, from.principal};
  Result<secrets::Credential> value = fail(Fault::internal, "it has no source");
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
    auto stored = co_await store_.get(from.store, std::move(key), environment_);
    if (!stored) co_return std::unexpected(stored.error());
    minted.used.version = fmt::format("{}", stored->version);
    value = std::move(stored->value);
  }
  if (!value) co_return std::unexpected(value.error());
  minted.value = *std::move(value);
  co_return minted;
}

}  // namespace pawl::broker
