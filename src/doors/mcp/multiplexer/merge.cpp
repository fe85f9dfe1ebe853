#include "doors/mcp/multiplexer/merge.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/multiplexer/names.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/tasks.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view kCursorPrefix = "pawl-";
constexpr std::size_t cursor_bytes_max = 256UL << 10;
constexpr std::string_view kListNote = "pawl/list";

// How the protocol spells capabilities and their switches.
constexpr std::array<std::string_view, 10> kSpelled = {
    "completions", "experimental", "extensions", "listChanged", "logging",
    "prompts",     "resources",    "subscribe",  "tasks",       "tools"};

// One spelling of each name: many programs read two that differ in case as one. The protocol's
// counts, and of what it does not know the first.
class Spellings {
 public:
  // `within`: the object that the name is a member of.
  bool takes(std::string_view within, std::string_view name) {
    const std::string folded = fold(name);
    for (std::string_view known : kSpelled) {
      if (fold(known) == folded) return known == name;
    }
    const auto [first, fresh] = first_.emplace(std::pair(std::string(within), folded), name);
    return fresh || first->second == name;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> first_;
};

// A capability of one server is one of the endpoint; so is each of its switches.
std::string union_of_capabilities(const std::vector<Part>& parts) {
  std::map<std::string, std::map<std::string, bool>> all;
  Spellings spellings;
  bool tasks = false, older_tasks = false;
  for (const Part& part : parts) {
    for (auto [name, value] : part.result["capabilities"].members()) {
      if (!spellings.takes("", name)) continue;
      if (name == "tasks") {
        older_tasks = older_tasks || value.is_object();
        continue;
      }
      if (name == "extensions") {
        tasks = tasks || value[tasks_extension].exists();
        continue;
      }
      auto& switches = all[std::string(name)];
      for (auto [key, on] : value.members()) {
        if (on.kind() != json::Kind::boolean || !spellings.takes(name, key)) continue;
        switches[std::string(key)] |= on.boolean();
      }
    }
  }
  // Which tools there are changes with the servers that come and go.
  all["tools"]["listChanged"] = true;
  json::Writer out;
  out.object();
  for (const auto& [name, switches] : all) {
    out.key(name).object();
    for (const auto& [key, on] : switches) out.key(key).boolean(on);
    out.end();
  }
  if (older_tasks) out.key("tasks").raw(R"({"cancel":{},"requests":{"tools":{"call":{}}}})");
  if (tasks) out.key("extensions").object().key(tasks_extension).object().end().end();
  out.end();
  return out.take();
}

// Each line of a server's own words is marked, so that none of them can pass for ours or for those
// of another server.
std::string in_its_own_words(std::string_view text) {
  std::string out;
  for (std::string_view line : split(text, '\n')) {
    out += "\n> " + escape_untrusted(line);
  }
  return out;
}

std::string united_instructions(const std::vector<Part>& parts) {
  std::string names, silent, said;
  for (const Part& part : parts) {
    std::string& list = part.result.exists() ? names : silent;
    list += fmt::format("{}`{}`", list.empty() ? "" : ", ", part.server);
    const auto text = part.result.text("instructions");
    if (!text || text->empty()) continue;
    said += fmt::format("\n\nServer `{}` says:{}", part.server, in_its_own_words(*text));
  }
  std::string out = "Several tool servers stand behind this one: " + names +
                    ". The name of a tool or of a prompt is `server/name`. Lists show what the "
                    "policy of this run grants.";
  if (!silent.empty()) {
    out += " Not listed until they answer: " + silent + ".";
  }
  return out + said;
}

std::string_view oldest_revision(const std::vector<Part>& parts) {
  std::string_view oldest = newest_revision;
  for (const Part& part : parts) {
    const auto spoken = part.result.text("protocolVersion");
    for (std::string_view known : revisions) {
      if (spoken == known && known < oldest) oldest = known;
    }
  }
  return oldest;
}

void own_name(json::Writer& out) {
  out.object().key("name").string("pawl").key("version").string(PAWL_VERSION).end();
}

struct ShownOfList {
  std::uint64_t granted = 0, offered = 0;
};

// What the session in front of a server said of its page; else all of it is shown.
ShownOfList shown_of(json::View result, std::uint64_t elements) {
  const json::View note = result["_meta"][kListNote];
  const json::View granted = note["granted"], offered = note["offered"];
  const auto natural = [](json::View v) { return v.is_integer() && v.integer() >= 0; };
  if (!natural(granted) || !natural(offered)) return {elements, elements};
  return {granted.natural(), offered.natural()};
}

void list_servers(json::Writer& out, std::string_view key,
                  const std::vector<std::string_view>& servers) {
  if (servers.empty()) return;
  out.key(key).array();
  for (std::string_view server : servers) out.string(server);
  out.end();
}

void list_element(json::Writer& out, std::string_view server, bool named, json::View element) {
  if (!named) {
    out.value(element);
    return;
  }
  out.object();
  for (auto [key, value] : element.members()) {
    out.key(key);
    if (key == "name" && value.is_string()) {
      out.string(joined_name(server, value.string()));
    } else {
      out.value(value);
    }
  }
  out.end();
}

}  // namespace

