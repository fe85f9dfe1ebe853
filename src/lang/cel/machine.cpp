#include "lang/cel/machine.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

// What makes lists and maps, goes through them, and looks into optionals.

void Machine::maybe_field(std::uint32_t name) {
  Value& value = top();
  if (value.failed()) return;
  const Value from =
      value.is(ValueKind::optional) && value.as.inner != nullptr ? *value.as.inner : value;
  if (from.is(ValueKind::optional)) return;  // none stays none
  if (!from.is_map()) {
    value = no_such_overload();
    return;
  }
  const auto found = find_field(from, code_.names[name]);
  value = found ? context_.option(*found) : Value::option(nullptr);
}

void Machine::has_field(std::uint32_t name) {
  Value& value = top();
  if (value.failed()) return;
  if (value.is(ValueKind::optional)) {
    if (value.as.inner == nullptr) {
      value = Value::of(false);
      return;
    }
    value = *value.as.inner;
  }
  value = value.is_map() ? Value::of(find_field(value, code_.names[name]).has_value())
                         : no_such_overload();
}

void Machine::make_list(const Instruction& at) {
  Value* const given = top_ - at.b;
  for (std::uint32_t i = 0; i < at.b; ++i) {
    if (!given[i].failed()) continue;
    top_ = given + 1;
    given[0] = given[i];
    return;
  }
  auto* place = context_.scratch.take_many<Value>(at.b);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; place != nullptr && i < at.b; ++i) {
    if (at.c == 0 || !code_.flags[at.c - 1 + i]) {
      place[size++] = given[i];
    } else if (given[i].is(ValueKind::optional)) {
      if (given[i].as.inner != nullptr) place[size++] = *given[i].as.inner;
    } else {
      top_ = given;
      push(no_such_overload());
      return;
    }
  }
  top_ = given;
  push(place == nullptr ? context_.out_of_memory() : Value::list_of(place, size));
}

bool Machine::add_entry(Value* entries, std::uint32_t& size, const Value& key, const Value& value,
                        Value& wrong) {
  if (!fit_as_key(key)) {
    wrong = key.failed() ? key : Value::failed(Failure::invalid, "unsupported key type");
    return false;
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    if (!equal(context_, entries[std::size_t{i} * 2], key)) continue;
    wrong = Value::failed(Failure::invalid, "Failed with repeated key");
    return false;
  }
  entries[std::size_t{size} * 2] = key;
  entries[std::size_t{size} * 2 + 1] = value;
  ++size;
  return true;
}

void Machine::make_map(const Instruction& at) {
  Value* const given = top_ - std::size_t{at.b} * 2;
  top_ = given;
  auto* place = context_.scratch.take_many<Entry>(at.b);
  if (place == nullptr) {
    push(context_.out_of_memory());
    return;
  }
  auto* const values = reinterpret_cast<Value*>(place);
  std::uint32_t size = 0;
  Value wrong;
  for (std::uint32_t i = 0; i < at.b; ++i) {
    const Value key = given[std::size_t{i} * 2];
    Value value = given[std::size_t{i} * 2 + 1];
    if (!key.failed() && !value.failed() && at.c != 0 && code_.flags[at.c - 1 + i]) {
      if (!value.is(ValueKind::optional)) {
        push(no_such_overload());
        return;
      }
      if (value.as.inner == nullptr) continue;
      value = *value.as.inner;
    }
    const bool added = !value.failed() && add_entry(values, size, key, value, wrong);
    if (added) continue;
    push(value.failed() && !key.failed() ? value : wrong.failed() ? wrong : key);
    return;
  }
  push(Value::map_of(place, size));
}

void Machine::begin_fold(const Instruction& at) {
  const Value range = pop();
  const FoldPlan& plan = code_.folds[at.c];
  if (!range.is_list() && !range.is_map()) {
    push(range.failed() ? range : no_such_overload());
    // The next instruction knows where the fold ends.
    pc_ = code_.instructions.data() + pc_->c;
    return;
  }
  *folding_++ = Folding{&plan, Walk(range), Value(), 0, nullptr, 0, 0, 0};
}

void Machine::finish_fold(const Value& result, std::uint32_t to) {
  --folding_;
  push(result);
  pc_ = code_.instructions.data() + to;
}

Value Machine::result_of(const Folding& folding) {
  if (folding.pending.failed()) return folding.pending;
  switch (folding.plan->fold) {
    case Fold::all:
      return Value::of(true);
    case Fold::exists:
      return Value::of(false);
    case Fold::exists_one:
      return Value::of(folding.found == 1);
    case Fold::transform_map:
    case Fold::transform_entry:
      return Value::map_of(reinterpret_cast<const Entry*>(folding.values), folding.size);
    case Fold::map:
    case Fold::filter:
    case Fold::option_map:
    case Fold::option_flat_map:
      return Value::list_of(folding.values, folding.size);
  }
  return {};
}

