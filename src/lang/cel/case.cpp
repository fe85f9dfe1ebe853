#include "lang/cel/case.h"

#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::cel {
namespace {

std::string error_line(std::string_view message) {
  json::Writer out;
  out.object().key("error").string(message).end();
  return out.take();
}

TypeRef declared_type(json::View text) {
  const TypeRef type = text.is_string() ? parse_type(text.string()) : nullptr;
  return type == nullptr ? simple(TypeKind::dyn) : type;
}

void declare_functions(json::View row, Environment& environment) {
  for (const json::View overload : row["overloads"].elements()) {
    Declared function{
        std::string(row["name"].string()), {}, declared_type(overload["result"]), false};
    for (const json::View parameter : overload["params"].elements()) {
      function.parameters.push_back(declared_type(parameter));
    }
    const json::View instance = overload["instance"];
    function.receiver = instance.kind() == json::Kind::boolean && instance.boolean();
    environment.declare(std::move(function));
  }
}

struct Question {
  Environment environment;
  std::vector<Value> values;
  std::string wrong;
};

void read_names(json::View question, Scratch& scratch, Question& into) {
  for (const json::View row : question["type_env"].elements()) {
    if (!row["name"].is_string()) continue;
    if (row["overloads"].is_array()) {
      declare_functions(row, into.environment);
    } else {
      into.environment.declare(std::string(row["name"].string()), declared_type(row["type"]));
    }
  }
  for (const auto& [name, value] : question["bindings"].members()) {
    if (into.environment.find(name) == nullptr) {
      into.environment.declare(std::string(name), simple(TypeKind::dyn));
    }
  }
  for (const Variable& variable : into.environment.variables()) {
    const json::View given = question["bindings"][variable.name];
    const auto value = given.exists() ? decode_value(given, scratch) : std::nullopt;
    if (given.exists() && !value) {
      into.wrong = fmt::format("the value of `{}` can't be read", escape_untrusted(variable.name));
    }
    into.values.push_back(
        value.value_or(Value::failed(Failure::no_such_name, "a declared variable has no value")));
  }
  const auto container = question.text("container");
  if (container) into.environment.container(std::string(*container));
}

bool is_set(json::View view) {
  return view.exists() && view.kind() == json::Kind::boolean && view.boolean();
}

}  // namespace

std::string answer_case(json::View question, const ZoneSource& zones) {
  const auto text = question.text("expr");
  if (!text) return error_line("a case is an object with the text of an expression as `expr`");
  Scratch bindings(16UL << 20);
  Question asked;
  asked.environment.zones(zones);
  read_names(question, bindings, asked);
  if (!asked.wrong.empty()) return error_line(asked.wrong);
  const bool unchecked = is_set(question["disable_check"]);
  const auto program = compile({*text, {}}, asked.environment,
                               {.limits = case_limits,
                                .result = nullptr,
                                .checked = unchecked ? Checked::off : Checked::on});
  if (!program) return error_line(escape_untrusted(to_string(program.error().front())));
  if (is_set(question["check_only"])) {
    const std::string type = to_string(*program->type());
    return R"({"value":)" + encode_value(Value::type_of(type)) + "}";
  }
  Scratch scratch;
  Fuel fuel{.left = 1'000'000};
  const Value result = program->evaluate(asked.values, scratch, fuel);
  if (result.failed()) return error_line(escape_untrusted(result.text()));
  return R"({"value":)" + encode_value(result) + "}";
}

std::string answer_case(std::string_view line, const ZoneSource& zones) {
  const auto parsed = json::parse(line, {.bytes_max = 4UL << 20, .depth_max = 128});
  if (!parsed) return error_line(escape_untrusted(to_string(parsed.error())));
  return answer_case(parsed->root(), zones);
}

}  // namespace pawl::cel
