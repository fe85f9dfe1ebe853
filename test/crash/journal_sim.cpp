#include "crash/journal_sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "io/journal/verify.h"

namespace pawl::crash {
namespace {

constexpr int open_tries_max = 12;

}  // namespace

JournalSim::JournalSim(std::uint64_t seed) : random_(seed), disk_(seed ^ 0x5eed) {
  segment_bytes_ = 2048 + random_.below(4) * 2048;
  checkpoint_bytes_max_ = random_.one_in(2) ? 1000 : 256UL << 10;
  if (random_.one_in(3)) disk_.set_capacity(24 * 1024 + random_.below(64) * 1024);
}

void JournalSim::must(bool holds, const std::string& what) {
  if (!holds && !wrong_) wrong_ = what;
}

void JournalSim::tell(const std::string& what) const {
  if (std::getenv("PAWL_SIM_TELL") != nullptr) fmt::print(stderr, "{}\n", what);
}

std::optional<std::string> JournalSim::run() {
  const std::uint64_t lives = 2 + random_.below(4);
  for (std::uint64_t life = 0; life < lives && !wrong_; ++life) {
    open(false);
    if (!wrong_ && journal_) play();
    end_life();
  }
  if (!wrong_) {
    disk_.set_faults({});
    disk_.set_capacity(sim_ample_bytes);
    open(true);
    if (journal_) must(journal_->close().has_value(), "the last close fails");
    if (journal_) check_verifier("after the last close");
    journal_.reset();
  }
  const std::string log = disk_.contents("checkpoints");
  must(log.size() <= checkpoint_bytes_max_ + 1024, "the old checkpoints were not thinned out");
  reached_.checkpoints += disk_.contents("checkpoint").empty() ? 0 : 1;
  for (const std::string& path : disk_.paths()) reached_.segments += path.ends_with(".seg");
  return wrong_;
}

JournalOptions JournalSim::options() {
  JournalOptions options;
  syncer_ = std::make_shared<SimSyncer::Handle>();
  options.post = [this](std::function<void()> call) { posts_.push_back(std::move(call)); };
  options.syncer = std::make_unique<SimSyncer>(syncer_);
  options.random = [this](std::size_t count) { return random_.bytes(count); };
  options.monotonic = [this] { return Duration{now_ns_}; };
  options.format = format_;
  options.segment_bytes_max = segment_bytes_;
  options.grow_bytes = 512;
  options.reserve_bytes = sim_reserve_bytes;
  options.free_bytes_min = 2048;
  options.checkpoint_log_bytes_max = checkpoint_bytes_max_;
  return options;
}

std::string JournalSim::state_of(std::uint64_t size) const {
  std::string all;
  for (std::uint64_t i = 0; i < size; ++i) all += records_[i] + "\n";
  return fmt::format("state of {}: {}", size, hex(sha256(all)));
}

bool JournalSim::try_open(bool faults) {
  if (disk_.off()) disk_.restart();
  posts_.clear();
  format_ = random_.one_in(3) ? JournalFormat::first : JournalFormat::second;
  ++reached_.lives[format_ == JournalFormat::first ? 0 : 1];
  faulty_ = faults && random_.one_in(3);
  disk_.set_faults(faulty_ ? Faults{random_.below(60), 5, random_.below(30), random_.below(400)}
                           : Faults{.short_write = random_.below(6)});
  if (faults && random_.one_in(3)) disk_.power_cut_after(1 + random_.below(20));

  std::vector<std::string> found;
  std::uint64_t from = 0;
  JournalReplay replay;
  replay.state = [&](std::string_view state, std::uint64_t size) -> Status {
    from = size;
    must(size <= records_.size() && state == state_of(size), "a snapshot is not what was taken");
    return {};
  };
  replay.record = [&](std::uint64_t seq, std::string_view text) -> Status {
    must(seq == from + found.size(), "a record has a wrong number");
    found.emplace_back(text);
    return {};
  };
  auto opened = Journal::open(disk_, options(), replay);
  tell(fmt::format(
      "open: faults {}, power {}, {}", faulty_, disk_.off() ? "off" : "on",
      opened ? fmt::format("{} records", (*opened)->next()) : to_string(opened.error())));
  if (disk_.off()) {
    ++reached_.cuts_in_recovery;
    last_end_ = End::power_cut;
    return false;
  }
  if (!opened) {
    // A full disk may keep a journal from being made, never from being opened again.
    const ErrorKind fault = opened.error().fault;
    const bool excused =
        (fault == ErrorKind::io && faulty_) || (fault == ErrorKind::environment && !existed_);
    must(excused, "open fails: " + to_string(opened.error()));
    if (fault == ErrorKind::environment) disk_.set_capacity(sim_ample_bytes);
    disk_.kill();
    return false;
  }
  // From here on cuts are the story's.
  disk_.power_cut_after(0);
  journal_ = std::move(*opened);
  reached_.snapshots_used += from > 0;
  reached_.torn_bytes += journal_->recovery().torn_bytes;
  check_recovered(found, from);
  return true;
}

void JournalSim::open(bool calm) {
  for (int tries = 0; !journal_ && !wrong_; ++tries) try_open(!calm && tries < open_tries_max);
  if (wrong_) return;
  existed_ = true;
  const bool faults = faulty_;
  disk_.set_faults({});
  check_verifier("after open");
  check_payloads();
  if (calm) return;
  if (faults) disk_.set_faults({random_.below(200), 5, random_.below(60), 0});
  if (random_.one_in(3)) disk_.power_cut_after(1 + random_.below(150));
}

void JournalSim::check_recovered(const std::vector<std::string>& found, std::uint64_t from) {
  const std::uint64_t size = from + found.size();
  must(size >= durable_, fmt::format("{} records were durable, {} are left", durable_, size));
  if (attempted_ && size == records_.size() + 1) records_.push_back(*attempted_);
  must(size <= records_.size(), "there are more records than were written");
  if (wrong_) return;
  for (std::size_t i = 0; i < found.size(); ++i) {
    must(found[i] == records_[from + i], fmt::format("record {} was changed", from + i));
  }
  if (last_end_ && *last_end_ != End::power_cut) {
    must(size == records_.size(), "a record was lost without a power cut");
  }
  reached_.lost_in_cuts += records_.size() - size;
  records_.resize(size);
  durable_ = size;  // recovery has synced what it found
  must(journal_->synced() == size && journal_->next() == size, "the journal counts wrongly");
  attempted_.reset();
  has_failed_ = false;
  newest_ = {};
  reserve_left_ = 0;
  std::erase_if(payloads_, [&](const auto& payload) { return payload.second.seq >= size; });
}

void JournalSim::check_payloads() {
  for (auto& [digest, stored] : payloads_) {
    auto payload = journal_->payload(digest);
    must(payload.has_value(), "a payload cannot be read");
    if (!payload) return;
    if (payload->state == PayloadState::present) {
      must(stored.erasure != Erasure::done, "an erased payload is back");
      must(payload->bytes == stored.bytes, "a payload was changed");
      stored.erasure = Erasure::none;
    } else {
      must(payload->state == PayloadState::erased && stored.erasure != Erasure::none,
           "a payload is gone");
      stored.erasure = Erasure::done;
    }
  }
}

void JournalSim::check_verifier(const char* when) {
  auto verified = verify_journal(disk_);
  must(verified.has_value(), fmt::format("{}: the verifier cannot read", when));
  if (!verified) return;
  if (!verified->clean()) {
    must(false, fmt::format("{}: {}", when, to_string(verified->findings.front())));
  }
  must(verified->records == records_.size(), fmt::format("{}: the verifier counts {} records, "
                                                         "there are {}",
                                                         when, verified->records, records_.size()));
  must(verified->checkpoint_size <= durable_, "a checkpoint is ahead of what is synced");
}

void JournalSim::play() {
  const std::uint64_t steps = random_.below(80);
  for (std::uint64_t i = 0; i < steps && !wrong_ && !disk_.off(); ++i) {
    step();
    collect();
  }
}

void JournalSim::step() {
  now_ns_ += static_cast<std::int64_t>(random_.below(300)) * 1'000'000;
  switch (random_.below(18)) {
    case 16:
      new_key();
      break;
    case 17:
      destroy_key();
      break;
    case 0:
      snapshot();
      break;
    case 1:
      erase();
      break;
    case 2:
    case 3:
    case 4:
      sync();
      break;
    case 5:
    case 6:
      take_posts();
      break;
    case 7:
      append(Urgency::reserve);
      break;
    case 8:
      if (journal_->next() > 0) {
        const std::uint64_t seq = random_.below(journal_->next());
        waiting_.push_back({seq, journal_->durable(seq)});
      }
      break;
    case 9:
      if (random_.one_in(4)) disk_.set_capacity(disk_.used_bytes() + random_.below(4096));
      break;
    case 10:
      if (random_.one_in(4)) disk_.set_capacity(sim_ample_bytes);
      break;
    default:
      append(Urgency::ordinary);
      break;
  }
}

}  // namespace pawl::crash
