// Calls of functions, and what can be computed before any value is there.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"
#include "lang/cel/collection.h"
#include "lang/cel/compiling.h"
#include "lang/cel/machine.h"
#include "lang/cel/time_value.h"

namespace pawl::cel {
namespace {

std::optional<Comparison> comparison_of(std::string_view name) {
  if (name == "_<_") return Comparison::less;
  if (name == "_<=_") return Comparison::less_equal;
  if (name == "_>_") return Comparison::greater;
  if (name == "_>=_") return Comparison::greater_equal;
  return {};
}

bool takes_zone(const Node& node) {
  return node.receiver && node.parts.size() == 2 && node.text.starts_with("get");
}

}  // namespace

void Compiling::call(NodeId id) {
  if (call_of_operator(id) || call_of_field(id) || call_of_option(id)) return;
  const Node& node = tree_[id];
  const Function* function = find_function(node.text);
  const bool exists =
      function != nullptr && std::ranges::any_of(function->signatures, [&](const Signature& form) {
        return form.receiver == node.receiver && form.parameters.size() == node.parts.size();
      });
  if (!exists) {
    return constant(function == nullptr ? Value::failed(Failure::no_such_name, "unbound function")
                                        : no_such_overload());
  }
  for (const NodeId part : node.parts) {
    const std::uint32_t from = here();
    emit(part);
    const bool pattern = node.text == "matches" && part == node.parts.back();
    const bool zone = takes_zone(node) && part == node.parts.back();
    if ((pattern || zone) && (last_constant(from) != nullptr || checked())) prepare(id, part);
  }
  auto& all = code_->functions;
  auto found = std::ranges::find(all, function->run);
  if (found == all.end()) found = all.insert(all.end(), function->run);
  add(Op::call, static_cast<std::uint32_t>(found - all.begin()),
      static_cast<std::uint32_t>(node.parts.size()));
  if (node.text == "_[_]" || node.text == "_[?_]") expect(id, true);
}

bool Compiling::call_of_operator(NodeId id) {
  const Node& node = tree_[id];
  const auto comparison = comparison_of(node.text);
  const bool equality = node.text == "_==_" || node.text == "_!=_";
  if (!comparison && !equality && node.text != "_in_") return false;
  emit(node.parts[0]);
  const std::uint32_t from = here();
  emit(node.parts[1]);
  const Value* right = last_constant(from);
  if (right != nullptr && (comparison || equality) && !right->failed()) {
    const std::uint32_t index = code_->instructions.back().c;
    code_->instructions.pop_back();
    --depth_;
    const auto which = comparison ? static_cast<std::uint8_t>(*comparison)
                                  : static_cast<std::uint8_t>(node.text == "_==_" ? 0 : 1);
    add(comparison ? Op::less_than : Op::equal_to, index, 0, which);
  } else if (comparison) {
    add(Op::less, 0, 0, static_cast<std::uint8_t>(*comparison));
  } else if (equality) {
    add(Op::equal, 0, 0, node.text == "_==_" ? 0 : 1);
  } else if (right != nullptr && right->is(ValueKind::list)) {
    const std::uint32_t index = code_->instructions.back().c;
    code_->instructions.pop_back();
    --depth_;
    add(Op::in_list, index);
  } else {
    code_->functions.push_back(find_function("_in_")->run);
    add(Op::call, static_cast<std::uint32_t>(code_->functions.size() - 1), 2);
  }
  return true;
}

// `args["note"]` and `args[?"note"]` of a record.
bool Compiling::call_of_field(NodeId id) {
  const Node& node = tree_[id];
  if (!checked() || !named(node)) return false;
  if (types_[node.parts[0]]->kind != TypeKind::record) return false;
  Path path;
  if (path_to(id, path)) {
    load(id, false);
    return true;
  }
  const bool optional = node.text == "_[?_]";
  const bool outside = optional && path_to(node.parts[0], path);
  load(node.parts[0], optional);
  add(optional ? Op::maybe_field : Op::field, name(tree_[node.parts[1]].text));
  expect(id, !outside);
  return true;
}

// `option.or(other)` and `option.orValue(value)`: what is behind a value is never looked at, so it
// may fail.
bool Compiling::call_of_option(NodeId id) {
  const Node& node = tree_[id];
  const bool value = node.text == "orValue";
  if (!node.receiver || node.parts.size() != 2 || (!value && node.text != "or")) return false;
  emit(node.parts[0]);
  const std::uint32_t jump = here();
  add(Op::or_option, 0, 0, value ? 1 : 0);
  if (value) {
    emit(node.parts[1]);
  } else {
    // None, and the function that looks at what the other one is.
    code_->functions.push_back(find_function("optional.none")->run);
    add(Op::call, static_cast<std::uint32_t>(code_->functions.size() - 1), 0);
    emit(node.parts[1]);
    code_->functions.push_back(find_function("or")->run);
    add(Op::call, static_cast<std::uint32_t>(code_->functions.size() - 1), 2);
  }
  land(jump);
  return true;
}

// The constant that is all that was emitted since `from`, or null.
const Value* Compiling::last_constant(std::uint32_t from) const {
  if (here() != from + 1 || code_->instructions.back().op != Op::constant) return nullptr;
  return &code_->constants[code_->instructions.back().c];
}

// Turns the text of a pattern or of a time zone into what it means.
void Compiling::prepare(NodeId call, NodeId argument) {
  const Value* value = last_constant(here() - 1);
  if (value == nullptr || !value->is(ValueKind::string)) {
    if (!checked()) return;
    const bool pattern = tree_[call].text == "matches";
    errors_.push_back(error_at(
        source_, tree_[argument].begin,
        pattern ? "a pattern has to be a constant text" : "a time zone has to be a constant text"));
    return;
  }
  const auto made = prepared(call, *value);
  if (made) code_->constants[code_->instructions.back().c] = *made;
}

std::optional<Value> Compiling::prepared(NodeId call, const Value& text) {
  std::string wrong;
  if (tree_[call].text == "matches") {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_bytes_max);
    auto pattern =
        std::make_shared<const re2::RE2>(re2::StringPiece(text.as.text, text.size), options);
    if (pattern->ok()) {
      Value out{.kind = ValueKind::pattern};
      out.as.pattern = pattern.get();
      code_->patterns.push_back(std::move(pattern));
      return out;
    }
    wrong = fmt::format("`{}` is not a pattern of RE2: {}", escape_untrusted(text.text()),
                        pattern->error());
  } else {
    if (fixed_offset(text.text())) return {};
    auto zone = environment_.zone(text.text());
    if (zone) {
      code_->zones.push_back(std::make_unique<const Zone>(std::move(*zone)));
      Value out{.kind = ValueKind::zone};
      out.as.zone = code_->zones.back().get();
      return out;
    }
    wrong = zone.error().message;
  }
  if (checked()) {
    errors_.push_back(error_at(source_, tree_[call].offset, wrong));
    return {};
  }
  return Value::failed(Failure::invalid, "a pattern or a time zone that can't be used");
}

