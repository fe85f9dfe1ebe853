// Any bytes as a request of the decision API: its path, what it presents, its body, and a record
// that becomes an event. What is accepted is inside of the bounds of the contract, and what is
// written about it is JSON.
#include <cstddef>
#include <cstdint>
#include <string>

#include "doors/api/body.h"
#include "doors/api/events.h"
#include "doors/api/operations.h"
#include "fuzz/must.h"
#include "io/identity/bearer.h"

namespace {

using namespace pawl;       // NOLINT: a program of one page
using namespace pawl::api;  // NOLINT

void as_body(const std::string& text) {
  const auto document = json::parse(text);
  if (!document) return;
  const json::View root = document->root();
  if (const auto call = read_new_call(root)) {
    fuzz::must(!call->tool.empty() && call->arguments.is_object(), "a call is one");
    fuzz::must(call->wait >= Duration{} && call->wait <= wait_max, "waiting has bounds");
  }
  if (const auto run = read_new_run(root)) {
    fuzz::must(run->lasts >= run_lasts_min, "a run lasts");
    fuzz::must(!run->task.exists() || run->task.is_object(), "a task is an object");
  }
  if (const auto run = read_new_sub_run(root)) {
    for (const auto& [limit, most] : run->attenuation.limits) {
      fuzz::must(limit == jose::Limit::steps || limit == jose::Limit::denials,
                 "only what is counted is limited");
    }
  }
  if (const auto outcome = read_outcome(root)) {
    const bool said =
        outcome->kind == Outcome::Kind::result || outcome->kind == Outcome::Kind::error;
    fuzz::must(said == !outcome->result.empty(), "a result is there exactly where it is one");
    fuzz::must(outcome->kind != Outcome::Kind::lost, "no executor reports an unknown end");
    if (said) fuzz::must(json::parse(outcome->result).has_value(), "what is passed on is JSON");
  }
}

void as_target(const std::string& text) {
  for (const char* method : {"GET", "POST"}) {
    const Asked asked = find_operation(method, text);
    if (asked.operation == nullptr) continue;
    fuzz::must(!asked.run.contains('/') && !asked.call.contains('/'), "an id is one part");
  }
}

void as_bearer(const std::string& text) {
  http::Request request{
      .method = "GET", .target = "/v1/runs", .headers = {}, .body = {}, .remote = {}};
  request.headers.add("authorization", text);
  const auto bearer = identity::bearer_of(request);
  if (bearer) {
    fuzz::must(!bearer->contains(' ') && text.ends_with(*bearer), "one word of the field");
  } else {
    fuzz::must(http::sendable(identity::refuse(bearer.error()).headers), "a refusal can be sent");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  as_body(text);
  as_target(text);
  as_bearer(text);
  if (const auto record = parse_record(text)) {
    const auto of = event_of(*record);
    if (of) fuzz::must(json::parse(json_of(of->run, of->event)).has_value(), "an event is JSON");
  }
  return 0;
}
