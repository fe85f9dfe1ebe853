// `pawl check`: what a policy file means, what is wrong with it, and what it leaves open.
#include "app/cli/check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "analysis/check/check.h"
#include "app/cli/asked_server.h"
#include "app/cli/check_setup.h"
#include "app/cli/commands.h"
#include "app/cli/kill_switch.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "base/yaml.h"
#include "io/pins/lock.h"
#include "kernel/config/limits.h"
#include "node/files/config_files.h"
#include "node/gateway.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {

namespace {

constexpr auto options = std::to_array<OptionRow>({
    config_option,
    {"--production", "", "judge the file as one for production: gaps are errors", Takes::nothing},
    {"--lock", "", "compare with the definitions accepted in `pawl.lock` beside the file",
     Takes::nothing},
    {"--layers", "F",
     "a layer file that the policy has to pass too, besides those of the deployment", Takes::many},
    asked_server_option,
    {"--env", "NAME", "passes one more variable to the server", Takes::many},
    state_option,
    json_option,
});
constexpr std::array<WordRow, 2> words = {
    WordRow{.name = "F", .says = "a policy file or a layer file", .required = true, .many = true},
    WordRow{.name = "command",
            .says = "a server's program and arguments: the files are held against what it offers",
            .required = false,
            .many = true,
            .after_dashes = true}};

struct Given {
  const node::DeploymentRead& read;
  std::vector<Error> mistakes;  // of the deployment with the policies of all its roles
  std::vector<ToolDefinition> live;
  node::MoreLayers layers;
  bool production = false, lock = false;
};

// The machine's fault, not the file's: nothing can be said about the policy.
bool unread(const Loaded& loaded) {
  return std::ranges::any_of(loaded.errors, [](const Error& error) {
    return error.fault == ErrorKind::missing || error.fault == ErrorKind::environment ||
           error.fault == ErrorKind::io;
  });
}

struct Outcome {
  int status = exit_good;
  CheckReport report;
};

bool strict(const Given& given, const Policy& policy) {
  return given.production || policy.environment == Environment::production;
}

// A deployment file says none of what each policy says, and something that only it may.
bool is_deployment(const std::string& file) {
  const auto text = node::read_file(file, limits::file_bytes_max);
  if (!text) return false;
  const yaml::Node root = yaml::read(*text, file, limits::file_bytes_max).root;
  const auto has = [&root](std::string_view key) { return root.entry(key) != nullptr; };
  const std::initializer_list<std::string_view> own = {
      "roles", "listen", "credentials", "agents", "people", "notify", "issuers", "layers", "drill"};
  return !has("agent") && !has("tools") && !has("execution") &&
         (std::ranges::any_of(own, has) || has("servers"));
}

// With all that it names, as `pawl serve` would read it where it listens.
Outcome check_deployment(const std::string& file) {
  Outcome outcome;
  const node::DeploymentRead read = node::read_deployment(file, true);
  outcome.report.errors = read.deployment && read.deployment->listen
                              ? node::serving_mistakes(read)
                              : node::deployment_mistakes(read, {});
  if (read.deployment) {
    outcome.report.summary.push_back(
        fmt::format("deployment file: {} roles, {} servers, {} credentials, {} agents",
                    read.deployment->roles.size(), read.deployment->servers.size(),
                    read.deployment->credentials.size(), read.deployment->agents.size()));
  }
  if (!outcome.report.passes()) outcome.status = read.text.empty() ? exit_usage : exit_no;
  return outcome;
}

Outcome check_file(const std::string& file, const Given& given) {
  const Deployment& deployment = *given.read.deployment;
  Outcome outcome;
  if (const auto text = node::read_file(file, limits::file_bytes_max);
      text && node::is_layer(*text)) {
    const Loaded layer = node::read_layer(file);
    outcome.report = check_layer(layer, node::wall_clock());
    if (!outcome.report.passes()) outcome.status = unread(layer) ? exit_usage : exit_no;
    return outcome;
  }
  if (is_deployment(file)) return check_deployment(file);
  const Loaded loaded = node::read_policy_with(given.layers, file, &deployment);
  // A server that is asked says more than the lock.
  const bool by_lock = given.lock && given.live.empty();
  const std::vector<ToolDefinition> known = by_lock ? accepted_definitions(file) : given.live;
  outcome.report = check(loaded, &deployment, known, node::wall_clock(), given.production,
                         by_lock ? KnownBy::accepted : KnownBy::offered);
  if (loaded.policy != nullptr) {
    const Policy& policy = *loaded.policy;
    if (given.lock || strict(given, policy)) {
      compare_lock(file, policy, given.lock, node::wall_clock(), outcome.report);
    }
    compare_deployment(file, policy, given.read, outcome.report);
    if (!node::roles_of(deployment, file).empty()) {
      outcome.report.errors.insert(outcome.report.errors.end(), given.mistakes.begin(),
                                   given.mistakes.end());
    }
    compare_links(policy, outcome.report);
  }
  if (!outcome.report.passes()) outcome.status = unread(loaded) ? exit_usage : exit_no;
  return outcome;
}

std::vector<std::string> roles_checked(const Arguments& arguments, const Deployment& deployment) {
  std::vector<std::string> roles;
  for (const std::string& file : arguments.words("F")) {
    std::ranges::move(node::roles_of(deployment, file), std::back_inserter(roles));
  }
  return roles;
}

// What the server behind `--`, or the named one of the deployment file, offers; nothing without.
Result<std::vector<ToolDefinition>> offered(const Arguments& arguments,
                                            const Deployment& deployment) {
  if (arguments.words("command").empty() && !arguments.has("--server")) {
    return std::vector<ToolDefinition>();
  }
  // Its credential has to be for every role whose file is checked.
  auto asked = asked_server(arguments, roles_checked(arguments, deployment));
  PAWL_TRY(asked);
  auto offer = offered_by(std::move(*asked));
  PAWL_TRY(offer);
  return std::move(offer->tools);
}

// A switch that was not tried for so long is not known to work.
std::optional<std::string> drill_overdue(const Arguments& arguments, const DrillPlan& plan) {
  const auto last = last_drill(arguments);
  const std::string at = fmt::format("{}:{}: ", plan.at.file, plan.at.line);
  if (!last && last.error().fault == ErrorKind::missing) {
    err(escape_untrusted(at +
                         "there is no journal here, so the time of the last drill is not known"));
    return std::nullopt;
  }
  if (!last) return at + "the last drill is not known: " + to_string(last.error());
  const std::string wanted = fmt::format("`drill` asks for one every {}", to_string(plan.every));
  if (!*last) return at + "the kill switch never passed a drill, and " + wanted;
  if (node::wall_clock() - **last <= plan.every) return std::nullopt;
  return at + "the kill switch last passed a drill at " + to_string(**last) + ", and " + wanted;
}

int run_check(const Arguments& arguments) {
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
  if (!read.deployment) return exit_usage;

  auto live = offered(arguments, *read.deployment);
  if (!live) return complain(live.error());
  ProductionRoles production;
  if (arguments.has("--production")) {
    for (std::string& role : roles_checked(arguments, *read.deployment)) {
      production.insert(std::move(role));
    }
  }
  const Given given{.read = read,
                    .mistakes = node::deployment_mistakes(read, production),
                    .live = std::move(*live),
                    .layers = {.files = arguments.many("--layers")},
                    .production = arguments.has("--production"),
                    .lock = arguments.has("--lock")};
  const bool as_json = arguments.has("--json");
  json::Writer reports;
  reports.array();
  int status = exit_good;
  bool first = true;
  for (const std::string& file : arguments.words("F")) {
    const Outcome outcome = check_file(file, given);
    status = std::max(status, outcome.status);
    if (as_json) {
      check_json(file, outcome.report, reports);
      continue;
    }
    if (!first) out("");
    first = false;
    out(check_text(file, outcome.report, line_columns()));
  }
  if (read.deployment->drill) {
    if (const auto overdue = drill_overdue(arguments, *read.deployment->drill)) {
      err(escape_untrusted(*overdue));
      status = std::max(status, exit_no);
    }
  }
  if (as_json) out(reports.end().text());
  return status;
}

}  // namespace

