#include "app/cli/classify.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/cli/asked_server.h"
#include "app/cli/commands.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "kernel/pack/builtin.h"
#include "kernel/policy/policy.h"
#include "node/files/config_files.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {

namespace {

Result<ToolSource> read_list(json::View list, const std::string& file) {
  ToolSource out;
  for (const json::View one : list.elements()) {
    auto tool = parse_definition(one, one.text("server").value_or(""));
    if (!tool) {
      return fail(ErrorKind::invalid,
                  fmt::format("the tool number {} cannot be read: {}", out.tools.size() + 1,
                              tool.error().message),
                  {file, 0, 0});
    }
    out.tools.push_back(std::move(*tool));
  }
  if (out.tools.empty()) return fail(ErrorKind::invalid, "there is no tool in it", {file, 0, 0});
  return out;
}

Result<SourcedCall> read_call(json::View line) {
  if (!line.is_object() || !line.text("tool")) {
    return fail(ErrorKind::invalid, "is not a call: expected {\"tool\", \"arguments\"}");
  }
  std::string server(line.text("server").value_or(""));
  std::string tool(*line.text("tool"));
  const std::size_t slash = tool.find('/');
  if (server.empty() && slash != std::string::npos && slash > 0 && !tool.starts_with("mcp:")) {
    server = tool.substr(0, slash);
    tool.erase(0, slash + 1);
  }
  const json::View schema = line["schema"], annotations = line["annotations"];
  auto definition = definition_of(server, tool, schema.is_object() ? schema : json::View(),
                                  annotations.is_object() ? annotations : json::View());
  PAWL_TRY(definition);
  const json::View arguments = line["arguments"];
  return SourcedCall{std::move(*definition),
                     arguments.is_object() ? json::write(arguments) : std::string("{}")};
}

Result<ToolSource> read_lines(std::string_view text, const std::string& file) {
  ToolSource out;
  std::uint32_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty() || line.starts_with('#')) continue;
    const auto parsed = json::parse(line);
    auto call =
        parsed ? read_call(parsed->root()) : Result<SourcedCall>(std::unexpected(parsed.error()));
    if (!call) return fail(ErrorKind::invalid, call.error().message, {file, number, 0});
    out.calls.push_back(std::move(*call));
  }
  if (out.calls.empty()) {
    return fail(ErrorKind::invalid, "it holds neither tools nor calls", {file, 0, 0});
  }
  return out;
}

}  // namespace

Result<ToolSource> read_tools(std::string_view text, const std::string& file) {
  const auto whole = json::parse(text);
  if (!whole) return read_lines(text, file);
  const json::View root = whole->root();
  if (root.is_array()) return read_list(root, file);
  if (root["tools"].is_array()) return read_list(root["tools"], file);
  if (root["result"]["tools"].is_array()) return read_list(root["result"]["tools"], file);
  return read_lines(text, file);
}

namespace {

constexpr auto classify_options = std::to_array<OptionRow>({
    {"--policy", "F", "judge with the packs and the stated classes of this policy"},
    asked_server_option,
    {"--env", "NAME", "passes one more variable to the server", Takes::many},
    config_option,
    state_option,
    json_option,
});
constexpr std::array<WordRow, 2> classify_words = {
    WordRow{.name = "F",
            .says = "tools as JSON: a result of tools/list, a list of tools, or calls one a line",
            .required = false},
    WordRow{.name = "command",
            .says = "the server's program and arguments, to ask it itself",
            .required = false,
            .many = true,
            .after_dashes = true}};

// A tool, or one of its calls where a pack tells them apart.
struct Classified {
  std::string tool{};
  std::string call{};  // `method = create`; empty: the tool
  Class action_class = kMostDangerous;
  bool placed = true;
  std::string why{};
  std::uint64_t times = 0;  // calls of a log
};

class Classifier {
 public:
  Classifier(std::shared_ptr<const Policy> policy, Instant now)
      : policy_(std::move(policy)), now_(now) {
    packs_ = policy_ != nullptr ? policy_->packs : all_builtin_packs();
  }

  Classified tool(const ToolDefinition& definition) const {
    Classified out{.tool = name_of(definition)};
    const ToolRule* entry =
        policy_ == nullptr ? nullptr : policy_->find(definition.server, definition.name);
    if (entry == nullptr) {
      const Placement placed = classify(definition, packs_);
      out.action_class = placed.action_class;
      out.placed = placed.placed;
      out.why = placed.why;
      return out;
    }
    const BoundTool bound =
        bind(*policy_, *entry, std::make_shared<const ToolDefinition>(definition), now_);
    out.action_class = bound.action_class;
    out.why = bound.class_source;
    return out;
  }

  // What each pack's table says of every value that it names.
  std::vector<Classified> table_of(const ToolDefinition& definition) const {
    std::vector<Classified> out;
    for (const PackTool* known : described(packs_, definition.name)) {
      if (known->by.empty()) continue;
      const auto add = [&](std::string call, Class c) {
        out.push_back({.tool = name_of(definition),
                       .call = std::move(call),
                       .action_class = c,
                       .why = "pack: " + known->name + ", by_call"});
      };
      for (const auto& [value, one] : known->calls) add(known->by + " = " + value, one);
      if (known->absent) add("no " + known->by, *known->absent);
    }
    return out;
  }

  // One call of a log: the worst of what the packs say of it.
  std::optional<Classified> call(const ToolDefinition& definition, json::View arguments) const {
    std::optional<Classified> out;
    for (const PackTool* known : described(packs_, definition.name)) {
      if (known->by.empty()) continue;
      const Class c = known->of_call(arguments);
      if (!out) out.emplace(Classified{.tool = name_of(definition), .action_class = c});
      out->action_class = more_dangerous(out->action_class, c);
      out->call = known->by + " = " + shown(arguments[known->by]);
      out->why = "pack: " + known->name + ", by_call";
    }
    return out;
  }

