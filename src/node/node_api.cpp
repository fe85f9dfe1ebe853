// Who calls over the network, and the decision API.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "doors/api/body.h"
#include "io/pins/lock.h"
#include "io/secrets/run_keys.h"
#include "node/files/config_files.h"
#include "node/node_impl.h"

namespace pawl::node {
namespace {

constexpr std::string_view resource_metadata_path = "/.well-known/oauth-protected-resource";

http::Response key_set_response(std::string text) {
  http::Response response;
  response.headers.add("content-type", "application/jwk-set+json");
  response.headers.add("cache-control", "max-age=300");
  response.body = std::move(text);
  return response;
}

Result<std::vector<identity::RunSigner>> signers_of(const std::vector<secrets::RunKey>& kept) {
  std::vector<identity::RunSigner> signers;
  for (const secrets::RunKey& one : kept) {
    auto key = jose::SigningKey::from_seed(one.seed);
    if (!key) return std::unexpected(key.error());
    signers.push_back({*std::move(key), one.until});
  }
  return signers;
}

}  // namespace

// A part of a run that is open, for a sub-agent (`pawl runs create --parent`).
Result<std::string> Node::create_sub_run(json::View request) {
  json::Writer body;
  body.object();
  for (const char* name : {"agent", "audience", "lasts_seconds", "limits", "tools"}) {
    if (request[name].exists()) body.key(name).value(request[name]);
  }
  const auto document = json::parse(body.end().text());
  if (!document) return std::unexpected(document.error());
  const auto wanted = api::read_new_sub_run(document->root());
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->for_mcp && !asks_who_ && deployment_.agents.empty()) {
    return fail(ErrorKind::usage,
                "the MCP endpoint does not authenticate callers while the deployment file has no "
                "`agents`, so a credential would restrict no caller there");
  }
  const std::string by(request.text("by").value_or(""));
  auto opened = api_->open_sub_run(std::string(request.text("parent").value_or("")), *wanted, by);
  if (!opened) return std::unexpected(opened.error());
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(opened->run);
  out.key("audience").string(opened->audience).key("credential").string(opened->issued.token);
  return out.key("expires").string(to_string(opened->issued.expires)).end().take();
}

