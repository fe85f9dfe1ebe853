#include "app/common/evidence.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "io/journal/key_files.h"
#include "io/journal/merkle.h"
#include "node/common/journal_health.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr std::size_t runs_named_max = 5;

// The record of a journal is trusted no more than any other text: it is parsed as strictly.
Result<json::Document> read(const JournalEntry& entry) {
  auto document = json::parse(entry.record);
  if (document) return document;
  return fail(ErrorKind::corrupt,
              fmt::format("record {} is not JSON: {}", entry.seq, document.error().message));
}

}  // namespace

Result<Evidence> Evidence::open(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  PAWL_TRY(directory);
  auto disk = PosixDisk::open(*directory, PosixDisk::Root::must_exist);
  if (!disk && disk.error().fault == ErrorKind::missing) {
    return fail(ErrorKind::missing,
                fmt::format("there is no journal in `{}`", escape_untrusted(*directory)));
  }
  PAWL_TRY(disk);
  Progress progress("segments");
  const auto health = node::health_of_journal(
      **disk, [&progress](std::uint64_t done, std::uint64_t of) { progress.step(done, of); });
  PAWL_TRY(health);
  if (!health->damage.empty() && health->told_max == 0) {
    return fail(ErrorKind::corrupt, health->damage);
  }
  auto reader = JournalReader::open(**disk);
  PAWL_TRY(reader);
  Evidence evidence(std::move(*directory), std::move(*disk), std::move(*reader));
  if (!health->damage.empty()) {
    err("pawl: " + health->damage);
    evidence.damage_ = health->damage;
    evidence.told_max_ = health->told_max;
  }
  if (!health->torn.empty()) err("pawl: " + health->torn);
  return evidence;
}

int Evidence::ends(int status) const {
  return damage_.empty() || status != exit_good ? status : exit_no;
}

int Evidence::ends(const Error& error) const {
  const int status = complain(error);
  return damage_.empty() ? status : exit_no;
}

Status Evidence::records(std::uint64_t first,
                         const std::function<bool(const JournalEntry&, json::View)>& each) {
  PAWL_TRY(reader_.seek(first));
  for (;;) {
    if (reader_.position() >= told_max_) return {};
    auto entry = reader_.next();
    PAWL_TRY(entry);
    if (!*entry || (*entry)->seq >= told_max_) return {};
    const auto record = read(**entry);
    PAWL_TRY(record);
    if (!each(**entry, record->root())) return {};
  }
}

Status Evidence::parsed_records(
    std::uint64_t first,
    const std::function<Result<bool>(const JournalEntry&, const Record&)>& each) {
  Status wrong;
  const Status read = records(first, [&](const JournalEntry& entry, json::View view) {
    const auto record = parse_record(view);
    if (!record) {
      wrong =
          fail(ErrorKind::corrupt, fmt::format("record {}: {}", entry.seq, record.error().message));
      return false;
    }
    const Result<bool> more = each(entry, *record);
    if (!more) wrong = std::unexpected(more.error());
    return more.value_or(false);
  });
  return read ? wrong : read;
}

Result<Payload> Evidence::payload(std::string_view commitment) {
  Digest digest{};
  if (!parse_spelled(commitment, digest)) return Payload{};
  return reader_.payload(digest);
}

Result<Inclusion> Evidence::inclusion(const JournalEntry& entry) {
  Inclusion found;
  auto key = journal::read_public_key(*disk_);
  PAWL_TRY(key);
  auto note = read_whole(*disk_, "checkpoint", journal::checkpoint_bytes_max);
  if (!note && note.error().fault == ErrorKind::missing) return found;
  PAWL_TRY(note);
  auto checkpoint = key->verify(*note);
  PAWL_TRY(checkpoint);
  found.signed_size = checkpoint->size;
  found.covered = entry.seq < checkpoint->size;
  if (!found.covered) return found;
  auto leaves = reader_.leaves(checkpoint->size);
  PAWL_TRY(leaves);
  found.path = journal::inclusion_proof(*leaves, entry.seq);
  found.proved = journal::verify_inclusion(entry.leaf, entry.seq, checkpoint->size, found.path,
                                           checkpoint->root);
  return found;
}

Result<std::string> Evidence::find_run(std::string_view wanted) {
  std::vector<std::string> fitting;
  std::string newest;
  bool exact = false;
  const Status read = records(0, [&](const JournalEntry&, json::View record) {
    if (record.text("type").value_or("") != "run.opened") return true;
    newest = std::string(record.text("run").value_or(""));
    exact = exact || newest == wanted;
    // `r-` may be left out: people copy what stands behind it.
    const bool fits = newest.starts_with(wanted) || newest.starts_with("r-" + std::string(wanted));
    if (fits) fitting.push_back(newest);
    return true;
  });
  PAWL_TRY(read);
  if (exact) return std::string(wanted);
  if (wanted == "last" && !newest.empty()) return newest;
  if (wanted.empty() || wanted == "last" || fitting.empty()) {
    return fail(ErrorKind::missing,
                newest.empty() ? "this journal holds no run"
                               : fmt::format("no run is called `{}`; the newest is `{}`",
                                             escape_untrusted(wanted), escape_untrusted(newest)));
  }
  if (fitting.size() == 1) return fitting.front();
  std::string names;
  for (std::size_t i = 0; i < std::min(fitting.size(), runs_named_max); ++i) {
    names += (i == 0 ? "`" : ", `") + escape_untrusted(fitting[i]) + "`";
  }
  return fail(ErrorKind::usage,
              fmt::format("`{}` fits {} runs: {}{}", escape_untrusted(wanted), fitting.size(),
                          names, fitting.size() > runs_named_max ? " …" : ""));
}

PayloadLookup lookup_in(Evidence& evidence) {
  return [&evidence](std::string_view commitment) -> Result<StoredText> {
    auto payload = evidence.payload(commitment);
    PAWL_TRY(payload);
    switch (payload->state) {
      case PayloadState::present:
        return StoredText{StoredText::Kind::present, std::move(payload->bytes)};
      case PayloadState::erased:
        return StoredText{StoredText::Kind::erased, {}};
      case PayloadState::missing:
        return StoredText{StoredText::Kind::missing, {}};
    }
    return StoredText{};
  };
}

}  // namespace pawl::app
