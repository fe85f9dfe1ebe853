#include "doors/model/model_door.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "doors/model/model_call.h"
#include "doors/model/priors.h"
#include "gate/gate.h"
#include "io/identity/identities.h"
#include "kernel/policy/models.h"
#include "kernel/policy/policy.h"

namespace pawl::model {
namespace {

constexpr std::size_t tools_named_max = 128;
constexpr std::size_t offloaded_bytes_min = 32UL << 10;
constexpr std::string_view proof_header = "x-pawl-credential";

ModelApi shape_of(ProviderApi api) {
  switch (api) {
    case ProviderApi::openai:
      return ModelApi::openai_chat;
    case ProviderApi::anthropic:
      return ModelApi::anthropic_messages;
    case ProviderApi::gemini:
      break;
  }
  return ModelApi::gemini_generate;
}

bool speaks(ProviderApi provider, ModelApi api) {
  switch (api) {
    case ModelApi::openai_chat:
    case ModelApi::openai_responses:
    case ModelApi::openai_embeddings:
      return provider == ProviderApi::openai;
    case ModelApi::anthropic_messages:
      return provider == ProviderApi::anthropic;
    case ModelApi::gemini_generate:
      break;
  }
  return provider == ProviderApi::gemini;
}

void answer(http::Responder responder, ModelApi api, const ModelRefusal& refusal) {
  RefusalAnswer said = refusal_answer(api, refusal);
  http::Response response;
  response.status = said.status;
  for (const auto& [name, value] : said.headers) response.headers.add(name, value);
  response.body = std::move(said.body);
  std::move(responder).answer(std::move(response));
}

// What was put where the client has its API key. Nothing, where two of them differ: two readers
// could choose differently.
std::optional<std::string_view> shown_key(const http::Request& request) {
  std::optional<std::string_view> found;
  const auto take = [&found](std::string_view value) {
    if (found && *found != value) return false;
    found = value;
    return true;
  };
  if (const auto own = request.headers.find(proof_header)) {
    return request.headers.count(proof_header) == 1 ? own : std::nullopt;
  }
  for (const std::string_view name : {"authorization", "x-api-key", "x-goog-api-key"}) {
    if (request.headers.count(name) > 1) return std::nullopt;
    auto value = request.headers.find(name);
    if (!value) continue;
    if (name == "authorization") {
      if (value->size() < 7 || !http::same_ignoring_case(value->substr(0, 7), "bearer ")) {
        return std::nullopt;
      }
      value->remove_prefix(7);
    }
    if (!take(trim(*value))) return std::nullopt;
  }
  return found.value_or(std::string_view());
}

void put_names(std::string_view key, const std::vector<std::string>& names, json::Writer& out) {
  if (names.empty()) return;
  out.key(key).array();
  for (std::size_t i = 0; i < std::min(names.size(), tools_named_max); ++i) out.string(names[i]);
  out.end();
}

// What a policy, a reviewer and the journal see of a request: what it is, and not what it says.
std::string described(const Asked& asked) {
  const ModelRequest& model = asked.model;
  std::vector<std::string> uses = model.effects;
  uses.insert(uses.end(), model.references.begin(), model.references.end());
  json::Writer out;
  out.object().key("api").string(to_string(model.api));
  out.key("body").string(to_string(sha256(asked.request.body)));
  out.key("bytes").natural(asked.request.body.size()).key("choices").natural(model.choices);
  out.key("model").string(model.model);
  if (model.output_asked > 0) out.key("output_tokens").natural(model.output_asked);
  if (!model.service_tier.empty()) out.key("service_tier").string(model.service_tier);
  out.key("stream").boolean(model.stream);
  put_names("tools", model.tools, out);
  // All of them: each has to be permitted.
  if (!uses.empty()) {
    out.key("uses").array();
    for (const std::string& use : uses) out.string(use);
    out.end();
  }
  return out.end().take();
}

}  // namespace

struct ModelDoor::Impl : std::enable_shared_from_this<ModelDoor::Impl> {
  explicit Impl(ModelPorts with) : ports(std::move(with)) {}

