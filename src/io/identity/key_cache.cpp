#include "io/identity/key_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace pawl::identity {

struct KeyCache::Kept {
  Source source;
  std::shared_ptr<const jose::KeySet> keys;
  std::uint64_t generation = 0;
  Instant fresh_until{};
  std::optional<Instant> tried;
  std::string trouble;  // of the last fetch; empty: it brought keys
  bool fetching = false;
  std::vector<Completion<bool>> waiting;
};

struct KeyCache::State {
  using KeptPtr = std::shared_ptr<Kept>;

  static Task<void> fetch(std::shared_ptr<State> self, KeptPtr kept);
  static Task<bool> wait(std::shared_ptr<State> self, KeptPtr kept);
  bool may_fetch(const Kept& kept) const;
  KeptPtr find(const std::string& name) const {
    const auto found = kept_by_name.find(name);
    return found == kept_by_name.end() ? nullptr : found->second;
  }

  KeyPorts ports;
  std::map<std::string, KeptPtr> kept_by_name;
  std::uint64_t generations = 0;
  bool over = false;
};

namespace {

std::unexpected<Error> not_to_be_had(const std::string& why) {
  return fail(ErrorKind::environment, why.empty() ? "its keys cannot be had now" : why);
}

}  // namespace

bool KeyCache::State::may_fetch(const Kept& kept) const {
  if (over || kept.fetching) return false;
  if (!kept.tried) return true;
  const Duration wait = kept.trouble.empty() ? fetch_again_after : fetch_again_after_failure;
  const Instant now = ports.now();
  // A clock that was set back must not keep us from asking for longer than that.
  return now < *kept.tried || now - *kept.tried >= wait;
}

Task<void> KeyCache::State::fetch(std::shared_ptr<State> self, KeptPtr kept) {
  kept->fetching = true;
  kept->tried = self->ports.now();
  auto fetched = co_await self->ports.fetch(kept->source.place);
  kept->fetching = false;
  auto set = fetched ? jose::KeySet::parse(fetched->text, kept->source.use)
                     : Result<jose::KeySet>(std::unexpected(fetched.error()));
  if (set) {
    kept->keys = std::make_shared<const jose::KeySet>(*std::move(set));
    kept->generation = ++self->generations;
    const Duration fresh =
        std::clamp(fetched->fresh_for.value_or(fresh_default), fresh_min, fresh_max);
    kept->fresh_until = self->ports.now() + fresh;
    kept->trouble.clear();
  } else {
    kept->trouble = set.error().message;
    if (!self->over) self->ports.failed(kept->trouble);
  }
  for (Completion<bool>& one : std::exchange(kept->waiting, {})) one.deliver(true);
}

// False: no one waits for it any more, or too many do.
Task<bool> KeyCache::State::wait(std::shared_ptr<State> self, KeptPtr kept) {
  if (self->over || kept->waiting.size() >= waiting_max) co_return false;
  Completion<bool> done;
  kept->waiting.push_back(done);
  if (!kept->fetching) spawn(fetch(self, kept));
  co_return co_await done;
}

KeyCache::KeyCache(KeyPorts ports) : state_(std::make_shared<State>()) {
  state_->ports = std::move(ports);
}

void KeyCache::use(const std::map<std::string, Source>& sources) {
  std::map<std::string, State::KeptPtr> next;
  for (const auto& [name, source] : sources) {
    const State::KeptPtr known = state_->find(name);
    if (known && known->source == source) {
      next[name] = known;
      continue;
    }
    next[name] = std::make_shared<Kept>();
    next[name]->source = source;
  }
  // A fetch that is under way for one that is gone tells those who wait for it.
  state_->kept_by_name = std::move(next);
}

Task<Result<KeyCache::Known>> KeyCache::keys(std::string source) {
  const std::shared_ptr<State> state = state_;
  const State::KeptPtr kept = state->find(source);
  if (!kept) co_return fail(ErrorKind::missing, "there is no such issuer");
  const Instant now = state->ports.now();
  const bool counts = kept->keys && now < kept->fresh_until + stale_max;
  if (!(kept->keys && now < kept->fresh_until) && (kept->fetching || state->may_fetch(*kept))) {
    if (!counts) {
      (void)co_await State::wait(state, kept);
    } else if (!kept->fetching) {
      spawn(State::fetch(state, kept));
    }
  }
  if (kept->keys && state->ports.now() < kept->fresh_until + stale_max) {
    co_return Known{kept->keys, kept->generation};
  }
  co_return not_to_be_had(kept->trouble);
}

Task<Result<KeyCache::Known>> KeyCache::newer(std::string source, std::uint64_t than) {
  const std::shared_ptr<State> state = state_;
  const State::KeptPtr kept = state->find(source);
  if (!kept) co_return fail(ErrorKind::missing, "there is no such issuer");
  if (kept->generation == than && (kept->fetching || state->may_fetch(*kept))) {
    (void)co_await State::wait(state, kept);
  }
  if (kept->generation == than) co_return fail(ErrorKind::refused, "no newer keys");
  co_return Known{kept->keys, kept->generation};
}

void KeyCache::finish() {
  state_->over = true;
  for (const auto& [name, kept] : state_->kept_by_name) {
    for (Completion<bool>& one : std::exchange(kept->waiting, {})) one.deliver(false);
  }
}

}  // namespace pawl::identity
