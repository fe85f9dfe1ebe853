#include "app/cli/first_policy.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "kernel/classify/classify.h"
#include "kernel/config/name.h"
#include "kernel/constraint/constraint.h"

namespace pawl::app {
namespace {

constexpr std::size_t comment_bytes_max = 88;
constexpr std::size_t arguments_named_max = 12;
constexpr std::size_t plain_name_bytes_min = 6;  // `no`, `on`, `null` and `false` mean something
constexpr int steps_first = 50;
constexpr int denials_first = 10;
constexpr int calls_an_hour_first = 300;
constexpr std::string_view wall_clock_first = "30m";

// One line that a comment may hold, whatever the server wrote.
std::string comment(std::string_view text) {
  return utf8::shortened(escape_untrusted(text.substr(0, text.find('\n'))), comment_bytes_max);
}

// As YAML: plain where it has only one reading, else as a JSON string, which YAML has too.
std::string scalar(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool plain = name.size() >= plain_name_bytes_min && letter(name.front()) &&
                     std::ranges::all_of(name, [&letter](char c) {
                       return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                              (c >= 'A' && c <= 'Z');
                     });
  if (plain) return std::string(name);
  std::string quoted;
  json::write_string(name, quoted);
  return quoted;
}

// A tool as its entry names it: with its server where there are several, and where its own name has
// a slash.
std::string entry_name(const std::string& server, const std::string& tool) {
  if (!server.empty()) return server + "/" + tool;
  return tool.find('/') == std::string::npos ? tool : "*/" + tool;
}

// Why a tool cannot stand in a policy under its own name and no other; empty: it can.
std::string unwritable(const ToolDefinition& tool, const std::string& refused) {
  if (!refused.empty()) return refused;
  if (tool.hidden_characters) return "it holds invisible characters";
  const auto pattern = parse_name(entry_name("", tool.name));
  if (!pattern) return pattern.error().message;
  if (pattern->glob()) return "a policy would read its name as a pattern";
  if (pattern->reserved()) return "its name is reserved for requests that are no tool calls";
  if (!pattern->any_server || pattern->tool.text() != tool.name) {
    return "a policy would read its name as another one";
  }
  return {};
}

// How servers write that a tool takes no arguments, though by its schema it may.
bool lists_none(const ToolDefinition& tool) {
  const auto document = json::parse(tool.text);
  const json::View listed = document ? document->root()["inputSchema"]["properties"] : json::View();
  return listed.is_object() && listed.size() == 0;
}

std::string arguments_of(const ToolDefinition& tool) {
  std::string list;
  std::size_t named = 0;
  for (const Shape::Property& property : tool.arguments.properties) {
    if (++named > arguments_named_max) return list + ", …";
    list += (list.empty() ? "" : ", ") + property.name;
    if (!property.required) list += "?";
  }
  if (!tool.has_schema || !tool.arguments.unlisted || lists_none(tool)) return list;
  return list + (list.empty() ? "any" : ", and any other") + "; those that `args` names are sent";
}

// A name as a key, which stands in quotes only where it cannot stand without; empty: it cannot.
std::string key_of(std::string_view name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (name.find_first_not_of(letters) == name.npos && name.front() != '-') return std::string(name);
  const bool bare = name.find_first_of("[]{},&*!|>%@`'\"#:?") == name.npos;
  if (bare || name.find_first_of(" \t\r\n") != name.npos) return {};
  std::string quoted;
  json::write_string(name, quoted);
  return quoted;
}

// Texts that may hold several lines, as far as the tool's schema and descriptions say. Written out,
// so that the owner sees it and may say otherwise.
std::string long_texts_of(const ToolDefinition& tool) {
  std::string lines;
  for (const Shape::Property& property : tool.arguments.properties) {
    const bool text = property.shape.type == ValueType::string && !property.shape.choices;
    if (!text || !property.shape.long_text) continue;
    const std::string path = to_string(ArgumentPath{Step{.name = property.name, .each = false}});
    const std::string key = parse_argument_path(path) ? key_of(path) : std::string();
    if (key.empty()) continue;
    lines += fmt::format("        {}: {{single_line: false{}}}\n", key,
                         property.required ? "" : ", required: false");
  }
  return lines.empty() ? lines : "      args:  # these may hold several lines\n" + lines;
}

struct Writing {
  FirstPolicy made;
  std::string server;  // in names; empty: it stands in none
  std::string allowed, left_out;
  std::vector<std::string> names;  // of entries

  void place(const ToolDefinition& tool, const std::string& refused) {
    if (const std::string why = unwritable(tool, refused); !why.empty()) {
      left_out += "  # " + comment(tool.name) + ": " + comment(why) + "\n";
      ++made.left_out;
      return;
    }
    const Placement placement = classify(tool);
    const std::string name = entry_name(server, tool.name);
    allowed += fmt::format("    # {}\n", comment(tool.description));
    if (const std::string arguments = arguments_of(tool); !arguments.empty()) {
      allowed += fmt::format("    # arguments: {}\n", comment(arguments));
    }
    if (!placement.placed) {
      allowed += fmt::format(
          "    # nothing says what it does ({}): it is denied until you say its class here\n"
          "    # - name: {}\n    #   class: irreversible small\n",
          comment(placement.why), scalar(name));
      ++made.commented;
      return;
    }
    allow(tool, placement, name);
  }