// A run that a person at this machine opens for an agent elsewhere (`pawl runs create`).
Result<std::string> Node::create_run(json::View request) {
  if (!identities_) {
    return fail(ErrorKind::usage,
                "nothing listens here: a credential is for the doors of `pawl serve`");
  }
  const std::string by(request.text("by").value_or(""));
  if (by.empty() || has_hidden_characters(by))
    return fail(ErrorKind::invalid, "the request does not say who asks");
  if (request["parent"].exists()) return create_sub_run(request);
  const auto member = [request](std::string_view name) {
    return std::string(request.text(name).value_or(""));
  };
  const std::string name = member("role");
  auto role = policies_->role_in_force(name);
  if (!role) return std::unexpected(role.error());
  std::string key = member("key");
  if (key.empty()) key = identities_->new_id("k");
  const identity::Principal agent{
      .agent = name, .role = name, .sponsor = by, .rights = {}, .proof = {}, .credential = {}};
  const auto run = gate_->runs.open({.key = identity::run_key(agent, key),
                                     .sponsor = by,
                                     .client = "pawl runs create",
                                     .policy = role->policy,
                                     .task = member("task"),
                                     .task_file = member("task_file"),
                                     .caller = name,
                                     .vouched = role->vouched,
                                     .keeps_policy = true});
  if (!run) return run;
  const json::View lasts = request["lasts_seconds"];
  const Duration life =
      lasts.is_integer() && lasts.integer() > 0
          ? Duration::seconds(std::min<std::int64_t>(
                lasts.integer(), identity::credential_life_max.ns / 1'000'000'000))
          : identity::credential_life_default;
  const std::string door =
      member("audience") == "mcp" ? api_->audience_of_role(name) : api_->audience();
  const auto issued =
      identities_->issue({.agent = name, .run = *run, .audience = door, .life = life});
  if (!issued) {
    gate_->runs.leave(*run);
    return std::unexpected(issued.error());
  }
  api_->adopt(*run, std::move(role->lock), issued->expires);
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(*run).key("audience").string(door);
  out.key("credential").string(issued->token);
  return out.key("expires").string(to_string(issued->expires)).end().take();
}

// The clock of a run stands still while a person is asked, so this is the earliest moment that its
// time can be used up; whoever goes on after it asks for another credential.
std::optional<Instant> Node::deadline_of(std::string_view id) const {
  const Run* run = gate_->state().run(id);
  const auto policy = run == nullptr ? nullptr : gate_->runs.policy_of(run->id);
  if (!policy || !policy->ceilings.wall_clock) return std::nullopt;
  const Instant now = clock_->now();
  return now + Duration{policy->ceilings.wall_clock->ns - run->clock(now).ns};
}

// What anybody may read: the keys that check our credentials, and whose tokens a door takes.
void Node::add_well_known() {
  gateway_->routes().add("GET", "/.well-known/jwks.json", http::Hosts::any,
                         [this](const http::Request&, http::Responder responder) {
                           std::move(responder).answer(key_set_response(identities_->key_set()));
                         });
  const http::Handler describe = [this](const http::Request& request, http::Responder responder) {
    const std::string_view path = http::path_of(request.target);
    std::string text = identities_->metadata(path.substr(resource_metadata_path.size()));
    if (text.empty()) {
      return std::move(responder).answer(http::respond({404, "nothing is here"}));
    }
    http::Response response;
    response.headers.add("content-type", "application/json");
    response.headers.add("cache-control", "max-age=300");
    response.body = std::move(text);
    std::move(responder).answer(std::move(response));
  };
  for (const std::string& path :
       {std::string(resource_metadata_path), std::string(resource_metadata_path) + "/"}) {
    gateway_->routes().add("GET", path, http::Hosts::listed, describe);
  }
}

void Node::note_refusal(const std::string& topic, const std::string& text) {
  gate_->alerts.note_refusal(topic, text);
}

// `pawl keys rotate`: needs nobody's proof, it only tightens.
Result<std::string> Node::rotate_keys(json::View request) {
  const json::View now = request["at_once"];
  const bool at_once = now.kind() == json::Kind::boolean && now.boolean();
  auto kept =
      secrets::rotate_run_keys(options_.state_directory + "/" + secrets::run_keys_name,
                               {.now = clock_->now(),
                                .checks_for = at_once ? Duration{} : identity::credential_life_max,
                                .random = random_bytes});
  if (!kept) return std::unexpected(kept.error());
  const std::size_t checking = kept->size() - 1;
  auto keys = signers_of(*kept);
  if (!keys) return std::unexpected(keys.error());
  if (identities_) identities_->sign_with(*std::move(keys));
  (void)gate_->alerts.note(
      {}, "keys of runs", at_once ? "a new key signs, and no older one checks" : "a new key signs");
  json::Writer out;
  out.object().key("checking").natural(checking).key("ok").boolean(true).end();
  return out.take();
}

Status Node::open_api() {
  auto kept =
      secrets::open_run_keys(options_.state_directory + "/" + secrets::run_keys_name, random_bytes);
  if (!kept) return std::unexpected(kept.error());
  auto keys = signers_of(*kept);
  if (!keys) return std::unexpected(keys.error());
  const std::string& url = deployment_.listen->url;
  const std::string address = url.empty() ? gateway_->address() : url;
  others_keys_ = std::make_unique<identity::HttpKeys>(loop_);
  identities_.emplace(
      identity::IdentityPorts{
          .now = [this] { return clock_->now(); },
          .run = [this](std::string_view id) { return api_ ? api_->run_of(id) : nullptr; },
          .deadline = [this](std::string_view run) { return deadline_of(run); },
          .note = [this](const std::string& topic,
                         const std::string& text) { note_refusal(topic, text); },
          .random = random_bytes,
          .fetch =
              [this](KeyPlace place) {
                return others_keys_->fetch(std::move(place), config_directory_);
              }},
      *std::move(keys), address);
  identities_->use(deployment_);
  api_ = std::make_unique<api::Api>(
      api::ApiPorts{.gate = *gate_,
                    .identities = *identities_,
                    .executor = executor_,
                    .now = [this] { return clock_->now(); },
                    .role = [this](const std::string& role) -> Result<api::RoleInForce> {
                      auto in_force = policies_->role_as_it_is(role);
                      const bool none = in_force && !in_force->policy;
                      if (!in_force || none) {
                        log_line("role `" + escape_untrusted(role) +
                                 "`: " + to_string(none ? in_force->missing : in_force.error()));
                      }
                      return in_force;
                    },
                    .read_sql = read_sql_,
                    .address = address,
                    .trace = telemetry_->begin_trace()});
  const http::Handler serve = [this](http::Request request, http::Responder responder) {
    api_->serve(std::move(request), std::move(responder));
  };
  gateway_->routes().add("GET", "/v1/", http::Hosts::listed, serve);
  gateway_->routes().add("POST", "/v1/", http::Hosts::listed, serve);
  add_well_known();
  // A file that loses its agents later does not open the doors to everybody.
  asks_who_ = !deployment_.agents.empty();
  if (!asks_who_) {
    log_line("the deployment file has no `agents`, so the decision API has no callers");
  }
  return {};
}

}  // namespace pawl::node
