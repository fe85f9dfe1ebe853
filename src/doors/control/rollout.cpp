#include "doors/control/rollout.h"

namespace pawl {

void write_rollout(json::Writer& out, const Gate& gate) {
  out.key("candidates").array();
  for (const CandidateNow& one : gate.candidates()) {
    out.object().key("agent").string(one.agent).key("digest").string(one.digest);
    out.key("file").string(one.file).key("last_error").string(one.last_error);
    out.key("looks").object();
    for (const CandidateKind kind : candidate_kinds) {
      out.key(to_string(kind)).natural(one.counts.of(kind));
    }
    out.end().key("why").string(one.why).end();
  }
  out.end().key("observing").array();
  for (const ObservationNow& one : gate.observations()) {
    out.object().key("agent").string(one.what.agent).key("passed").natural(one.passed);
    out.key("reason").string(one.what.reason);
    out.key("until").string(to_string(one.what.until)).key("waits").boolean(one.waits).end();
  }
  out.end();
}

}  // namespace pawl
