#include "lang/cel/machine.h"

#include <cmath>

#include "lang/cel/operators.h"

namespace pawl::cel {
namespace {

Value exhausted() {
  return Value::failed(Failure::exhausted, "the expression is too expensive for its limits");
}

}  // namespace

Value Machine::run_from(std::uint32_t instruction) {
  Scratch& scratch = context_.scratch;
  scratch.clear();
  const std::size_t values = code_.stack_size + code_.frame_size;
  top_ = scratch.take_many<Value>(values);
  folding_ = code_.fold_depth == 0 ? nullptr : scratch.take_many<Folding>(code_.fold_depth);
  if (top_ == nullptr || (code_.fold_depth > 0 && folding_ == nullptr)) return exhausted();
  frame_ = top_ + code_.stack_size;
  pc_ = code_.instructions.data() + instruction;
  const Value result = loop();
  fuel_.left = context_.fuel;
  return result;
}

Value Machine::loop() {
  const Instruction* const first = code_.instructions.data();
  // The compiler of expressions made every index below.
  const Value* const constants = code_.constants.data();
  const Value* const variables = variables_.data();
  const Path* const paths = code_.paths.data();
  const Probe* const probes = code_.probes.data();
  for (;;) {
    const Instruction& at = *pc_++;
    // Whatever exhausts leaves no fuel.
    if (context_.fuel == 0) [[unlikely]] {
      context_.exhaust();
      return exhausted();
    }
    --context_.fuel;
    // clang-format off
    switch (at.op) {
      case Op::end: return top();
      case Op::constant: push(constants[at.c]); break;
      case Op::variable: push(variables[at.c]); break;
      case Op::local: push(frame_[at.c]); break;
      case Op::path: load_path(paths[at.c]); break;
      case Op::field: load_field(at.c); break;
      case Op::maybe_field: maybe_field(at.c); break;
      case Op::has_field: has_field(at.c); break;
      case Op::expect: expect(code_.expectations[at.c], top()); break;
      case Op::equal: { const Value right = pop(); compare_equal(right, at.a == 0); break; }
      case Op::less: {
        const Value right = pop();
        compare_order(right, static_cast<Comparison>(at.a));
        break;
      }
      case Op::equal_to: compare_equal(constants[at.c], at.a == 0); break;
      case Op::less_than: compare_order(constants[at.c], static_cast<Comparison>(at.a)); break;
      case Op::in_list: find_in(constants[at.c]); break;
      case Op::call: call(at); break;
      case Op::list: make_list(at); break;
      case Op::map: make_map(at); break;
      case Op::jump: pc_ = first + at.c; break;
      case Op::and_skip: if (top().is_false()) pc_ = first + at.c; break;
      case Op::or_skip: if (top().is_true()) pc_ = first + at.c; break;
      case Op::and_with: and_with(); break;
      case Op::or_with: or_with(); break;
      case Op::probe: push(probe(probes[at.c], 0)); break;
      case Op::and_probe:
      case Op::or_probe: joined_probe(at); break;
      case Op::choose: choose(at); break;
      case Op::store: frame_[at.c] = pop(); break;
      case Op::fold: begin_fold(at); break;
      case Op::next: next(at); break;
      case Op::keep: keep(at); break;
      case Op::add: add(at); break;
      case Op::open_option: open_option(at); break;
      case Op::or_option: or_option(at); break;
      case Op::wrap_option: if (!top().failed()) top() = context_.option(top()); break;
    }
    // clang-format on
  }
}

void Machine::load_field(std::uint32_t name) {
  Value& value = top();
  if (value.failed()) return;
  if (value.is(ValueKind::optional)) {
    maybe_field(name);
    return;
  }
  if (!value.is_map()) {
    value = no_such_overload();
    return;
  }
  value = find_field(value, code_.names[name]).value_or(no_such_key());
}

void Machine::expect(const Expectation& expectation, Value& value) {
  if (value.kind == expectation.plain) [[likely]]
    return;
  if (value.failed() || conforms(context_, *expectation.type, value)) [[likely]]
    return;
  value = Value::failed(Failure::wrong_type, expectation.what);
}

void Machine::compare_equal(const Value& right, bool equal_is_true) {
  Value& left = top();
  if (left.is(ValueKind::string) && right.is(ValueKind::string)) {
    left = Value::of(equal_texts(context_, left, right) == equal_is_true);
  } else if (left.is(ValueKind::integer) && right.is(ValueKind::integer)) {
    left = Value::of((left.as.integer == right.as.integer) == equal_is_true);
  } else if (!left.failed()) {
    left = right.failed() ? right : Value::of(equal(context_, left, right) == equal_is_true);
  }
}

void Machine::compare_order(const Value& right, Comparison comparison) {
  Value& left = top();
  if (left.failed() || right.failed()) {
    if (right.failed() && !left.failed()) left = right;
    return;
  }
  if (left.is(ValueKind::string)) context_.charge_bytes(left.size);
  const Order found = left.is(ValueKind::integer) && right.is(ValueKind::integer)
                          ? order_of(left.as.integer, right.as.integer)
                          : order(left, right);
  if (found == Order::mismatch) {
    left = no_such_overload();
    return;
  }
  left = Value::of(holds(comparison, found));
}

void Machine::find_in(const Value& list) {
  Value& wanted = top();
  if (wanted.failed()) return;
  const bool text = wanted.is(ValueKind::string);
  bool found = false;
  for (std::uint32_t i = 0; i < list.size && !found && !context_.exhausted; ++i) {
    const Value& each = list.as.list[i];
    found = text && each.is(ValueKind::string) ? equal_texts(context_, wanted, each)
                                               : equal(context_, wanted, each);
  }
  wanted = Value::of(found);
}

void Machine::call(const Instruction& at) {
  top_ -= at.b;
  const Arguments arguments(top_, at.b);
  for (const Value& each : arguments) {
    if (!each.failed()) continue;
    push(Value(each));
    return;
  }
  push(code_.functions[at.c](context_, arguments));
}

void Machine::choose(const Instruction& at) {
  const Instruction* const first = code_.instructions.data();
  const Value condition = pop();
  if (condition.is_true()) return;
  if (condition.is_false()) {
    pc_ = first + at.c;
    return;
  }
  push(condition.failed() ? condition : no_such_overload());
  pc_ = first + first[at.c - 1].c;
}

// False decides whatever the other side is; else the first error; else both are true.
void Machine::and_with() {
  const Value right = pop();
  Value& left = top();
  if (left.is_true() && right.is(ValueKind::boolean)) {
    left = right;
  } else if (left.is_false() || right.is_false()) {
    left = Value::of(false);
  } else if (!left.failed()) {
    left = right.failed() ? right : no_such_overload();
  }
}

void Machine::or_with() {
  const Value right = pop();
  Value& left = top();
  if (left.is_false() && right.is(ValueKind::boolean)) {
    left = right;
  } else if (left.is_true() || right.is_true()) {
    left = Value::of(true);
  } else if (!left.failed()) {
    left = right.failed() ? right : no_such_overload();
  }
}

}  // namespace pawl::cel
