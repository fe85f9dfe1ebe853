#include "kernel/pack/pack.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml.h"

namespace pawl {

namespace {

// A value as `calls` spells it; nothing for what has no single spelling.
std::optional<std::string> spelled_value(json::View value) {
  switch (value.kind()) {
    case json::Kind::string:
      return std::string(value.string());
    case json::Kind::boolean:
      return value.boolean() ? "true" : "false";
    case json::Kind::integer:
      return std::to_string(value.integer());
    case json::Kind::natural:
    case json::Kind::number:
    case json::Kind::null:
    case json::Kind::array:
    case json::Kind::object:
      return std::nullopt;
  }
  return std::nullopt;
}

// The knowledge base places by name; where it cannot, its reading of everything else still counts.
Placement joined(Placement known, const ToolDefinition& tool,
                 const std::vector<const PackTool*>& packs) {
  if (packs.empty()) return known;
  Class found{Reversibility::read_only, Blast::small, false};
  std::string why;
  for (const PackTool* pack : packs) {
    found = more_dangerous(found, pack->worst());
    why = fmt::format("pack: {}", pack->name);
  }
  if (!known.placed) {
    // Read under the name of the most harmless tool there is: what the description, the arguments
    // and the annotations say stays.
    ToolDefinition harmless = tool;
    harmless.name = "read";
    const Placement rest = classify(harmless);
    const std::string lead = classify_name(harmless.name).why;
    known = rest;
    known.why = rest.why.starts_with(lead + "; ") ? rest.why.substr(lead.size() + 2) : "";
  }
  const Class both = more_dangerous(known.action_class, found);
  if (both == known.action_class && !known.why.empty()) {
    why = known.why;
  } else if (both != found && !known.why.empty()) {
    why += "; " + known.why;
  }
  return {both, true, why};
}

}  // namespace

Class PackTool::worst() const {
  Class out = otherwise;
  for (const auto& [value, one] : calls) out = more_dangerous(out, one);
  if (absent) out = more_dangerous(out, *absent);
  return out;
}

Class PackTool::of_call(json::View arguments) const {
  if (by.empty()) return otherwise;
  const json::View value = arguments[by];
  if (!value.exists()) return absent.value_or(otherwise);
  auto spelled = spelled_value(value);
  if (spelled && reads == PackReads::aws_cli) {
    spelled = value.is_string() ? aws_operation(*spelled) : std::nullopt;
  }
  if (!spelled) return otherwise;
  const auto found = calls.find(*spelled);
  return found == calls.end() ? otherwise : found->second;
}

std::string Pack::spelled_name() const {
  return fmt::format("{}{}@{}", pack_prefix, name, version);
}

const PackTool* Pack::find(std::string_view tool) const {
  const auto found = names_.find(tool);
  return found == names_.end() ? nullptr : &tools[found->second];
}

void Pack::index() {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    names_.try_emplace(tools[i].name, i);
    for (const std::string& other : tools[i].also) names_.try_emplace(other, i);
  }
}

