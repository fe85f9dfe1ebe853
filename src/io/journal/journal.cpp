#include "io/journal/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "io/journal/journal_body.h"
#include "io/journal/key_files.h"

namespace pawl {
namespace {

constexpr char lock_path[] = "lock";
constexpr std::uint64_t segment_bytes_min = 1024;
constexpr std::int64_t ns_per_second = 1'000'000'000;

Duration since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return {now.tv_sec * ns_per_second + now.tv_nsec};
}

Status check(const JournalOptions& options) {
  if (!options.post || options.syncer == nullptr || !options.random || !options.names_snapshot) {
    return fail(ErrorKind::internal, "a journal needs `post`, a syncer and a source of randomness");
  }
  if (options.segment_bytes_max < segment_bytes_min ||
      options.segment_bytes_max > journal_segment_bytes_max || options.grow_bytes == 0 ||
      options.grow_bytes % journal::entry_alignment_bytes(JournalFormat::first) != 0) {
    return fail(ErrorKind::invalid,
                fmt::format("segments of {} bytes that grow by {} are not possible",
                            options.segment_bytes_max, options.grow_bytes));
  }
  return {};
}

Status make_folders(Disk& disk) {
  for (const char* folder : {"", journal::journal_folder, journal::snapshot_folder}) {
    PAWL_TRY(disk.make_directory(folder));
  }
  return {};
}

}  // namespace

Journal::Journal(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, JournalOptions options,
                                               const JournalReplay& replay) {
  if (!options.monotonic) options.monotonic = since_boot;
  PAWL_TRY(check(options));
  PAWL_TRY(make_folders(disk));
  auto lock = disk.lock(lock_path);
  PAWL_TRY(lock);
  auto key = journal::open_node_key(disk, options.origin, options.random);
  PAWL_TRY(key);
  auto body = std::make_unique<Body>(disk, std::move(options), std::move(*lock), std::move(*key));
  PAWL_TRY(body->start(replay));
  return std::unique_ptr<Journal>(new Journal(std::move(body)));
}

const Recovery& Journal::recovery() const {
  return body_->recovery();
}

Commitment Journal::commit_to(std::string_view bytes) {
  Commitment commitment;
  const std::string salt = body_->options().random(commitment.salt.size());
  std::memcpy(commitment.salt.data(), salt.data(), commitment.salt.size());
  commitment.digest = sha256({salt, bytes});
  return commitment;
}

Result<std::uint64_t> Journal::append(std::string_view record, std::span<const PayloadRef> payloads,
                                      Urgency urgency) {
  return body_->append(record, payloads, urgency);
}

std::uint64_t Journal::next() const {
  return body_->next();
}
std::uint64_t Journal::synced() const {
  return body_->commit().synced();
}
Completion<Status> Journal::durable(std::uint64_t seq) {
  return body_->durable(seq);
}
void Journal::request_sync(std::uint64_t seq) {
  body_->request_sync(seq);
}
bool Journal::failed() const {
  return body_->commit().failed();
}
std::string Journal::failure() const {
  return body_->commit().failure();
}
bool Journal::full() const {
  return body_->full();
}
Status Journal::make_room() {
  return body_->make_room();
}
std::uint64_t Journal::bytes_written() const {
  return body_->bytes_written();
}

std::uint64_t Journal::append_bytes(std::size_t record_bytes,
                                    std::span<const std::size_t> payload_bytes,
                                    JournalFormat format) {
  std::uint64_t bytes = journal::frame_bytes(record_bytes);
  for (const std::size_t payload : payload_bytes) bytes += journal::entry_bytes(format, payload);
  return bytes;
}

Result<Payload> Journal::payload(const Digest& commitment) {
  return body_->payload(commitment);
}
Result<PayloadKey> Journal::new_payload_key() {
  return body_->new_payload_key();
}
Result<Digest> Journal::mark(PayloadKey key, std::string_view bytes) {
  return body_->mark(key, bytes);
}
Status Journal::destroy(PayloadKey key) {
  return body_->destroy(key);
}
Status Journal::erase(const Digest& commitment) {
  return body_->erase(commitment);
}

Result<SnapshotWritten> Journal::snapshot(std::string_view state) {
  return body_->snapshot(state);
}

Digest Journal::root() const {
  return body_->root();
}
const std::string& Journal::origin() const {
  return body_->key().public_key().name();
}
std::string Journal::public_key() const {
  return body_->key().public_key().text();
}
std::uint64_t Journal::checkpointed() const {
  return body_->commit().checkpointed();
}
Status Journal::close() {
  return body_->close();
}

}  // namespace pawl
