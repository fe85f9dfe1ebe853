#include "node/journal_desk.h"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/json.h"
#include "io/journal/posix_disk.h"
#include "io/journal/verify.h"
#include "io/net/clock.h"

namespace pawl::node {
namespace {

constexpr Duration kProofLasts = Duration::seconds(60);
constexpr std::int64_t kProofShare = 20;  // of the time that goes by, one part at most is proving
constexpr int kPauseUs = 200'000;

}  // namespace

ProvedJournal prove_journal(const std::string& directory, std::function<bool()> stop) {
  auto disk = PosixDisk::open(directory, PosixDisk::Root::must_exist);
  if (!disk) return {report_refusal("environment", disk.error().message), {}};
  VerifyOptions options;
  options.pause = [] { ::usleep(kPauseUs); };
  options.stop = std::move(stop);
  const auto found = verify_journal(**disk, options);
  if (!found) return {report_refusal("environment", found.error().message), {}};
  JournalHealth health = health_of(*found);
  const std::string& wrong = health.damage.empty() ? health.torn : health.damage;
  json::Writer out;
  out.object().key("at").string(pawl::to_string(net::wall_time()));
  out.key("ok").boolean(true).key("records").natural(found->records);
  out.key("root").string(pawl::to_string(found->root)).key("whole").boolean(health.damage.empty());
  out.key("why").string(!wrong.empty() ? wrong
                                       : fmt::format("{} of them signed by {} checkpoints",
                                                     found->checkpoint_size, found->checkpoints));
  return {out.end().take(), std::move(health)};
}

Task<std::string> JournalDesk::in_turn(std::function<std::string()> work) {
  const auto answer = std::make_shared<std::string>();
  const auto ran = co_await aside_.run([answer, read = std::move(work)] { *answer = read(); });
  switch (ran) {
    case net::Aside::Ran::yes:
      co_return std::move(*answer);
    case net::Aside::Ran::crowded:
      co_return report_refusal("environment", "several searches are running: try again");
    case net::Aside::Ran::over:
      break;
  }
  co_return report_refusal("environment", "the node ends");
}

Task<std::string> JournalDesk::report(std::function<std::string(const JournalRead& read)> make) {
  const std::string damaged = co_await damage();
  const auto met = std::make_shared<bool>(false);
  std::string answer = co_await in_turn([this, damaged, met, made = std::move(make)] {
    return made({directory_, [this] { return stop_.load(); }, damaged, met.get()});
  });
  // A reader met damage that the last proof was too early for: the next one reads again.
  if (*met && damage_.empty()) proof_.clear();
  co_return answer;
}

Task<std::string> JournalDesk::prove() {
  const Duration began = loop_.now();
  if (!proof_.empty() && began.ns - proved_.ns < lasts_.ns) co_return proof_;
  const auto health = std::make_shared<std::optional<JournalHealth>>();
  std::string proof = co_await in_turn([this, health] {
    ProvedJournal proved = prove_journal(directory_, [this] { return stop_.load(); });
    *health = std::move(proved.health);
    return std::move(proved.text);
  });
  if (stop_ || !*health) co_return proof;
  proof_ = proof;
  proved_ = loop_.now();
  lasts_ = std::min(kProofLasts, Duration{(proved_.ns - began.ns) * kProofShare});
  const bool news = (*health)->damage != damage_;
  damage_ = (*health)->damage;
  if (news && !damage_.empty() && told_) told_(damage_);
  co_return proof;
}

Task<std::string> JournalDesk::damage() {
  (void)co_await prove();
  co_return damage_;
}

Task<void> JournalDesk::look() {
  const std::shared_ptr<bool> looking = looking_;
  if (std::exchange(*looking, true)) co_return;
  (void)co_await damage();
  *looking = false;
}

Task<std::optional<views::FoundCalls>> JournalDesk::look_back(
    std::vector<views::SoughtCall> sought) {
  const auto found = std::make_shared<std::optional<views::FoundCalls>>();
  (void)co_await in_turn([this, found, wanted = std::move(sought)] {
    auto disk = PosixDisk::open(directory_, PosixDisk::Root::must_exist);
    if (disk) *found = views::look_back(**disk, wanted, [this] { return stop_.load(); });
    return std::string();
  });
  co_return std::move(*found);
}

void JournalDesk::finish() {
  stop_ = true;
  aside_.finish();
}

}  // namespace pawl::node
