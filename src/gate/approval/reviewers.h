// Reviewers: who the people of the deployment are, and who among them may answer.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

struct GateState;

class Reviewers {
 public:
  explicit Reviewers(GateState& gate_state);

  // `by` is a reviewer; empty for the very first one, which comes from the configuration.
  Status enroll(const std::string& person, const std::string& proof, const std::string& verifier,
                const std::string& by);
  // Those whom the configuration names first, together: while there is no reviewer, the owner of
  // that file says who is one.
  struct ConfiguredReviewer {
    std::string person, proof, verifier;
  };
  Status enroll_first(const std::vector<ConfiguredReviewer>& reviewers);

  // Groups or persons that may answer where the policy names none.
  void set_default_reviewers(std::vector<std::string> reviewers);
  // Everybody whom the deployment lists, with their groups. Asked again when an answer is used: a
  // person who left, or is in other groups, has not approved (threats H06). Without this call the
  // entitlement at the time of the answer stands.
  void set_people(std::map<std::string, std::vector<std::string>, std::less<>> groups_of);
  // Accounts under which they start runs, folded, and whose they are: a run that is opened from now
  // on has the person as its sponsor, who is then never its second pair of eyes (threats H07).
  void set_accounts(std::map<std::string, std::string, std::less<>> person_of);
  // Those of the people that are programs (`automatic_proof`): an answer of a program counts with
  // that proof only, and an answer of a person never does.
  void set_programs(std::set<std::string, std::less<>> programs);
  void set_auditors(std::set<std::string, std::less<>> auditors);

  // Whether this person of the deployment is a program, which answers by itself and acts in no
  // other way.
  bool is_program(std::string_view person) const;
  // Whether this person sees everything and decides nothing: refused wherever a person decides.
  bool is_auditor(std::string_view person) const;

 private:
  GateState& gate_state_;
};

}  // namespace pawl
