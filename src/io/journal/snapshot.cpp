#include "io/journal/snapshot.h"

#include <bit>
#include <concepts>
#include <cstring>

#include "base/json.h"
#include "io/journal/journal.h"

namespace pawl {

std::string SnapshotWritten::record() const {
  json::Writer writer;
  writer.object();
  writer.key("digest").string(to_string(digest));
  writer.key("size").natural(size);
  writer.key("type").string("snapshot.taken");
  writer.end();
  return writer.take();
}

bool snapshot_named(std::string_view record, const Digest& digest) {
  // Nearly every record is out after this search; the parse is for the few that are not.
  const std::string name = to_string(digest);
  if (record.find(name) == record.npos) return false;
  const auto document = json::parse(record);
  if (!document) return false;
  return document->root().text("type") == "snapshot.taken" &&
         document->root().text("digest") == name;
}

namespace journal {
namespace {

constexpr std::string_view magic = "PAWLSNAP";
constexpr std::uint32_t snapshot_version = 1;
constexpr std::size_t fixed_bytes = 96;

void put_value(std::string& out, std::integral auto value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T take(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

std::string snapshot_bytes(const Frontier& tree, const Place& place, std::string_view state) {
  std::string out;
  out.reserve(fixed_bytes + tree.hashes().size() * sizeof(Digest) + state.size());
  out.append(magic);
  put_value(out, snapshot_version);
  put_value(out, static_cast<std::uint32_t>(tree.hashes().size()));
  put_value(out, tree.size());
  put_value(out, place.first);
  put_value(out, place.offset);
  put_value(out, place.payload_end);
  put_value(out, static_cast<std::uint64_t>(state.size()));
  put_value(out, std::uint64_t{0});
  out.append(bytes_of(place.leaf_before));
  for (const Digest& hash : tree.hashes()) out.append(bytes_of(hash));
  out.append(state);
  return out;
}

Result<Snapshot> parse_snapshot(std::string bytes) {
  const auto wrong = [] { return fail(ErrorKind::corrupt, "this is not a whole snapshot"); };
  if (bytes.size() < fixed_bytes || !bytes.starts_with(magic) ||
      take<std::uint32_t>(bytes, 8) != snapshot_version || take<std::uint64_t>(bytes, 56) != 0) {
    return wrong();
  }
  const auto count = take<std::uint32_t>(bytes, 12);
  const auto size = take<std::uint64_t>(bytes, 16);
  if (count != static_cast<std::uint32_t>(std::popcount(size))) return wrong();
  const std::size_t state_at = fixed_bytes + count * sizeof(Digest);
  if (bytes.size() < state_at || bytes.size() - state_at != take<std::uint64_t>(bytes, 48)) {
    return wrong();
  }
  std::vector<Digest> hashes(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    hashes[i] = take<Digest>(bytes, fixed_bytes + i * sizeof(Digest));
  }
  auto tree = Frontier::from(size, std::move(hashes));
  PAWL_TRY(tree);
  Snapshot snapshot{.tree = std::move(*tree), .place = {}, .state = {}, .digest = sha256(bytes)};
  snapshot.place = Place{.first = take<std::uint64_t>(bytes, 24),
                         .offset = take<std::uint64_t>(bytes, 32),
                         .payload_end = take<std::uint64_t>(bytes, 40),
                         .leaf_before = take<Digest>(bytes, 64)};
  bytes.erase(0, state_at);
  snapshot.state = std::move(bytes);
  return snapshot;
}

}  // namespace journal
}  // namespace pawl
