// `pawl audit tail` and `pawl audit query`: the records of the journal, while a node may be
// writing.
#include <unistd.h>

#include <charconv>
#include <deque>

#include <fmt/format.h>

#include "app/audit_text.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/evidence.h"
#include "app/terminal.h"
#include "base/text.h"
#include "model/verdict.h"

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

Status check_words(const AuditFilter& filter) {
  constexpr std::string_view effects[] = {"allow", "notify", "contain", "hold", "deny"};
  bool known = filter.effect.empty();
  for (const std::string_view effect : effects) known = known || filter.effect == effect;
  if (!known) {
    return fail(ErrorKind::usage, fmt::format("`{}` is no effect: allow, notify, hold or deny",
                                              escape_untrusted(filter.effect)));
  }
  Code code{};
  if (!filter.code.empty() && !parse_code(filter.code, code)) {
    return fail(ErrorKind::usage,
                fmt::format("`{}` is none of the codes", escape_untrusted(filter.code)));
  }
  return {};
}

Result<AuditFilter> filter_of(const Arguments& arguments, Evidence& evidence) {
  AuditFilter filter;
  if (const auto wanted = arguments.one("--run")) {
    auto run = evidence.find_run(*wanted);
    if (!run) return std::unexpected(run.error());
    filter.run = std::move(*run);
  }
  filter.tool = arguments.one("--tool").value_or("");
  filter.effect = arguments.one("--effect").value_or("");
  filter.code = arguments.one("--code").value_or("");
  filter.agent = arguments.one("--agent").value_or("");
  auto since = moment_of(arguments, "--since");
  if (!since) return std::unexpected(since.error());
  auto until = moment_of(arguments, "--until");
  if (!until) return std::unexpected(until.error());
  filter.since = *since;
  filter.until = *until;
  if (Status words = check_words(filter); !words) return std::unexpected(words.error());
  return filter;
}

// The stored bytes as they are, or a line for a person.
std::string shown(const JournalEntry& entry, json::View record, bool json) {
  return json ? std::string(entry.record) : record_line(record);
}

int follow(Evidence& evidence, AuditFilter& filter, std::uint64_t next, bool json) {
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
    ++found;
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
    "finds records by run, tool, effect, code, agent and time",
    kQueryOptions,
    {},
    query,
    "Prints the records that fit all the options given, oldest first, and exits with 1 where none "
    "does. With `--json` each line is a record exactly as it is stored."};

}  // namespace pawl::app
