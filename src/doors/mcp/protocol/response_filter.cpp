#include "doors/mcp/protocol/response_filter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "kernel/redact/scope.h"
#include "model/verdict.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view kReserved = "pawl/";
constexpr std::array<int, 6> kCodesOfTheProtocol = {parse_error,      invalid_request,
                                                    method_not_found, invalid_params,
                                                    internal_error,   resource_not_found};

// What the protocol calls the members of results, of elements of lists, and of questions. Some
// readers take `IsError` for `isError`.
constexpr std::array<std::string_view, 17> kOfResults = {
    "_meta",     "cacheScope", "completion",        "content", "contents",     "inputRequests",
    "isError",   "messages",   "nextCursor",        "prompts", "requestState", "resourceTemplates",
    "resources", "resultType", "structuredContent", "tools",   "ttlMs"};
constexpr std::array<std::string_view, 16> kOfElements = {
    "_meta",       "annotations", "arguments",  "description",  "execution", "icons",
    "inputSchema", "mimeType",    "name",       "outputSchema", "size",      "title",
    "uri",         "uriTemplate", "websiteUrl", "version"};
constexpr std::array<std::string_view, 5> kOfForms = {"elicitationId", "message", "mode",
                                                      "requestedSchema", "url"};
constexpr std::array<std::string_view, 10> kOfSampling = {
    "includeContext", "maxTokens",    "messages",    "metadata",   "modelPreferences",
    "stopSequences",  "systemPrompt", "temperature", "toolChoice", "tools"};
constexpr std::array<std::string_view, 6> kOfImplementations = {
    "description", "icons", "name", "title", "version", "websiteUrl"};
// Folding makes no name longer than this into one of the protocol's.
constexpr std::size_t lookalike_bytes_max = 128;

using Names = std::span<const std::string_view>;

bool is_lookalike(std::string_view key, Names names) {
  if (std::ranges::find(names, key) != names.end() || key.size() > lookalike_bytes_max) {
    return false;
  }
  const std::string folded = fold(key);
  return std::ranges::any_of(names,
                             [&folded](std::string_view name) { return fold(name) == folded; });
}

bool has_lookalikes(json::View object, Names names) {
  for (auto [key, value] : object.members()) {
    if (is_lookalike(key, names)) return true;
  }
  return false;
}

// The members of an object with these names, and no others.
void write_known(json::View object, Names names, json::Writer& out) {
  out.object();
  for (std::string_view name : names) {
    if (object[name].exists()) out.key(name).value(object[name]);
  }
  out.end();
}

// What structured content holds is the tool's own.
bool holds_reserved(json::View value) {
  for (json::View element : value.elements()) {
    if (holds_reserved(element)) return true;
  }
  for (auto [key, inner] : value.members()) {
    if (key == "structuredContent") continue;
    if (key == "_meta") {
      for (auto [name, ignored] : inner.members()) {
        if (reserved_name(name)) return true;
      }
    }
    if (holds_reserved(inner)) return true;
  }
  return false;
}

void write_unreserved(json::View value, bool meta, json::Writer& out) {
  if (value.is_array()) {
    out.array();
    for (json::View element : value.elements()) write_unreserved(element, false, out);
    out.end();
    return;
  }
  if (!value.is_object()) {
    out.value(value);
    return;
  }
  out.object();
  for (auto [key, inner] : value.members()) {
    if (meta && reserved_name(key)) continue;
    out.key(key);
    if (key == "structuredContent") {
      out.value(inner);
    } else {
      write_unreserved(inner, key == "_meta", out);
    }
  }
  out.end();
}

// Shaped like a decision of pawl's: it has a reserved name, or one of the codes of denials beside
// what else decisions have. The code alone is a word that servers have too (`schema`, `rate`).
bool looks_decided(json::View value) {
  Code code{};
  bool denial = false, effect = false, policy = false, more = false;
  for (auto [key, inner] : value.members()) {
    if (reserved_name(key)) return true;
    denial = denial || (key == "code" && inner.is_string() && parse_code(inner.string(), code));
    effect = effect || key == "effect";
    policy = policy || key == "policy";
    more = more || key == "decision" || key == "retryable";
  }
  return (denial && (more || (effect && policy))) || holds_reserved(value);
}

// The parts of an error; `whole` where there is nothing else.
struct ErrorParts {
  json::View code, message, details;
  bool whole = false, has_code = false;
};

