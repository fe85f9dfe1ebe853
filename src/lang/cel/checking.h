// The state of one check, shared by checker.cpp (forms), checker.cpp (functions) and
// checker.cpp (fields and whether they are there).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/cel/ast.h"
#include "lang/cel/environment.h"
#include "lang/cel/functions.h"
#include "lang/cel/source.h"
#include "lang/cel/unify.h"

namespace pawl::cel {

class Checking {
 public:
  Checking(const Tree& tree, const Environment& environment, const Source& source, Errors& errors)
      : tree_(tree), environment_(environment), source_(source), errors_(errors) {
    types_.resize(tree.nodes.size(), simple(TypeKind::error));
    frame_.resize(tree.frame_size, simple(TypeKind::error));
  }

  std::vector<TypeRef> run(const TypeRef& result);

 private:
  TypeRef wrong(NodeId at, std::string message);
  std::string shown(const TypeRef& type) const { return to_string(*unifier_.deep(type)); }
  std::string written(NodeId id) const;  // the text of a field or name, for messages

  // checker.cpp
  const TypeRef& visit(NodeId id);
  TypeRef type_of(NodeId id);
  TypeRef literal(const Node& node) const;
  TypeRef name(NodeId id);
  TypeRef unknown(NodeId id, std::string_view name);
  TypeRef list(const Node& node);
  TypeRef map(NodeId id);
  TypeRef conditions(NodeId id);
  TypeRef choice(NodeId id);
  TypeRef fold(NodeId id);
  TypeRef map_option(NodeId id);
  TypeRef bind(const Node& node);
  void want_bool(NodeId id);
  void bind_range(NodeId id, const TypeRef& range);

  // checker.cpp
  struct Match {
    TypeRef result;
    std::vector<TypeRef> bindings;
  };
  TypeRef call(NodeId id);
  TypeRef call_of(NodeId id, const std::vector<Signature>& signatures);
  std::vector<Match> matches(const Node& node, const std::vector<Signature>& signatures);
  TypeRef unknown_function(NodeId id);
  TypeRef no_overload(NodeId id, const std::vector<Signature>& signatures);
  bool numbers(const Node& node) const;
  void check_choices(const Node& node);
  void check_choice(const TypeRef& closed, NodeId literal);

  // checker.cpp
  TypeRef select(NodeId id);
  bool begins_name(NodeId id) const;
  TypeRef field_of(NodeId id, NodeId target, const TypeRef& type, std::string_view name, bool asks);
  TypeRef record_field(NodeId id, NodeId target, const Type& record, std::string_view name,
                       bool asks);
  std::string path_of(NodeId id) const;
  void facts_when(NodeId id, bool truth, std::vector<std::string>& facts) const;
  bool is_there(const std::string& path) const;

  const Tree& tree_;
  const Environment& environment_;
  const Source& source_;
  Errors& errors_;
  std::vector<TypeRef> types_;
  std::vector<TypeRef> frame_;
  std::vector<std::string> facts_;  // paths that are there, where the visit is now
  Unifier unifier_;
};

}  // namespace pawl::cel
