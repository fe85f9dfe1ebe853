// The names that an expression may use, and their types.
//
// Variables are declared before anything is compiled; their order is the order of the values in
// an `Activation`. Names may have dots (`run.steps`); the longest declared name that fits wins. A
// container is a prefix that is tried before each name, longest first.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"
#include "lang/cel/type.h"

namespace pawl::cel {

struct Variable {
  std::string name;
  TypeRef type;
};

// A function that exists for the checker only: an expression that calls it has a type and fails
// when it runs.
struct Declared {
  std::string name;
  std::vector<TypeRef> parameters;
  TypeRef result;
  bool receiver = false;
};

class Environment {
 public:
  // The slot of the variable. A name that is declared already keeps its slot and gets the type.
  std::uint32_t declare(std::string name, TypeRef type);
  void declare(Declared function) { functions_.push_back(std::move(function)); }
  void container(std::string name) { container_ = std::move(name); }

  // Where `getHours("Europe/Berlin")` finds its zone, at compile time. Without it only UTC and
  // fixed offsets are known.
  void zones(std::function<Result<Zone>(std::string_view)> source) { zones_ = std::move(source); }

  const std::vector<Variable>& variables() const { return variables_; }
  const std::vector<Declared>& functions() const { return functions_; }
  const Variable* find(std::string_view name) const;
  std::uint32_t slot_of(const Variable& variable) const {
    return static_cast<std::uint32_t>(&variable - variables_.data());
  }

  // The full names that `name` may stand for, in the order in which they are tried.
  std::vector<std::string> candidates(std::string_view name, bool absolute) const;
  Result<Zone> zone(std::string_view name) const;

 private:
  std::vector<Variable> variables_;
  std::vector<Declared> functions_;
  std::string container_;
  std::function<Result<Zone>(std::string_view)> zones_;
};

}  // namespace pawl::cel
