#include "doors/mcp/said_by_server.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/mcp/era.h"
#include "doors/mcp/message.h"
#include "kernel/redact/scope.h"
#include "model/verdict.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view kReserved = "pawl/";
constexpr std::array<int, 6> kCodesOfTheProtocol = {parse_error,      invalid_request,
                                                    method_not_found, invalid_params,
                                                    internal_error,   resource_not_found};

// A server may write a key twice, and readers differ in which one they believe: each counts. What
// structured content holds is the tool's own.
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

// The parts of an error, each where it stands once; `whole` where there is nothing else.
struct ErrorParts {
  json::View code, message, details;
  bool whole = true, one_code = true, one_detail = true;
};

ErrorParts parts_of(json::View error) {
  ErrorParts parts;
  for (auto [key, value] : error.members()) {
    const bool code = key == "code";
    const bool detail = key == "data";
    json::View& part = code ? parts.code : detail ? parts.details : parts.message;
    parts.whole = parts.whole && (code || detail || key == "message") && !part.exists();
    parts.one_code = parts.one_code && !(code && part.exists());
    parts.one_detail = parts.one_detail && !(detail && part.exists());
    if (code || detail || key == "message") part = value;
  }
  parts.one_code = parts.one_code && parts.code.is_integer() &&
                   std::in_range<std::int32_t>(parts.code.integer());
  parts.whole = parts.whole && parts.one_code && parts.message.is_string();
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

ErrorSaid error_said(std::string_view error) {
  const auto document = json::parse(error, as_it_came);
  const json::View root = document ? document->root() : json::View();
  const ErrorParts parts = parts_of(root);
  const bool own = parts.one_code && (parts.code.integer() == refused_by_policy ||
                                      parts.code.integer() == address_required);
  const bool forged = looks_decided(root) || looks_decided(parts.details);
  if (parts.whole && !own && !forged) return {};
  const std::string_view words = root.is_string()            ? root.string()
                                 : parts.message.is_string() ? parts.message.string()
                                                             : "the tool server failed";
  const bool keeps_details = parts.one_code && parts.one_detail && !own && !forged;
  const bool keeps_code = parts.one_code && !own;
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
  return spelled(sha256(cursor));
}

std::string list_under_scope(std::string_view result, std::string_view member, bool by_pawl) {
  const auto document = json::parse(result, as_it_came);
  const json::View root = document ? document->root() : json::View();
  json::Writer out;
  out.object().key(member);
  root[member].exists() ? out.value(root[member]) : out.raw("[]");
  if (const auto next = root.text("nextCursor")) {
    out.key("nextCursor").string(cursor_under_scope(*next));
  }
  if (by_pawl) out.key("_meta").value(root["_meta"]);
  out.end();
  return out.take();
}

std::string log_said(json::View params, std::string_view text, bool scoped) {
  const auto level = params.text("level");
  if (!level || gravity(*level) < 0) return {};
  if (!scoped) return std::string(text);
  json::Writer out;
  out.object().key("level").string(*level).key("data").string(withheld_notice()).end();
  return out.take();
}

}  // namespace pawl::mcp