void Machine::next(const Instruction& at) {
  Folding& folding = folding_[-1];
  if (!folding.walk.more()) {
    finish_fold(result_of(folding), at.c);
    return;
  }
  const FoldPlan& plan = *folding.plan;
  const bool map = folding.walk.of_map();
  if (plan.two) {
    frame_[plan.first] = map ? folding.walk.key() : Value::of(std::int64_t{folding.walk.index()});
    frame_[plan.second] = folding.walk.value();
  } else {
    frame_[plan.first] = map ? folding.walk.key() : folding.walk.value();
  }
  if (plan.first_expected >= 0) {
    expect(code_.expectations[static_cast<std::size_t>(plan.first_expected)], frame_[plan.first]);
  }
  if (plan.second_expected >= 0) {
    expect(code_.expectations[static_cast<std::size_t>(plan.second_expected)], frame_[plan.second]);
  }
  folding.walk.next();
}

void Machine::keep(const Instruction& at) {
  const Value condition = pop();
  if (condition.is_true()) return;
  if (!condition.is_false())
    folding_[-1].pending = condition.failed() ? condition : no_such_overload();
  // An error ends the fold: `next` finds no more elements and gives it.
  if (!condition.is_false()) folding_[-1].walk.stop();
  pc_ = code_.instructions.data() + at.c;
}

void Machine::add(const Instruction& at) {
  const Instruction* const first = code_.instructions.data();
  Folding& folding = folding_[-1];
  const Value body = pop();
  if (take_body(folding, body)) {
    pc_ = first + at.c;
  } else {
    finish_fold(folding.pending, first[at.c].c);
  }
}

// False where the fold ends with `pending`.
bool Machine::take_body(Folding& folding, const Value& body) {
  const bool decides = folding.plan->fold == Fold::all      ? body.is_false()
                       : folding.plan->fold == Fold::exists ? body.is_true()
                                                            : false;
  switch (folding.plan->fold) {
    case Fold::all:
    case Fold::exists:
      if (decides) {
        folding.pending = body;
        return false;
      }
      if (!body.is(ValueKind::boolean) && !folding.pending.failed()) {
        folding.pending = body.failed() ? body : no_such_overload();
      }
      return true;
    case Fold::exists_one:
    case Fold::filter:
      if (!body.is(ValueKind::boolean)) {
        folding.pending = body.failed() ? body : no_such_overload();
        return false;
      }
      folding.found += body.as.boolean ? 1 : 0;
      if (!body.as.boolean || folding.plan->fold == Fold::exists_one) return true;
      return append(folding, frame_[folding.plan->first]);
    case Fold::map:
      return append(folding, body);
    case Fold::transform_map:
      return append(folding, frame_[folding.plan->first]) && append(folding, body);
    case Fold::transform_entry:
      return append_entries(folding, body);
    case Fold::option_map:
    case Fold::option_flat_map:
      break;  // not folds of the machine
  }
  return false;
}

// Keys and values of a map lie one after the other, and `size` counts entries.
bool Machine::append(Folding& folding, const Value& value) {
  if (value.failed()) {
    folding.pending = value;
    return false;
  }
  context_.charge(1);
  const bool map = folding.plan->fold == Fold::transform_map;
  if (folding.room == folding.used) {
    const std::uint32_t room = folding.room == 0 ? 8 : folding.room * 2;
    auto* place = context_.scratch.take_many<Value>(room);
    if (place == nullptr) {
      folding.pending = context_.out_of_memory();
      return false;
    }
    if (folding.used > 0) std::memcpy(place, folding.values, folding.used * sizeof(Value));
    folding.values = place;
    folding.room = room;
  }
  folding.values[folding.used++] = value;
  folding.size = map ? folding.used / 2 : folding.used;
  return true;
}

bool Machine::append_entries(Folding& folding, const Value& body) {
  if (!body.is_map()) {
    folding.pending = body.failed() ? body : no_such_overload();
    return false;
  }
  for (Walk walk(body); walk.more(); walk.next()) {
    if (!append(folding, walk.key()) || !append(folding, walk.value())) return false;
    std::uint32_t before = folding.used / 2 - 1;
    const Value key = folding.values[std::size_t{before} * 2];
    const Value value = folding.values[std::size_t{before} * 2 + 1];
    if (!add_entry(folding.values, before, key, value, folding.pending)) return false;
    folding.size = before;
  }
  return true;
}