Result<PackName> parse_pack_name(std::string_view written) {
  const auto wrong = [&] {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` is not a valid pack name: expected `{}NAME@VERSION`",
                            escape_untrusted(written), pack_prefix));
  };
  if (!written.starts_with(pack_prefix)) return wrong();
  written.remove_prefix(pack_prefix.size());
  const std::size_t at = written.find('@');
  if (at == 0 || at == std::string_view::npos) return wrong();
  PackName name{std::string(written.substr(0, at)), 0};
  const std::string_view digits = written.substr(at + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), name.version);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || name.version < 1) {
    return wrong();
  }
  return name;
}

std::vector<const PackTool*> described(const Packs& packs, std::string_view tool) {
  std::vector<const PackTool*> out;
  for (const auto& pack : packs) {
    if (const PackTool* found = pack->find(tool)) out.push_back(found);
  }
  return out;
}

Placement classify(const ToolDefinition& tool, const Packs& packs) {
  return joined(classify(tool), tool, described(packs, tool.name));
}

Placement classify_name(std::string_view tool_name, const Packs& packs) {
  ToolDefinition bare;
  bare.name = tool_name;
  return joined(classify_name(tool_name), bare, described(packs, tool_name));
}

// One plain command: words of letters, digits and a few marks; nothing that a shell would read, no
// option before the operation, and none that leads elsewhere.
std::optional<std::string> aws_operation(std::string_view line) {
  constexpr std::string_view marks = " -_./:=,@+";
  const bool plain = std::ranges::all_of(line, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.contains(c);
  });
  if (!plain) return std::nullopt;
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() < 3 || words[0] != "aws") return std::nullopt;
  if (words[1].starts_with('-') || words[2].starts_with('-')) return std::nullopt;
  constexpr std::string_view elsewhere[] = {
      "--endpoint-url", "--profile", "--cli-input", "--no-verify-ssl", "--ca-bundle",
      "file:",          "fileb:",    "http:",       "https:"};
  for (const std::string_view word : words) {
    for (const std::string_view lead : elsewhere) {
      if (word.contains(lead)) return std::nullopt;
    }
    // The CLI takes any beginning of an option's name that only one has.
    if (word.starts_with("--e") || word.starts_with("--p") || word.starts_with("--cl") ||
        word.starts_with("--no-v") || word.starts_with("--ca")) {
      return std::nullopt;
    }
  }
  return fmt::format("{}/{}", words[1], words[2]);
}

// Reads a pack from its YAML, as strictly as a policy.

namespace {

using yaml::Entry;
using yaml::Node;

// A scalar as JSON; lists and mappings of scalars with it.
void put_json(const Node& node, json::Writer& out) {  // NOLINT(misc-no-recursion)
  switch (node.kind) {
    case yaml::Kind::null:
      out.null();
      return;
    case yaml::Kind::scalar:
      if (const auto truth = node.as_boolean()) {
        out.boolean(*truth);
      } else if (const auto whole = node.as_integer()) {
        out.integer(*whole);
      } else {
        out.string(node.text);
      }
      return;
    case yaml::Kind::sequence:
      out.array();
      for (const Node& item : node.items) put_json(item, out);
      out.end();
      return;
    case yaml::Kind::map:
      out.object();
      for (const Entry& entry : node.entries) {
        out.key(entry.key);
        put_json(entry.value, out);
      }
      out.end();
      return;
  }
}

class PackReader;

// A key of a pack with its reader. One without a reader is read after the keys beside it.
template <class Into>
struct PackKey {
  std::string_view name;
  void (PackReader::*read)(const Entry& key, Into& into);
};

constexpr std::string_view kTools = "tools";
constexpr std::string_view kTests = "tests";

// An entry of `tools`: the same words describe each of its names.
struct ToolDraft : PackTool {
  std::vector<std::string> names;
  bool classed = false;
};

class PackReader {
 public:
  PackReader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  LoadedPack read() {
    yaml::Read tree = yaml::read(text_, file_, pack_bytes_max);
    errors_ = std::move(tree.errors);
    if (errors_.empty()) read_root(tree.root);
    LoadedPack out;
    if (!errors_.empty()) {
      out.errors = std::move(errors_);
      return out;
    }
    pack_.text = text_;
    pack_.digest = sha256(text_);
    pack_.index();
    out.pack = std::make_shared<const Pack>(std::move(pack_));
    return out;
  }

 private:
  void wrong(const Position& at, std::string message) {
    errors_.push_back({ErrorKind::invalid, std::move(message), at});
  }

  // Reads each key by its row, and reports the keys that have none.
  template <class Into>
  void read_keys(const Node& map, std::span<const PackKey<Into>> rows, Into& into) {
    if (!map.is_map()) return wrong(map.at, "expected a mapping, found " + map.described());
    for (const Entry& entry : map.entries) {
      const auto row = std::ranges::find(rows, entry.key, &PackKey<Into>::name);
      if (row == rows.end()) {
        std::vector<std::string> known;
        for (const PackKey<Into>& one : rows) known.emplace_back(one.name);
        unknown(entry, known);
      } else if (row->read != nullptr) {
        (this->*row->read)(entry, into);
      }
    }
  }

  void unknown(const Entry& entry, const std::vector<std::string>& known) {
    const std::string near = closest_match(entry.key, known);
    wrong(entry.key_at, fmt::format("unknown key `{}` in a pack{}", escape_untrusted(entry.key),
                                    near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }

  // A text or a class, into a member of what is read.
  template <auto Member, class Into>
  void text(const Entry& key, Into& into) {
    into.*Member = text_of(key.value, key.key);
  }
  template <auto Member, class Into>
  void action_class(const Entry& key, Into& into) {
    into.*Member = class_of(key.value);
  }

  std::string text_of(const Node& node, std::string_view what) {
    if (node.is_scalar() && !node.text.empty()) return node.text;
    wrong(node.at, fmt::format("`{}` must be a text, found {}", what, node.described()));
    return {};
  }

  std::vector<std::string> texts_of(const Node& node, std::string_view what) {
    if (node.is_scalar()) return {text_of(node, what)};
    std::vector<std::string> out;
    for (const Node& item : node.items) out.push_back(text_of(item, what));
    if (out.empty()) wrong(node.at, fmt::format("`{}` names nothing", what));
    return out;
  }

  Class class_of(const Node& node) {
    const auto found = parse_class(node.is_scalar() ? node.text : "");
    if (!found) wrong(node.at, fmt::format("`class` is {}", node.described()));
    return found.value_or(kMostDangerous);
  }

  void read_version(const Entry& key, Pack& into) {
    into.version = key.value.as_integer().value_or(0);
    if (into.version < 1) wrong(key.value.at, "`version` is a whole number from 1");
  }

  void read_sources(const Entry& key, Pack& into) {
    for (const Entry& source : key.value.entries) {
      into.sources[source.key] = text_of(source.value, key.key);
    }
  }

  void read_root(const Node& root) {
    static constexpr auto rows = std::to_array<PackKey<Pack>>({
        {"pack", &PackReader::text<&Pack::name>},
        {"version", &PackReader::read_version},
        {"about", &PackReader::text<&Pack::about>},
        {"sources", &PackReader::read_sources},
        {kTools, nullptr},
        {kTests, nullptr},
    });
    read_keys<Pack>(root, rows, pack_);
    if (pack_.name.empty()) wrong(root.at, "a pack has a name: `pack: NAME`");
    if (const Node* tools = root.find(kTools); tools != nullptr && tools->is_sequence()) {
      for (const Node& tool : tools->items) read_tool(tool);
    } else {
      wrong(root.at, "a pack has a list of `tools`");
    }
    if (const Node* tests = root.find(kTests)) {
      for (const Node& test : tests->items) read_trial(test);
    }
  }

  void read_names(const Entry& key, ToolDraft& tool) { tool.names = texts_of(key.value, key.key); }

  void read_also(const Entry& key, ToolDraft& tool) { tool.also = texts_of(key.value, key.key); }

  void read_class(const Entry& key, ToolDraft& tool) {
    tool.otherwise = class_of(key.value);
    tool.classed = true;
  }

  void read_reads(const Entry& key, ToolDraft& tool) {
    if (key.value.text != "aws_cli") wrong(key.value.at, "`reads` is `aws_cli`, or absent");
    tool.reads = PackReads::aws_cli;
  }

  void read_calls(const Entry& key, ToolDraft& tool) {
    for (const Entry& call : key.value.entries) tool.calls[call.key] = class_of(call.value);
  }

  void read_widens(const Entry& key, ToolDraft& tool) {
    for (const Entry& one : key.value.entries) {
      tool.widens.push_back({one.key, text_of(one.value, key.key)});
    }
  }

  void read_untrusted(const Entry& key, ToolDraft& tool) {
    tool.untrusted = key.value.as_boolean().value_or(true);
  }

  void read_tool(const Node& node) {
    static constexpr auto rows = std::to_array<PackKey<ToolDraft>>({
        {"name", &PackReader::read_names},
        {"also", &PackReader::read_also},
        {"class", &PackReader::read_class},
        {"by", &PackReader::text<&PackTool::by>},
        {"reads", &PackReader::read_reads},
        {"calls", &PackReader::read_calls},
        {"absent", &PackReader::action_class<&PackTool::absent>},
        {"widens", &PackReader::read_widens},
        {"untrusted", &PackReader::read_untrusted},
        {"source", &PackReader::text<&PackTool::source>},
    });
    ToolDraft tool;
    read_keys<ToolDraft>(node, rows, tool);
    if (tool.names.empty()) wrong(node.at, "a tool has a `name`");
    if (!tool.classed) wrong(node.at, "a tool has a `class`");
    if (!pack_.sources.contains(tool.source)) {
      wrong(node.at, fmt::format("a tool has a `source` out of `sources`, found `{}`",
                                 escape_untrusted(tool.source)));
    }
    if (tool.by.empty() && (!tool.calls.empty() || tool.absent)) {
      wrong(node.at, "`calls` and `absent` need `by`, the argument that decides");
    }
    for (const auto& [value, one] : tool.calls) {
      if (!less_dangerous(tool.otherwise, one)) continue;
      wrong(node.at, fmt::format("`{}` is more dangerous than `class`, which is of every call that "
                                 "is not named",
                                 escape_untrusted(value)));
    }
    add(node, tool, tool.names);
  }

  void add(const Node& node, const PackTool& tool, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      PackTool one = tool;
      one.name = name;
      for (const std::string& spelling : one.also) check_fresh(node, spelling);
      check_fresh(node, name);
      pack_.tools.push_back(std::move(one));
    }
  }

  void check_fresh(const Node& node, const std::string& name) {
    if (seen_.insert(name).second) return;
    wrong(node.at, fmt::format("the tool `{}` is there twice", escape_untrusted(name)));
  }

  void read_call(const Entry& key, PackTrial& trial) {
    if (key.value.items.size() != 2 || !key.value.items[0].is_scalar()) return;
    trial.tool = key.value.items[0].text;
    json::Writer out;
    put_json(key.value.items[1], out);
    trial.arguments = out.take();
  }

  void read_trial(const Node& node) {
    static constexpr auto rows = std::to_array<PackKey<PackTrial>>({
        {"call", &PackReader::read_call},
        {"class", &PackReader::action_class<&PackTrial::expected>},
    });
    PackTrial trial;
    trial.at = node.at;
    read_keys<PackTrial>(node, rows, trial);
    if (trial.tool.empty()) wrong(node.at, "a test has `call: [tool, {arguments}]` and `class`");
    pack_.trials.push_back(std::move(trial));
  }

  std::string text_;
  std::string file_;
  std::vector<Error> errors_;
  std::set<std::string> seen_;
  Pack pack_;
};

}  // namespace

LoadedPack read_pack(std::string_view text, std::string_view file) {
  return PackReader(text, file).read();
}

}  // namespace pawl
