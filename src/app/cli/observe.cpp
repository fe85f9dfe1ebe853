// `pawl observe report`: what a watched role would have been stopped at.
#include <fmt/format.h>

#include "analysis/replay/watched.h"
#include "app/cli/commands.h"
#include "app/common/command.h"
#include "app/common/evidence.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kReportOptions[] = {
    {"--since", "TIME", "from this time on: RFC 3339, a date, or how long ago (`24h`)"},
    json_option,
    state_option,
};
constexpr WordRow kReportWords[] = {{"role", "only this one", false}};

std::string times(std::uint64_t count) {
  return fmt::format("{} time{}", count, count == 1 ? "" : "s");
}

void say_day(const std::string& date, const std::string& role, const WatchedDay& day) {
  out(fmt::format("{}  {}: would have asked you {}, denied {}; {} ran by its policy",
                  paint(Ink::strong, date), escape_untrusted(role), times(day.asked),
                  times(day.stopped), day.ran));
  for (const auto& [reason, count] : day.reasons) {
    out(fmt::format("  {:>5}  {}  {}  {}{}", count,
                    reason.stopped ? paint(Ink::bad, "denied ") : paint(Ink::warn, "asked  "),
                    escape_untrusted(reason.tool), escape_untrusted(reason.code),
                    reason.rule.empty() ? ""
                                        : "  " + escape_untrusted(reason.rule) + "  " +
                                              paint(Ink::dim, escape_untrusted(reason.rule_at))));
  }
}

void write_day(const std::string& date, const std::string& role, const WatchedDay& day) {
  json::Writer to;
  to.object().key("asked").natural(day.asked).key("day").string(date);
  to.key("ran").natural(day.ran).key("reasons").array();
  for (const auto& [reason, count] : day.reasons) {
    to.object().key("code").string(reason.code).key("count").natural(count);
    to.key("effect").string(reason.stopped ? "deny" : "hold").key("rule").string(reason.rule);
    to.key("rule_at").string(reason.rule_at).key("tool").string(reason.tool).end();
  }
  to.end().key("role").string(role).key("stopped").natural(day.stopped).end();
  out(to.text());
}

int run_observe_report(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  const auto since = moment_of(arguments, "--since");
  if (!since) return evidence->ends(since.error());
  const bool json = arguments.has("--json");
  const std::string wanted = arguments.word("role");
  WatchedReport report([&](std::string_view role, Instant at) {
    return (wanted.empty() || role == wanted) && (!*since || at >= **since);
  });
  const Status read =
      evidence->parsed_records(0, [&report](const JournalEntry&, const Record& record) {
        report.take(record);
        return true;
      });
  if (!read) return evidence->ends(read.error());
  const auto& days = report.days();
  if (days.empty() && !json) out("nothing ran that a policy would have denied or held");
  for (const auto& [date, roles] : days) {
    for (const auto& [role, day] : roles) {
      json ? write_day(date, role, day) : say_day(date, role, day);
    }
  }
  return evidence->ends(exit_good);
}

}  // namespace

extern const CommandRow observe_report_command = {
    "observe report",
    "prove",
    "says what a watched role would have been denied or held at, day by day",
    kReportOptions,
    kReportWords,
    run_observe_report,
    "Of the calls that ran although they were denied or held, as their role was watched and not "
    "enforced (`observe` in the deployment file): how many people would have been asked about, how "
    "many would not have run, by which tool and which rule. Days are those of UTC. What was "
    "denied all the same is not part of it: `pawl audit query --effect deny` has it. With `--json` "
    "a line "
    "for each day and role."};

}  // namespace pawl::app
