// `pawl audit tail` and `pawl audit query`: the records of the journal, while a node may be
// writing.

#include <unistd.h>

#include <charconv>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "app/cli/audit_text.h"
#include "app/cli/commands.h"
#include "app/common/command.h"
#include "app/common/evidence.h"
#include "app/terminal/layout.h"
#include "app/terminal/screen.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "io/journal/posix_disk.h"
#include "io/journal/verify.h"
#include "model/verdict.h"
#include "node/common/audit_filter.h"
#include "node/files/config_files.h"

namespace pawl::app {

namespace {

constexpr std::uint64_t tail_lines_usual = 20;
constexpr int look_every_us = 100'000;

constexpr OptionRow kRun = {"--run", "R", "only this run: its id, the beginning of it, or `last`"};
constexpr OptionRow kTailOptions[] = {
    {"--follow", "", "goes on with new records until it is interrupted", Takes::nothing},
    {"-f", "", "the same as `--follow`", Takes::nothing},
    {"--lines", "N", "how many of the last records (default 20)"},
    kRun,
    json_option,
    state_option,
};
constexpr OptionRow kQueryOptions[] = {
    kRun,
    {"--tool", "NAME", "only this tool, with or without its server"},
    {"--effect", "WORD", "only decisions with this effect: allow, notify, hold or deny"},
    {"--code", "WORD", "only this code: constraint, blocked, ceiling and others"},
    {"--agent", "NAME", "only this agent (the role in its policy)"},
    {"--argument", "TEXT",
     "only calls with this in their arguments, with their approval requests and ends"},
    {"--person", "NAME", "only what this person did, and the calls of runs that they started"},
    {"--since", "TIME", "from this time on: RFC 3339, a date, or how long ago (`2h`)"},
    {"--until", "TIME", "before this time, spelled the same way"},
    {"--limit", "N", "at most so many, the first ones"},
    json_option,
    state_option,
};

Result<std::uint64_t> number_of(const Arguments& arguments, std::string_view option,
                                std::uint64_t usual) {
  const auto given = arguments.one(option);
  if (!given) return usual;
  std::uint64_t value = 0;
  const auto read = std::from_chars(given->data(), given->data() + given->size(), value);
  if (read.ec != std::errc() || read.ptr != given->data() + given->size()) {
    return fail(ErrorKind::usage, fmt::format("`{}` after `{}` is not a whole number",
                                              escape_untrusted(*given), option));
  }
  return value;
}

Status check_words(const node::AuditFilter& filter) {
  constexpr std::string_view effects[] = {"allow", "notify", "contain", "hold", "deny"};
  bool known = filter.effect.empty();
  for (const std::string_view effect : effects) known = known || filter.effect == effect;
  if (!known) {
    return fail(ErrorKind::usage, fmt::format("`{}` is not an effect: allow, notify, hold or deny",
                                              escape_untrusted(filter.effect)));
  }
  Code code{};
  if (!filter.code.empty() && !parse_code(filter.code, code)) {
    return fail(ErrorKind::usage, fmt::format("`{}` is not a code", escape_untrusted(filter.code)));
  }
  return {};
}

Result<node::AuditFilter> filter_of(const Arguments& arguments, Evidence& evidence) {
  node::AuditFilter filter;
  if (const auto wanted = arguments.one("--run")) {
    auto run = evidence.find_run(*wanted);
    PAWL_TRY(run);
    filter.run = std::move(*run);
  }
  filter.tool = arguments.one("--tool").value_or("");
  filter.effect = arguments.one("--effect").value_or("");
  filter.code = arguments.one("--code").value_or("");
  filter.agent = arguments.one("--agent").value_or("");
  filter.person = arguments.one("--person").value_or("");
  filter.argument = arguments.one("--argument").value_or("");
  filter.payload = [&evidence](std::string_view commitment) {
    auto stored = evidence.payload(commitment);
    return stored && stored->state == PayloadState::present ? std::move(stored->bytes)
                                                            : std::string();
  };
  auto since = moment_of(arguments, "--since");
  PAWL_TRY(since);
  auto until = moment_of(arguments, "--until");
  PAWL_TRY(until);
  filter.since = *since;
  filter.until = *until;
  PAWL_TRY(check_words(filter));
  return filter;
}

// The stored bytes as they are, or a line for a person.
std::string shown(const JournalEntry& entry, json::View record, bool json) {
  if (json) return std::string(entry.record);
  const std::size_t wide = line_columns();
  return wide == columns_unlimited ? record_line(record) : cut_line(record_line(record), wide);
}

// Above lines for a person; a program that reads lines gets nothing but records.
void out_head(bool json) {
  if (!json && line_columns() != columns_unlimited) out(paint(Ink::dim, record_head));
}

int follow(Evidence& evidence, node::AuditFilter& filter, std::uint64_t next, bool json) {
  for (;;) {
    const Status read = evidence.records(next, [&](const JournalEntry& entry, json::View record) {
      next = entry.seq + 1;
      if (filter.wants(record)) out(shown(entry, record, json));
      return true;
    });
    if (!read) return evidence.ends(read.error());
    ::usleep(look_every_us);
  }
}

int tail(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  auto filter = filter_of(arguments, *evidence);
  if (!filter) return evidence->ends(filter.error());
  const auto lines = number_of(arguments, "--lines", tail_lines_usual);
  if (!lines) return evidence->ends(lines.error());
  const bool json = arguments.has("--json");
  std::deque<std::string> last;
  std::uint64_t next = 0;
  const Status read = evidence->records(0, [&](const JournalEntry& entry, json::View record) {
    next = entry.seq + 1;
    if (!filter->wants(record) || *lines == 0) return true;
    last.push_back(shown(entry, record, json));
    if (last.size() > *lines) last.pop_front();
    return true;
  });
  out_head(json);
  for (const std::string& line : last) out(line);
  if (!read) return evidence->ends(read.error());
  const bool follows = arguments.has("--follow") || arguments.has("-f");
  if (!follows || !evidence->damage().empty()) return evidence->ends(exit_good);
  return follow(*evidence, *filter, next, json);
}

int query(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  auto filter = filter_of(arguments, *evidence);
  if (!filter) return evidence->ends(filter.error());
  const auto limit = number_of(arguments, "--limit", ~std::uint64_t{0});
  if (!limit) return evidence->ends(limit.error());
  const bool json = arguments.has("--json");
  std::uint64_t found = 0;
  const Status read = evidence->records(0, [&](const JournalEntry& entry, json::View record) {
    if (found >= *limit) return false;
    if (!filter->wants(record)) return true;
    if (++found == 1) out_head(json);
    out(shown(entry, record, json));
    return true;
  });
  if (!read) return evidence->ends(read.error());
  if (found == 0 && !json) {
    out(evidence->damage().empty() ? "no record fits" : "no record before the damage fits");
  }
  return evidence->ends(found == 0 ? exit_no : exit_good);
}

}  // namespace

extern const CommandRow audit_tail_command = {
    "audit tail", "prove", "shows the last records of the journal, and new ones as they come",
    kTailOptions, {},      tail};
extern const CommandRow audit_query_command = {
    "audit query",
    "prove",
    "finds records by run, tool, argument, person, effect, code, agent and time",
    kQueryOptions,
    {},
    query,
    "Prints the records that fit all the options given, oldest first, and exits with 1 where none "
    "does. With `--json` each line is a record exactly as it is stored."};

namespace {

constexpr OptionRow kRecordOptions[] = {json_option, state_option};
constexpr WordRow kShowWords[] = {
    {"what", "a record's number, a call (`c-…`) or an approval (`a-…`)"},
};
constexpr std::size_t payload_bytes_shown_max = 4096;
constexpr std::string_view margin = "  ";

// The members of records that commit to a payload, and what to call it.
struct Committed {
  std::string_view member, name;
};
constexpr Committed kCommitted[] = {
    {"args", "arguments"}, {"forwarded", "forwarded"}, {"payload", "payload"},
    {"result", "result"},  {"words", "words"},
};

std::string_view to_string(PayloadState state) {
  switch (state) {
    case PayloadState::present:
      return "present";
    case PayloadState::erased:
      return "erased";
    case PayloadState::missing:
      return "missing";
  }
  return "missing";
}

// A question opens with the arguments of its call; a plain digest stands where nothing was kept.
std::string absent(PayloadState state) {
  return state == PayloadState::erased ? "erased: salt and bytes are gone, the proofs stand"
                                       : "not kept: only its digest is in the record";
}

class Showing {
 public:
  Showing(Evidence& evidence, bool json) : evidence_(evidence), json_(json) {}

