// What the control door shows: JSON of approvals, runs and the node.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/control/activity.h"
#include "gate/gate.h"
#include "io/journal/journal.h"

namespace pawl {

// Where there is no activity, its members are missing.

// What stands in the way of the answers of whoever asks, for a question; empty: nobody in
// particular asks.
using MayNot = std::function<Objections(const std::string& approval)>;

// Which questions of all. `filter`: words that are all found, case folded, in a question's id,
// tool, agent, run, sponsor, class, reason, in who it was passed on to, or in its arguments (see
// question_texts.h); `limit` 0: all. `ids`: these, and no others. `names`: their ids alone.
struct QuestionsWanted {
  std::string filter = {};
  std::uint64_t limit = 0;
  MayNot may_not = {};
  std::vector<std::string> ids = {};
  bool names = false;
};
class QuestionTexts;
// Open questions first by risk (quorum, typed), then by expiry; each as one object. The first ones
// with a summary of their arguments. `matching` says how many there are, and `unread` of how many a
// filter does not find the arguments yet.
std::string approvals_json(const State& state, Instant now, const ActivityFeed* activity,
                           const QuestionsWanted& wanted, QuestionTexts& texts);
// One of them alone; empty where it does not wait any more.
std::string approval_row_json(const State& state, const std::string& id, Instant now,
                              const ActivityFeed* activity, QuestionTexts& texts);
// What has to be typed to approve it; an error where its arguments are not stored any more.
Result<std::string> text_to_type_of(Journal& journal, const Approval& approval);
// People who are asked to answer, as the deployment has them now.
struct Answerers {
  std::vector<std::pair<std::string, std::vector<std::string>>> persons;  // enrolled; their groups
  std::vector<std::string> by_default;  // `default_reviewers`: who may where a policy names nobody
};
// What else is known about a question; null: nothing of it is.
struct KnownBeside {
  const ActivityFeed* activity = nullptr;
  const Policy* policy = nullptr;       // of its run
  const Answerers* people = nullptr;    // for whom it can be passed on to
  const Objections* may_not = nullptr;  // in the way of whoever asks
};
// One question with everything that a person needs to answer it: the canonical arguments, the run,
// the class, who asked, the time left; and how they are displayed, whole or with long values folded
// (display.h). ErrorKind::missing where there is none of that name.
Result<std::string> approval_json(const State& state, Journal& journal, const std::string& id,
                                  Instant now, bool full, const KnownBeside& around = {});
// The same question as it would be after `Gate::change` with these arguments, in the same shape;
// its `asked` are the arguments that the agent asks for.
Result<std::string> changed_json(const State& state, Journal& journal, const std::string& id,
                                 const Changed& changed, Instant now, bool full,
                                 const Policy* policy = nullptr);
// `notices`: how the ways to people fare, as a list of JSON; `deployments`: files that wait
// for a person, as another one.
std::string status_json(const Gate& gate, const Journal& journal, Instant now,
                        const std::string& version, const ActivityFeed* activity = nullptr,
                        const std::string& notices = "[]", const std::string& deployments = "[]");
// A run with its budgets and its last happenings, oldest first.
Result<std::string> run_json(const Gate& gate, const std::string& id, Instant now,
                             const ActivityFeed& activity);
// How people answer, and what that says about the policy; with members that `more` writes, if any.
std::string people_json(const State& state, Instant now, const ActivityFeed& activity,
                        const std::function<void(json::Writer& out)>& more = {});
// The bundle of an agent's accepted policy, for a comparison with a new one; empty where none was
// accepted or its bytes are gone.
std::string policy_json(const State& state, Journal& journal, std::string_view agent);

// `config` is the deployment file that this node reads.
std::string reviewers_json(const State& state, const std::string& config);

}  // namespace pawl
