#include "doors/mcp/protocol/era.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/protocol/tasks.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {
namespace {

constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

// Members of a result that the stateless era gives a meaning, so that only pawl writes them.
constexpr std::array<std::string_view, 5> kResultMembers = {"resultType", "ttlMs", "cacheScope",
                                                            "inputRequests", "requestState"};

bool era_member(std::string_view key) {
  return std::ranges::find(kResultMembers, key) != kResultMembers.end();
}

// True where a member may have one of those names: plainly, or with escapes.
bool may_hold_era_members(std::string_view text) {
  if (text.find("\\u") != std::string_view::npos) return true;
  return std::ranges::any_of(kResultMembers,
                             [&](std::string_view name) { return text.find(name) != text.npos; });
}

std::string plain_key(std::string_view key) {
  if (key.find('\\') == std::string_view::npos) return std::string(key);
  const auto document = json::parse("\"" + std::string(key) + "\"");
  return document && document->root().is_string() ? std::string(document->root().string())
                                                  : std::string();
}

// What stays keeps the bytes that the server wrote.
std::string without_era_members(std::string_view result) {
  std::string out = "{";
  for (const Slice& slice : top_level(result)) {
    if (era_member(plain_key(slice.key))) continue;
    if (out.size() > 1) out += ',';
    out += '"';
    out += slice.key;
    out += "\":";
    out += slice.value;
  }
  return out + '}';
}

}  // namespace

Envelope read_envelope(json::View params) {
  Envelope envelope;
  const json::View meta = params["_meta"];
  const json::View version = meta[meta_version];
  envelope.claimed = version.exists();
  envelope.capabilities = meta[meta_capabilities];
  envelope.client = meta[meta_client];
  envelope.log_level = meta.text(meta_log_level).value_or("");
  if (!version.is_string()) {
    envelope.wrong = meta_version;
    return envelope;
  }
  envelope.version = version.string();
  envelope.supported = envelope.version == stateless_revision;
  if (!envelope.capabilities.is_object()) envelope.wrong = meta_capabilities;
  if (envelope.client.exists() && !envelope.client.is_object()) envelope.wrong = meta_client;
  if (meta[meta_log_level].exists() && gravity(envelope.log_level) < 0) {
    envelope.wrong = meta_log_level;
  }
  return envelope;
}

int gravity(std::string_view level) {
  const auto found = std::ranges::find(kLevels, level);
  return found == kLevels.end() ? -1 : static_cast<int>(found - kLevels.begin());
}

Offers offers_of(json::View capabilities) {
  const json::View elicitation = capabilities["elicitation"];
  Offers offers;
  // An empty object is how it was declared before there were two modes.
  offers.form =
      elicitation.is_object() && (elicitation.size() == 0 || elicitation["form"].exists());
  offers.address = elicitation["url"].exists();
  offers.sampling = capabilities["sampling"].is_object();
  offers.roots = capabilities["roots"].is_object();
  return offers;
}

bool Offers::cover(std::string_view method, json::View params) const {
  if (method == "sampling/createMessage") return sampling;
  if (method == "roots/list") return roots;
  if (method != "elicitation/create") return false;
  const auto mode = params.text("mode");
  return !params["mode"].exists() || mode == "form" ? form : mode == "url" && address;
}

std::string unsupported_error(std::string_view requested) {
  json::Writer versions;
  versions.object().key("supported").array().string(stateless_revision).end();
  versions.key("requested").string(requested).end();
  return error_object(unsupported_version, "this protocol version is not supported",
                      versions.text());
}

std::string error_for_stateless(std::string_view error) {
  const auto document = json::parse(error, as_it_came);
  const json::View code = document ? document->root()["code"] : json::View();
  if (!code.is_integer()) return std::string(error);
  const std::int64_t now = code.integer() == resource_not_found ? invalid_params
                           : code.integer() == address_required ? internal_error
                                                                : code.integer();
  if (now == code.integer()) return std::string(error);
  return error_object(static_cast<int>(now), document->root().text("message").value_or(""));
}

std::string result_for_stateless(std::string_view result, Cached cached) {
  std::string out = R"({"resultType":"complete")";
  if (cached == Cached::yes) out += R"(,"ttlMs":0,"cacheScope":"private")";
  std::string clean;
  if (may_hold_era_members(result)) {
    clean = without_era_members(result);
    result = clean;
  }
  const std::size_t open = result.find('{');
  const std::size_t first = result.find_first_not_of(" \t\r\n", open + 1);
  if (open == std::string_view::npos || first == std::string_view::npos) return out + '}';
  if (result[first] != '}') out += ',';
  out += result.substr(first);
  return out;
}

FromStateless from_stateless(std::string_view result) {
  std::string_view type;
  std::size_t types = 0;
  bool asks = false;
  for (const Slice& slice : top_level(result)) {
    const std::string key = plain_key(slice.key);
    if (key == "resultType") type = slice.value;
    if (key == "resultType") ++types;
    asks = asks || key == "inputRequests" || key == "requestState";
  }
  if (types > 1) return {};
  if (types == 0 || type == "\"complete\"") {
    return {FromStateless::Kind::complete, without_era_members(result)};
  }
  if (type == "\"task\"") return {FromStateless::Kind::task, {}};
  if (type != "\"input_required\"" || !asks) return {};
  return {FromStateless::Kind::input_required, {}};
}

std::string discover_result(json::View said, const Shown& to, bool with_instructions) {
  json::Writer out;
  out.object();
  out.key("supportedVersions").array().string(stateless_revision).end();
  out.key("capabilities").raw(server_capabilities(said["capabilities"], to, true));
  if (const auto text = said.text("instructions"); text && with_instructions) {
    out.key("instructions").string(*text);
  }
  if (said["serverInfo"].is_object()) {
    out.key("_meta").object().key(meta_server);
    out.raw(filter_implementation(said["serverInfo"])).end();
  }
  out.end();
  return out.take();
}

std::string said_in_discover(json::View result) {
  bool served = false;
  for (json::View version : result["supportedVersions"].elements()) {
    served = served || (version.is_string() && version.string() == stateless_revision);
  }
  if (!served || !result["capabilities"].is_object()) return {};
  json::Writer out;
  out.object().key("protocolVersion").string(newest_revision);
  out.key("capabilities").object();
  for (auto [name, value] : result["capabilities"].members()) {
    out.key(name).object();
    for (auto [key, inner] : value.members()) out.key(key).value(inner);
    out.end();
  }
  out.end();
  const json::View name = result["_meta"][meta_server];
  out.key("serverInfo");
  if (name.is_object()) {
    out.value(name);
  } else {
    out.object().key("name").string("unnamed").key("version").string("0").end();
  }
  if (const auto text = result.text("instructions")) out.key("instructions").string(*text);
  out.end();
  return out.take();
}

std::string envelope_for_server(json::View capabilities, json::View client, const Policy& policy,
                                std::string_view server) {
  json::Writer out;
  out.object().key(meta_version).string(stateless_revision);
  out.key(meta_client).raw(client_name(client));
  // Tasks that a server makes of its calls are pawl's to follow, whatever the client knows.
  out.key(meta_capabilities);
  out.raw(with_members(client_capabilities(capabilities, policy, server),
                       fmt::format(R"("extensions":{{"{}":{{}}}})", tasks_extension)));
  out.end();
  const std::string text = out.take();
  return text.substr(1, text.size() - 2);
}

}  // namespace pawl::mcp
