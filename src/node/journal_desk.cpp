#include "node/journal_desk.h"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "io/journal/posix_disk.h"
#include "io/journal/reader.h"
#include "io/journal/verify.h"

namespace pawl::node {
namespace {

constexpr Duration kProofLasts = Duration::seconds(60);
constexpr std::int64_t kProofShare = 20;  // of the time that goes by, one part at most is proving
constexpr int kPauseUs = 200'000;
constexpr std::size_t kSaidBytesMax = 400;

std::string desk_refusal(std::string_view fault, std::string_view why) {
  json::Writer out;
  out.object().key("error").string(why).key("fault").string(fault);
  return out.key("ok").boolean(false).end().take();
}

// What a table shows of a record; everything in it may be somebody else's words.
struct FoundRecord {
  std::uint64_t seq = 0;
  std::string at, type, effect, tool, run, said;
};

FoundRecord found_record(std::uint64_t seq, json::View record) {
  const auto member = [record](std::string_view name) {
    std::string shown = escape_untrusted(record.text(name).value_or("").substr(0, kSaidBytesMax));
    return shown;
  };
  FoundRecord found{
      seq, member("at"), member("type"), member("effect"), member("tool"), member("run"), {}};
  if (const std::string server = member("server"); !server.empty()) {
    found.tool = server + "/" + found.tool;
  }
  constexpr const char* kSaying[] = {"reason",  "why",    "answer", "how",
                                     "outcome", "person", "topic",  "text"};
  for (const char* name : kSaying) {
    const std::string part = member(name);
    if (!part.empty()) found.said += (found.said.empty() ? "" : " · ") + part;
  }
  return found;
}

void write_found(json::Writer& out, const FoundRecord& found) {
  out.object().key("seq").natural(found.seq).key("at").string(found.at);
  out.key("type").string(found.type);
  if (!found.effect.empty()) out.key("effect").string(found.effect);
  out.key("tool").string(found.tool).key("run").string(found.run);
  out.key("said").string(found.said).end();
}

}  // namespace

std::string search_journal(const std::string& directory, AuditFilter filter,
                           const std::function<bool()>& stop, const std::string& damage) {
  auto disk = PosixDisk::open(directory, PosixDisk::Root::must_exist);
  if (!disk) return desk_refusal("environment", disk.error().message);
  auto reader = JournalReader::open(**disk);
  if (!reader) return desk_refusal("environment", reader.error().message);
  std::deque<FoundRecord> found;
  bool more = false;
  std::string wrong = damage;
  json::Parser parser;
  json::Document document;
  while (!stop()) {
    const auto entry = reader->next();
    // What stands before the damage is shown, and that it is all.
    if (!entry && wrong.empty()) wrong = "the journal is damaged: " + entry.error().message;
    if (!entry || !*entry) break;
    // A record of ours that is no JSON is found by the proof, and by nobody's search.
    if (!parser.parse((*entry)->record, document)) continue;
    if (!filter.wants(document.root())) continue;
    found.push_back(found_record((*entry)->seq, document.root()));
    if (found.size() > JournalDesk::records_found_max) {
      found.pop_front();
      more = true;
    }
  }
  json::Writer out;
  out.object();
  if (!wrong.empty()) out.key("damage").string(escape_untrusted(wrong));
  out.key("more").boolean(more).key("ok").boolean(true).key("records").array();
  for (const FoundRecord& one : found) write_found(out, one);
  return out.end().end().take();
}

ProvedJournal prove_journal(const std::string& directory, std::function<bool()> stop) {
  auto disk = PosixDisk::open(directory, PosixDisk::Root::must_exist);
  if (!disk) return {desk_refusal("environment", disk.error().message), {}};
  VerifyOptions options;
  options.pause = [] { ::usleep(kPauseUs); };
  options.stop = std::move(stop);
  const auto found = verify_journal(**disk, options);
  if (!found) return {desk_refusal("environment", found.error().message), {}};
  JournalHealth health = health_of(*found);
  const std::string& wrong = health.damage.empty() ? health.torn : health.damage;
  json::Writer out;
  out.object().key("ok").boolean(true).key("records").natural(found->records);
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
      co_return desk_refusal("environment", "several searches are running: try again");
    case net::Aside::Ran::over:
      break;
  }
  co_return desk_refusal("environment", "the node ends");
}

Task<std::string> JournalDesk::search(AuditFilter filter) {
  const std::string damaged = co_await damage();
  co_return co_await in_turn([this, damaged, wanted = std::move(filter)] {
    return search_journal(directory_, wanted, [this] { return stop_.load(); }, damaged);
  });
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