const CommandRow check_command{
    .name = "check",
    .group = "write",
    .says = "says what a policy file means, what is wrong with it, and what it leaves open",
    .options = options,
    .words = words,
    .run = run_check,
    .more =
        "Every mistake comes at once, as `file:line:column: message`. A gap is a finding, and "
        "an error with --production or in a file of `environment: production`. The table says "
        "for each tool what happens to a call that keeps the limits of its entry.\n\nWith a "
        "server's command behind `--`, or a `--server` of the deployment file, the file is held "
        "against the tools that it offers: tools "
        "that are granted and not offered, arguments that they do not have, values that never "
        "match, calls that cannot be counted.\n\n"
        "    pawl check --server github policy.yaml -- npx -y SERVER\n\n"
        "A layer file (`layer: NAME`) is checked by itself. A policy is read with the layers that "
        "the deployment file names for its role, and with those of --layers. A deployment file is "
        "checked with all that it names, as `pawl serve` reads it.\n\nExit "
        "status 1: the file has errors. Exit status 2: it cannot be read."};

namespace {

std::string place_of(const Position& at) {
  return escape_untrusted(to_string(at));
}

std::string_view word(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::note:
      return "note";
    case Finding::Weight::warning:
      return "warning";
    case Finding::Weight::error_in_production:
      return "gap";
  }
  return "note";
}

Ink weight_ink(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::note:
      return Ink::dim;
    case Finding::Weight::warning:
    case Finding::Weight::error_in_production:
      return Ink::warn;
  }
  return Ink::plain;
}