  void allow(const ToolDefinition& tool, const Placement& placement, const std::string& name) {
    const Reversibility how = placement.action_class.reversibility;
    const bool asks = how == Reversibility::irreversible;
    allowed += fmt::format("    - name: {}\n      class: {}  # {}\n", scalar(name),
                           to_string(placement.action_class), comment(placement.why));
    if (asks) allowed += "      requires_approval: true\n";
    allowed += long_texts_of(tool);
    names.push_back(name);
    ++(asks ? made.asking : how == Reversibility::read_only ? made.granted : made.held);
  }

  // What is no tool, in words: it is denied unless it stands here.
  void place_others(const node::DiscoveredTools& offer) {
    const auto other = [this](std::string_view what, std::string_view reserved) {
      allowed += fmt::format(
          "    # The server offers {0} too. They are denied; this would grant them:\n"
          "    # - name: {1}\n    #   class: read_only\n",
          what,
          scalar(server.empty() ? std::string(reserved) : server + "/" + std::string(reserved)));
    };
    if (offer.says_resources) other("resources", "mcp:resources/read");
    if (offer.says_prompts) other("prompts", "mcp:prompts/get");
  }
};

// Who the file is about, and who answers for it, as far as the machine knows.
std::string agent_of(const std::string& role, const Author& author) {
  std::string text = fmt::format("version: 1\nagent:\n  id: {}\n", scalar(role));
  const std::string identity =
      author.host.empty() ? "NAME@ORGANISATION" : scalar(role + "@" + author.host);
  text += fmt::format("  {}identity: {}  # its own account, never a person's\n",
                      author.host.empty() ? "# " : "", identity);
  return text + fmt::format("  {}owner: {}  # the person who answers for it\n",
                            author.person.empty() ? "# " : "",
                            author.person.empty() ? "PERSON" : scalar(author.person));
}

std::string head(const std::vector<OfferedServer>& servers) {
  std::string text = "# A first policy, written by `pawl init` from what these servers offer:\n";
  for (const OfferedServer& one : servers) {
    text += fmt::format(
        "#   {} {}, {} tools: {}\n",
        one.offer.server_name.empty() ? "a server without a name" : comment(one.offer.server_name),
        comment(one.offer.server_version), one.offer.tools.size(), comment(one.line));
  }
  return text +
         "# What is not listed is denied. Read every entry; delete what the agent does not need; "
         "add\n"
         "# limits to arguments (`args: {path: {under: /srv/project}}`). The class of each tool "
         "is\n"
         "# what pawl takes it for, with the reason; to claim less danger takes `accept_risk`.\n";
}

std::string ceilings_of_a_run() {
  return fmt::format(
      "execution:\n"
      "  max_steps: {}          # proposed calls of a run, denied ones too\n"
      "  max_denials: {}        # denied calls until the run halts\n"
      "  # max_repeats: 10      # the same call with the same result again: warns, asks, halts\n"
      "  max_wall_clock: {}    # without the time in which a call waits for a person\n",
      steps_first, denials_first, wall_clock_first);
}

std::string ceilings_of_an_hour(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + scalar(name);
  return fmt::format(
      "# Runs of a role that is served go on while its callers come back, so that the ceiling is\n"
      "# about an hour, which slides, and not about a run.\n"
      "counters:\n"
      "  calls_of_an_hour: {{per: 1h, max: {}, tools: [{}]}}\n",
      calls_an_hour_first, list);
}

}  // namespace

FirstPolicy first_policy(const std::vector<OfferedServer>& servers, const std::string& role,
                         bool served, const Author& author) {
  Writing writing;
  for (const OfferedServer& one : servers) {
    writing.server = servers.size() > 1 ? one.name : std::string();
    const std::vector<std::string> refused = refused_names(one.offer.tools);
    for (std::size_t i = 0; i < one.offer.tools.size(); ++i) {
      writing.place(one.offer.tools[i], refused[i]);
    }
    writing.place_others(one.offer);
  }
  std::string& text = writing.made.text;
  text = head(servers) + agent_of(role, author) + "tools:\n";
  text += "  allowed:\n" + writing.allowed;
  if (!writing.left_out.empty()) {
    text += "  # These cannot be granted; a server that offers such names is not one to trust:\n" +
            writing.left_out;
  }
  text += served ? ceilings_of_an_hour(writing.names) : ceilings_of_a_run();
  text +=
      "# In the stage `new` everything that changes something is held for a person. When a tool "
      "has\n"
      "# proved itself: `autonomy: {default: new, types: {NAME: established}}`.\n"
      "autonomy: {default: new}\n";
  return std::move(writing.made);
}

}  // namespace pawl::app
