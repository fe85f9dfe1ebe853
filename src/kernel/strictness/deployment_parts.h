// What the comparison of two deployment files is made of. Private to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "kernel/config/keys.h"
#include "kernel/strictness/parts.h"

namespace pawl {

struct Deployment;

// Both files as they were loaded.
struct DeploymentPair {
  const Deployment& before;
  const Deployment& after;
  PolicyDiff& laxness;
};

// One key in both: null where it is not there.
struct KeyPair {
  const DeploymentPair& files;
  std::string path;  // `agents.clerk.keys`
  const yaml::Node* was = nullptr;
  const yaml::Node* is = nullptr;
  Position at;  // in the new file: the key, else the nearest thing that is still there

  // The same key of the mappings that these two are.
  KeyPair below(const std::string& key) const;
  void found(Position where, const std::string& says) const;
};

// deployment.cpp
// Every difference is laxer, each at its place.
void same_only(const KeyPair& pair);
// Any value is as good as another.
void any_value(const KeyPair& pair);
// It may be taken away, and not be changed.
void may_go(const KeyPair& pair);
// A list of texts that may lose some of them, and not all: without one it would mean something
// else.
void fewer_texts(const KeyPair& pair);
// The same, and it may lose all of them.
void fewer_or_none(const KeyPair& pair);
// A list that may lose what `lose` says yes to, and get what `get` says yes to.
using OfText = bool (*)(const KeyPair& pair, const std::string& text);
void changed_texts(const KeyPair& pair, OfText lose, OfText get);
bool any_text(const KeyPair& pair, const std::string& text);
bool no_text(const KeyPair& pair, const std::string& text);
// The names of both mappings, each once.
std::vector<std::string> names_of(const KeyPair& pair);

// deployment.cpp: the keys of a mapping, each as its row of the table says.
void compare_key(const KeyPair& pair, CompareAs compare_as);
void compare_keys(const KeyPair& pair, Section section);
// Why it could loosen something that this name goes; empty: nothing leans on it.
using LeansOn = std::string (*)(const DeploymentPair& files, const std::string& name);
// What a file names in both: a name that comes is laxer, one that stays is compared by the rows of
// `section`, and of one that goes `leans` decides.
void compare_name(const KeyPair& one, const std::string& name, Section section, LeansOn leans);
void compare_names(const KeyPair& pair, Section section, LeansOn leans);

// deployment.cpp
void compare_people(const KeyPair& pair);
void compare_members(const KeyPair& pair);
void compare_groups(const KeyPair& pair);
void fewer_groups(const KeyPair& pair);

}  // namespace pawl
