// `pawl approvals stats`: how people answer, and what that says about the policy.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/approval_card.h"
#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kOptionsOfStats[] = {json_option, state_option, config_option};

double figure(json::View object, std::string_view key) {
  const json::View value = object[key];
  return value.exists() && value.is_number() ? value.number() : 0.0;
}

std::string share_text(json::View object) {
  return fmt::format("{} %", std::lround(figure(object, "approved") * 100));
}

std::vector<std::string> stats_row(json::View person) {
  const double displayed = figure(person, "displayed");
  const double seeded = figure(person, "seeded");
  return {card_word(person, "person"),
          fmt::format("{}", figure(person, "answers")),
          share_text(person),
          displayed > 0 ? fmt::format("{}s", figure(person, "median_seconds")) : "not known",
          fmt::format("{} of {}", figure(person, "hasty"), displayed),
          fmt::format("{}s", figure(person, "median_open_seconds")),
          seeded > 0 ? fmt::format("{} of {}", figure(person, "caught"), seeded) : "not measured"};
}

int stats(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto answer = node->ask(R"({"op":"people"})");
  if (!answer) return complain(answer.error());
  const json::View said = answer->root();
  if (arguments.has("--json")) {
    out(json::write(said));
    return node->ends(exit_good);
  }
  out(fmt::format("questions a day      {} over {} days", figure(said, "per_day"),
                  figure(said, "days")));
  out(fmt::format("answered with yes    {} of {}", share_text(said), figure(said, "answers")));
  out(fmt::format(
      "under two seconds    {} approvals after the card was displayed, of {} answers of "
      "which that is known",
      figure(said, "hasty"), figure(said, "displayed")));
  out(fmt::format(
      "at once              {} approvals within two seconds of the question, card or not",
      figure(said, "at_once")));
  std::vector<std::vector<std::string>> rows;
  for (json::View person : said["reviewers"].elements()) rows.push_back(stats_row(person));
  if (!rows.empty()) {
    out(table(rows,
              {"person", "answers", "yes", "read for", "under 2 s", "since asked", "vigilance"}));
  }
  for (json::View advice : said["advice"].elements()) {
    out(paint(Ink::warn, "advice  ") + escape_untrusted(advice.is_string() ? advice.string() : ""));
  }
  out("counted since " + card_word(said, "since"));
  return node->ends(exit_good);
}

}  // namespace

extern const CommandRow approvals_stats_command = {
    "approvals stats",
    "run",
    "says how people answer: how often with yes, how fast, and what need not be asked",
    kOptionsOfStats,
    {},
    stats,
    "What the console's page of reviewers shows. How long a card was read is counted from when "
    "this "
    "node first gave it to that person, at the console or at a terminal, so it is not known of "
    "answers of before the node started, of buttons elsewhere and of programs. The rest begins "
    "with "
    "the node's last snapshot. Medians stand for persons."};

}  // namespace pawl::app
