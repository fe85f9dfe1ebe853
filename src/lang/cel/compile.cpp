#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"
#include "lang/cel/chain.h"
#include "lang/cel/checker.h"
#include "lang/cel/collection.h"
#include "lang/cel/compiling.h"
#include "lang/cel/machine.h"
#include "lang/cel/parser.h"
#include "lang/cel/resolver.h"
#include "lang/cel/time_value.h"

namespace pawl::cel {

std::expected<Program, Errors> compile(const Source& source, const Environment& environment,
                                       const CompileOptions& options) {
  auto tree = parse(source, options.limits);
  if (!tree) return std::unexpected(Errors{std::move(tree.error())});
  Errors errors;
  resolve(*tree, environment, source, options.limits, errors);
  std::vector<TypeRef> types;
  if (options.checked == Checked::on) {
    types = check(*tree, environment, source, options.result, errors);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  Program program =
      Compiling(*tree, std::move(types), environment, source, options.limits, errors).run();
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return program;
}

Value Program::evaluate(std::span<const Value> values, Scratch& scratch, Fuel& fuel) const {
  if (!code_->links.empty()) {
    const Told told = ask_chain(*code_, values, scratch, fuel);
    if (told != Told::nothing) return Value::of(told == Told::yes);
  }
  return Machine(*code_, values, scratch, fuel).run();
}

std::optional<Value> Program::constant() const {
  const auto& instructions = code_->instructions;
  if (instructions.size() != 2 || instructions[0].op != Op::constant) return {};
  return code_->constants[instructions[0].c];
}

namespace {

// How many values an instruction adds to the stack.
std::int64_t growth(const Instruction& at) {
  switch (at.op) {
    case Op::constant:
    case Op::variable:
    case Op::local:
    case Op::path:
    case Op::probe:
      return 1;
    case Op::call:
    case Op::list:
      return 1 - std::int64_t{at.b};
    case Op::map:
      return 1 - 2 * std::int64_t{at.b};
    case Op::equal:
    case Op::less:
    case Op::and_with:
    case Op::or_with:
    case Op::choose:
    case Op::store:
    case Op::keep:
    case Op::add:
    case Op::fold:
    case Op::open_option:
    case Op::or_option:
      return -1;
    case Op::end:
    case Op::field:
    case Op::maybe_field:
    case Op::has_field:
    case Op::expect:
    case Op::equal_to:
    case Op::less_than:
    case Op::in_list:
    case Op::jump:
    case Op::and_skip:
    case Op::or_skip:
    case Op::and_probe:
    case Op::or_probe:
    case Op::next:
    case Op::wrap_option:
      return 0;
  }
  return 0;
}

}  // namespace

void Compiling::add(Op op, std::uint32_t c, std::uint32_t b, std::uint8_t a) {
  const Instruction made{op, a, static_cast<std::uint16_t>(b), c};
  code_->instructions.push_back(made);
  depth_ = static_cast<std::uint32_t>(depth_ + growth(made));
  // Room for one more than is needed: where a fold or an option ends early it pushes its result.
  code_->stack_size = std::max(code_->stack_size, depth_ + 2);
}

std::uint32_t Compiling::name(const std::string& text) {
  const auto found = std::ranges::find(code_->names, text, &MemberName::text);
  const auto place = static_cast<std::uint32_t>(found - code_->names.begin());
  if (found == code_->names.end()) code_->names.emplace_back(text);
  return place;
}

void Compiling::emit(NodeId id) {
  const Node& node = tree_[id];
  const std::uint32_t from = here();
  const std::uint32_t depth = depth_;
  emit_form(id);
  if (node.form == Form::call) {
    depth_ = depth;
    join(from);
  }
  depth_ = depth + 1;
  if (node.constant && node.form != Form::literal) fold_constant(from);
}

void Compiling::emit_form(NodeId id) {
  const Node& node = tree_[id];
  switch (node.form) {
    case Form::literal:
      return literal(node);
    case Form::type_name:
      return constant(Value::type_of(type_value(node.text)));
    case Form::name:
      return constant(Value::failed(Failure::no_such_name, "undeclared reference"));
    case Form::variable:
      return load(id, false);
    case Form::local:
      return add(Op::local, node.slot);
    case Form::select:
      return select(id);
    case Form::call:
      return call(id);
    case Form::list:
    case Form::map:
      return collection(node);
    case Form::all_of:
    case Form::any_of:
      return conditions(node);
    case Form::choice:
      return choice(node);
    case Form::fold:
      return fold(id);
    case Form::bind:
      emit(node.parts[0]);
      add(Op::store, node.frame_slots[0]);
      return emit(node.parts[1]);
    case Form::map_option:
      return map_option(node);
  }
}

// Values from outside are compared with their type where they come in, with all that they hold.
// Behind that, only whole numbers that should be doubles are left to be changed.
std::int32_t Compiling::expectation(NodeId id, bool only_numbers) {
  if (!checked()) return -1;
  const TypeRef& type = types_[id];
  const Type* inner = type->kind == TypeKind::optional ? type->parts[0].get() : type.get();
  if (inner->kind == TypeKind::dyn || (only_numbers && inner->kind != TypeKind::number)) return -1;
  const Node& node = tree_[id];
  const std::uint32_t end = node.offset + static_cast<std::uint32_t>(node.text.size());
  const std::string_view written =
      node.form == Form::select && end > node.begin
          ? source_.text.substr(node.begin, end - node.begin)
          : source_.text.substr(node.begin, node.text.empty() ? 1 : node.text.size());
  return add_expectation(
      type, fmt::format("`{}` is not of type {}", escape_untrusted(written), to_string(*inner)));
}

std::int32_t Compiling::add_expectation(const TypeRef& type, std::string what) {
  ValueKind plain = ValueKind::error;
  if (type->kind == TypeKind::integer) plain = ValueKind::integer;
  if (type->kind == TypeKind::number) plain = ValueKind::number;
  if (type->kind == TypeKind::boolean) plain = ValueKind::boolean;
  if (type->kind == TypeKind::string && type->choices.empty()) plain = ValueKind::string;
  code_->expectations.push_back({type, plain, std::move(what)});
  return static_cast<std::int32_t>(code_->expectations.size() - 1);
}

void Compiling::expect(NodeId id, bool only_numbers) {
  const std::int32_t index = expectation(id, only_numbers);
  if (index >= 0) add(Op::expect, static_cast<std::uint32_t>(index));
}

// A field, or an index that is one: `a.b`, `a["b"]`.
bool Compiling::named(const Node& node) const {
  if (node.form == Form::select) return true;
  if (node.form != Form::call || node.parts.size() != 2) return false;
  if (node.text != "_[_]" && node.text != "_[?_]") return false;
  const Node& key = tree_[node.parts[1]];
  return key.form == Form::literal && key.literal == Literal::string;
}

bool Compiling::path_to(NodeId id, Path& path) const {
  const Node& node = tree_[id];
  if (!checked()) return false;
  if (node.form == Form::variable) {
    path.slot = node.slot;
    path.missing = environment_.variables()[node.slot].name;
    return types_[id]->kind != TypeKind::optional;
  }
  if (!named(node) || node.present || node.optional || node.text == "_[?_]") return false;
  if (!path_to(node.parts[0], path) || types_[id]->kind == TypeKind::optional) return false;
  path.names.emplace_back(node.form == Form::select ? node.text : tree_[node.parts[1]].text);
  path.missing += "." + path.names.back().text;
  return true;
}

// `believed`: only to look into it, so it is not compared with its type.
void Compiling::load(NodeId id, bool believed) {
  Path path;
  if (!path_to(id, path)) {
    if (tree_[id].form != Form::variable) return emit(id);
    add(Op::variable, tree_[id].slot);
    if (!believed) expect(id, false);
    return;
  }
  if (path.names.empty()) {
    add(Op::variable, path.slot);
    if (!believed) expect(id, false);
    return;
  }
  path.missing = fmt::format("no such key: `{}`", escape_untrusted(path.missing));
  if (!believed) path.expectation = expectation(id, false);
  code_->paths.push_back(std::move(path));
  add(Op::path, static_cast<std::uint32_t>(code_->paths.size() - 1));
}

void Compiling::select(NodeId id) {
  const Node& node = tree_[id];
  Path path;
  if (path_to(id, path)) return load(id, false);
  load(node.parts[0], node.present || node.optional);
  const std::uint32_t field = name(node.text);
  if (node.present) return add(Op::has_field, field);
  const bool outside = node.optional && path_to(node.parts[0], path);
  add(node.optional ? Op::maybe_field : Op::field, field);
  expect(id, !outside);
}

void Compiling::conditions(const Node& node) {
  const bool all = node.form == Form::all_of;
  std::vector<std::uint32_t> jumps;
  emit(node.parts[0]);
  for (std::size_t i = 1; i < node.parts.size(); ++i) {
    jumps.push_back(here());
    add(all ? Op::and_skip : Op::or_skip);
    emit(node.parts[i]);
    if (!join_condition(jumps.back(), all)) add(all ? Op::and_with : Op::or_with);
  }
  for (const std::uint32_t jump : jumps) land(jump);
}

void Compiling::choice(const Node& node) {
  emit(node.parts[0]);
  const std::uint32_t choose = here();
  add(Op::choose);
  const std::uint32_t depth = depth_;
  emit(node.parts[1]);
  const std::uint32_t jump = here();
  add(Op::jump);
  land(choose);
  depth_ = depth;
  emit(node.parts[2]);
  land(jump);
}

void Compiling::collection(const Node& node) {
  for (const NodeId part : node.parts) emit(part);
  std::uint32_t flags = 0;
  if (std::ranges::find(node.optional_parts, true) != node.optional_parts.end()) {
    flags = static_cast<std::uint32_t>(code_->flags.size() + 1);
    code_->flags.insert(code_->flags.end(), node.optional_parts.begin(), node.optional_parts.end());
  }
  const auto size = static_cast<std::uint32_t>(node.optional_parts.size());
  add(node.form == Form::list ? Op::list : Op::map, flags, size);
}

void Compiling::fold(NodeId id) {
  const Node& node = tree_[id];
  emit(node.parts[0]);
  FoldPlan plan{.fold = node.fold, .first = node.frame_slots[0]};
  plan.two = node.frame_slots.size() == 2;
  if (plan.two) plan.second = node.frame_slots[1];
  if (checked()) {
    // Only elements of a list of doubles can be whole numbers; keys are never doubles.
    const TypeRef& range = types_[node.parts[0]];
    const bool list = range->kind == TypeKind::list;
    if ((list || range->kind == TypeKind::map) && range->parts.back()->kind == TypeKind::number) {
      const std::int32_t index =
          add_expectation(range->parts.back(), "an element is not of type double");
      if (plan.two) plan.second_expected = index;
      if (!plan.two && list) plan.first_expected = index;
    }
  }
  code_->folds.push_back(plan);
  code_->fold_depth = std::max(code_->fold_depth, ++folds_);
  add(Op::fold, static_cast<std::uint32_t>(code_->folds.size() - 1));
  const std::uint32_t next = here();
  add(Op::next);
  if (node.parts.size() == 3) {
    emit(node.parts[2]);
    add(Op::keep, next);
  }
  emit(node.parts[1]);
  add(Op::add, next);
  land(next);
  --folds_;
}

void Compiling::map_option(const Node& node) {
  emit(node.parts[0]);
  const std::uint32_t open = here();
  add(Op::open_option, 0, node.frame_slots[0]);
  emit(node.parts[1]);
  if (node.fold == Fold::option_map) add(Op::wrap_option);
  land(open);
}

// Calls of functions, and what can be computed before any value is there.

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

// Makes a chain (chain.h) of an expression that is nothing but probes.

namespace {

bool short_text(const Value& value) {
  return value.is(ValueKind::string) && value.size <= TextWords::whole_bytes_max;
}

ShortText short_of(std::string_view text) {
  return {static_cast<std::uint32_t>(text.size()), TextWords::of(text)};
}

bool is_function(Run run, std::string_view name) {
  const Function* const known = find_function(name);
  return known != nullptr && known->run == run;
}

class Chaining {
 public:
  explicit Chaining(Code& code) : code_(code) {}

  // Leaves the code alone where anything else is in it.
  void run();

 private:
  std::optional<Link> link_of(const Probe& probe, std::uint32_t around);
  bool link_place(const Probe& probe, Link& link) const;
  bool link_choices(const Probe& probe, std::span<const Value> wanted, Link& link);
  bool link_texts(const Probe& probe, Link& link);
  bool link_call(const Probe& probe, Link& link) const;
  bool link_numbers(const Probe& probe, Link& link) const;

  Code& code_;
};

bool Chaining::link_place(const Probe& probe, Link& link) const {
  const Path& path = code_.paths[probe.path];
  if (path.names.size() > 1) return false;
  link.named = !path.names.empty();
  if (link.named) {
    const std::string& text = path.names.front().text;
    if (text.size() > TextWords::whole_bytes_max) return false;
    link.name = short_of(text);
  }
  link.slot = path.slot;
  return true;
}

// What the type of the place says of its texts. False where that has to be looked at.
bool Chaining::link_choices(const Probe& probe, std::span<const Value> wanted, Link& link) {
  const std::int32_t index = code_.paths[probe.path].expectation;
  if (index < 0) return true;
  const Type& type = *code_.expectations[static_cast<std::size_t>(index)].type;
  if (type.kind != TypeKind::string) return false;
  const auto& choices = type.choices;
  const auto is_short = [](const std::string& one) {
    return one.size() <= TextWords::whole_bytes_max;
  };
  if (!std::ranges::all_of(choices, is_short)) return false;
  link.sure = std::ranges::all_of(wanted, [&](const Value& each) {
    return std::ranges::find(choices, each.text()) != choices.end();
  });
  link.choices = static_cast<std::uint32_t>(code_.texts.size());
  for (const std::string& one : choices) code_.texts.push_back(short_of(one));
  link.choices_end = static_cast<std::uint32_t>(code_.texts.size());
  return true;
}

bool Chaining::link_texts(const Probe& probe, Link& link) {
  const Value& constant = code_.constants[probe.constant];
  const bool list = probe.kind == Probe::Kind::in_list;
  if (list && !constant.is(ValueKind::list)) return false;
  const std::span<const Value> wanted =
      list ? std::span(constant.as.list, constant.size) : std::span(&constant, 1);
  if (!std::ranges::all_of(wanted, short_text)) return false;
  link.way = list ? Link::Way::one_of : Link::Way::equal;
  if (list) link.how = 0;
  link.plain = ValueKind::string;
  link.wanted = static_cast<std::uint32_t>(code_.texts.size());
  for (const Value& each : wanted) code_.texts.push_back(short_of(each.text()));
  link.wanted_end = static_cast<std::uint32_t>(code_.texts.size());
  return link_choices(probe, wanted, link);
}

bool Chaining::link_call(const Probe& probe, Link& link) const {
  if (probe.way != Probe::Way::called) return false;
  link.plain = probe.plain;
  const Value& constant = code_.constants[probe.constant];
  const Run run = code_.functions[probe.function];
  const bool begins = is_function(run, "startsWith");
  if (probe.plain == ValueKind::string && short_text(constant) &&
      (begins || is_function(run, "endsWith"))) {
    link.way = begins ? Link::Way::begins : Link::Way::ends;
    link.text = short_of(constant.text());
    return true;
  }
  link.way = Link::Way::called;
  link.constant = probe.constant;
  link.function = probe.function;
  return true;
}

// Whole numbers: of a place that is expected to hold them, or anything.
bool Chaining::link_numbers(const Probe& probe, Link& link) const {
  const Value& constant = code_.constants[probe.constant];
  const std::int32_t index = code_.paths[probe.path].expectation;
  const bool fits =
      index < 0 || code_.expectations[static_cast<std::size_t>(index)].plain == ValueKind::integer;
  if (!constant.is(ValueKind::integer) || !fits) return false;
  link.way = probe.kind == Probe::Kind::order ? Link::Way::order : Link::Way::whole;
  link.plain = ValueKind::integer;
  link.integer = constant.as.integer;
  return true;
}

std::optional<Link> Chaining::link_of(const Probe& probe, std::uint32_t around) {
  Link link{.how = probe.how, .fuel = probe.fuel + around};
  if (!link_place(probe, link)) return {};
  bool made = false;
  switch (probe.kind) {
    case Probe::Kind::order:
      made = link_numbers(probe, link);
      break;
    case Probe::Kind::equality:
      made = link_numbers(probe, link) || link_texts(probe, link);
      break;
    case Probe::Kind::in_list:
      made = link_texts(probe, link);
      break;
    case Probe::Kind::call:
      made = link_call(probe, link);
      break;
  }
  return made ? std::optional(link) : std::nullopt;
}

void Chaining::run() {
  const auto& all = code_.instructions;
  const Op joined = all.size() > 2 ? all[1].op : Op::and_probe;
  if (all.front().op != Op::probe || all.back().op != Op::end ||
      (joined != Op::and_probe && joined != Op::or_probe)) {
    return;
  }
  std::vector<Link> links;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    // Every jump leads to the end: nothing is behind the chain.
    if (i > 0 && (all[i].op != joined || all[i].c != all.size() - 1)) return;
    const auto link =
        i == 0 ? link_of(code_.probes[all[i].c], 0) : link_of(code_.probes[all[i].b], 2);
    if (!link) return;
    links.push_back(*link);
  }
  code_.links = std::move(links);
  code_.links_all = joined == Op::and_probe;
}

}  // namespace

Program Compiling::run() {
  code_->frame_size = tree_.frame_size;
  emit(tree_.root);
  add(Op::end);
  Chaining(*code_).run();
  Program program;
  program.type_ = checked() ? types_[tree_.root] : simple(TypeKind::dyn);
  program.references_ = references();
  program.code_ = std::move(code_);
  return program;
}

}  // namespace pawl::cel
