// The control door: what people ask of a node, over the control socket.
//
// One request, one answer, both JSON objects. Whatever loosens (approve, resume, accept, enrol)
// is an *act*: it carries a reviewer's proof over exactly this request. What tightens (kill,
// reject) needs no proof but says who asked. Reading needs the socket, which is the user's
// own.
//   {"op":"hello","nonce":…}          the node proves its key, before anybody sends it anything
//   {"op":"status"}                   {"op":"approvals"}    {"op":"approval","id":…,"full":true}
//   {"op":"policy","agent":…}         the bundle that was accepted for an agent, or `""`
//   {"op":"reviewers"}
//   {"op":"deployment"}               the deployment file that was accepted, and what waits
//   {"op":"reread"}                   reads the deployment file again; says which one (`config`),
//                                     what is wrong with it (`mistake`), and why it waits for a
//                                     person (`waits`)
//   {"op":"challenge","person":…}     opens a challenge for an act
//   {"op":"kill","scope":…,"name":…,"reason":…,"by":…,"processes":true}
//                                     `found` says whether anything has that name, `near` which
//                                     names may have been meant
//   {"op":"targets"}                  what there is to be killed, by scope (targets.h)
//   {"op":"run_open","role":…,"by":…,…}   a run for a door on the network, with its credential
//   {"op":"rotate_keys","at_once":…}  a new key for the credentials of runs
//   {"op":"run_close","run":…,"reason":…,"by":…}
//   {"op":"grant_end","grant":…,"reason":…,"by":…}   takes back what people granted
//   {"op":"run","id":…}   {"op":"people"}   what happened of late
//   {"op":"console"}                  where a browser finds the console, which is opened for that
//   {"op":"act","person":…,"nonce":…,"signature":…,"act":{"kind":…, …}}
//   {"op":"change","id":…,"arguments":{…}}   what a call with these would be, as it is shown;
//                                     also as a text, `arguments_text`
//   {"op":"together","ids":[…],"full":true}   several questions, and what their calls would take
//   {"op":"changes"}                  a number that grows whenever the list of questions changes
// A card (`approval`, `together`) may name the `person` who gets it: when they first had it is what
// the time that they read it for is counted from.
// A list of questions takes `filter`, words that are found anywhere in them, and `limit`; with
// `names` it is their ids alone, with `ids` (a list) it is of these. Questions
// are shown with `may_not`, why a `person` may not answer them, where a request names one; with
// `passphrase`, of a person who would prove by it who they are.
// kinds of acts: answer {approval, approve, reason, shown, typed},
// answer_together {answers: [{approval, shown, typed}], approve, reason, shown},
// change {approval, arguments, reason, shown, typed}, ask {approval, text},
// pass {approval, to, reason}, resume {scope, name, reason},
// drill {everything}, acknowledge {escalation, resolved},
// accept {items: [{server, tool, digest}]}, accept_policy {agent, digest},
// accept_observation {agent, digest}, accept_deployment {digest}, enrol {enrolled,
// verifier}, passkey {add or remove: of the person's own (io/approvals/ways.h)}.
// Answers are {"ok":true,…} or {"ok":false,"fault":…,"error":…}. Those that tell of what happened
// have a `damage` where the journal that they come from is damaged.
// Threads: the loop that owns the gate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "gate/gate.h"
#include "io/approvals/proof.h"
#include "io/journal/journal.h"
#include "model/clock.h"
#include "views/activity.h"
#include "views/cards.h"
#include "views/look_back.h"
#include "views/node_status.h"
#include "views/queue.h"
#include "views/targets.h"

