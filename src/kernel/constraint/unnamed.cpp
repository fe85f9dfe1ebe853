// The checks that every argument gets although no rule names it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/check_value.h"
#include "kernel/constraint/constraint.h"

namespace pawl {
namespace {

// The way to a value, kept on the stack so that a call that passes costs no memory.
struct Place {
  const Place* above;
  std::string_view name;    // of a member
  std::uint32_t index = 0;  // of an element, where `name` is empty
  bool element = false;
};

void append(const Place* place, bool indexes, std::string& out) {
  if (place == nullptr) return;
  append(place->above, indexes, out);
  if (!place->element) {
    if (!out.empty()) out += '.';
    out += indexes ? shown_name(place->name) : step_text(place->name);
  } else if (indexes) {
    fmt::format_to(std::back_inserter(out), "[{}]", place->index);
  } else {
    out += "[]";
  }
}

// How a place is told: to a reader with indexes, and as a path of the policy without them.
std::string shown(const Place* place) {
  std::string out;
  append(place, true, out);
  return out;
}
std::string as_path(const Place* place) {
  std::string out;
  append(place, false, out);
  return out;
}

bool is_path(std::string_view named) {
  return named.find_first_of(".[") != std::string_view::npos && !first_step(named).rest.empty();
}

class Defaults {
 public:
  Defaults(std::span<const std::string> named, const Rule& from) : named_(named), from_(from) {}

  bool arguments(json::View arguments, const Shape* shape);
  Violation take() { return std::move(*violation_); }

 private:
  // `covered`: the policy names the argument as a whole, so its own rules judge its texts.
  struct Context {
    const Shape* shape;
    bool covered;
    bool long_name;              // what is around it says long text
    std::string_view name = {};  // may say so by itself: asked only where a line breaks
  };

  bool argument(std::string_view name, json::View value, const Shape* shape);
  bool visit(json::View value, const Context& context, const Place& place);
  bool members(json::View object, const Context& context, const Place& place);
  bool named_whole(std::string_view name) const;
  bool named_inside(std::string_view name) const;
  bool named_exactly(const Place& place) const;
  bool refuse(const Place& place, std::string_view says, Code code = Code::constraint);

  std::span<const std::string> named_;
  const Rule& from_;
  std::optional<Violation> violation_;
};

bool Defaults::refuse(const Place& place, std::string_view says, Code code) {
  violation_.emplace(Violation{&from_, shown(&place), std::string(says), code});
  return false;
}

bool Defaults::named_whole(std::string_view name) const {
  return std::ranges::any_of(named_, [&](const std::string& n) { return names_whole(n, name); });
}

bool Defaults::named_inside(std::string_view name) const {
  return std::ranges::any_of(named_, [&](const std::string& n) { return names_inside(n, name); });
}

bool Defaults::named_exactly(const Place& place) const {
  if (std::ranges::none_of(named_, is_path)) return false;
  const std::string path = as_path(&place);
  std::string without;  // `to.x` names the elements of `to[].x` too
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.compare(i, 2, "[]") == 0) {
      ++i;
    } else {
      without += path[i];
    }
  }
  return std::ranges::any_of(named_,
                             [&](const std::string& n) { return n == path || n == without; });
}

bool Defaults::arguments(json::View arguments, const Shape* shape) {
  for (auto [name, value] : arguments.members()) {
    if (!argument(name, value, shape)) return false;
  }
  return true;
}

bool Defaults::argument(std::string_view name, json::View value, const Shape* shape) {
  const Place place{nullptr, name};
  const bool whole = named_whole(name);
  const bool inside = !whole && named_inside(name);
  const Shape::Property* property = shape == nullptr ? nullptr : shape->find(name);
  if (!whole && !inside) {
    for (const std::string& other : named_) {
      if (near_name(name, first_step(other).name)) {
        return refuse(place, "has nearly the name of an argument that the policy names");
      }
    }
    if (shape != nullptr && property == nullptr) {
      return refuse(place, "is not an argument that the tool's schema or the policy names");
    }
  }
  const Shape* inner = property == nullptr ? nullptr : &property->shape;
  return visit(value, {inner, whole, false, inner == nullptr ? name : std::string_view{}}, place);
}

bool Defaults::visit(json::View value, const Context& context, const Place& place) {
  switch (value.kind()) {
    case json::Kind::null:
    case json::Kind::boolean:
    case json::Kind::number:
      return true;
    case json::Kind::integer:
    case json::Kind::natural:
      return !inexact(value, context.shape) || refuse(place, says_inexact, Code::ambiguous_request);
    case json::Kind::string: {
      if (context.covered || !breaks_line(value.string())) return true;
      const bool long_text = context.shape != nullptr
                                 ? context.shape->long_text
                                 : context.long_name || names_long_text(context.name);
      if (long_text) return true;
      return named_exactly(place) || refuse(place, says_lines);
    }
    case json::Kind::array: {
      const Shape* inner = context.shape == nullptr ? nullptr : context.shape->element.get();
      const bool long_name =
          context.long_name ||
          (inner == nullptr && context.shape != nullptr && context.shape->long_text) ||
          (!context.name.empty() && names_long_text(context.name));
      std::uint32_t index = 0;
      for (json::View element : value.elements()) {
        const Place here{&place, {}, index++, true};
        if (!visit(element, {inner, context.covered, long_name}, here)) return false;
      }
      return true;
    }
    case json::Kind::object:
      return members(value, context, place);
  }
  return refuse(place, "is of an unknown kind", Code::internal);
}

bool Defaults::members(json::View object, const Context& context, const Place& place) {
  // An object whose schema lists no members is a map: its keys are data.
  const bool listed =
      context.shape != nullptr && !context.shape->properties.empty() && !context.shape->any_member;
  for (auto [name, value] : object.members()) {
    const Place here{&place, name};
    const Shape::Property* property =
        context.shape == nullptr ? nullptr : context.shape->find(name);
    if (listed && property == nullptr && !named_exactly(here)) {
      return refuse(here, "is not a member that the tool's schema or the policy names");
    }
    const Shape* inner = property == nullptr ? nullptr : &property->shape;
    const std::string_view own = inner == nullptr ? name : std::string_view{};
    if (!visit(value, {inner, context.covered, false, own}, here)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Violation> evaluate_unnamed(json::View arguments, const Shape* shape,
                                          std::span<const std::string> named, const Rule& from) {
  if (arguments.exists() && !arguments.is_object()) {
    return Violation{&from, {}, "the arguments must be an object"};
  }
  Defaults defaults(named, from);
  if (defaults.arguments(arguments, shape)) return std::nullopt;
  return defaults.take();
}

}  // namespace pawl