ErrorParts parts_of(json::View error) {
  ErrorParts parts{error["code"], error["message"], error["data"]};
  parts.has_code = parts.code.is_integer() && std::in_range<std::int32_t>(parts.code.integer());
  const std::uint32_t known = parts.details.exists() ? 3 : 2;
  parts.whole = parts.has_code && parts.message.is_string() && error.size() == known;
  return parts;
}

bool is_of_the_protocol(std::int64_t code) {
  return std::ranges::find(kCodesOfTheProtocol, code) != kCodesOfTheProtocol.end();
}

}  // namespace

bool reserved_name(std::string_view name) {
  return fold(name).starts_with(kReserved);
}

std::string without_reserved(std::string_view text) {
  if (text.find("_meta") == std::string_view::npos && text.find("\\u") == std::string_view::npos) {
    return {};
  }
  const auto document = json::parse(text, as_it_came);
  if (!document || !holds_reserved(document->root())) return {};
  json::Writer out;
  write_unreserved(document->root(), false, out);
  return out.take();
}

FilteredError filter_error(std::string_view error) {
  const auto document = json::parse(error, as_it_came);
  const json::View root = document ? document->root() : json::View();
  const ErrorParts parts = parts_of(root);
  const bool own = parts.has_code && (parts.code.integer() == refused_by_policy ||
                                      parts.code.integer() == address_required);
  const bool forged = looks_decided(root) || looks_decided(parts.details);
  if (parts.whole && !own && !forged) return {};
  const std::string_view words = root.is_string()            ? root.string()
                                 : parts.message.is_string() ? parts.message.string()
                                                             : "the tool server failed";
  const bool keeps_details = parts.has_code && !own && !forged;
  const bool keeps_code = parts.has_code && !own;
  return {error_object(keeps_code ? static_cast<int>(parts.code.integer()) : internal_error, words,
                       keeps_details && parts.details.exists() ? json::write(parts.details) : ""),
          forged || (own && parts.details.exists())};
}

std::string error_under_scope(std::string_view error) {
  const auto document = json::parse(error, as_it_came);
  const json::View code = document ? document->root()["code"] : json::View();
  const bool known = code.is_integer() && is_of_the_protocol(code.integer());
  return error_object(known ? static_cast<int>(code.integer()) : internal_error, withheld_notice());
}

std::string cursor_under_scope(std::string_view cursor) {
  return to_string(sha256(cursor));
}

void write_element(json::View element, json::Writer& out) {
  if (!has_lookalikes(element, kOfElements)) {
    out.value(element);
    return;
  }
  out.object();
  for (auto [key, value] : element.members()) {
    if (!is_lookalike(key, kOfElements)) out.key(key).value(value);
  }
  out.end();
}

std::string filter_list(json::View result, std::string_view member, bool scoped) {
  json::Writer out;
  out.object().key(member).array();
  for (json::View element : result[member].elements()) {
    if (element.is_object()) write_element(element, out);
  }
  out.end();
  if (const auto next = result.text("nextCursor")) {
    out.key("nextCursor").string(scoped ? cursor_under_scope(*next) : std::string(*next));
  }
  if (result["_meta"].is_object() && !scoped) out.key("_meta").value(result["_meta"]);
  out.end();
  return out.take();
}

std::string without_lookalikes(json::View result) {
  if (!has_lookalikes(result, kOfResults)) return {};
  json::Writer out;
  out.object();
  for (auto [key, value] : result.members()) {
    if (!is_lookalike(key, kOfResults)) out.key(key).value(value);
  }
  out.end();
  return out.take();
}

std::string filter_log(json::View params, bool scoped) {
  const auto level = params.text("level");
  if (!level || gravity(*level) < 0) return {};
  json::Writer out;
  out.object().key("level").string(*level);
  if (scoped) {
    out.key("data").string(withheld_notice()).end();
    return out.take();
  }
  if (const auto logger = params.text("logger")) out.key("logger").string(*logger);
  if (params["data"].exists()) out.key("data").value(params["data"]);
  if (params["_meta"].is_object()) out.key("_meta").value(params["_meta"]);
  out.end();
  return out.take();
}

std::string filter_question(std::string_view method, json::View params) {
  json::Writer out;
  if (method == "elicitation/create") {
    write_known(params, kOfForms, out);
  } else if (method == "sampling/createMessage") {
    write_known(params, kOfSampling, out);
  } else {
    out.object().end();
  }
  return out.take();
}

std::string filter_implementation(json::View server) {
  json::Writer out;
  write_known(server, kOfImplementations, out);
  return out.take();
}

}  // namespace pawl::mcp