  struct Waiter {
    Completion<bool> woken;
    std::shared_ptr<void> timer;
  };
  // One request on its way.
  struct Visit {
    std::shared_ptr<Asked> asked = std::make_shared<Asked>();
    std::optional<http::Responder> responder;
    std::string rest;  // of the path, behind the provider
    std::string run, joined;
    std::shared_ptr<SubRunLimits> part;

    void refuse(RefusalKind kind, std::string_view code, std::string message) {
      if (!responder) return;
      http::Responder once = std::move(*responder);
      responder.reset();
      answer(std::move(once), shape(),
             {.kind = kind, .code = std::string(code), .message = std::move(message), .run = run});
    }
    ModelApi shape() const { return targeted ? asked->target.api : shape_of(asked->provider.api); }
    bool targeted = false;
  };
  using VisitPtr = std::shared_ptr<Visit>;

  Task<void> visit(VisitPtr visit);
  bool find_target(Visit& visit) const;
  Task<bool> admitted(VisitPtr visit);
  bool join(Visit& visit, const identity::Principal& who);
  Task<bool> readable(VisitPtr visit);
  void refuse_request(Visit& visit, const std::string& why);
  ModelFact bounds(Visit& visit) const;
  Task<void> propose(VisitPtr visit);
  Task<void> wait_for_room();
  void wake_one();

