// The model proxy: agents ask models through pawl, at `/llm/PROVIDER/…`, as if it were the
// provider.
//
//   OPENAI_BASE_URL=https://gate.example/llm/openai/v1      OPENAI_API_KEY=<credential of the run>
//   ANTHROPIC_BASE_URL=https://gate.example/llm/anthropic   ANTHROPIC_API_KEY=<the same>
//   GOOGLE_GEMINI_BASE_URL=https://gate.example/llm/gemini  GEMINI_API_KEY=<the same>
//
// What a client puts where its API key stands proves its run: the credential of a run, or the key
// of an agent, whose requests then belong to one run. The real key is a credential of the
// deployment.
//
// A request is an action, `model:PROVIDER/NAME`, and goes the one way of the gate: it is read
// member by member, bounded, reserved, and forwarded with the bytes that came, but for the cap of
// its output, the usage of a stream that it did not ask for, `Accept-Encoding: identity`, and the
// key (threats, rules 29 to 33). Its answer goes back as it came, while its usage is read beside
// it. The prompt itself is not in the journal, only its digest.
//
//   refused        in the provider's own words for an error, so that no client tries again in vain
//   in the way     where only reservations of others leave no room, pawl waits `wait_for_room`
//   client leaves  the answer is read to its end all the same, since it is paid for
//   cut            a stream that outruns its reservation, a kill, the end of the run's time: it
//   ends
//                  with the provider's event for an error
//
// Threads: the loop that owns the gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/http/client.h"
#include "io/http/responder.h"
#include "io/identity/principal.h"
#include "io/secrets/credential.h"
#include "kernel/deployment/providers.h"
#include "model/call.h"
#include "model/spend.h"

namespace pawl {
class Executor;
class Gate;
class Policy;
class SubRunLimits;
struct CallTrace;
}  // namespace pawl

namespace pawl::model {

struct ModelLimits {
  Duration wait_for_room = Duration::seconds(30);
  Duration look_again = Duration::seconds(1);   // while it waits, besides when another one ends
  Duration quiet_max = Duration::seconds(600);  // without a byte of the provider's
  Duration drain_max = Duration::seconds(300);  // after the client has left
  std::size_t answer_bytes_max = 64UL << 20;    // of one that is no stream
  std::size_t requests_max = 8192;              // under way
};

// What one request can cost, and what it did.
struct ModelPrice {
  DearestPrice dearest;
  std::uint64_t output_most = 0;  // tokens of one answer of this model; zero: not known
  // Nothing: the service class that answered has no price.
  std::function<std::optional<NanoUsd>(const TokenUsage& usage, std::string_view service_tier)>
      cost;
};

// What a request carries to its provider.
struct ProviderKey {
  secrets::Credential value;  // empty: that of the client
  UsedCredential used;
};

struct ModelPorts {
  Gate& gate;
  Executor& executor;
  std::function<Instant()> now;
  // By the name in the path; null: there is none. `client` belongs to its host alone.
  std::function<const ModelProvider*(std::string_view name)> provider;
  std::function<std::shared_ptr<http::Client>(const ModelProvider& provider)> client;
  // The key of a provider, for a run of this role that asks for this model.
  std::function<Task<Result<ProviderKey>>(const ModelProvider& provider, std::string role,
                                          std::string model)>
      key;
  // Of a model, and of this much input at most; nothing: it has no price.
  std::function<std::optional<ModelPrice>(std::string_view provider, std::string_view model,
                                          std::uint64_t input_most)>
      price;
  // Who sent this, for the door at this address; as the caller is told where it is not proved.
  std::function<Task<identity::Proved<identity::Principal>>(const http::Request& request)>
      authenticate;
  // The run at the root of a credential's, and what a sub-run may of it; null: the whole run.
  std::function<std::string(std::string_view id)> root_of;
  std::function<std::shared_ptr<SubRunLimits>(std::string_view id)> part;
  // The policy of a role, for the run of an agent that shows its key.
  std::function<std::shared_ptr<const Policy>(const std::string& role, bool& vouched)> role;
  std::function<std::shared_ptr<const CallTrace>(std::string_view traceparent)> trace = {};
  ModelLimits limits = {};
};

inline constexpr std::string_view model_path = "/llm/";

class ModelDoor {
 public:
  explicit ModelDoor(ModelPorts ports);
  ~ModelDoor();
  ModelDoor(const ModelDoor&) = delete;

  // Answers every request below `/llm/`.
  void serve(http::Request request, http::Responder responder);
  // No further requests.
  void refuse_new();
  std::size_t under_way() const;
  // The node ends: what is under way is cut. Before the gate goes.
  void finish();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace pawl::model