namespace pawl {

// Who a person is in this deployment. Groups come from the deployment file.
struct PersonKnown {
  std::string name;
  std::vector<std::string> groups;
};

struct ControlPorts {
  Gate& gate;
  Journal& journal;
  Clock& clock;
  Challenges& challenges;
  std::function<std::string(std::size_t)> random;
  // Base64 signature of the node's key over a text; the key's public spelling is
  // journal.public_key().
  std::function<std::string(std::string_view)> sign;
  std::function<std::vector<std::string>(std::string_view person)> groups_of;
  // A kill took effect: sessions cancel what is at their servers.
  std::function<void(const Stopped&)> killed;
  // Reads the deployment file anew; the first reviewers come from there. Not empty: its mistake,
  // for which what was in force stays, without the keys that it takes back.
  std::function<Result<std::string>()> reread;
  // Opens a run as `run_open` asks, and answers it with its credential, as JSON.
  std::function<Result<std::string>(json::View request)> open_run;
  // The credentials of runs are signed with a new key from now on.
  std::function<Result<std::string>(json::View request)> rotate_keys;
  // How the ways to people fare, as a list of JSON.
  std::function<std::string()> notices;
  // The processes behind what was killed, as JSON: ended, or only counted.
  std::function<Task<std::string>(std::string scope, std::string name,
                                  std::vector<std::string> runs, bool end)>
      processes;
  // Tries the kill switch, in the name of an authenticated person.
  std::function<Task<Result<std::string>>(std::string person, bool everything)> drill;
  std::string config;  // where that file is
  std::string version;
  // The address of the console, opened where it was not.
  std::function<Result<std::string>()> console = {};
  // Why a call of this run ought to be denied, where it was asked for to see whether people read;
  // empty of every other run.
  std::function<std::string(const std::string& run)> vigilance = {};
  // What happened of late; null: nothing of it is shown.
  views::ActivityFeed* activity = nullptr;
  // `default_reviewers` of the deployment file.
  std::function<std::vector<std::string>()> by_default = {};
  // What was asked for, granted and used of late, into the view of how people answer.
  std::function<void(json::Writer& out)> access = {};
  // Does something in a later turn of the loop.
  std::function<void(std::function<void()> work)> later = {};
  // Reads back how waiting calls were judged (look_back.h), in a thread of its own; nothing: no
  // thread could read now. Null: what the activity does not keep is missing.
  std::function<Task<std::optional<views::FoundCalls>>(std::vector<views::SoughtCall>)> look_back =
      {};
  std::function<views::DeploymentNow()> deployment = {};
  // A person accepts the bytes with this digest: nothing else comes into force by it.
  std::function<Status(const std::string& digest, const std::string& person)> accept_deployment =
      {};
  // What is wrong with the journal; empty: nothing, as far as is known. `now`: the caller wants
  // it looked at, and waits where that is soon done.
  std::function<Task<std::string>(bool now)> damage = {};
  // Names that a kill may be about, beside those of the state.
  std::function<views::StandingNames()> names = {};
  // What keeps this node: whether it serves the network, its clients, and after which idle time it
  // ends; into an open object.
  std::function<void(json::Writer& out)> kept_by = {};
  // Policy files that do not load now, and why.
  std::function<std::map<std::string, std::string>()> policies_failing = {};
};

// What an authenticated person does to a node, and who may.
class Acts {
 public:
  // `ports` outlive it.
  explicit Acts(const ControlPorts& ports) : ports_(ports) {}

  // Whether the proof of the request shows that its person asks for its act.
  Status authenticate(json::View request, const std::string& source);
  // Does it, and answers. `proof` says how the person was authenticated.
  Result<std::string> perform(const std::string& person, const std::string& proof, json::View act);
  // Why this person decides nothing at all; empty: they may.
  std::string only_looks(const std::string& person) const;
  // What stands in the way of the answers of the person who asks.
  views::MayNot may_not(json::View request) const;

 private:
  // One kind of act. `answers`: it answers questions.
  struct Kind {
    std::string_view name;
    Status (Acts::*perform)(const std::string& person, const std::string& proof, json::View act);
    bool answers = false;
  };
  static std::span<const Kind> kinds();

