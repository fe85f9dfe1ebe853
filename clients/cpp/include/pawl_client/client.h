// Asks a pawl gateway whether a call may run, and says what became of it.
//
//   pawl_client::Pawl agent({.address = "https://gate.example", .key = key_of_the_agent});
//   auto run = agent.open({.key = "ticket-141"});
//   auto decision = run->propose({.tool = "read_note", .arguments = R"({"id":"7"})"});
//   if (decision && decision->effect == pawl_client::Effect::allow) {
//     std::string result = execute(decision->tool, decision->arguments);
//     auto kept = executor.settle(run->id(), decision->call, {.result = result});
//     // give `kept->result` to the agent, not `result`
//   }
//
// Arguments and results are texts of JSON objects, for whatever JSON library is at hand. Execute
// exactly the `arguments` of the decision, which may be spelled otherwise than those that were
// proposed. Who settles has a key of its own, which the agent does not see. What cannot be had is a
// `Failure` and never an exception.
// Calls block. No redirect is followed: a key goes to the address that it is for. An object and
// what it opened belong to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl_client {

// The gateway said no to the request itself: not known, not permitted, not there, too much.
struct Failure {
  long status = 0;  // of HTTP; 0: no one answered
  std::string code;
  std::string reason;
};
template <class T>
using Answer = std::expected<T, Failure>;

struct Options {
  std::string address;           // `https://gate.example`
  std::string key;               // of an agent, or the credential of a run
  std::string ca_file = {};      // certificates to trust instead of the system's
  std::string certificate = {};  // PEM files, where the gateway asks for them
  std::string certificate_key = {};
  std::chrono::seconds connect_time{10};
};

enum class Effect : std::uint8_t { allow, deny, hold };

struct Decision {
  Effect effect = Effect::deny;
  std::string code, reason;
  std::string call;      // to settle; of an allowed one
  std::string approval;  // of a held one
  std::string tool, server;
  std::string arguments;  // JSON: what to execute, of an allowed one
  std::string settle_by;
  bool retryable = false;
  std::string text;  // all of it, as JSON
};

struct Proposal {
  std::string tool;
  std::string arguments = "{}";
  std::string server = {};
  std::string definition = {};  // the tool as its server describes it
  // How long a held call is waited for in all; the gateway is asked again until then.
  std::chrono::seconds patience{45};
  std::function<void(const Decision&)> on_held = {};
};

struct Outcome {
  enum class How : std::uint8_t { completed, failed, cancelled };
  How how = How::completed;
  std::string result = {};  // JSON
  std::string error = {};
  std::optional<std::uint64_t> records = {};  // only raises the charge
};
struct Settlement {
  std::string outcome;
  std::string result;  // JSON: what the policy leaves of it
  std::string text;
};

struct RunState {
  std::string run, phase, agent, sponsor, parent_run, why;
  std::uint64_t steps = 0, denials = 0;
  std::string text;
};

struct NewRun {
  std::string key = {};        // the same key is the same run, while it is open
  std::string task = {};       // JSON
  std::string user_text = {};  // words of the sponsor; needs the right `speak`
  std::string sponsor = {};
  std::optional<std::chrono::seconds> lasts = {};
  bool for_mcp = false;  // the credential is for the role's MCP door
};
struct NewSubRun {
  std::string agent;
  std::vector<std::string> tools = {};
  std::optional<std::uint64_t> steps = {}, denials = {};
  std::optional<std::uint64_t> calls = {}, records = {};  // of calls that are executed
  std::optional<std::chrono::seconds> lasts = {};
  bool for_mcp = false;  // the credential is for the role's MCP door, and not for this one
};

struct Event {
  std::string id, type;
  std::string text;  // JSON
};

class Caller;

class Run {
 public:
  const std::string& id() const { return id_; }
  // What the agent may be given: it is good for this run and nothing else.
  const std::string& credential() const { return credential_; }
  const std::string& expires() const { return expires_; }
  // The one door that the credential is for.
  const std::string& audience() const { return audience_; }

  // Comes back for a held call until a reviewer answered, or the patience is over.
  Answer<Decision> propose(const Proposal& proposal);
  // With `for_mcp` the credential is for the sub-agent's client; what that run may be asked here,
  // this one asks: `state_of_sub`, `close_sub`.
  Answer<Run> sub(const NewSubRun& wanted);
  Answer<RunState> state();
  Answer<RunState> close();
  Answer<RunState> state_of_sub(std::string_view sub);
  Answer<RunState> close_sub(std::string_view sub);

 private:
  friend class Pawl;
  Run() = default;
  static Answer<Run> opened(std::string_view text, const Options& options);
  std::string id_, credential_, expires_, audience_;
  std::shared_ptr<Caller> caller_;
};

class Pawl {
 public:
  explicit Pawl(Options options);

  Answer<Run> open(const NewRun& wanted = {});
  // Needs the right `settle`. Once for each call.
  Answer<Settlement> settle(std::string_view run, std::string_view call, const Outcome& outcome);
  // Need the right `watch`. `events` ends when the gateway ends it or `heard` says false; go on
  // with the last `id` in `after`.
  Answer<RunState> state(std::string_view run);
  Answer<void> events(std::string_view run, const std::function<bool(const Event&)>& heard,
                      std::string_view after = {});

 private:
  Options options_;
  std::shared_ptr<Caller> caller_;
};

}  // namespace pawl_client
