// `pawl ack`: a person answers for an escalation.
#include "app/ack.h"

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kAckAs = {"--as", "NAME",
                              "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kAckResolved = {"--resolved", "", "and it is over", Takes::nothing};
constexpr OptionRow kAckOptions[] = {kAckAs, kAckResolved, json_option, state_option,
                                     config_option};
constexpr WordRow kAckWords[] = {{"id", "the escalation, as `status` names it"}};

int acknowledge(const Arguments& arguments) {
  const std::string id = arguments.word("id");
  const bool over = arguments.has("--resolved");
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer act_text;
  act_text.object().key("escalation").string(id).key("kind").string("acknowledge");
  act_text.key("resolved").boolean(over).end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  out(arguments.has("--json")
          ? json::write(done->root())
          : paint(Ink::good, over ? "resolved" : "acknowledged") + "   " + escape_untrusted(id));
  return exit_good;
}

}  // namespace

std::vector<std::string> escalation_lines(json::View status) {
  std::vector<std::string> lines;
  const auto text = [](json::View view, std::string_view key) {
    return escape_untrusted(view.text(key).value_or(""));
  };
  for (json::View one : status["escalations"].elements()) {
    const std::string phase = text(one, "phase");
    const bool by_somebody = phase == "acknowledged";
    lines.push_back(paint(by_somebody ? Ink::good : Ink::bad, phase) +
                    fmt::format("   {} {}{}: {}{}", text(one, "escalation"), text(one, "event"),
                                text(one, "run").empty() ? "" : " of " + text(one, "run"),
                                text(one, "why"),
                                by_somebody ? " (by " + text(one, "person") + ")" : ""));
  }
  for (json::View way : status["notices"].elements()) {
    if (text(way, "dead").empty()) continue;
    lines.push_back(paint(Ink::bad, "unheard") +
                    fmt::format("    notices do not get through by {}: {}", text(way, "name"),
                                text(way, "dead")));
  }
  if (const std::string last = text(status, "last_drill"); !last.empty()) {
    lines.push_back(fmt::format("drill      {} by {}", last, text(status, "drilled_by")));
  }
  return lines;
}

extern const CommandRow ack_command = {
    "ack",       "run",     "answers for an escalation, which stops it; needs a reviewer",
    kAckOptions, kAckWords, acknowledge};

}  // namespace pawl::app