void Compiling::constant(const Value& value) {
  code_->constants.push_back(value);
  add(Op::constant, static_cast<std::uint32_t>(code_->constants.size() - 1));
}

void Compiling::literal(const Node& node) {
  Value value;
  switch (node.literal) {
    case Literal::null:
      break;
    case Literal::boolean:
      value = Value::of(node.as.boolean);
      break;
    case Literal::integer:
      value = Value::of(node.as.integer);
      break;
    case Literal::natural:
      value = Value::of(node.as.natural);
      break;
    case Literal::number:
      value = Value::of(node.as.number);
      break;
    case Literal::string:
      value = Value::of(std::string_view(node.text));
      break;
    case Literal::bytes:
      value = Value::bytes_of(node.text);
      break;
  }
  const auto copy = kept(value);
  if (!copy) {
    errors_.push_back(error_at(source_, node.offset, "the constants of this are too large"));
  }
  constant(copy.value_or(Value()));
}

// Runs what was emitted since `from`, and keeps the result in its place. What fails stays, and
// fails when the expression runs.
void Compiling::fold_constant(std::uint32_t from) {
  if (last_constant(from) != nullptr || fuel_.left == 0) return;
  Scratch scratch;
  code_->instructions.push_back({Op::end, 0, 0, 0});
  const Value result = Machine(*code_, {}, scratch, fuel_).run_from(from);
  code_->instructions.pop_back();
  const auto copy = result.failed() ? std::nullopt : kept(result);
  if (!copy) return;
  code_->instructions.resize(from);
  --depth_;
  constant(*copy);
}

// A copy that lives as long as the program; nothing where there is no room.
std::optional<Value> Compiling::kept(const Value& value) {
  Context context{code_->memory, fuel_default};
  Value out = value;
  switch (value.kind) {
    case ValueKind::string:
    case ValueKind::bytes:
    case ValueKind::type: {
      out = context.string(value.text());
      if (out.failed()) return {};
      out.kind = value.kind;
      return out;
    }
    case ValueKind::list:
    case ValueKind::map: {
      const std::size_t count = std::size_t{value.size} * (value.is(ValueKind::map) ? 2 : 1);
      const Value* const from = value.is(ValueKind::map)
                                    ? reinterpret_cast<const Value*>(value.as.entries)
                                    : value.as.list;
      auto* place = code_->memory.take_many<Value>(count);
      for (std::size_t i = 0; place != nullptr && i < count; ++i) {
        const auto each = kept(from[i]);
        if (!each) return {};
        place[i] = *each;
      }
      if (place == nullptr) return {};
      if (value.is(ValueKind::list)) return Value::list_of(place, count);
      return Value::map_of(reinterpret_cast<const Entry*>(place), value.size);
    }
    case ValueKind::optional: {
      if (value.as.inner == nullptr) return out;
      const auto inner = kept(*value.as.inner);
      if (!inner) return {};
      out = context.option(*inner);
      return out.failed() ? std::nullopt : std::optional(out);
    }
    case ValueKind::ip:
    case ValueKind::cidr: {
      auto* place = code_->memory.take_many<AddressValue>(1);
      if (place == nullptr) return {};
      *place = *value.as.address;
      out.as.address = place;
      return out;
    }
    case ValueKind::null:
    case ValueKind::boolean:
    case ValueKind::integer:
    case ValueKind::natural:
    case ValueKind::number:
    case ValueKind::json_list:
    case ValueKind::json_map:
    case ValueKind::timestamp:
    case ValueKind::duration:
    case ValueKind::pattern:
    case ValueKind::zone:
    case ValueKind::error:
      return out;
  }
  return {};
}

}  // namespace pawl::cel