  ModelPorts ports;
  Priors priors;
  std::deque<std::shared_ptr<Waiter>> waiting;
  std::vector<std::weak_ptr<ModelCall>> calls;
  std::size_t open = 0;
  bool closing = false;
};

bool ModelDoor::Impl::find_target(Visit& visit) const {
  auto target = read_model_target(visit.rest);
  const bool known = target && speaks(visit.asked->provider.api, target->api);
  if (!known) {
    visit.refuse(RefusalKind::denied, "not_granted",
                 target ? "this provider has no such path"
                        : "this path is not passed on: " + target.error().message);
    return false;
  }
  visit.asked->target = *std::move(target);
  visit.targeted = true;
  if (visit.asked->request.method != "POST") {
    visit.refuse(RefusalKind::invalid, "ambiguous_request", "a request to a model is a POST");
    return false;
  }
  return true;
}

Task<bool> ModelDoor::Impl::admitted(VisitPtr visit) {
  // The caller's own key goes on to the provider, and what proves a run must not.
  if (visit->asked->provider.passes_client() &&
      visit->asked->request.headers.count(proof_header) == 0) {
    visit->refuse(RefusalKind::denied, "identity",
                  "this provider gets the key of the caller, so the credential of the run comes in "
                  "`X-Pawl-Credential`");
    co_return false;
  }
  const auto key = shown_key(visit->asked->request);
  if (!key || key->empty()) {
    visit->refuse(RefusalKind::denied, "identity",
                  key ? "no credential: put that of the run where the API key stands"
                      : "two keys are shown, or one that cannot be read");
    co_return false;
  }
  http::Request proof;
  proof.method = "POST";
  proof.target = visit->asked->request.target;
  proof.remote = visit->asked->request.remote;
  proof.headers.add("authorization", "Bearer " + std::string(*key));
  const auto who = co_await ports.authenticate(proof);
  proof.headers.wipe();
  if (!who || !who->rights.propose) {
    visit->refuse(
        !who && who.error().status == 503 ? RefusalKind::unavailable : RefusalKind::denied,
        "identity", "the credential is not accepted");
    co_return false;
  }
  co_return join(*visit, *who);
}

// The run of the credential, or the one run of the agent whose key it is.
bool ModelDoor::Impl::join(Visit& visit, const identity::Principal& who) {
  RunRequest request;
  request.client = "model proxy, " + who.agent + " by " + who.proof;
  request.caller = who.agent;
  if (who.credential) {
    const std::string root = ports.root_of(who.credential->run);
    const Run* run = ports.gate.state().run(root);
    const auto policy = run == nullptr ? nullptr : ports.gate.runs.policy_of(root);
    visit.part = ports.part(who.credential->run);
    const bool part_of = !who.credential->parent_run.empty();
    if (!policy || (part_of && !visit.part)) {
      visit.refuse(RefusalKind::denied, "run_halted", "the run of this credential is over");
      return false;
    }
    request.key = run->key;
    request.sponsor = run->sponsor;
    request.policy = policy;
    request.task = policy->task;
    request.vouched = true;
    visit.run = root;
    visit.asked->role = run->agent;
    if (run->phase != RunPhase::open) return true;  // the gate says what became of it
  } else {
    request.key = identity::run_key(who, "models");
    request.sponsor = who.sponsor;
    request.policy = ports.role(who.role, request.vouched);
    request.keeps_policy = true;
    visit.asked->role = who.role;
    if (!request.policy) {
      visit.refuse(RefusalKind::unavailable, "not_granted", "its role is not in force");
      return false;
    }
  }
  auto run = ports.gate.runs.open(request);
  if (!run) {
    visit.refuse(RefusalKind::denied, "not_granted", run.error().message);
    return false;
  }
  visit.run = visit.joined = *std::move(run);
  return true;
}

void ModelDoor::Impl::refuse_request(Visit& visit, const std::string& why) {
  (void)ports.gate.calls.refuse(visit.run, Code::ambiguous_request, "model", why, visit.part.get());
  visit.refuse(RefusalKind::invalid, "ambiguous_request", why);
}

// The body, in one reading, member by member; a large one is read beside the loop.
Task<bool> ModelDoor::Impl::readable(VisitPtr visit) {
  const std::shared_ptr<Asked> asked = visit->asked;
  if (asked->request.headers.count("content-encoding") > 0) {
    refuse_request(*visit, "a request to a model comes without a content coding");
    co_return false;
  }
  auto read = std::make_shared<Result<ModelRequest>>(fail(ErrorKind::internal, "it was not read"));
  const auto work = [asked, read] {
    const Status parsed =
        asked->parser.parse(asked->request.body, asked->body, model_request_limits);
    if (parsed) {
      *read = read_model_request(asked->target, asked->body.root());
    } else {
      *read = std::unexpected(parsed.error());
    }
  };
  if (asked->request.body.size() < offloaded_bytes_min) {
    work();
  } else {
    Completion<bool> done;
    ports.executor.offload(work, [done]() mutable { done.deliver(true); });
    (void)co_await done;
  }
  if (!*read) {
    refuse_request(*visit, read->error().message);
    co_return false;
  }
  asked->model = std::move(**read);
  const http::Headers& headers = asked->request.headers;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto known = header_goes_on(asked->target.api, headers[i].name, headers[i].value);
    if (known) continue;
    refuse_request(*visit, known.error().message);
    co_return false;
  }
  co_return true;
}

ModelFact ModelDoor::Impl::bounds(Visit& visit) const {
  Asked& asked = *visit.asked;
  const ModelRequest& model = asked.model;
  ModelFact fact;
  fact.input_most = model.input_unbounded.empty()
                        ? std::max<std::uint64_t>(1, priors.input_most(visit.run, model))
                        : no_bound;
  fact.choices = model.output_least == 0 ? 0 : model.choices;
  fact.output_asked = model.output_asked;
  fact.output_least = model.output_least;
  asked.price = ports.price(asked.provider.name, model.model, fact.input_most);
  if (asked.price) {
    fact.price = asked.price->dearest;
    fact.output_most = asked.price->output_most;
  }
  return fact;
}

Task<void> ModelDoor::Impl::wait_for_room() {
  const auto waiter = std::make_shared<Waiter>();
  // The waiter owns its timer, which therefore does not own the waiter.
  waiter->timer = ports.executor.after(ports.limits.look_again, [weak = std::weak_ptr(waiter)] {
    if (const auto late = weak.lock()) late->woken.deliver(true);
  });
  waiting.push_back(waiter);
  (void)co_await waiter->woken;
  std::erase(waiting, waiter);
}