  void show(const JournalEntry& entry, json::View record) {
    if (entry_json_.text().empty() && json_) entry_json_.array();
    auto inclusion = evidence_.inclusion(entry);
    if (json_) {
      write_json(entry, record, inclusion);
    } else {
      print(entry, record, inclusion);
    }
  }
  std::string json() {
    entry_json_.end();
    return entry_json_.take();
  }

 private:
  void print(const JournalEntry& entry, json::View record, const Result<Inclusion>& inclusion);
  void write_json(const JournalEntry& entry, json::View record, const Result<Inclusion>& inclusion);

  Evidence& evidence_;
  bool json_;
  json::Writer entry_json_;
};

std::string proof_text(const Result<Inclusion>& inclusion) {
  if (!inclusion) {
    return paint(Ink::bad, "not proved: " + escape_untrusted(inclusion.error().message));
  }
  if (inclusion->signed_size == 0) return paint(Ink::warn, "no checkpoint is signed yet");
  if (!inclusion->covered) {
    return paint(Ink::warn, fmt::format("not signed yet: the newest checkpoint covers {} records",
                                        inclusion->signed_size));
  }
  if (!inclusion->proved) {
    return paint(Ink::bad, "its place does not lead to the signed root: run `pawl audit verify`");
  }
  return paint(Ink::good, "proved") +
         fmt::format(": in the signed tree of {} records, by a path of {} hashes",
                     inclusion->signed_size, inclusion->path.size());
}

void Showing::print(const JournalEntry& entry, json::View record,
                    const Result<Inclusion>& inclusion) {
  out(paint(Ink::strong, fmt::format("record {}", entry.seq)) + "  " +
      escape_untrusted(record.text("type").value_or("")));
  std::string all = record_members(record, margin);
  all.pop_back();
  out(all);
  for (const Committed& committed : kCommitted) {
    const auto commitment = record.text(committed.member);
    if (!commitment) continue;
    auto payload = evidence_.payload(*commitment);
    std::string shown;
    if (!payload) {
      shown = std::string(margin) + paint(Ink::bad, escape_untrusted(payload.error().message));
    } else if (payload->state == PayloadState::present) {
      shown = pretty(payload->bytes, margin, payload_bytes_shown_max);
    } else {
      shown = std::string(margin) + paint(Ink::dim, absent(payload->state));
    }
    out(paint(Ink::dim, std::string(committed.name)) + "\n" + shown);
  }
  out(paint(Ink::dim, "leaf") + "  " + pawl::to_string(entry.leaf));
  out(paint(Ink::dim, "tree") + "  " + proof_text(inclusion) + "\n");
}

void Showing::write_json(const JournalEntry& entry, json::View record,
                         const Result<Inclusion>& inclusion) {
  json::Writer& json = entry_json_;
  json.object().key("leaf").string(pawl::to_string(entry.leaf)).key("payloads").object();
  for (const Committed& committed : kCommitted) {
    const auto commitment = record.text(committed.member);
    if (!commitment) continue;
    auto payload = evidence_.payload(*commitment);
    json.key(committed.member).object();
    if (!payload) {
      json.key("state").string("corrupt").key("why").string(payload.error().message).end();
      continue;
    }
    json.key("state").string(to_string(payload->state));
    // Bytes that are no text are replaced by U+FFFD where JSON has no way to say them.
    if (payload->state == PayloadState::present) json.key("text").string(payload->bytes);
    json.end();
  }
  json.end().key("proof").object();
  if (inclusion) {
    json.key("path").array();
    for (const Digest& hash : inclusion->path) json.string(pawl::to_string(hash));
    json.end().key("proved").boolean(inclusion->proved);
    json.key("signed_size").natural(inclusion->signed_size);
  } else {
    json.key("proved").boolean(false).key("why").string(inclusion.error().message);
  }
  json.end().key("record").raw(entry.record).end();
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Error nothing_there(const std::string& what, std::uint64_t records) {
  if (number(what)) {
    return {ErrorKind::missing,
            fmt::format("there is no record {}: the journal holds {}", what, records),
            {}};
  }
  return {ErrorKind::missing,
          fmt::format("no record names a call or an approval `{}`", escape_untrusted(what)),
          {}};
}

int run_show(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  const std::string what = arguments.word("what");
  const auto seq = number(what);
  // First the places, then what is there: a proof reads the journal by itself.
  std::vector<std::uint64_t> wanted;
  std::uint64_t records = 0;
  const Status found = evidence->records(0, [&](const JournalEntry& entry, json::View record) {
    records = entry.seq + 1;
    const bool fits = seq ? entry.seq == *seq
                          : record.text("call").value_or("") == what ||
                                record.text("approval").value_or("") == what;
    if (fits) wanted.push_back(entry.seq);
    return !seq || !fits;
  });
  if (!found) return evidence->ends(found.error());
  if (wanted.empty()) return evidence->ends(nothing_there(what, records));
  Showing showing(*evidence, arguments.has("--json"));
  for (const std::uint64_t place : wanted) {
    const Status read = evidence->records(place, [&](const JournalEntry& entry, json::View record) {
      showing.show(entry, record);
      return false;
    });
    if (!read) return evidence->ends(read.error());
  }
  if (arguments.has("--json")) out(showing.json());
  return evidence->ends(exit_good);
}

}  // namespace

extern const CommandRow audit_show_command = {
    "audit show",
    "prove",
    "shows a record, or all of a call or an approval, with payloads",
    kRecordOptions,
    kShowWords,
    run_show,
    "Payloads are shown only where they are the bytes that the record commits to. The last line "
    "says whether the record stands in the tree that the node's newest checkpoint signs."};

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
    "with 1 where anything is not as it was written, and says where: file, offset, record; and "
    "which records can still be read. It does not repeat what only follows from that. The holder "
    "of the node's key could write another history that verifies; against that, keep the root and "
    "the number of records somewhere else."};

}  // namespace pawl::app
