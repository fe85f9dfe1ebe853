// What a node counts, for Prometheus: fed with records and ended calls, read as one text.
//
//   Metrics metrics(gate);
//   metrics.know(roles, servers);
//   std::string text = metrics.write(what the node measures besides);
//
// Labels are roles, servers, verdicts, classes, codes and words of ours, and never arguments,
// results, tools or what else an agent may choose: a role or a server that the deployment does not
// name is `other`. What counts is what was written to the journal since this node started; what
// stands now is read from the state when a collector asks.
// A call in the middle of which the node ends is not measured.
// Threads: the gate's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "doors/watch/exposition.h"
#include "gate/gate.h"
#include "model/record.h"

namespace pawl::watch {

// What the node knows and the gate does not.
struct NodeNow {
  std::string_view version;
  bool ending = false;
  std::uint64_t sessions = 0, joined = 0, connections = 0, server_processes = 0;
  std::uint64_t journal_records = 0, journal_synced = 0, journal_bytes = 0;
  std::uint64_t spans_sent = 0, spans_lost = 0, spans_waiting = 0;
  bool traces = false;
  Instant now{};
  // Ways to people; their names are the deployment's.
  struct Way {
    std::string name;
    bool up = true;
    std::uint64_t told = 0, failed = 0;
  };
  std::vector<Way> ways;
};

class Metrics {
 public:
  explicit Metrics(const Gate& gate);
  Metrics(const Metrics&) = delete;

  // Names that may be labels, besides those that came before.
  void know(const std::vector<std::string>& roles, const std::vector<std::string>& servers);

  void note(const Record& record);
  void over(const CallOver& call);

  std::string write(const NodeNow& node);

 private:
  struct Counting;  // one function for each type of record
  std::string_view role(std::string_view name) const;
  std::string_view server(std::string_view name) const;
  std::string_view role_of_run(std::string_view run) const;
  void measure_runs(Instant now);
  void measure_rollout(Instant now);
  void measure_node(const NodeNow& node, std::string& out);
  void measure_people(const NodeNow& node, std::string& out) const;

  const Gate& gate_;
  std::set<std::string, std::less<>> roles_, servers_;
  using enum Family::Kind;
  Family decisions_{"pawl_decisions_total",
                    "Decisions that were written: verdicts on calls, once more after a hold.",
                    counter,
                    {"role", "server", "class", "verdict", "code"}};
  Family ended_{"pawl_calls_ended_total",
                "Calls that were let run, by how they ended.",
                counter,
                {"role", "outcome", "error"}};
  Family opened_{"pawl_runs_opened_total", "Runs that were opened.", counter, {"role"}};
  Family halted_{"pawl_runs_halted_total", "Runs that were halted.", counter, {"role", "code"}};
  Family asked_{"pawl_questions_total", "Approval requests to people.", counter, {"role"}};
  Family answers_{"pawl_answers_total", "Answers of people.", counter, {"answer"}};
  Family kills_{"pawl_kills_total", "How often the kill switch was set.", counter, {"scope"}};
  Family notes_{
      "pawl_notes_total", "Notes in the journal, such as refused identities.", counter, {"topic"}};
  Family told_{"pawl_escalations_total", "Notices to people.", counter, {"event"}};
  Family candidates_{"pawl_candidate_total",
                     "What the candidate of a role said of looks at its calls.",
                     counter,
                     {"role", "kind"}};
  Family passed_{"pawl_observed_total",
                 "Calls that ran although they were denied or held, as their role is watched.",
                 counter,
                 {"role", "verdict", "code"}};
  Family usable_{"pawl_candidate_usable",
                 "1 where the candidate of a role can be judged, 0 where it does not load.",
                 gauge,
                 {"role"}};
  Family observing_{"pawl_observing_seconds_left",
                    "For how long a role is still watched and not enforced.",
                    gauge,
                    {"role"}};
  Times deciding_;
  Times syncing_;
  Times upstream_;
  Times people_;
  Family runs_{"pawl_runs",
               "Runs that are not closed, and closed ones whose halt stands.",
               gauge,
               {"role", "phase"}};
  Family waiting_{
      "pawl_questions_waiting", "Approval requests that no one answered so far.", gauge, {"role"}};
  Family executing_{"pawl_calls_executing", "Calls that run at their servers.", gauge, {"role"}};
  Family spent_{"pawl_ceiling_used_ratio",
                "The part of a ceiling that is used, of the open run that is nearest to it.",
                gauge,
                {"role", "ceiling"}};
};

}  // namespace pawl::watch