void ModelDoor::Impl::wake_one() {
  if (waiting.empty()) return;
  const auto first = waiting.front();
  waiting.pop_front();
  ports.executor.post([first] { first->woken.deliver(true); });
}

Task<void> ModelDoor::Impl::propose(VisitPtr visit) {
  const auto self = shared_from_this();
  const std::shared_ptr<Asked> asked = visit->asked;
  const std::string text = described(*asked);
  const auto arguments = std::make_shared<json::Document>();
  json::Parser parser;
  if (!parser.parse(text, *arguments)) {
    co_return visit->refuse(RefusalKind::invalid, "internal", "it cannot be described");
  }
  const auto call = std::make_shared<ModelCall>(ports, asked, std::move(*visit->responder));
  visit->responder.reset();
  calls.push_back(call);
  const std::string server = std::string(model_prefix) + asked->provider.name;
  const Instant until = ports.now() + ports.limits.wait_for_room;
  Settled settled;
  for (;;) {
    call->again();
    Proposal proposal;
    proposal.run = visit->run;
    proposal.call = {server, asked->model.model, arguments->root()};
    proposal.keeps = arguments;
    proposal.model = bounds(*visit);
    proposal.sub_run = visit->part;
    if (ports.trace) {
      proposal.trace = ports.trace(asked->request.headers.find("traceparent").value_or(""));
    }
    settled = co_await ports.gate.calls.handle(std::move(proposal), *call, *call);
    if (!only_reserved(settled) || call->left() || closing || ports.now() >= until) break;
    co_await wait_for_room();
  }
  if (const auto input = call->input_measured()) priors.learn(visit->run, asked->model, *input);
  wake_one();
  call->finish(settled);
  std::erase_if(calls, [&](const auto& one) { return one.expired() || one.lock() == call; });
}

Task<void> ModelDoor::Impl::visit(VisitPtr visit) {
  const auto self = shared_from_this();
  ++open;
  if (find_target(*visit) && co_await admitted(visit)) {
    if (co_await readable(visit)) co_await propose(visit);
  }
  if (!visit->joined.empty()) ports.gate.runs.leave(visit->joined);
  --open;
}

ModelDoor::ModelDoor(ModelPorts ports) : impl_(std::make_shared<Impl>(std::move(ports))) {}

ModelDoor::~ModelDoor() {
  finish();
}

void ModelDoor::serve(http::Request request, http::Responder responder) {
  auto visit = std::make_shared<Impl::Visit>();
  const std::string_view below = std::string_view(request.target).substr(model_path.size());
  const std::size_t slash = below.find('/');
  const std::string_view name = below.substr(0, slash);
  const ModelProvider* provider = impl_->ports.provider(name);
  if (provider == nullptr || slash == std::string_view::npos) {
    return std::move(responder).answer(http::respond({404, "there is no such provider"}));
  }
  visit->asked->provider = *provider;
  visit->rest = below.substr(slash);
  visit->asked->request = std::move(request);
  visit->responder.emplace(std::move(responder));
  if (impl_->open >= impl_->ports.limits.requests_max) {
    return visit->refuse(RefusalKind::busy, "rate", "too many requests are under way");
  }
  if (impl_->closing) {
    return visit->refuse(RefusalKind::unavailable, "audit_unavailable", "the node ends");
  }
  spawn(impl_->visit(std::move(visit)));
}

void ModelDoor::refuse_new() {
  impl_->closing = true;
}

std::size_t ModelDoor::under_way() const {
  return impl_->open;
}

void ModelDoor::finish() {
  impl_->closing = true;
  const auto open = impl_->calls;  // a listener may remove others while it is told
  for (const auto& one : open) {
    if (const auto call = one.lock()) call->cancel();
  }
}

}  // namespace pawl::model
