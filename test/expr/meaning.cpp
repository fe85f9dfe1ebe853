#include <algorithm>
#include <utility>

#include "story.h"

namespace pawl::story {
namespace {

bool failed(const Thing& thing) {
  return std::holds_alternative<Failed>(thing);
}
bool is(const Thing& thing, bool value) {
  const bool* truth = std::get_if<bool>(&thing);
  return truth != nullptr && *truth == value;
}

Thing whole(__int128 value) {
  if (value < INT64_MIN || value > INT64_MAX) return Failed{};
  return static_cast<std::int64_t>(value);
}

std::int64_t letters(const std::string& text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

// An 80-bit number holds every int and every double exactly.
std::optional<long double> number(const Thing& thing) {
  if (const auto* value = std::get_if<std::int64_t>(&thing)) return *value;
  if (const auto* value = std::get_if<double>(&thing)) return *value;
  return std::nullopt;
}

bool same(const Thing& a, const Thing& b) {
  const auto x = number(a);
  const auto y = number(b);
  return x && y ? *x == *y : a == b;
}

class Walker {
 public:
  explicit Walker(const Arguments& arguments) : given_(arguments.given) {}

  Thing look(const Part& part) {
    switch (part.op) {
      case Op::literal:
        return part.literal;
      case Op::argument:
        return given_.at(part.name);
      case Op::or_value: {
        const auto found = given_.find(part.name);
        return found == given_.end() ? look(*part.parts[0]) : found->second;
      }
      case Op::absent_or:
        return either(Thing(!given_.contains(part.name)), *part.parts[0]);
      case Op::is_member:
        return given_.at("choice") == part.literal;
      case Op::local:
        return locals_.at(part.name);
      case Op::both:
        return both(part);
      case Op::either:
        return either(look(*part.parts[0]), *part.parts[1]);
      case Op::choose: {
        const Thing condition = look(*part.parts[0]);
        if (failed(condition)) return Failed{};
        return look(*part.parts[is(condition, true) ? 1 : 2]);
      }
      case Op::list:
      case Op::table:
        return collection(part);
      case Op::all:
      case Op::exists:
      case Op::exists_one:
      case Op::map:
      case Op::filter:
        return macro(part);
      default:
        break;
    }
    std::vector<Thing> values;
    for (const PartRef& each : part.parts) {
      values.push_back(look(*each));
      if (failed(values.back())) return Failed{};
    }
    return apply(part.op, values);
  }

 private:
  Thing both(const Part& part) {
    const Thing a = look(*part.parts[0]);
    const Thing b = look(*part.parts[1]);
    if (is(a, false) || is(b, false)) return false;
    return failed(a) || failed(b) ? Thing(Failed{}) : Thing(true);
  }
  // What is behind a true condition may not even be readable.
  Thing either(const Thing& a, const Part& second) {
    if (is(a, true)) return true;
    const Thing b = look(second);
    if (is(b, true)) return true;
    return failed(a) || failed(b) ? Thing(Failed{}) : Thing(false);
  }

  Thing collection(const Part& part) {
    Wholes wholes;
    Texts texts;
    Table table;
    for (std::size_t i = 0; i < part.parts.size(); ++i) {
      const Thing value = look(*part.parts[i]);
      if (failed(value)) return Failed{};
      if (part.kind == Kind::texts) {
        texts.push_back(std::get<std::string>(value));
      } else if (part.kind == Kind::wholes) {
        wholes.push_back(std::get<std::int64_t>(value));
      } else {
        table["k" + std::to_string(i)] = std::get<std::int64_t>(value);
      }
    }
    if (part.kind == Kind::texts) return texts;
    if (part.kind == Kind::wholes) return wholes;
    return table;
  }

  Thing macro(const Part& part) {
    const Thing range = look(*part.parts[0]);
    if (failed(range)) return Failed{};
    std::vector<Thing> elements;
    if (const auto* wholes = std::get_if<Wholes>(&range)) {
      elements.assign(wholes->begin(), wholes->end());
    } else {
      const auto& texts = std::get<Texts>(range);
      elements.assign(texts.begin(), texts.end());
    }
    std::vector<Thing> results;
    for (const Thing& element : elements) {
      locals_[part.name] = element;
      results.push_back(look(*part.parts[1]));
    }
    locals_.erase(part.name);
    const auto any = [&](const Thing& wanted) { return std::ranges::count(results, wanted); };
    switch (part.op) {
      case Op::all:
        return any(false) > 0 ? Thing(false) : any(Failed{}) > 0 ? Thing(Failed{}) : Thing(true);
      case Op::exists:
        return any(true) > 0 ? Thing(true) : any(Failed{}) > 0 ? Thing(Failed{}) : Thing(false);
      case Op::exists_one:
        return any(Failed{}) > 0 ? Thing(Failed{}) : Thing(any(true) == 1);
      default:
        return any(Failed{}) > 0 ? Thing(Failed{}) : made(part, elements, results);
    }
  }

  static Thing made(const Part& part, const std::vector<Thing>& elements,
                    const std::vector<Thing>& results) {
    Wholes wholes;
    Texts texts;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (part.op == Op::filter && is(results[i], false)) continue;
      const Thing& kept = part.op == Op::filter ? elements[i] : results[i];
      if (part.kind == Kind::texts) {
        texts.push_back(std::get<std::string>(kept));
      } else {
        wholes.push_back(std::get<std::int64_t>(kept));
      }
    }
    return part.kind == Kind::texts ? Thing(texts) : Thing(wholes);
  }

  static Thing arithmetic(Op op, const Thing& a, const Thing& b) {
    if (const auto* text = std::get_if<std::string>(&a)) return *text + std::get<std::string>(b);
    if (const auto* left = std::get_if<double>(&a)) {
      const double right = std::get<double>(b);
      if (op == Op::add) return *left + right;
      if (op == Op::subtract) return *left - right;
      return op == Op::multiply ? *left * right : *left / right;
    }
    const __int128 x = std::get<std::int64_t>(a);
    const __int128 y = std::get<std::int64_t>(b);
    if (op == Op::add) return whole(x + y);
    if (op == Op::subtract) return whole(x - y);
    if (op == Op::multiply) return whole(x * y);
    if (y == 0 || (x == INT64_MIN && y == -1)) return Failed{};
    return whole(op == Op::divide ? x / y : x % y);
  }

  static Thing ordered(Op op, const Thing& a, const Thing& b) {
    const auto compare = [op](const auto& x, const auto& y) {
      if (op == Op::less) return x < y;
      if (op == Op::less_equal) return x <= y;
      return op == Op::greater ? x > y : x >= y;
    };
    if (const auto* text = std::get_if<std::string>(&a)) {
      return compare(*text, std::get<std::string>(b));
    }
    return compare(*number(a), *number(b));
  }

  static Thing of_text(Op op, const Thing& a, const Thing& b) {
    const auto& text = std::get<std::string>(a);
    const auto& piece = std::get<std::string>(b);
    if (op == Op::starts_with) return text.starts_with(piece);
    return op == Op::ends_with ? text.ends_with(piece) : text.find(piece) != std::string::npos;
  }

  static Thing at(const Thing& collection, const Thing& key) {
    if (const auto* table = std::get_if<Table>(&collection)) {
      const auto found = table->find(std::get<std::string>(key));
      return found == table->end() ? Thing(Failed{}) : Thing(found->second);
    }
    const auto index = std::get<std::int64_t>(key);
    const auto pick = [index](const auto& list) -> Thing {
      if (index < 0 || index >= static_cast<std::int64_t>(list.size())) return Failed{};
      return list[static_cast<std::size_t>(index)];
    };
    if (const auto* wholes = std::get_if<Wholes>(&collection)) return pick(*wholes);
    return pick(std::get<Texts>(collection));
  }

  static Thing has_within(const Thing& value, const Thing& collection) {
    if (const auto* table = std::get_if<Table>(&collection)) {
      return table->contains(std::get<std::string>(value));
    }
    if (const auto* wholes = std::get_if<Wholes>(&collection)) {
      return std::ranges::count(*wholes, std::get<std::int64_t>(value)) > 0;
    }
    return std::ranges::count(std::get<Texts>(collection), std::get<std::string>(value)) > 0;
  }

  static Thing size_of(const Thing& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return letters(*text);
    if (const auto* wholes = std::get_if<Wholes>(&value)) return std::int64_t(wholes->size());
    if (const auto* texts = std::get_if<Texts>(&value)) return std::int64_t(texts->size());
    return std::int64_t(std::get<Table>(value).size());
  }

  static Thing apply(Op op, const std::vector<Thing>& v) {
    switch (op) {
      case Op::negate:
        if (const auto* real = std::get_if<double>(&v[0])) return -*real;
        return whole(-static_cast<__int128>(std::get<std::int64_t>(v[0])));
      case Op::invert:
        return !std::get<bool>(v[0]);
      case Op::equal:
        return same(v[0], v[1]);
      case Op::not_equal:
        return !same(v[0], v[1]);
      case Op::size:
        return size_of(v[0]);
      case Op::lower: {
        std::string text = std::get<std::string>(v[0]);
        for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        return text;
      }
      case Op::spelled:
        return std::to_string(std::get<std::int64_t>(v[0]));
      case Op::within:
        return has_within(v[0], v[1]);
      case Op::index:
        return at(v[0], v[1]);
      case Op::starts_with:
      case Op::ends_with:
      case Op::contains:
        return of_text(op, v[0], v[1]);
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
        return ordered(op, v[0], v[1]);
      default:
        return arithmetic(op, v[0], v[1]);
    }
  }

  const std::map<std::string, Thing>& given_;
  std::map<std::string, Thing> locals_;
};

}  // namespace

Thing meaning(const Part& part, const Arguments& arguments) {
  return Walker(arguments).look(part);
}

}  // namespace pawl::story
