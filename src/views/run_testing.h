// For tests: a node's records about one run, with a state and a activity that follow them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "kernel/state/state.h"
#include "model/record.h"
#include "views/activity.h"

namespace pawl::views {

class RecordedRun {
 public:
  explicit RecordedRun(ActivityLimits limits = {}) : activity(limits) {
    RunOpened opened;
    opened.run = "r-1";
    opened.key = "k";
    opened.agent = "mail";
    opened.sponsor = "sam";
    opened.policy = "sha256:p";
    tell(opened);
  }
  void tell(Body body) {
    const Record record{state.next_seq(), now, 0, std::move(body)};
    const Status applied = state.apply(record);
    ASSERT_TRUE(applied) << applied.error().message;
    activity.note(record, state);
  }
  // A call that is held for `decided.approval`, and the question that it is held for.
  void hold(CallDecided decided) {
    decided.run = "r-1";
    decided.call = "c-" + decided.approval;
    decided.effect = "hold";
    decided.policy = "sha256:p";
    tell(decided);
    ApprovalOpened opened;
    opened.approval = decided.approval;
    opened.call = decided.call;
    opened.run = "r-1";
    opened.agent = "mail";
    opened.sponsor = "sam";
    opened.tool = decided.server.empty() ? decided.tool : decided.server + "/" + decided.tool;
    opened.binding = "b-" + decided.approval;
    opened.args = "sha256:a";
    opened.class_text = decided.class_text;
    opened.expires = now + Duration::seconds(3600);
    tell(opened);
  }
  void answer(const std::string& approval, const std::string& person, bool yes = true) {
    ApprovalAnswered answered;
    answered.approval = approval;
    answered.person = person;
    answered.answer = yes ? "approve" : "reject";
    answered.proof = "passphrase";
    tell(answered);
  }
  void later(std::int64_t milliseconds) { now = now + Duration::milliseconds(milliseconds); }

  State state;
  ActivityFeed activity;
  Instant now{1'000'000'000'000'000};
};

}  // namespace pawl::views