void Machine::open_option(const Instruction& at) {
  const Value option = pop();
  if (option.is(ValueKind::optional) && option.as.inner != nullptr) {
    frame_[at.b] = *option.as.inner;
    return;
  }
  push(option.failed() || option.is(ValueKind::optional) ? option : no_such_overload());
  pc_ = code_.instructions.data() + at.c;
}

void Machine::or_option(const Instruction& at) {
  const Value option = pop();
  const bool known = option.is(ValueKind::optional);
  if (known && option.as.inner == nullptr) return;
  push(!known && !option.failed() ? no_such_overload()
       : known && at.a != 0       ? *option.as.inner
                                  : option);
  pc_ = code_.instructions.data() + at.c;
}

// The way into arguments, and the instructions that are a place against a constant.

// Indices were made by the compiler of expressions: nothing asks for their range again.
[[gnu::always_inline]] inline Value Machine::follow(const Path& path) const {
  // `args.name`, nearly always, by itself: it calls nothing, so it saves and clears nothing.
  const Value& root = variables_.data()[path.slot];
  if (path.names.size() != 1 || !root.is(ValueKind::json_map)) [[unlikely]]
    return follow_far(path);
  const json::Document* const document = root.as.document;
  const MemberName& name = *path.names.data();
  const std::uint32_t node = member_in(*document, root.size, name.text, name.words);
  if (node == 0) [[unlikely]]
    return Value::failed(Failure::no_such_key, path.missing);
  return Value::of_node(document, node);
}

Value Machine::follow_far(const Path& path) const {
  Value value = variables_.data()[path.slot];
  for (const MemberName& name : path.names) {
    if (!value.is_map()) return value.failed() ? value : no_such_overload();
    const std::optional<Value> found = find_field(value, name);
    if (!found) return Value::failed(Failure::no_such_key, path.missing);
    value = *found;
  }
  return value;
}

void Machine::load_path(const Path& path) {
  push(follow(path));
  if (path.expectation < 0 || top().failed()) return;
  expect(code_.expectations[static_cast<std::size_t>(path.expectation)], top());
}

// What a probe finds. One of its instructions is paid for already, as is every instruction;
// `around` are those of the `&&` or `||` that it is joined with. Where there is no fuel for the
// others, the machine sees it before its next instruction.
Value Machine::probe(const Probe& asked, std::uint32_t around) {
  context_.charge(asked.fuel + around - 1);
  const Path& path = code_.paths.data()[asked.path];
  const Value found = follow(path);
  if (found.kind != asked.plain) [[unlikely]]
    return judge(asked, path, found);
  const Value& constant = code_.constants.data()[asked.constant];
  switch (asked.way) {
    case Probe::Way::only_long:
      break;
    case Probe::Way::integers:
      return Value::of(holds(static_cast<Comparison>(asked.how),
                             order_of(found.as.integer, constant.as.integer)));
    case Probe::Way::same_text:
      if (found.size != constant.size || !asked.words.match(found.as.text, found.size)) break;
      context_.charge(1 + found.size / 64);
      return Value::of(asked.how == 0);
    case Probe::Way::called:
      // There is room for two values: the compiler counted the result and one more.
      top_[0] = found;
      top_[1] = constant;
      return code_.functions.data()[asked.function](context_, Arguments(top_, 2));
  }
  return judge(asked, path, found);
}

// The long way: step by step, as its instructions would.
Value Machine::judge(const Probe& asked, const Path& path, Value found) {
  const Value& constant = code_.constants.data()[asked.constant];
  push(found);
  if (path.expectation >= 0) expect(code_.expectations.data()[path.expectation], top());
  switch (asked.kind) {
    case Probe::Kind::order:
      compare_order(constant, static_cast<Comparison>(asked.how));
      break;
    case Probe::Kind::equality:
      compare_equal(constant, asked.how == 0);
      break;
    case Probe::Kind::in_list:
      find_in(constant);
      break;
    case Probe::Kind::call:
      if (!top().failed()) {
        const Value arguments[] = {top(), constant};
        top() = code_.functions.data()[asked.function](context_, arguments);
      }
      break;
  }
  return pop();
}

// A probe behind `&&` or `||`, with the jump over it.
void Machine::joined_probe(const Instruction& at) {
  const bool all = at.op == Op::and_probe;
  if (top().is(ValueKind::boolean) && top().as.boolean != all) {
    pc_ = code_.instructions.data() + at.c;
    return;
  }
  const Value right = probe(code_.probes.data()[at.b], 2);
  if (top().is(ValueKind::boolean) && right.is(ValueKind::boolean)) [[likely]] {
    top() = right;  // the left side did not decide
    return;
  }
  push(right);
  if (all) {
    and_with();
  } else {
    or_with();
  }
}

}  // namespace pawl::cel
