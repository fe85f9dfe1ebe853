// People of the deployment file. Whoever answers may be taken away; who stands in somebody's way
// may not: a program that rejects, an auditor who may not answer, an account under which somebody
// starts runs, a name that the provider would give to a stranger.
#include <algorithm>

#include "kernel/strictness/deployment_parts.h"

namespace pawl {

namespace {

// Why it could loosen something that this person, or a membership of theirs, goes; empty: they
// only answered.
std::string leans_on_person(const DeploymentPair& files, const std::string& name) {
  const Deployment& before = files.before;
  const auto known = before.people.find(name);
  if (known == before.people.end()) return "and nobody can tell who that is";
  if (before.provider) return "and the provider may know somebody else by that name";
  if (known->second.automatic) return "a program that looks at what people approve";
  const bool auditor = before.persons(before.auditors).contains(name);
  return auditor ? "an auditor, who decides nothing" : std::string();
}

bool only_answered(const KeyPair& pair, const std::string& name) {
  return leans_on_person(pair.files, name).empty();
}

}  // namespace

void compare_members(const KeyPair& pair) {
  changed_texts(pair, only_answered, no_text);
}

// A group of the provider's is compared as it is written.
void compare_groups(const KeyPair& pair) {
  const auto is_map = [](const yaml::Node* node) { return node == nullptr || node->is_map(); };
  if (!is_map(pair.was) || !is_map(pair.is)) return same_only(pair);
  for (const std::string& name : names_of(pair)) {
    const KeyPair one = pair.below(name);
    const bool gone = one.was != nullptr && one.is == nullptr && one.was->is_sequence();
    const bool fine = gone && std::ranges::all_of(one.was->items, [&pair](const yaml::Node& item) {
                        return item.is_scalar() && only_answered(pair, item.text);
                      });
    if (!fine) compare_members(one);
  }
}

// At a person: their groups. All of them may go, unless one of them keeps the person from deciding.
void fewer_groups(const KeyPair& pair) {
  const std::string name = pair.path.substr(pair.path.find('.') + 1);
  const std::string person = name.substr(0, name.rfind('.'));
  if (!only_answered(pair, person)) return same_only(pair);
  fewer_or_none(pair);
}

void compare_people(const KeyPair& pair) {
  const auto is_map = [](const yaml::Node* node) { return node == nullptr || node->is_map(); };
  if (!is_map(pair.was) || !is_map(pair.is)) return same_only(pair);
  for (const std::string& name : names_of(pair)) {
    const Key* key = deployment_keys().find(Section::people, name);
    if (key == nullptr) {
      compare_name(pair.below(name), name, Section::person, leans_on_person);
    } else {
      compare_key(pair.below(name), key->compare_as);
    }
  }
}

}  // namespace pawl
