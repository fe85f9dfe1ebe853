#include "gate/state/people_directory.h"

#include "base/text.h"

namespace pawl {

Status PeopleDirectory::may_decide(const std::string& person) const {
  if (person.empty()) return fail(ErrorKind::refused, "a named person has to do this");
  return auditors.contains(person) ? fail(ErrorKind::refused, auditor_says) : Status{};
}

std::string_view PeopleDirectory::person_of(std::string_view account) const {
  const auto known = accounts.find(fold(account));
  return known == accounts.end() ? account : std::string_view(known->second);
}

}  // namespace pawl
