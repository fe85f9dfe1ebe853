// `pawl drill`: asks the node for an exercise of the kill switch, and shows how long it took.
#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/drill.h"
#include "app/evidence.h"
#include "app/terminal.h"
#include "base/text.h"
#include "model/record.h"

namespace pawl::app {
namespace {

constexpr OptionRow kDrillAs = {"--as", "NAME",
                                "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kEverything = {"--everything", "",
                                   "throws the switch over everything, in a maintenance window",
                                   Takes::nothing};
constexpr OptionRow kDrillOptions[] = {kDrillAs, kEverything, json_option, state_option,
                                       config_option};

std::string shown_ms(json::View microseconds) {
  const std::int64_t us = microseconds.is_integer() ? microseconds.integer() : 0;
  return fmt::format("{:.1f} ms", static_cast<double>(us) / 1000);
}

int run_drill(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer act_text;
  act_text.object().key("everything").boolean(arguments.has("--everything"));
  act_text.key("kind").string("drill").end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  const json::View root = done->root();
  const bool passed = root["passed"].kind() == json::Kind::boolean && root["passed"].boolean();
  if (arguments.has("--json")) {
    out(json::write(root));
    return passed ? exit_good : exit_no;
  }
  out(paint(passed ? Ink::good : Ink::bad, passed ? "passed" : "failed") +
      fmt::format("   {} of role {}", escape_untrusted(root.text("run").value_or("")),
                  escape_untrusted(root.text("role").value_or(""))));
  out(fmt::format("calls let through      {} before the switch, {} after it",
                  root["calls"].natural(), root["after"].natural()));
  out("to the last of them    " + shown_ms(root["decided_us"]));
  out(fmt::format("processes              {}, and {} not proved dead", root["processes"].natural(),
                  root["alive"].natural()));
  out("to the end of the last " + shown_ms(root["dead_us"]));
  return passed ? exit_good : exit_no;
}

}  // namespace

Result<std::optional<Instant>> last_drill(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return std::unexpected(evidence.error());
  std::optional<Instant> last;
  const Status read = evidence->records(0, [&last](const JournalEntry&, json::View record) {
    if (record.text("type") != "drilled") return true;
    const auto parsed = parse_record(record);
    const Drilled* drill = parsed ? std::get_if<Drilled>(&parsed->body) : nullptr;
    if (drill != nullptr && drill->passed) last = parsed->at;
    return true;
  });
  if (!read) return std::unexpected(read.error());
  if (!evidence->damage().empty()) return fail(ErrorKind::corrupt, evidence->damage());
  return last;
}

extern const CommandRow drill_command = {
    .name = "drill",
    .group = "run",
    .says = "tries the kill switch on a run of its own, and measures it; needs a reviewer",
    .options = kDrillOptions,
    .words = {},
    .run = run_drill,
    .more =
        "The deployment file says whose run it is (`drill: {role: canary, every: 30d}`); the "
        "policy of that role allows the tool `drill_effect`, which does nothing. A run is opened, "
        "calls are let through, a hundred processes are started; then the switch is thrown over "
        "that run, and with --everything over all of them. The drill's own kill is lifted "
        "afterwards, and no other; a drill is refused where somebody has stopped what it would "
        "try. With --everything runs go on and take calls again, but what the switch ended stays "
        "ended: held calls are withdrawn, calls at servers cancelled, what people granted is gone, "
        "and credentials of runs are no longer good. The outcome is a record, and `pawl check` "
        "fails when the last drill that passed is older than the deployment file says.\n\nExit "
        "status "
        "1: it did not pass."};

}  // namespace pawl::app
