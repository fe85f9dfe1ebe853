#include "pawl_client/client.h"

#include <algorithm>
#include <utility>

#include "caller.h"
#include "events.h"
#include "json.h"

namespace pawl_client {
namespace {

constexpr std::chrono::seconds kLeg{45};  // a request waits no longer for people

std::unexpected<Failure> unclear() {
  return std::unexpected(Failure{0, "internal", "the answer is not what the API says"});
}

std::string path_of_run(std::string_view run, std::string_view more = {}) {
  return "/v1/runs/" + std::string(run) + std::string(more);
}

// Ids stand in addresses; nothing else may.
bool is_id(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Answer<Decision> decision_of(std::string text) {
  const Reader said(text);
  Decision decision;
  const std::string effect = said.text("effect");
  decision.code = said.text("code");
  decision.reason = said.text("reason");
  decision.call = said.text("call");
  decision.approval = said.text("approval");
  decision.tool = said.text("tool");
  decision.server = said.text("server");
  decision.arguments = said.raw("arguments");
  decision.settle_by = said.text("settle_by");
  decision.retryable = said.yes("retryable");
  decision.text = std::move(text);
  if (effect == "allow") {
    // Without these it is unknown what was allowed.
    if (decision.call.empty() || decision.arguments.empty()) return unclear();
    decision.effect = Effect::allow;
  } else if (effect == "hold") {
    decision.effect = Effect::hold;
  } else if (effect != "deny") {
    return unclear();
  }
  return decision;
}

Answer<RunState> state_of(Answer<std::string> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  const Reader said(*answer);
  RunState state;
  state.run = said.text("run");
  state.phase = said.text("phase");
  state.agent = said.text("agent");
  state.sponsor = said.text("sponsor");
  state.parent_run = said.text("parent_run");
  state.why = said.text("why");
  state.steps = said.number("steps");
  state.denials = said.number("denials");
  if (state.run.empty() || state.phase.empty()) return unclear();
  state.text = *std::move(answer);
  return state;
}

std::string_view word_of(Outcome::How how) {
  switch (how) {
    case Outcome::How::completed:
      return "completed";
    case Outcome::How::failed:
      return "failed";
    case Outcome::How::cancelled:
      return "cancelled";
  }
  return {};
}

}  // namespace

Answer<Run> Run::opened(std::string_view text, const Options& options) {
  const Reader said(text);
  Run run;
  run.id_ = said.text("run");
  run.credential_ = said.text("credential");
  run.expires_ = said.text("expires");
  run.audience_ = said.text("audience");
  if (!is_id(run.id_) || run.credential_.empty()) return unclear();
  Options own = options;
  own.key = run.credential_;
  run.caller_ = std::make_shared<Caller>(std::move(own));
  return run;
}

Answer<Decision> Run::propose(const Proposal& proposal) {
  const auto until = std::chrono::steady_clock::now() + proposal.patience;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::seconds>(until - std::chrono::steady_clock::now());
    const auto wait = std::clamp(left, std::chrono::seconds{0}, kLeg);
    Writer body;
    body.raw("arguments", proposal.arguments).raw("definition", proposal.definition);
    body.text("server", proposal.server).text("tool", proposal.tool);
    body.number("wait_seconds", static_cast<std::uint64_t>(wait.count()));
    auto answer = caller_->ask("POST", path_of_run(id_, "/calls"), body.take());
    if (!answer) return std::unexpected(std::move(answer.error()));
    auto decision = decision_of(*std::move(answer));
    if (!decision || decision->effect != Effect::hold) return decision;
    if (proposal.on_held) proposal.on_held(*decision);
    if (std::chrono::steady_clock::now() >= until) return decision;
  }
}

Answer<Run> Run::sub(const NewSubRun& wanted) {
  Writer limits;
  if (wanted.steps) limits.number("steps", *wanted.steps);
  if (wanted.denials) limits.number("denials", *wanted.denials);
  if (wanted.calls) limits.number("calls", *wanted.calls);
  if (wanted.records) limits.number("records", *wanted.records);
  std::string tools = "[";
  for (const std::string& tool : wanted.tools) {
    if (tools.size() > 1) tools += ',';
    write_json_text(tool, tools);
  }
  tools += ']';
  Writer body;
  body.text("agent", wanted.agent);
  if (wanted.for_mcp) body.text("audience", "mcp");
  if (wanted.steps || wanted.denials || wanted.calls || wanted.records) {
    body.raw("limits", limits.take());
  }
  if (wanted.lasts) {
    body.number("lasts_seconds", static_cast<std::uint64_t>(wanted.lasts->count()));
  }
  if (!wanted.tools.empty()) body.raw("tools", tools);
  auto answer = caller_->ask("POST", "/v1/runs", body.take());
  if (!answer) return std::unexpected(std::move(answer.error()));
  return opened(*answer, caller_->options());
}

Answer<RunState> Run::state() {
  return state_of(caller_->ask("GET", path_of_run(id_)));
}

Answer<RunState> Run::close() {
  return state_of(caller_->ask("POST", path_of_run(id_, "/close")));
}

Answer<RunState> Run::state_of_sub(std::string_view sub) {
  if (!is_id(sub)) return std::unexpected(Failure{0, "usage", "this is not an id of a run"});
  return state_of(caller_->ask("GET", path_of_run(sub)));
}

Answer<RunState> Run::close_sub(std::string_view sub) {
  if (!is_id(sub)) return std::unexpected(Failure{0, "usage", "this is not an id of a run"});
  return state_of(caller_->ask("POST", path_of_run(sub, "/close")));
}

Pawl::Pawl(Options options)
    : options_(options), caller_(std::make_shared<Caller>(std::move(options))) {}

Answer<Run> Pawl::open(const NewRun& wanted) {
  Writer body;
  if (wanted.for_mcp) body.text("audience", "mcp");
  body.text("key", wanted.key).text("sponsor", wanted.sponsor);
  body.raw("task", wanted.task).text("user_text", wanted.user_text);
  if (wanted.lasts) {
    body.number("lasts_seconds", static_cast<std::uint64_t>(wanted.lasts->count()));
  }
  auto answer = caller_->ask("POST", "/v1/runs", body.take());
  if (!answer) return std::unexpected(std::move(answer.error()));
  return Run::opened(*answer, options_);
}

Answer<Settlement> Pawl::settle(std::string_view run, std::string_view call,
                                const Outcome& outcome) {
  if (!is_id(run) || !is_id(call)) {
    return std::unexpected(Failure{0, "usage", "this is not an id of a run or of a call"});
  }
  Writer body;
  body.text("error", outcome.error).text("outcome", word_of(outcome.how));
  if (outcome.records) body.number("records", *outcome.records);
  body.raw("result", outcome.result);
  auto answer = caller_->ask("POST", path_of_run(run, "/calls/" + std::string(call) + "/outcome"),
                             body.take());
  if (!answer) return std::unexpected(std::move(answer.error()));
  const Reader said(*answer);
  Settlement settled{said.text("outcome"), said.raw("result"), *answer};
  if (settled.outcome.empty()) return unclear();
  return settled;
}

Answer<RunState> Pawl::state(std::string_view run) {
  if (!is_id(run)) return std::unexpected(Failure{0, "usage", "this is not an id of a run"});
  return state_of(caller_->ask("GET", path_of_run(run)));
}

Answer<void> Pawl::events(std::string_view run, const std::function<bool(const Event&)>& heard,
                          std::string_view after) {
  if (!is_id(run)) return std::unexpected(Failure{0, "usage", "this is not an id of a run"});
  std::vector<std::string> fields;
  if (!after.empty()) fields.push_back("Last-Event-ID: " + std::string(after));
  EventReader reader(heard);
  return caller_->follow(path_of_run(run, "/events"), fields,
                         [&reader](std::string_view bytes) { return reader.take(bytes); });
}

}  // namespace pawl_client
