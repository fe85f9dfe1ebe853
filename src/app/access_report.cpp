// `pawl grants report`: which role asked for which tool, and what became of it.
#include "app/access_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"
#include "app/commands.h"
#include "app/evidence.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr Duration kReportedByDefault = Duration::seconds(30L * 86'400);
constexpr std::int64_t kNsOfDay = 86'400'000'000'000;

constexpr OptionRow kOptionsOfGrantsReport[] = {
    {"--since", "TIME",
     "from this time on: RFC 3339, a date, or how long ago (`24h`); else 30 days"},
    json_option,
    state_option,
};

std::string date_of(Instant at) {
  return at.ns == 0 ? std::string("before that") : to_string(at).substr(0, 10);
}

void print_access(const AccessHistory& history, std::int64_t days) {
  if (history.uses().empty()) {
    return out(fmt::format("nobody asked for access within {} day{}", days, days == 1 ? "" : "s"));
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, use] : history.uses()) {
    rows.push_back({escape_untrusted(key.first), escape_untrusted(key.second),
                    std::to_string(use.asked), std::to_string(use.days),
                    std::to_string(use.granted), std::to_string(use.rejected),
                    std::to_string(use.used), std::to_string(use.calls), date_of(use.last)});
  }
  out(table(rows, {"role", "tool", "asked", "on days", "granted", "refused", "used", "calls",
                   "last asked"}));
  if (history.unlisted() > 0) {
    out(fmt::format("and {} records of other roles and tools", history.unlisted()));
  }
  for (const std::string& line : advice_on_access(history)) {
    out(paint(Ink::warn, "advice") + "   " + line);
  }
}

int report_grants(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  const auto given = moment_of(arguments, "--since");
  if (!given) return evidence->ends(given.error());
  const Instant now = wall_clock();
  const Instant since = given->value_or(now + Duration{-kReportedByDefault.ns});
  AccessHistory history(since);
  const Status read =
      evidence->parsed_records(0, [&history](const JournalEntry&, const Record& record) {
        history.take(record);
        return true;
      });
  if (!read) return evidence->ends(read.error());
  const std::int64_t days = std::max<std::int64_t>(1, (now - since).ns / kNsOfDay);
  if (!arguments.has("--json")) {
    print_access(history, days);
    return evidence->ends(exit_good);
  }
  json::Writer to;
  to.object();
  write_access(to, history);
  to.key("since").string(to_string(since)).key("unlisted").natural(history.unlisted()).end();
  out(to.text());
  return evidence->ends(exit_good);
}

}  // namespace

void write_access(json::Writer& to, const AccessHistory& history) {
  to.key("access").array();
  for (const auto& [key, use] : history.uses()) {
    to.object().key("asked").natural(use.asked).key("calls").natural(use.calls);
    to.key("days").natural(use.days);
    if (use.asked > 0) {
      to.key("first").string(to_string(use.first)).key("last").string(to_string(use.last));
    }
    to.key("granted").natural(use.granted).key("rejected").natural(use.rejected);
    to.key("role").string(escape_untrusted(key.first)).key("taken_back").natural(use.taken_back);
    to.key("tool").string(escape_untrusted(key.second)).key("used").natural(use.used).end();
  }
  to.end().key("access_advice").array();
  for (const std::string& line : advice_on_access(history)) to.string(line);
  to.end();
}

extern const CommandRow grants_report_command = {
    "grants report",
    "run",
    "says which role asked for which tool, how often it got it, and whether it used it",
    kOptionsOfGrantsReport,
    {},
    report_grants,
    "Reads the journal. What is asked for on many days and never refused is a permission that "
    "stands although no file says so; what is granted and never used was not needed."};

}  // namespace pawl::app
