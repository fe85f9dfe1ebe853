// Lists of a policy, inline or from a file, and what `$name` stands for.
//
// A list is expanded where it is used: `[$hosts, example.org]` is one flat list. Lists may name
// other lists, in no circle. Every list file becomes part of the policy's bundle.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "kernel/config/reading.h"
#include "kernel/constraint/constraint.h"

namespace pawl {

struct LoadSources;

class Lists {
 public:
  // Reads the `lists:` of a file. List files are read here, and only here.
  void read(Reading& reading, const LoadSources& sources, const yaml::Node& node);

  // The scalars that a value stands for: one scalar, `$name`, or a list of both. Reports what is
  // wrong, an empty list among it, and returns what is left.
  std::vector<yaml::Node> expand(Reading& reading, const yaml::Node& node, std::string_view what);
  // The same as values to compare with, and as texts.
  std::vector<Literal> literals(Reading& reading, const yaml::Node& node, std::string_view what);
  std::vector<Placed> texts(Reading& reading, const yaml::Node& node, std::string_view what);

  // Name and bytes of each list file, by name.
  const std::map<std::string, std::string>& files() const { return files_; }
  // Lists that nothing uses, with their places.
  std::vector<Placed> unused() const;

  // Lists of another file, which count where this one has none of a name: those of a layer.
  void beside(std::shared_ptr<Lists> other) { others_.push_back(std::move(other)); }
  bool has(std::string_view name) const { return lists_.contains(name); }
  // What else of this file has a name, for the mistake of one who takes it for a list.
  void other(std::string name, std::string_view what) { others_called_[std::move(name)] = what; }
  // Here or beside.
  bool find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  struct List {
    Position at;
    std::vector<yaml::Node> items;
    bool used = false;
    bool open = false;  // being expanded: a `$name` that leads back here is a circle
  };
  void read_file(Reading& reading, const LoadSources& sources, const yaml::Node& node, List& list);
  void expand_into(Reading& reading, const yaml::Node& item, std::string_view what,
                   std::vector<yaml::Node>& out);
  void expand_beside(Reading& reading, const yaml::Node& item, std::string_view what,
                     std::vector<yaml::Node>& out);

  std::size_t expanded_ = 0;  // items looked at: lists of lists must not multiply
  std::map<std::string, List, std::less<>> lists_;
  std::map<std::string, std::string> files_;
  std::vector<std::shared_ptr<Lists>> others_;
  std::map<std::string, std::string, std::less<>> others_called_;
};

// `$name`, which stands for something else.
bool is_reference(const yaml::Node& node);
// Letters, digits, `_` and `-`.
bool plain_name(std::string_view name);

// A scalar as a value to compare with; reports what cannot be told apart from something else.
std::optional<Literal> literal_of(Reading& reading, const yaml::Node& node, std::string_view what);

}  // namespace pawl
