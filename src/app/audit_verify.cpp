// `pawl audit verify`: is the journal what was written? Findings with file and offset.
#include <unistd.h>

#include <fmt/format.h>

#include "app/command.h"
#include "app/commands.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "io/journal/posix_disk.h"
#include "io/journal/verify.h"

namespace pawl::app {
namespace {

constexpr OptionRow kVerifyOptions[] = {json_option, state_option};
// A node has written by then what it was in the middle of.
constexpr int pause_us = 200'000;

std::string as_json(const JournalVerification& found) {
  json::Writer json;
  json.object().key("checkpoint_size").natural(found.checkpoint_size);
  json.key("checkpoints").natural(found.checkpoints).key("findings").array();
  for (const JournalFinding& finding : found.findings) {
    json.object().key("file").string(finding.file).key("offset").natural(finding.offset);
    if (finding.last_seq) json.key("last_seq").natural(*finding.last_seq);
    if (finding.seq) json.key("seq").natural(*finding.seq);
    json.key("torn").boolean(finding.torn).key("what").string(finding.what).end();
  }
  json.end().key("good").boolean(found.clean());
  json.key("more_findings").boolean(found.more_findings).key("origin").string(found.origin);
  json.key("payloads_erased").natural(found.payloads_erased);
  json.key("payloads_present").natural(found.payloads_present);
  json.key("readable").array();
  for (const ReadableRecords& part : found.readable) {
    json.object().key("first").natural(part.first).key("last").natural(part.end - 1).end();
  }
  json.end();
  json.key("records").natural(found.records).key("root").string(pawl::to_string(found.root));
  json.key("segments").natural(found.segments).key("snapshots").natural(found.snapshots).end();
  return json.take();
}

void print(const JournalVerification& found, const std::string& directory) {
  for (const JournalFinding& finding : found.findings) {
    out(paint(Ink::bad, escape_untrusted(to_string(finding))));
  }
  if (found.more_findings) out(paint(Ink::bad, "… and more"));
  if (found.clean()) {
    out(paint(Ink::good, "verified") + fmt::format("   {} records in {} segments of {}",
                                                   found.records, found.segments,
                                                   escape_untrusted(directory)));
  } else {
    const bool torn = found.damage() == nullptr;
    const std::size_t places = found.findings.size();
    out(torn ? paint(Ink::warn, "torn") + "       the end of the journal in " +
                   escape_untrusted(directory)
             : paint(Ink::bad, "damaged") +
                   fmt::format("    in {} place{}{} of {}", places, places == 1 ? "" : "s",
                               found.more_findings ? " or more" : "", escape_untrusted(directory)));
    out("readable   " + found.readable_text());
  }
  out(fmt::format("log        {}", escape_untrusted(found.origin)));
  if (found.damage() == nullptr) out(fmt::format("root       {}", pawl::to_string(found.root)));
  const std::uint64_t behind =
      found.records > found.checkpoint_size ? found.records - found.checkpoint_size : 0;
  out(fmt::format("signed     {} records by {} checkpoints{}", found.checkpoint_size,
                  found.checkpoints,
                  behind == 0 ? "" : fmt::format("; the last {} not yet", behind)));
  out(fmt::format("payloads   {} whole, {} erased", found.payloads_present, found.payloads_erased));
  if (found.snapshots > 0) out(fmt::format("snapshots  {}", found.snapshots));
}

int run_verify(const Arguments& arguments) {
  const auto directory = state_directory(arguments);
  if (!directory) return complain(directory.error());
  auto disk = PosixDisk::open(*directory, PosixDisk::Root::must_exist);
  if (!disk) return complain(disk.error());
  Progress progress("segments");
  VerifyOptions options;
  options.pause = [] { ::usleep(pause_us); };
  options.progress = [&progress](std::uint64_t done, std::uint64_t total) {
    progress.step(done, total);
  };
  const auto found = verify_journal(**disk, options);
  if (!found) return complain(found.error());
  if (found->records == 0 && found->checkpoints == 0 && found->clean()) {
    return complain({ErrorKind::missing,
                     fmt::format("there is no journal in `{}`", escape_untrusted(*directory)),
                     {}});
  }
  if (arguments.has("--json")) {
    out(as_json(*found));
  } else {
    print(*found, *directory);
  }
  return found->clean() ? exit_good : exit_no;
}

}  // namespace

extern const CommandRow audit_verify_command = {
    "audit verify",
    "prove",
    "checks every byte of the journal, its tree and its signatures",
    kVerifyOptions,
    {},
    run_verify,
    "Reads the files with code of its own and takes no lock, so a node may go on writing. Exits "
    "with 1 where anything is not as it was written, and says where: file, offset, record; what "
    "only follows from it is not said again; and which records can still be read. Whoever "
    "holds the node's key could write another history that verifies; against that, keep the root "
    "and the number of records somewhere else."};

}  // namespace pawl::app