std::string counted(std::size_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

// One message; what does not fit in the line goes on below, away from the margin of the places.
struct Message {
  const Position& at;
  std::string_view kind;
  Ink ink;
  const std::string& says;
};

std::string to_string(const Message& message, std::size_t columns_max) {
  const std::string place = place_of(message.at);
  const std::string line =
      fmt::format("{}{}: {}", place.empty() ? "" : paint(Ink::strong, place) + ": ",
                  paint(message.ink, message.kind), escape_untrusted(message.says));
  return wrap(line, columns_max, {.first = "", .rest = "    "}) + "\n";
}

std::string messages_of(const CheckReport& report, std::size_t columns_max) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text +=
        to_string({finding.at, word(finding.weight), weight_ink(finding.weight), finding.message},
                  columns_max);
  }
  for (const Error& error : report.errors) {
    text += to_string({error.at, "error", Ink::bad, error.message}, columns_max);
  }
  return text;
}

std::string table_of(const CheckReport& report, std::size_t columns_max) {
  std::vector<std::vector<std::string>> rows(1);
  for (const std::string_view title :
       {"tool", "class", "placed by", "verdict", "approval, or why not"}) {
    rows[0].push_back(paint(Ink::dim, title));
  }
  for (const CheckReport::Row& row : report.table) {
    rows.push_back({escape_untrusted(row.tool), escape_untrusted(row.class_text),
                    escape_untrusted(row.class_source), paint(ink_of(row.effect), row.verdict()),
                    escape_untrusted(row.why.empty() ? row.approval : row.why)});
    for (const CheckReport::Row::Part& part : row.parts) {
      rows.push_back({"", "", "", paint(ink_of(part.effect), to_string(part.effect)),
                      part.when + (part.approval.empty() ? "" : ": " + part.approval)});
    }
  }
  rows.push_back({paint(Ink::dim, "anything else"), "", "",
                  paint(ink_of(Effect::deny), to_string(Effect::deny)), "no entry grants it"});
  return lay_out(rows, columns_max);
}

std::string conclusion(const std::string& file, const CheckReport& report) {
  std::string text = paint(Ink::strong, escape_untrusted(file)) + ": ";
  text += report.passes() ? paint(Ink::good, "good")
                          : paint(Ink::bad, counted(report.errors.size(), "error"));
  if (report.findings.empty()) return text + "\n";
  text += fmt::format(", {}", counted(report.findings.size(), "finding"));
  const auto gaps =
      std::ranges::count(report.findings, Finding::Weight::error_in_production, &Finding::weight);
  if (gaps == 1) text += ", 1 of them a gap: an error in production";
  if (gaps > 1) text += fmt::format(", {} of them gaps: errors in production", gaps);
  return text + "\n";
}

}  // namespace

std::string check_text(const std::string& file, const CheckReport& report,
                       std::size_t columns_max) {
  std::string text;
  const bool loaded = !report.summary.empty();
  for (const std::string& line : report.summary) {
    text += wrap(escape_untrusted(line), columns_max, {.first = "", .rest = "  "}) + "\n";
  }
  if (!report.table.empty()) text += "\n" + table_of(report, columns_max);
  if (loaded) text += "\n";
  const std::string messages = messages_of(report, columns_max);
  text += messages;
  if (!messages.empty() && loaded) text += "\n";
  return text + conclusion(file, report);
}

void check_json(const std::string& file, const CheckReport& report, json::Writer& into) {
  const auto place = [&into](const Position& at) {
    into.key("file").string(at.file).key("line").natural(at.line);
    into.key("column").natural(at.column);
  };
  into.object().key("file").string(file).key("passes").boolean(report.passes());
  into.key("errors").array();
  for (const Error& error : report.errors) {
    into.object();
    place(error.at);
    into.key("message").string(error.message).end();
  }
  into.end().key("findings").array();
  for (const Finding& finding : report.findings) {
    into.object();
    place(finding.at);
    into.key("weight").string(word(finding.weight)).key("message").string(finding.message);
    into.key("about").array();
    for (const std::string& name : finding.about) into.string(name);
    into.end().end();
  }
  into.end().key("summary").array();
  for (const std::string& line : report.summary) into.string(line);
  into.end().key("tools").array();
  for (const CheckReport::Row& row : report.table) {
    into.object().key("tool").string(row.tool).key("class").string(row.class_text);
    into.key("class_source").string(row.class_source).key("effect");
    into.string(row.effects.size() > 1 ? "varies" : to_string(row.effect));
    into.key("approval").string(row.approval).key("records").string(row.records);
    into.key("why").string(row.why).key("parts").array();
    for (const CheckReport::Row::Part& part : row.parts) {
      into.object().key("when").string(part.when).key("effect").string(to_string(part.effect));
      into.key("approval").string(part.approval).end();
    }
    into.end().end();
  }
  into.end().end();
}

}  // namespace pawl::app
