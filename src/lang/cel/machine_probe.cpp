// The way into arguments, and the instructions that are a place against a constant.
#include "lang/cel/machine.h"

namespace pawl::cel {

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