  static std::string name_of(const ToolDefinition& tool) {
    return tool.server.empty() ? tool.name : tool.server + "/" + tool.name;
  }

 private:
  static std::string shown(json::View value) {
    constexpr std::size_t bytes_max = 40;
    if (!value.exists()) return "absent";
    std::string text =
        escape_untrusted(value.is_string() ? std::string(value.string()) : json::write(value));
    if (text.size() > bytes_max) text = text.substr(0, text.find_last_of(' ', bytes_max)) + " …";
    return text;
  }

  std::shared_ptr<const Policy> policy_;
  Packs packs_;
  Instant now_;
};

std::vector<Classified> classified(const ToolSource& source, const Classifier& classifier) {
  std::vector<Classified> out;
  if (!source.calls.empty()) {
    std::map<std::pair<std::string, std::string>, Classified> distinct;
    for (const SourcedCall& call : source.calls) {
      const auto arguments = json::parse(call.arguments);
      if (!arguments) continue;
      Classified one =
          classifier.call(call.tool, arguments->root()).value_or(classifier.tool(call.tool));
      const auto key = std::pair(one.tool, one.call);
      distinct.try_emplace(key, std::move(one)).first->second.times += 1;
    }
    for (auto& [key, one] : distinct) out.push_back(std::move(one));
    return out;
  }
  for (const ToolDefinition& tool : source.tools) {
    out.push_back(classifier.tool(tool));
    for (Classified& one : classifier.table_of(tool)) out.push_back(std::move(one));
  }
  return out;
}

Ink ink_of_class(Class c) {
  if (!c.has_effect()) return Ink::good;
  return c.reversibility == Reversibility::irreversible ? Ink::bad : Ink::warn;
}

std::string text_of(const std::vector<Classified>& all, bool counted) {
  std::vector<std::vector<std::string>> rows(1);
  for (const std::string_view title : {"tool", "class", counted ? "calls" : "", "why"}) {
    rows[0].push_back(paint(Ink::dim, title));
  }
  for (const Classified& one : all) {
    rows.push_back({one.call.empty() ? escape_untrusted(one.tool)
                                     : "  " + escape_untrusted(one.tool + " " + one.call),
                    paint(ink_of_class(one.action_class), to_string(one.action_class)),
                    counted ? std::to_string(one.times) : "",
                    one.placed ? escape_untrusted(one.why)
                               : paint(Ink::bad, "not placed: ") + escape_untrusted(one.why)});
  }
  std::string text = lay_out(rows, line_columns());
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string json_of(const std::vector<Classified>& all, bool counted) {
  json::Writer into;
  into.array();
  for (const Classified& one : all) {
    into.object().key("tool").string(one.tool);
    if (!one.call.empty()) into.key("call").string(one.call);
    into.key("class").string(to_string(one.action_class)).key("placed").boolean(one.placed);
    into.key("why").string(one.why);
    if (counted) into.key("calls").natural(one.times);
    into.end();
  }
  return into.end().take();
}

Result<ToolSource> source_of(const Arguments& arguments, std::vector<std::string> roles) {
  const std::string file = arguments.word("F");
  const bool asks = !arguments.words("command").empty() || arguments.has("--server");
  if (asks && file.empty()) {
    auto asked = asked_server(arguments, std::move(roles));
    PAWL_TRY(asked);
    auto offer = offered_by(std::move(*asked));
    PAWL_TRY(offer);
    return ToolSource{.tools = std::move(offer->tools), .calls = {}};
  }
  if (file.empty() || asks) {
    return fail(ErrorKind::usage,
                "name a file with tools or calls, a server's command behind `--`, or a `--server` "
                "of the deployment file");
  }
  const auto text = node::read_file(file);
  PAWL_TRY(text);
  return read_tools(*text, file);
}

int run_classify(const Arguments& arguments) {
  std::shared_ptr<const Policy> policy;
  std::vector<std::string> roles;
  if (const auto path = arguments.one("--policy")) {
    const node::DeploymentRead read =
        node::read_deployment(config_path(arguments), arguments.has("--config"));
    for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
    if (!read.deployment) return exit_usage;
    const Loaded loaded = node::read_policy(*path, &*read.deployment);
    for (const Error& error : loaded.errors) err(escape_untrusted(to_string(error)));
    if (loaded.policy == nullptr) return exit_usage;
    policy = loaded.policy;
    roles = node::roles_of(*read.deployment, *path);
  }
  const auto source = source_of(arguments, std::move(roles));
  if (!source) return complain(source.error());
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
  const bool counted = !source->calls.empty();
  const std::vector<Classified> all = classified(*source, Classifier(policy, now));
  out(arguments.has("--json") ? json_of(all, counted) : text_of(all, counted));
  return exit_good;
}

}  // namespace

const CommandRow classify_command{
    .name = "classify",
    .group = "write",
    .says = "says the class of tools, and why: of a server, of a list, of recorded calls",
    .options = classify_options,
    .words = classify_words,
    .run = run_classify,
    .more =
        "Without --policy all packs of the program are asked; with it those that the policy uses, "
        "and a class that an entry states is in force. The more dangerous reading of names, "
        "descriptions, arguments, annotations and packs wins; what nothing places is irreversible "
        "and large. Indented lines are what a pack says of single calls, which counts where an "
        "entry says `class: by_call`.\n\n"
        "    pawl classify tools.json\n"
        "    pawl classify -- npx -y @modelcontextprotocol/server-filesystem /tmp"};

}  // namespace pawl::app
