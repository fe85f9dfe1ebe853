// The seeded simulator of the journal: one seed is one story of several lives of a node on one
// disk, with everything that may go wrong in between, checked against a model of what was promised.
//
// What must hold, whatever happens:
//   - a record that was reported durable is there after every power cut, a record that was appended
//     is there after every death of the process, in order and unchanged, and no other is;
//   - the same for payloads, unless they or their key were erased, and then they stay erased;
//   - no key is given out twice;
//   - opening never refuses what a power cut or a kill may leave;
//   - right after opening, and after closing, the verifier finds nothing;
//   - a journal that failed stays failed, and a full one still takes what has the reserve;
//   - the newest signed checkpoint never counts more than what was synced.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash/random.h"
#include "crash/sim_disk.h"
#include "io/journal/journal.h"

namespace pawl::crash {

inline constexpr std::uint64_t sim_reserve_bytes = 1024;
inline constexpr std::uint64_t sim_ample_bytes = 1ULL << 40;

// Runs the syncs of a journal when the simulator says so.
class SimSyncer final : public Syncer {
 public:
  struct Handle {
    SyncTarget* target = nullptr;
  };
  explicit SimSyncer(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  void start(SyncTarget& target) override { handle_->target = &target; }
  void wake() override {}
  void stop() override { handle_->target = nullptr; }

 private:
  std::shared_ptr<Handle> handle_;
};

class JournalSim {
 public:
  explicit JournalSim(std::uint64_t seed);

  // Plays the story. The first thing that should not be, or nothing.
  std::optional<std::string> run();

  // What the story reached, so that a test can see that stories reach everything.
  struct Reached {
    std::uint64_t records = 0;
    std::uint64_t durable = 0;
    std::uint64_t lost_in_cuts = 0;
    std::uint64_t cuts = 0;
    std::uint64_t cuts_in_recovery = 0;
    std::uint64_t kills = 0;
    std::uint64_t failures = 0;
    std::uint64_t full = 0;
    std::uint64_t reserve_appends = 0;
    std::uint64_t snapshots_used = 0;
    std::uint64_t erasures = 0;
    std::uint64_t keys_destroyed = 0;
    std::uint64_t lives[2] = {};  // that write the first format, the second
    std::uint64_t segments = 0;
    std::uint64_t checkpoints = 0;
    std::uint64_t thinned = 0;
    std::uint64_t torn_bytes = 0;
  };
  const Reached& reached() const { return reached_; }

 private:
  enum class End : std::uint8_t { close, kill, power_cut };
  enum class Erasure : std::uint8_t { none, begun, done };
  struct StoredPayload {
    std::string bytes;
    std::uint64_t seq = 0;
    PayloadKey key = no_payload_key;
    JournalFormat format = JournalFormat::second;
    Erasure erasure = Erasure::none;
  };
  struct Waiting {
    std::uint64_t seq = 0;
    Completion<Status> done;
  };

  JournalOptions options();
  void open(bool calm);
  bool try_open(bool faults);
  void check_recovered(const std::vector<std::string>& found, std::uint64_t from);
  void check_payloads();
  void check_verifier(const char* when);
  void play();
  void step();
  void append(Urgency urgency);
  void append_small();
  void note_append(const std::string& record, std::span<const PayloadRef> refs);
  bool room_for_small() const;
  void append_full(const std::string& record, Urgency urgency);
  void sync();
  void take_posts();
  void collect();
  void erase();
  PayloadKey some_key();
  JournalFormat newest_format();
  void new_key();
  void destroy_key();
  void snapshot();
  void end_life();
  std::string state_of(std::uint64_t size) const;
  void must(bool holds, const std::string& what);
  // With PAWL_SIM_TELL set the story is told on standard error.
  void tell(const std::string& what) const;

  Random random_;
  SimDisk disk_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<SimSyncer::Handle> syncer_;
  std::vector<std::function<void()>> posts_;
  std::vector<Waiting> waiting_;
  std::int64_t now_ns_ = 1;
  std::optional<std::string> wrong_;
  Reached reached_;

  // The model.
  std::vector<std::string> records_;
  std::optional<std::string> attempted_;  // an append that failed: it may be there or not
  std::uint64_t durable_ = 0;
  std::map<Digest, StoredPayload> payloads_;
  std::map<PayloadKey, Erasure> keys_;
  JournalFormat format_ = JournalFormat::second;  // of this life
  std::optional<End> last_end_;
  std::uint64_t reserve_left_ = 0;
  std::int64_t oldest_unsynced_ns_ = 0;  // not before this time was what is unsynced written
  bool has_failed_ = false;
  bool faulty_ = false;
  bool existed_ = false;
  std::uint64_t segment_bytes_ = 0;
  std::uint64_t checkpoint_bytes_max_ = 0;
  std::uint64_t checkpoint_log_bytes_ = 0;  // as it was last seen
  // What lies in the newest segment, as far as it was begun in this life.
  struct Newest {
    std::uint64_t count = 0;  // of segments so far
    bool known = false;
    std::uint64_t frames = 0;
    std::uint64_t entries = 0;
  } newest_;
};

}  // namespace pawl::crash
