#include "node/network_callers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "doors/api/body.h"
#include "gate/gate.h"
#include "io/identity/http_keys.h"
#include "io/net/clock.h"
#include "io/pins/lock.h"
#include "io/secrets/run_keys.h"
#include "kernel/policy/policy.h"
#include "node/common/log.h"
#include "node/executor.h"
#include "node/gateway.h"
#include "node/policy_watch.h"

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
    PAWL_TRY(key);
    signers.push_back({*std::move(key), one.until});
  }
  return signers;
}

}  // namespace

NetworkCallers::NetworkCallers(NetworkCallerPorts ports) : ports_(std::move(ports)) {}

NetworkCallers::~NetworkCallers() = default;

// A part of a run that is open, for a sub-agent (`pawl runs create --parent`).
Result<std::string> NetworkCallers::create_sub_run(json::View request) {
  json::Writer body;
  body.object();
  for (const char* name : {"agent", "audience", "lasts_seconds", "limits", "tools"}) {
    if (request[name].exists()) body.key(name).value(request[name]);
  }
  const auto document = json::parse(body.end().text());
  PAWL_TRY(document);
  const auto wanted = api::read_new_sub_run(document->root());
  PAWL_TRY(wanted);
  if (wanted->for_mcp && !asks_who()) {
    return fail(ErrorKind::usage,
                "the MCP endpoint does not authenticate callers while the deployment file has no "
                "`agents`, so a credential would restrict no caller there");
  }
  const std::string by(request.text("by").value_or(""));
  auto opened = api_->open_sub_run(std::string(request.text("parent").value_or("")), *wanted, by);
  PAWL_TRY(opened);
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(opened->run);
  out.key("audience").string(opened->audience).key("credential").string(opened->issued.token);
  return out.key("expires").string(to_string(opened->issued.expires)).end().take();
}

Result<std::string> NetworkCallers::create_run(json::View request) {
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
  auto role = ports_.policies.role_in_force(name);
  PAWL_TRY(role);
  std::string key = member("key");
  if (key.empty()) key = identities_->new_id("k");
  const identity::Principal agent{
      .agent = name, .role = name, .sponsor = by, .rights = {}, .proof = {}, .credential = {}};
  const auto run = ports_.gate.runs.open({.key = identity::run_key(agent, key),
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
    ports_.gate.runs.leave(*run);
    return std::unexpected(issued.error());
  }
  api_->adopt(*run, std::move(role->lock), issued->expires);
  json::Writer out;
  out.object().key("ok").boolean(true).key("run").string(*run).key("audience").string(door);
  out.key("credential").string(issued->token);
  return out.key("expires").string(to_string(issued->expires)).end().take();
}

// The clock of a run stands still while a person is asked, so this is the earliest moment that its
// time can be used up; an agent that goes on after it asks for another credential.
std::optional<Instant> NetworkCallers::deadline_of(std::string_view id) const {
  const Run* run = ports_.gate.state().run(id);
  const auto policy = run == nullptr ? nullptr : ports_.gate.runs.policy_of(run->id);
  if (!policy || !policy->ceilings.wall_clock) return std::nullopt;
  const Instant now = ports_.clock.now();
  return now + Duration{policy->ceilings.wall_clock->ns - run->clock(now).ns};
}

// What any client may read: the keys that check our credentials, and whose tokens a door takes.
void NetworkCallers::add_well_known(http::Routes& routes) {
  routes.add("GET", "/.well-known/jwks.json", http::Hosts::any,
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
    routes.add("GET", path, http::Hosts::listed, describe);
  }
}

Result<std::string> NetworkCallers::rotate_keys(json::View request) {
  const json::View now = request["at_once"];
  const bool at_once = now.kind() == json::Kind::boolean && now.boolean();
  auto kept =
      secrets::rotate_run_keys(ports_.state_directory + "/" + secrets::run_keys_name,
                               {.now = ports_.clock.now(),
                                .checks_for = at_once ? Duration{} : identity::credential_life_max,
                                .random = random_bytes});
  PAWL_TRY(kept);
  const std::size_t checking = kept->size() - 1;
  auto keys = signers_of(*kept);
  PAWL_TRY(keys);
  if (identities_) identities_->sign_with(*std::move(keys));
  (void)ports_.gate.alerts.note(
      {}, "keys of runs", at_once ? "a new key signs, and no older one checks" : "a new key signs");
  json::Writer out;
  out.object().key("checking").natural(checking).key("ok").boolean(true).end();
  return out.take();
}

Status NetworkCallers::open(Gateway& gateway) {
  auto kept =
      secrets::open_run_keys(ports_.state_directory + "/" + secrets::run_keys_name, random_bytes);
  PAWL_TRY(kept);
  auto keys = signers_of(*kept);
  PAWL_TRY(keys);
  const std::string& url = ports_.deployment.listen->url;
  const std::string address = url.empty() ? gateway.address() : url;
  others_keys_ = std::make_unique<identity::HttpKeys>(ports_.loop);
  identities_.emplace(
      identity::IdentityPorts{
          .now = [this] { return ports_.clock.now(); },
          .run = [this](std::string_view id) { return api_ ? api_->run_of(id) : nullptr; },
          .deadline = [this](std::string_view run) { return deadline_of(run); },
          .note = [this](const std::string& topic,
                         const std::string& text) { ports_.gate.alerts.note_refusal(topic, text); },
          .random = random_bytes,
          .fetch =
              [this](KeyPlace place) {
                return others_keys_->fetch(std::move(place), ports_.config_directory);
              }},
      *std::move(keys), address);
  identities_->use(ports_.deployment);
  api_ = std::make_unique<api::Api>(
      api::ApiPorts{.gate = ports_.gate,
                    .identities = *identities_,
                    .executor = ports_.executor,
                    .now = [this] { return ports_.clock.now(); },
                    .role = [this](const std::string& role) -> Result<api::RoleInForce> {
                      auto in_force = ports_.policies.role_as_it_is(role);
                      const bool none = in_force && !in_force->policy;
                      if (!in_force || none) {
                        log_line("role `" + escape_untrusted(role) +
                                 "`: " + to_string(none ? in_force->missing : in_force.error()));
                      }
                      return in_force;
                    },
                    .read_sql = ports_.read_sql,
                    .address = address,
                    .trace = ports_.begin_trace()});
  const http::Handler serve = [this](http::Request request, http::Responder responder) {
    api_->serve(std::move(request), std::move(responder));
  };
  gateway.routes().add("GET", "/v1/", http::Hosts::listed, serve);
  gateway.routes().add("POST", "/v1/", http::Hosts::listed, serve);
  add_well_known(gateway.routes());
  asks_who_ = !ports_.deployment.agents.empty();
  if (!asks_who_) {
    log_line("the deployment file has no `agents`, so the decision API has no callers");
  }
  return {};
}

void NetworkCallers::file_changed() {
  if (identities_) identities_->use(ports_.deployment);
}

void NetworkCallers::finish() {
  if (api_) api_->finish();
  if (identities_) identities_->finish();
  others_keys_.reset();
}

void NetworkCallers::close() {
  api_.reset();
}

}  // namespace pawl::node
