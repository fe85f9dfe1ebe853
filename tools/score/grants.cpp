#include "grants.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/yaml.h"
#include "kernel/origin/words.h"

namespace pawl::score {
namespace {

constexpr std::size_t ending_bytes_max = 3;

Result<std::vector<std::string>> texts(const yaml::Node* node, const Position& at) {
  std::vector<std::string> out;
  if (node == nullptr || !node->is_sequence()) {
    return std::unexpected(Error{ErrorKind::invalid, "expected a list of words", at});
  }
  for (const yaml::Node& item : node->items) out.push_back(item.text);
  return out;
}

// In flow style, as one line of a task file.
void write_flow(const yaml::Node& node, std::string& out) {
  const auto list = [&out](char open, char close, const auto& parts, const auto& write) {
    out += open;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) out += ", ";
      write(parts[i]);
    }
    out += close;
  };
  if (node.is_map()) {
    list('{', '}', node.entries, [&out](const yaml::Entry& entry) {
      out += entry.key + ": ";
      write_flow(entry.value, out);
    });
  } else if (node.is_sequence()) {
    list('[', ']', node.items, [&out](const yaml::Node& item) { write_flow(item, out); });
  } else if (node.quoted) {
    json::write_string(node.text, out);
  } else {
    out += node.text;
  }
}

bool asks(const std::vector<SponsorWords::Token>& tokens, const std::string& word) {
  return std::ranges::any_of(tokens, [&](const SponsorWords::Token& token) {
    return token.folded.starts_with(word) && token.folded.size() <= word.size() + ending_bytes_max;
  });
}

}  // namespace

Result<Grants> load_grants(std::string_view text, const std::string& file) {
  const yaml::Read read = yaml::read(text, file);
  if (!read.errors.empty()) return std::unexpected(read.errors.front());
  Grants out;
  auto always = texts(read.root.find("always"), read.root.at);
  PAWL_TRY(always);
  out.always = std::move(*always);
  const yaml::Node* asked = read.root.find("asked");
  if (asked == nullptr) return out;
  for (const yaml::Node& row : asked->items) {
    auto tools = texts(row.find("tools"), row.at);
    auto words = texts(row.find("words"), row.at);
    PAWL_TRY(tools);
    PAWL_TRY(words);
    Grants::Asked one{std::move(*tools), std::move(*words), {}};
    if (const yaml::Node* args = row.find("args")) write_flow(*args, one.args);
    out.asked.push_back(std::move(one));
  }
  return out;
}

std::string task_file(const Grants& grants, const Policy& role, std::string_view words) {
  const auto tokens = tokens_of(without_quoted(words));
  std::map<std::string, std::string> tools;  // -> its `args`
  for (const std::string& tool : grants.always) tools[tool] = "";
  for (const Grants::Asked& row : grants.asked) {
    const bool wanted =
        std::ranges::any_of(row.words, [&](const std::string& word) { return asks(tokens, word); });
    if (!wanted) continue;
    for (const std::string& tool : row.tools) {
      const auto [known, fresh] = tools.try_emplace(tool, row.args);
      if (!fresh && row.args.empty()) known->second.clear();
    }
  }
  std::string out = "version: 1\ntext: ";
  json::write_string(words, out);  // JSON's way of quoting is one of YAML's
  out += "\ntools:\n";
  for (const auto& [tool, args] : tools) {
    if (role.find("", tool) == nullptr) continue;
    out += args.empty() ? "  - " + tool + "\n" : "  - {name: " + tool + ", args: " + args + "}\n";
  }
  return out;
}

}  // namespace pawl::score
