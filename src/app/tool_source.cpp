#include "app/tool_source.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

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
    return fail(ErrorKind::invalid, "is no call: expected {\"tool\", \"arguments\"}");
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
  if (!definition) return std::unexpected(definition.error());
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

}  // namespace pawl::app
