// `pawl audit show`: one record, or all records of a call or a question, with their payloads and
// what their place in the signed tree is worth.
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "app/audit_text.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/evidence.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
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

}  // namespace pawl::app
