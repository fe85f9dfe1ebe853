#include "io/journal/key_files.h"

#include <fmt/format.h>

#include "base/text.h"
#include "io/journal/segment.h"

namespace pawl::journal {
namespace {

constexpr char secret_path[] = "node.key";
constexpr char public_path[] = "node.pub";
constexpr std::uint64_t key_file_bytes_max = 1024;
constexpr std::size_t seed_bytes = 32;
constexpr std::size_t name_bytes = 8;

// A journal whose head could never be written down is none.
Result<bool> journal_exists(Disk& disk) {
  auto segments = list_segments(disk);
  PAWL_TRY(segments);
  for (const std::uint64_t first : *segments) {
    auto file = disk.open(segment_path(first), Access::read);
    PAWL_TRY(file);
    auto start = read_segment_start(**file, first);
    if (!start || *start) return true;
  }
  return false;
}

Result<NodeKey> make_key(Disk& disk, const std::string& origin,
                         const std::function<std::string(std::size_t)>& random) {
  auto exists = journal_exists(disk);
  PAWL_TRY(exists);
  if (*exists) {
    return fail(ErrorKind::corrupt,
                fmt::format("`{}` is missing, but there is a journal that it signed",
                            disk.shown(secret_path)));
  }
  const std::string name = origin.empty() ? "pawl-" + hex(random(name_bytes)) : origin;
  auto key = NodeKey::from_seed(name, random(seed_bytes));
  if (!key) return key;
  PAWL_TRY(replace_whole(disk, secret_path, key->text() + "\n"));
  return key;
}

// While there is no journal, a public key that does not fit is what a power cut left of an earlier
// attempt to begin one.
Status publish(Disk& disk, const PublicKey& key) {
  const std::string text = key.text() + "\n";
  auto published = read_whole(disk, public_path, key_file_bytes_max);
  if (published && *published == text) return {};
  if (!published && published.error().fault != ErrorKind::missing) {
    return std::unexpected(published.error());
  }
  if (published) {
    auto exists = journal_exists(disk);
    PAWL_TRY(exists);
    if (*exists) {
      return fail(ErrorKind::corrupt,
                  fmt::format("`{}` is not the public key of `{}`", disk.shown(public_path),
                              disk.shown(secret_path)));
    }
  }
  return replace_whole(disk, public_path, text);
}

}  // namespace

Result<NodeKey> open_node_key(Disk& disk, const std::string& origin,
                              const std::function<std::string(std::size_t)>& random) {
  auto text = read_whole(disk, secret_path, key_file_bytes_max);
  if (!text && text.error().fault != ErrorKind::missing) return std::unexpected(text.error());
  auto key = text ? NodeKey::parse(*text) : make_key(disk, origin, random);
  if (!key && !text) return key;
  if (!key) {
    return fail(key.error().fault,
                fmt::format("`{}`: {}", disk.shown(secret_path), key.error().message));
  }
  const PublicKey& open = key->public_key();
  if (!origin.empty() && origin != open.name()) {
    return fail(
        ErrorKind::invalid,
        fmt::format("the journal is the log `{}`, it cannot become `{}`", open.name(), origin));
  }
  PAWL_TRY(publish(disk, open));
  // The names of both must outlive a power cut before there is a journal that needs them.
  PAWL_TRY(disk.sync_directory(""));
  return key;
}

Result<PublicKey> read_public_key(Disk& disk) {
  auto text = read_whole(disk, public_path, key_file_bytes_max);
  PAWL_TRY(text);
  auto key = PublicKey::parse(*text);
  if (!key) {
    return fail(key.error().fault,
                fmt::format("`{}`: {}", disk.shown(public_path), key.error().message));
  }
  return key;
}

}  // namespace pawl::journal
