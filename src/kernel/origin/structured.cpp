#include "kernel/origin/structured.h"

#include <span>
#include <utility>

#include "base/text.h"
#include "base/yaml.h"
#include "base/yaml_json.h"

namespace pawl {
namespace {

// Lists inside of lists, all told; deeper ones are not gone through.
constexpr unsigned list_depth_max = 32;

bool is_structure(json::View value) {
  return value.is_object() || value.is_array();
}

// A cheap look before a parser is asked: YAML needs a key or a dash.
bool may_be_yaml(std::string_view text) {
  return text.starts_with("- ") || text.find(": ") != std::string_view::npos ||
         text.find(":\n") != std::string_view::npos;
}

std::string yaml_as_json(std::string_view text) {
  if (!may_be_yaml(text)) return {};
  const yaml::Read read = yaml::read(text, "", structured_bytes_max, yaml::Mistakes::one);
  if (!read.errors.empty() || !read.whole) return {};
  if (!read.root.is_map() && !read.root.is_sequence()) return {};
  json::Writer out;
  yaml::write_json(read.root, out);
  return out.take();
}

void add_text(std::string_view text, Structured& out) {
  if (text.size() > structured_bytes_max) return;
  const std::string_view inner = trim(text);
  Result<json::Document> document = fail(ErrorKind::invalid, "");
  if (inner.starts_with('{') || inner.starts_with('[')) document = json::parse(inner);
  if (!document) {
    if (const std::string yaml = yaml_as_json(text); !yaml.empty()) document = json::parse(yaml);
  }
  if (!document || !is_structure(document->root())) return;
  out.documents.push_back(std::make_unique<json::Document>(std::move(*document)));
  out.views.push_back(out.documents.back()->root());
}

void each_at(json::View value, std::span<const std::string> field, unsigned lists,
             const std::function<void(json::View)>& take) {  // NOLINT(misc-no-recursion)
  if (value.is_array()) {
    if (lists == list_depth_max) return;
    for (const json::View inner : value.elements()) each_at(inner, field, lists + 1, take);
  } else if (!field.empty()) {
    if (const json::View inner = value[field.front()]; inner.exists()) {
      each_at(inner, field.subspan(1), lists, take);
    }
  } else if (value.exists() && !value.is_object()) {
    take(value);
  }
}

}  // namespace

Structured structured_parts(json::View result) {
  Structured out;
  if (result.is_string()) add_text(result.string(), out);
  if (!is_structure(result)) return out;
  const json::View error = result["isError"];
  if (error.exists() && (error.kind() != json::Kind::boolean || error.boolean())) return out;
  const json::View content = result["content"];
  const json::View structured = result["structuredContent"];
  if (structured.exists() && is_structure(structured)) out.views.push_back(structured);
  if (!content.is_array() && !structured.exists()) {
    out.views.push_back(result);
    return out;
  }
  std::size_t blocks = 0;
  for (const json::View block : content.elements()) {
    if (++blocks > structured_blocks_max) break;
    if (block.text("type") != "text") continue;
    if (const auto text = block.text("text")) add_text(*text, out);
  }
  return out;
}

void each_at(json::View value, const std::vector<std::string>& field,
             const std::function<void(json::View)>& take) {
  each_at(value, std::span(field), 0, take);
}

}  // namespace pawl
