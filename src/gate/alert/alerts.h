// Alerts: what people have to hear of, and what they find in the journal later.
//
// What notes say comes from outside, so there are only so many in a minute: of each run, of the
// node itself, and of each topic under which strangers are refused. Strangers decide how many of
// those there are, so none of it is taken from what a run or the node may say, and those that find
// no room are a number, which is a record of its own a minute later.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/config/contact.h"
#include "model/record.h"

namespace pawl {

struct GateState;

class Alerts {
 public:
  explicit Alerts(GateState& gate_state);

  // For a person to find later. Refused beyond `notes_per_minute_max`: notes come from outside.
  Status note(const std::string& run, const std::string& topic, const std::string& text);
  // A client was refused that belongs to no run: its token or its proof is wrong. Every refusal is
  // a record, or counted in one. `topic` is one of the door's few words, and never of the client.
  // What the node itself has to say has its own room beside them.
  void note_refusal(const std::string& topic, const std::string& text);
  // Writes what is only counted so far: before the node ends.
  void write_refusals();

  // Who hears of what belongs to no run, and of runs whose policy names no contact; and how long
  // after the last contact an escalation counts as unanswered.
  void set_contacts(std::vector<Contact> contacts, Duration acknowledge_within);
  // Something outside of calls that people have to hear of: a dead notifier, a tampered file.
  void escalate(const std::string& run, const std::string& event, const std::string& sentence);
  // Whether so many escalations wait for a person that no further event gets one.
  bool escalations_full() const;
  // How telling a contact went, for the notifier. A failed step makes the next one due.
  Status escalated(const Escalated& told);
  // A person answers for an escalation, which stops it. `resolved`: and it is over.
  Status acknowledge(const std::string& escalation, const std::string& person,
                     const std::string& proof, bool resolved);
  Status drilled(const Drilled& drill);

 private:
  GateState& gate_state_;
};

}  // namespace pawl
