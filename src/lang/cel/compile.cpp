#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "lang/cel/chain.h"
#include "lang/cel/checker.h"
#include "lang/cel/compiling.h"
#include "lang/cel/machine.h"
#include "lang/cel/parser.h"
#include "lang/cel/resolver.h"

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

Program Compiling::run() {
  code_->frame_size = tree_.frame_size;
  emit(tree_.root);
  add(Op::end);
  chain();
  Program program;
  program.type_ = checked() ? types_[tree_.root] : simple(TypeKind::dyn);
  program.references_ = references();
  program.code_ = std::move(code_);
  return program;
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

}  // namespace pawl::cel
