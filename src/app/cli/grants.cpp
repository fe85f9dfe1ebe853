// `pawl grants …`: what agents asked for and people granted, and taking it back.
#include "app/cli/grants.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/common/evidence.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "base/time.h"
#include "node/files/config_files.h"
#include "node/policy_views.h"

namespace pawl::app {

namespace {

constexpr OptionRow kGrantListOptions[] = {state_option, config_option, json_option};
constexpr OptionRow kGrantEndOptions[] = {
    {"--reason", "TEXT", "why; it is recorded"}, state_option, config_option, json_option};
constexpr WordRow kGrantId[] = {{"grant", "the grant, as `grants list` names it"}};

std::string grant_word(json::View entry, std::string_view key) {
  return escape_untrusted(entry.text(key).value_or(""));
}

std::string grant_left(json::View grant) {
  if (!grant["left_ms"].exists()) return "as the run";
  return to_string(Duration::seconds(grant["left_ms"].integer() / 1000));
}

// What of a grant is narrower than its tool.
std::string grant_bounds(json::View grant) {
  std::string bounds;
  const std::string stands = grant_word(grant, "stands");
  if (grant["calls"].exists()) {
    const std::string calls = std::to_string(grant["calls"].natural());
    bounds = stands.empty() ? "at most " + calls : calls + " identical";
  } else if (!stands.empty()) {
    bounds = "approved " + stands;
  }
  for (json::View name : grant["arguments"].elements()) {
    bounds += (bounds.empty() ? "one " : ", one ") + escape_untrusted(name.string());
  }
  return bounds;
}

int list_grants(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(R"({"op":"status"})");
  if (!answer) return complain(answer.error());
  const json::View grants = answer->root()["grants"];
  if (arguments.has("--json")) {
    out(json::write(grants));
    return node->ends(exit_good);
  }
  std::vector<std::vector<std::string>> rows;
  for (json::View grant : grants.elements()) {
    rows.push_back({grant_word(grant, "grant"), grant_word(grant, "run"),
                    grant_word(grant, "agent"), grant_word(grant, "tool"), grant_left(grant),
                    grant["used"].exists() ? std::to_string(grant["used"].natural()) : "not known",
                    grant_bounds(grant), grant_word(grant, "approval")});
  }
  out(rows.empty()
          ? "nothing is granted for a while"
          : table(rows, {"grant", "run", "agent", "tool", "left", "used", "bounds", "approval"}));
  return node->ends(exit_good);
}

int end_grant(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const passwd* user = ::getpwuid(::getuid());
  json::Writer request;
  request.object().key("op").string("grant_end");
  request.key("by").string(user == nullptr ? fmt::format("uid:{}", ::getuid()) : user->pw_name);
  request.key("grant").string(arguments.word("grant"));
  request.key("reason").string(arguments.one("--reason").value_or("")).end();
  auto answer = node->ask(request.text());
  if (!answer) return complain(answer.error());
  out(arguments.has("--json") ? R"({"ended":true})" : "ended    " + arguments.word("grant"));
  return exit_good;
}

}  // namespace

std::vector<std::string> grant_lines(json::View status) {
  std::vector<std::string> lines;
  for (json::View grant : status["grants"].elements()) {
    const std::string bounds = grant_bounds(grant);
    const std::string more =
        grant["left_ms"].exists() ? " for " + grant_left(grant) + " more" : std::string();
    lines.push_back(paint(Ink::warn, "granted") +
                    fmt::format("    {} to run {}{}{} ({})", grant_word(grant, "tool"),
                                grant_word(grant, "run"), more, bounds.empty() ? "" : ", " + bounds,
                                grant_word(grant, "grant")));
  }
  return lines;
}

extern const CommandRow grants_list_command = {
    "grants list",     "run", "lists what people let agents use for a while",
    kGrantListOptions, {},    list_grants};
extern const CommandRow grants_end_command = {
    "grants end",     "run",    "revokes a grant; needs no permission",
    kGrantEndOptions, kGrantId, end_grant};

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
    return out(
        fmt::format("no agent asked for access within {} day{}", days, days == 1 ? "" : "s"));
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
  const Instant now = node::wall_clock();
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
  node::write_access(to, history);
  to.key("since").string(to_string(since)).key("unlisted").natural(history.unlisted()).end();
  out(to.text());
  return evidence->ends(exit_good);
}

}  // namespace

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
