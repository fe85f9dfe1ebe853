#include "doors/decide/project.h"

#include <utility>

namespace pawl {

namespace {

bool is_tool_result(json::View result) {
  return result.is_object() &&
         (result["content"].is_array() || result["structuredContent"].exists());
}

// The value stands in a result of its own, so that everything is projected by the same code.
json::Document wrapped(json::View value) {
  json::Writer out;
  out.object();
  if (value.is_string()) {
    out.key("content").array().object().key("text").value(value).key("type").string("text").end();
    out.end();
  } else {
    out.key("structuredContent").value(value);
  }
  out.end();
  json::ParseLimits limits;
  limits.depth_max += 4;  // of the wrapping
  auto document = json::parse(out.text(), limits);
  return document ? std::move(*document) : json::Document{};
}

void without_prefix(std::vector<std::string>& names, std::string_view prefix) {
  for (std::string& name : names) {
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  }
}

}  // namespace

Projected project_any(const Scope& scope, json::View result) {
  if (is_tool_result(result)) return project_result(scope, result);
  const json::Document whole = wrapped(result);
  Projected inner = project_result(scope, whole.root());
  const auto document = json::parse(inner.result);
  if (!document) return {"null", std::move(inner.withheld)};
  Projected out;
  out.withheld = std::move(inner.withheld);
  if (result.is_string()) {
    // The projection comes first; a notice that something is missing may follow it.
    out.result = "null";
    for (const json::View part : document->root()["content"].elements()) {
      if (part["text"].is_string()) out.result = json::write(part["text"]);
      break;
    }
    without_prefix(out.withheld, "content[0].");
    return out;
  }
  const json::View value = document->root()["structuredContent"];
  out.result = value.exists() ? json::write(value) : "null";
  without_prefix(out.withheld, "structuredContent.");
  return out;
}

}  // namespace pawl
