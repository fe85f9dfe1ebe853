// `pawl describe`: the policy in sentences, and as a table of tool by environment.
#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analysis/check/describe.h"
#include "app/cli/commands.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr auto describe_options = std::to_array<OptionRow>({config_option, json_option});
constexpr std::array<WordRow, 1> describe_words = {
    WordRow{.name = "F", .says = "a policy file", .required = true}};

std::string to_string(const Description::Cell& cell) {
  return paint(cell.effects.empty() ? Ink::dim : ink_of(cell.strictest()), cell.text());
}

// What happens in one situation, beside what it is.
std::vector<std::string> row_of(const Description::Part& part) {
  std::vector<std::string> row{""};
  for (const Description::Cell& cell : part.cells) row.push_back(to_string(cell));
  row.push_back(part.when);
  return row;
}

std::string table_of(const Description& description, std::size_t columns_max) {
  std::vector<std::vector<std::string>> rows(1);
  rows[0].push_back(paint(Ink::dim, "tool"));
  for (const Environment place : described_environments) {
    const std::string_view own = place == description.environment ? " *" : "";
    rows[0].push_back(paint(Ink::dim, fmt::format("{}{}", to_string(place), own)));
  }
  rows[0].push_back(paint(Ink::dim, "class"));
  for (const Description::Tool& tool : description.tools) {
    std::vector<std::string> row{tool.name};
    for (const Description::Cell& cell : tool.cells) row.push_back(to_string(cell));
    // Without the mark of an external sink, which stands with the sentences.
    row.push_back(tool.class_text.substr(0, tool.class_text.find(" external_sink")));
    rows.push_back(std::move(row));
    for (const Description::Part& part : tool.parts) rows.push_back(row_of(part));
  }
  for (const std::string& name : description.blocked) {
    rows.push_back({name, paint(Ink::bad, "deny"), paint(Ink::bad, "deny"), paint(Ink::bad, "deny"),
                    "blocked"});
  }
  rows.push_back({paint(Ink::dim, "anything else"), paint(Ink::bad, "deny"),
                  paint(Ink::bad, "deny"), paint(Ink::bad, "deny"), "no entry grants it"});
  return lay_out(rows, columns_max);
}

std::string text_of(const Description& description, std::size_t columns_max) {
  std::string out;
  for (const std::string& line : description.about) {
    out += wrap(escape_untrusted(line), columns_max, {.first = "", .rest = "  "}) + "\n";
  }
  for (const Description::Tool& tool : description.tools) {
    out += "\n" + paint(Ink::strong, tool.name) + "\n";
    out += wrap(fmt::format("is {} ({}); stage {}", tool.class_text, tool.class_source, tool.stage),
                columns_max, {.first = "  ", .rest = "    "}) +
           "\n";
    for (const std::string& sentence : tool.sentences) {
      out += wrap(sentence, columns_max, {.first = "  ", .rest = "    "}) + "\n";
    }
  }
  out += "\n" + paint(Ink::strong, "what happens to a call that keeps these limits") + "\n";
  out += table_of(description, columns_max);
  const bool own = std::ranges::find(described_environments, description.environment) !=
                   described_environments.end();
  if (own) out += paint(Ink::dim, "* where this file says that the agent works") + "\n";
  return out;
}

// `effect` is one of the verdicts, or `varies` where it depends on the call.
void put_cells(const Description::Cells& cells, json::Writer& out) {
  out.key("verdicts").object();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Description::Cell& cell = cells[i];
    if (cell.effects.empty()) continue;
    out.key(to_string(described_environments[i])).object().key("effect");
    out.string(cell.effects.size() > 1 ? "varies" : to_string(cell.strictest()));
    out.key("effects").array();
    for (const Effect effect : cell.effects) out.string(to_string(effect));
    out.end().key("quorum").natural(cell.quorum).key("typed").boolean(cell.typed).end();
  }
  out.end();
}

std::string json_of(const Description& description) {
  json::Writer out;
  out.object().key("role").string(description.role);
  out.key("environment").string(to_string(description.environment)).key("about").array();
  for (const std::string& line : description.about) out.string(line);
  out.end().key("tools").array();
  for (const Description::Tool& tool : description.tools) {
    out.object().key("tool").string(tool.name).key("class").string(tool.class_text);
    out.key("class_source").string(tool.class_source).key("stage").string(tool.stage);
    out.key("sentences").array();
    for (const std::string& sentence : tool.sentences) out.string(sentence);
    out.end();
    put_cells(tool.cells, out);
    out.key("parts").array();
    for (const Description::Part& part : tool.parts) {
      out.object().key("when").string(part.when);
      put_cells(part.cells, out);
      out.end();
    }
    out.end().end();
  }
  out.end().key("blocked").array();
  for (const std::string& name : description.blocked) out.string(name);
  out.end().end();
  return out.take();
}

int run_describe(const Arguments& arguments) {
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
  if (!read.deployment) return exit_usage;
  const Loaded loaded = node::read_policy(arguments.word("F"), &*read.deployment);
  for (const Error& error : loaded.errors) err(escape_untrusted(to_string(error)));
  if (loaded.policy == nullptr) {
    const bool machine = std::ranges::any_of(
        loaded.errors, [](const Error& error) { return error.fault != ErrorKind::invalid; });
    return machine ? exit_usage : exit_no;
  }
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
  const Description description = describe(*loaded.policy, &*read.deployment, now);
  if (arguments.has("--json")) {
    out(json_of(description));
    return exit_good;
  }
  std::string text = text_of(description, line_columns());
  while (text.ends_with('\n')) text.pop_back();
  out(text);
  return exit_good;
}

}  // namespace

const CommandRow describe_command{
    .name = "describe",
    .group = "write",
    .says = "says in sentences what a policy permits, and as a table by environment",
    .options = describe_options,
    .words = describe_words,
    .run = run_describe,
    .more =
        "For each tool: its class, what its arguments must be, its limits, who is asked. The table "
        "says what happens in each environment to a call that keeps those limits, at the stage "
        "that "
        "the file claims (`autonomy`): `hold x2 typed` waits for two persons who type what is at "
        "stake. Where it depends on the call (`allow / hold`), the rows below say on what."};

}  // namespace pawl::app
