// What several entries share, said once under a name and used as `$name`: fragments, which say what
// an argument must be, and sets of sources of values.
//
// A name is read where it is used, as if what it stands for stood there; rules of it keep their own
// lines. It may stand for another name, in no circle. A file's own names come first; after them
// those of the layers that a role has to pass, each read with the names of its own layer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "kernel/config/reading.h"

namespace pawl {

struct Build;

class Fragments {
 public:
  struct One {
    Position at;
    yaml::Node node;
    bool used = false;
    bool open = false;  // being read: a `$name` that leads back here is a circle
  };

  // Keeps what the names of one key stand for. It is read where it is used.
  void read(Reading& reading, const yaml::Entry& key);
  One* find(std::string_view name);  // null: none
  std::map<std::string, One, std::less<>>& all() { return all_; }

 private:
  std::map<std::string, One, std::less<>> all_;
};

enum class Shared : std::uint8_t { fragment, sources };

// Gives `take` what the node stands for: itself, or what its `$name` names. Reports a name that
// there is not, or that several layers have, and a circle. The `$name` of a list is left to the
// lists.
void follow_name(Build& build, const yaml::Node& node, Shared kind,
                 const std::function<void(const yaml::Node&)>& take);

// After everything else: mistakes of what nothing uses, and names that stand for two things.
// `unused` notes what nothing uses.
void finish_fragments(Build& build, bool unused);

// The names that the layers of a role have for it, before the role is read. Their mistakes are
// found when the layers are.
void name_layers(Build& build);

}  // namespace pawl