  Status accept(const std::string& person, const std::string& proof, json::View act);
  Status accept_deployment(const std::string& person, const std::string& proof, json::View act);
  Status accept_observation(const std::string& person, const std::string& proof, json::View act);
  Status accept_policy(const std::string& person, const std::string& proof, json::View act);
  Status acknowledge(const std::string& person, const std::string& proof, json::View act);
  Status answer_question(const std::string& person, const std::string& proof, json::View act);
  Status answer_together(const std::string& person, const std::string& proof, json::View act);
  Status ask_agent(const std::string& person, const std::string& proof, json::View act);
  Status change_question(const std::string& person, const std::string& proof, json::View act);
  Status enrol(const std::string& person, const std::string& proof, json::View act);
  Status pass_on(const std::string& person, const std::string& proof, json::View act);
  Status passkey(const std::string& person, const std::string& proof, json::View act);
  Status resume(const std::string& person, const std::string& proof, json::View act);

  std::string answered(json::View act) const;
  std::string measured(std::string_view approval) const;
  std::string no_passphrase(const std::string& person) const;

  const ControlPorts& ports_;
};

class Control {
 public:
  explicit Control(ControlPorts ports);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Answers when what was asked is durable. `source`: the connection that it came by; challenges
  // belong to it, and it is what wrong proofs slow down.
  Task<std::string> answer(std::string request, std::string source = {});
  // An act of a person whom another door has proven, with how (`proof`, for the record); the rest
  // is the same. Answers when it is durable.
  Task<std::string> perform(std::string person, std::string proof, std::string act);
  // A waiting question as a list has it; empty where it does not wait any more.
  std::string row(const std::string& approval);

 private:
  // What an answer says where the journal is damaged: nothing, what is known, or what a look at it
  // finds now.
  enum class Damage : std::uint8_t { untold, known, looked_for };
  // One operation. Exactly one of `answer` and `later` is set.
  struct Operation {
    std::string_view name;
    Result<std::string> (Control::*answer)(json::View request, const std::string& source);
    Task<Result<std::string>> (Control::*later)(json::View request);
    Damage damage;
    bool writes = false;  // is answered when what it wrote is durable
  };
  static std::span<const Operation> operations();

  Result<std::string> act(json::View request, const std::string& source);
  Result<std::string> challenge(json::View request, const std::string& source);
  Result<std::string> close_run(json::View request, const std::string& source);
  Result<std::string> end_grant(json::View request, const std::string& source);
  Result<std::string> hello(json::View request, const std::string& source);
  Result<std::string> open_console(json::View request, const std::string& source);
  Result<std::string> open_run(json::View request, const std::string& source);
  Result<std::string> questions(json::View request, const std::string& source);
  Result<std::string> reread(json::View request, const std::string& source);
  Result<std::string> rotate_keys(json::View request, const std::string& source);
  Result<std::string> show_card(json::View request, const std::string& source);
  Result<std::string> show_change(json::View request, const std::string& source);
  Result<std::string> show_changes(json::View request, const std::string& source);
  Result<std::string> show_deployment(json::View request, const std::string& source);
  Result<std::string> show_people(json::View request, const std::string& source);
  Result<std::string> show_policy(json::View request, const std::string& source);
  Result<std::string> show_reviewers(json::View request, const std::string& source);
  Result<std::string> show_run(json::View request, const std::string& source);
  Result<std::string> show_node(json::View, const std::string&);
  Result<std::string> show_status(json::View request, const std::string& source);
  Result<std::string> show_targets(json::View request, const std::string& source);
  Result<std::string> show_together(json::View request, const std::string& source);
  Task<Result<std::string>> kill(json::View request);
  Task<Result<std::string>> drill(json::View request, std::string source);

  Task<Status> durable();
  Task<std::string> with_damage(Damage tells, std::string answer);
  void read_on(std::size_t left_before);
  Task<void> remember(std::vector<std::string> ids);
  void note_display(const std::vector<std::string>& ids, json::View request);
  views::Answerers answerers() const;
  views::DeploymentNow deployment_now() const;
  views::StandingNames standing_names() const;
  std::string waiting_deployment() const;

  ControlPorts ports_;
  Acts acts_;
  views::QuestionTexts texts_;
  bool reading_ = false;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // work for later may outlive this
};

// The text that a hello signs: `pawl hello v1\n<nonce>\n`.
std::string hello_text(std::string_view nonce);

// `sha256:…` of an act's canonical JSON: what a proof is good for.
std::string act_digest(json::View act);

}  // namespace pawl