std::string merged_hello(const std::vector<Part>& parts, bool stateless) {
  json::Writer out;
  out.object();
  if (stateless) {
    out.key("supportedVersions").array().string(stateless_revision).end();
  } else {
    out.key("protocolVersion").string(oldest_revision(parts));
  }
  out.key("capabilities").raw(union_of_capabilities(parts));
  if (!stateless) {
    out.key("serverInfo");
    own_name(out);
  }
  out.key("instructions").string(united_instructions(parts));
  if (stateless) {
    out.key("_meta").object().key(meta_server);
    own_name(out);
    out.end();
  }
  out.end();
  return out.take();
}

std::string merged_page(std::string_view member, bool named, const std::vector<Part>& parts) {
  ShownOfList all;
  Cursors next;
  std::vector<std::string_view> absent, hidden;
  json::Writer out;
  out.object().key(member).array();
  for (const Part& part : parts) {
    if (!part.result.exists()) {
      absent.push_back(part.server);
      continue;
    }
    if (part.result["_meta"][kListNote]["hidden"].exists()) hidden.push_back(part.server);
    std::uint64_t elements = 0;
    for (json::View element : part.result[member].elements()) {
      if (!element.is_object() || (named && !element["name"].is_string())) continue;
      list_element(out, part.server, named, element);
      ++elements;
    }
    const ShownOfList shown = shown_of(part.result, elements);
    all.granted += shown.granted;
    all.offered += shown.offered;
    if (const auto cursor = part.result.text("nextCursor")) next.emplace_back(part.server, *cursor);
  }
  out.end();
  if (!next.empty()) out.key("nextCursor").string(cursor_text(next));
  if (all.granted != all.offered || !absent.empty() || !hidden.empty()) {
    out.key("_meta").object().key(kListNote).object();
    out.key("granted").natural(all.granted).key("offered").natural(all.offered);
    list_servers(out, "absent", absent);
    list_servers(out, "hidden", hidden);
    out.end().end();
  }
  out.end();
  return out.take();
}

std::string cursor_text(const Cursors& cursors) {
  json::Writer out;
  out.array();
  for (const auto& [server, cursor] : cursors) out.array().string(server).string(cursor).end();
  out.end();
  return std::string(kCursorPrefix) + base64(out.text());
}

std::optional<Cursors> read_cursor(std::string_view text) {
  std::string bytes;
  if (!text.starts_with(kCursorPrefix) || text.size() > cursor_bytes_max) return std::nullopt;
  if (!unbase64(text.substr(kCursorPrefix.size()), bytes)) return std::nullopt;
  const auto document = json::parse(bytes);
  if (!document || !document->root().is_array()) return std::nullopt;
  Cursors cursors;
  for (json::View pair : document->root().elements()) {
    std::vector<std::string> words;
    for (json::View word : pair.elements()) {
      if (word.is_string()) words.emplace_back(word.string());
    }
    if (pair.size() != 2 || words.size() != 2) return std::nullopt;
    // A server stands in it once.
    if (std::ranges::find(cursors, words[0], &Cursors::value_type::first) != cursors.end()) {
      return std::nullopt;
    }
    cursors.emplace_back(std::move(words[0]), std::move(words[1]));
  }
  if (cursors.empty() || cursors.size() > servers_of_an_endpoint_max) return std::nullopt;
  return cursors;
}

std::string with_logger(std::string_view server, json::View params) {
  const auto logger = params.text("logger");
  json::Writer out;
  out.object().key("logger").string(logger ? joined_name(server, *logger) : std::string(server));
  for (auto [key, value] : params.members()) {
    if (key != "logger") out.key(key).value(value);
  }
  out.end();
  return out.take();
}

std::string state_of(std::string_view server, std::string_view state) {
  return joined_name(server, state);
}

std::optional<StateOf> read_state(std::string_view text) {
  const auto split = split_name(text);
  if (!split) return std::nullopt;
  return StateOf{split->server, split->name};
}

}  // namespace pawl::mcp
