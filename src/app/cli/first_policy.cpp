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

namespace pawl::app {
namespace {

constexpr std::size_t comment_bytes_max = 88;
constexpr std::size_t arguments_named_max = 12;
constexpr std::size_t plain_name_bytes_min = 6;  // `no`, `on`, `null` and `false` mean something
constexpr int steps_first = 50;
constexpr int denials_first = 10;
constexpr std::string_view wall_clock_first = "30m";

// One line that a comment may hold, whatever the server wrote.
std::string comment(std::string_view text) {
  return utf8::shortened(escape_untrusted(text.substr(0, text.find('\n'))), comment_bytes_max);
}

// As YAML: plain where nobody can read it otherwise, else as a JSON string, which YAML has too.
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

// Why a tool cannot stand in a policy under its own name and no other; empty: it can.
std::string unwritable(const ToolDefinition& tool, const std::string& refused) {
  if (!refused.empty()) return refused;
  if (tool.hidden_characters) return "it holds invisible characters";
  const auto pattern = parse_name(tool.name);
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

struct Writing {
  FirstPolicy made;
  std::string allowed, blocked, left_out;

  void place(const ToolDefinition& tool, const std::string& refused) {
    if (const std::string why = unwritable(tool, refused); !why.empty()) {
      left_out += "  # " + comment(tool.name) + ": " + comment(why) + "\n";
      ++made.left_out;
      return;
    }
    const Placement placement = classify(tool);
    if (!placement.placed) {
      blocked += fmt::format("    # {}\n    # nothing says what it does: {}\n    - {}\n",
                             comment(tool.description), comment(placement.why), scalar(tool.name));
      ++made.blocked;
      return;
    }
    allow(tool, placement);
  }

  void allow(const ToolDefinition& tool, const Placement& placement) {
    const bool asks = placement.action_class.reversibility == Reversibility::irreversible;
    allowed += fmt::format("    # {}\n", comment(tool.description));
    if (const std::string arguments = arguments_of(tool); !arguments.empty()) {
      allowed += fmt::format("    # arguments: {}\n", comment(arguments));
    }
    allowed +=
        fmt::format("    # class: {} ({})\n    - name: {}\n", to_string(placement.action_class),
                    comment(placement.why), scalar(tool.name));
    if (asks) allowed += "      requires_approval: true\n";
    ++(asks ? made.asking : made.granted);
  }
};

std::string head(const node::DiscoveredTools& offer, const std::string& role,
                 const std::string& command) {
  return fmt::format(
      "# A first policy for {} {}, written by `pawl init` from its list of {} tools.\n"
      "#   {}\n"
      "# What is not listed is denied. Read every entry; delete what the agent does not need; add\n"
      "# limits to arguments (`args: {{path: {{under: /srv/project}}}}`). The class of each tool "
      "is\n"
      "# what pawl takes it for: to claim less danger, write `class:` and `accept_risk`.\n"
      "version: 1\n"
      "agent:\n"
      "  id: {}\n"
      "  # identity: NAME@ORGANISATION   the agent's own account, never a person's\n",
      offer.server_name.empty() ? "a server without a name" : comment(offer.server_name),
      comment(offer.server_version), offer.tools.size(), comment(command), scalar(role));
}

}  // namespace

FirstPolicy first_policy(const node::DiscoveredTools& offer, const std::string& role,
                         const std::string& command) {
  Writing writing;
  const std::vector<std::string> refused = refused_names(offer.tools);
  for (std::size_t i = 0; i < offer.tools.size(); ++i) writing.place(offer.tools[i], refused[i]);
  std::string& text = writing.made.text;
  text = head(offer, role, command) + "tools:\n";
  text += "  allowed:\n" + writing.allowed;
  if (!writing.blocked.empty()) text += "  blocked:\n" + writing.blocked;
  if (!writing.left_out.empty()) {
    text += "  # These cannot be granted; a server that offers such names is not one to trust:\n" +
            writing.left_out;
  }
  text += fmt::format(
      "execution:\n"
      "  max_steps: {}          # proposed calls of a run, denied ones too\n"
      "  max_denials: {}        # denied calls until the run halts\n"
      "  max_wall_clock: {}    # without the time in which a call waits for a person\n"
      "# In the stage `new` everything that changes something is held for a person. When a tool "
      "has\n"
      "# proved itself: `autonomy: {{default: new, types: {{NAME: established}}}}`.\n"
      "autonomy: {{default: new}}\n",
      steps_first, denials_first, wall_clock_first);
  return std::move(writing.made);
}

}  // namespace pawl::app
