// What makes lists and maps, goes through them, and looks into optionals.
#include <algorithm>
#include <cstring>

#include "lang/cel/machine.h"
#include "lang/cel/operators.h"

namespace pawl::cel {

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

}  // namespace pawl::cel
