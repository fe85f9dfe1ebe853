#include "io/broker/store_keeper.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "io/net/clock.h"
#include "io/secrets/store_file.h"

namespace pawl::broker {
namespace {

// The name of the passphrase among the credentials that systemd passes on.
constexpr const char* kSystemdKey = "pawl-credentials-key";

Task<Result<secrets::Credential>> passphrase_of(net::Loop& loop, Deployment::StoreKey key,
                                                std::vector<std::string> environment) {
  if (!key.file.empty()) co_return secrets::from_file(key.file);
  if (!key.command.empty()) {
    co_return co_await secrets::from_command(
        loop, {.argv = std::move(key.command), .environment = std::move(environment)});
  }
  auto passed = secrets::from_systemd(kSystemdKey);
  if (!passed && passed.error().fault == ErrorKind::missing) {
    co_return fail(ErrorKind::missing,
                   "nothing opens the store of credentials: expected `store: {key_file: FILE}` in "
                   "the deployment file");
  }
  co_return passed;
}

}  // namespace

StoreKeeper::~StoreKeeper() {
  ended_ = true;
  for (auto& one : std::exchange(waiting_, {})) {
    one.deliver(fail(ErrorKind::environment, "the node ends"));
  }
}

Result<StoreKeeper::Stamp> StoreKeeper::stamp() const {
  struct stat what{};
  if (::stat(path_.c_str(), &what) != 0) {
    return fail(ErrorKind::missing, "there is no store of credentials");
  }
  return Stamp{what.st_ino, what.st_size,
               what.st_mtim.tv_sec * 1'000'000'000 + what.st_mtim.tv_nsec};
}

Task<Status> StoreKeeper::open(Deployment::StoreKey key, std::vector<std::string> environment) {
  const std::uint64_t before = openings_;
  while (opening_) {
    // One that began before has read a key that may be another one by now: also in the same file.
    const bool ours = openings_ > before && key == opening_with_;
    Completion<Status> done;
    waiting_.push_back(done);
    const Status how = co_await done;
    if (how || ours || ended_) co_return how;
  }
  opening_ = true;
  opening_with_ = key;
  ++openings_;
  store_.reset();
  // Before the reading: a change meanwhile makes it stale, and not the other way around.
  const auto seen = stamp();
  auto text = seen ? secrets::read_store(path_) : std::unexpected(seen.error());
  auto passphrase = text ? co_await passphrase_of(loop_, std::move(key), std::move(environment))
                         : Result<secrets::Credential>(std::unexpected(text.error()));
  if (passphrase) {
    Completion<bool> over;
    const auto result = std::make_shared<std::optional<Result<secrets::Store>>>();
    thread_ = std::jthread(
        [this, over, result, sealed = *std::move(text), opener = *std::move(passphrase)]() mutable {
          result->emplace(secrets::Store::open(sealed, opener));
          loop_.post([over]() mutable { over.deliver(true); });
        });
    (void)co_await over;
    thread_.join();
    opened_ = *seen;
    if (*result && **result)
      store_.emplace(*std::move(**result));
    else
      passphrase = std::unexpected((*result)->error());
  }
  opening_ = false;
  const Status how = passphrase ? Status{} : std::unexpected(passphrase.error());
  for (auto& one : std::exchange(waiting_, {})) one.deliver(how);
  co_return how;
}

Task<Result<Stored>> StoreKeeper::get(std::string name, Deployment::StoreKey key,
                                      std::vector<std::string> environment) {
  const auto now = stamp();
  PAWL_CO_TRY(now);
  if (!store_ || !(*now == opened_)) {
    const Status opened = co_await open(std::move(key), std::move(environment));
    PAWL_CO_TRY(opened);
  }
  if (!store_) co_return fail(ErrorKind::environment, "the store of credentials changes");
  const auto version = store_->newest(name);
  auto value = store_->get(name);
  PAWL_CO_TRY(value);
  co_return Stored{*std::move(value), version.value_or(0)};
}

Status StoreKeeper::replace(const secrets::StoreFile& held, const std::string& name,
                            const secrets::Credential& value) {
  const auto now = stamp();
  if (!now || !store_ || !(*now == opened_)) {
    return fail(ErrorKind::environment, "the store of credentials has changed meanwhile");
  }
  const auto version = store_->put(name, value, net::wall_time(), random_bytes);
  PAWL_TRY(version);
  for (const secrets::Store::Entry& one : store_->entries()) {
    if (one.name != name || one.version == *version) continue;
    PAWL_TRY(store_->remove(name, one.version));
  }
  const Status written = held.replace(store_->text());
  const auto after = stamp();
  // What is in memory has to be what is in the file.
  if (!written || !after) store_.reset();
  if (after) opened_ = *after;
  return written;
}

}  // namespace pawl::broker
