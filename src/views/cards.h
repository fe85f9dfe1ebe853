// The card of one question: everything that a person needs to answer it, as JSON.
//
// Where there is no activity feed, its members are missing.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gate/gate.h"
#include "io/journal/journal.h"
#include "kernel/state/state.h"
#include "views/activity.h"

namespace pawl {
class Policy;
}  // namespace pawl

namespace pawl::views {

// What stands in the way of the answers of the person who asks, for a question; empty: no one in
// particular asks.
using MayNot = std::function<Objections(const std::string& approval)>;

// What has to be typed to approve it; an error where its arguments are not stored any more.
Result<std::string> text_to_type_of(Journal& journal, const Approval& approval);
// People who are asked to answer, as the deployment has them now.
struct Answerers {
  std::vector<std::pair<std::string, std::vector<std::string>>> persons;  // enrolled; their groups
  std::vector<std::string>
      by_default;  // `default_reviewers`: who may where a policy names no reviewers
};
// What else is known about a question; null: nothing of it is.
struct KnownBeside {
  const ActivityFeed* activity = nullptr;
  const Policy* policy = nullptr;       // of its run
  const Answerers* people = nullptr;    // for whom it can be passed on to
  const Objections* may_not = nullptr;  // in the way of the person who asks
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

// What a card says of the past: what its run is for, what was found out about the call, what the
// run did before, and how people answered about its tool. Private to this room.

// `facts`, or `facts_missing` with where they are; `before`, the last happenings of the run before
// the question, oldest first, with `earlier` where there were more; `same_tool`, what became of
// questions about the same tool. `run` is that of the question, or null.
void write_past(json::Writer& out, const Approval& approval, const Run* run,
                const ActivityFeed& activity, json::View arguments = {});

// `task`: what the sponsor said that the run is for (a task file); nothing where it has none.
void write_task(json::Writer& out, const Approval& approval, const Policy& policy);

}  // namespace pawl::views
