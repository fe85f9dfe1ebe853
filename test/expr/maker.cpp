#include <iterator>
#include <utility>

#include "story.h"

namespace pawl::story {
namespace {

constexpr std::int64_t wholes[] = {0,  1,  2,  3,         -1,        -2,           7,
                                   10, 63, 64, INT64_MAX, INT64_MIN, 5'000'000'000};
constexpr double reals[] = {0.0, 0.5, -1.5, 3.0, -2.25, 100.0, 1e300, 9007199254740992.0};
constexpr const char* texts[] = {"", "a", "B", "ab", "é", "日本", "a\"b", "done", "k0", "k1", "\\"};
constexpr const char* members[] = {"low", "mid", "high"};

class Maker {
 public:
  explicit Maker(std::mt19937_64& random) : random_(random) {}

  PartRef make(Kind kind, int depth) {
    switch (kind) {
      case Kind::truth:
        return truth(depth);
      case Kind::whole:
        return whole(depth);
      case Kind::real:
        return real(depth);
      case Kind::text:
        return text(depth);
      default:
        return many(kind, depth);
    }
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool chance(std::uint64_t of) { return below(of) == 0; }
  template <std::size_t n, typename T>
  const T& one_of(const T (&values)[n]) {
    return values[below(n)];
  }

  static PartRef part(Op op, Kind kind) {
    auto made = std::make_unique<Part>();
    made->op = op;
    made->kind = kind;
    return made;
  }
  template <typename... Parts>
  static PartRef part(Op op, Kind kind, Parts... parts) {
    PartRef made = part(op, kind);
    (made->parts.push_back(std::move(parts)), ...);
    return made;
  }
  static PartRef literal(Kind kind, Thing value) {
    PartRef made = part(Op::literal, kind);
    made->literal = std::move(value);
    return made;
  }
  static PartRef argument(Kind kind, std::string name) {
    PartRef made = part(Op::argument, kind);
    made->name = std::move(name);
    return made;
  }
  // A variable of a macro around this place, where there is one of this kind.
  PartRef local(Kind kind) {
    for (std::size_t i = locals_.size(); i-- > 0;) {
      if (locals_[i].second != kind) continue;
      PartRef made = part(Op::local, kind);
      made->name = locals_[i].first;
      return made;
    }
    return nullptr;
  }
  PartRef choice(Kind kind, int depth) {
    return part(Op::choose, kind, truth(depth), make(kind, depth), make(kind, depth));
  }

  PartRef whole(int depth) {
    if (chance(3)) {
      if (PartRef known = local(Kind::whole)) return known;
    }
    const auto pick = below(depth <= 0 ? 4 : 12);
    if (pick < 2) return literal(Kind::whole, one_of(wholes));
    if (pick < 4) return argument(Kind::whole, chance(3) ? "r.p" : chance(2) ? "a" : "b");
    if (pick == 4) return part(Op::negate, Kind::whole, whole(depth - 1));
    if (pick == 5) return choice(Kind::whole, depth - 1);
    if (pick == 6) {
      PartRef made = part(Op::or_value, Kind::whole, whole(depth - 1));
      made->name = "o";
      return made;
    }
    if (pick == 7) {
      constexpr Kind sized[] = {Kind::text, Kind::wholes, Kind::texts, Kind::table};
      return part(Op::size, Kind::whole, make(one_of(sized), depth - 1));
    }
    if (pick == 8) return part(Op::index, Kind::whole, many(Kind::wholes, depth - 1), small());
    if (pick == 9) {
      return part(Op::index, Kind::whole, many(Kind::table, depth - 1), text(0));
    }
    constexpr Op operators[] = {Op::add, Op::subtract, Op::multiply, Op::divide, Op::modulo};
    return part(one_of(operators), Kind::whole, whole(depth - 1), whole(depth - 1));
  }

  // An index that is often good.
  PartRef small() { return literal(Kind::whole, static_cast<std::int64_t>(below(5)) - 1); }

  PartRef real(int depth) {
    const auto pick = below(depth <= 0 ? 2 : 6);
    if (pick == 0) return literal(Kind::real, one_of(reals));
    if (pick == 1) return argument(Kind::real, "d");
    if (pick == 2) return part(Op::negate, Kind::real, real(depth - 1));
    if (pick == 3) return choice(Kind::real, depth - 1);
    constexpr Op operators[] = {Op::add, Op::subtract, Op::multiply, Op::divide};
    return part(one_of(operators), Kind::real, real(depth - 1), real(depth - 1));
  }

  PartRef text(int depth) {
    if (chance(3)) {
      if (PartRef known = local(Kind::text)) return known;
    }
    const auto pick = below(depth <= 0 ? 3 : 9);
    if (pick == 0) return literal(Kind::text, std::string(one_of(texts)));
    if (pick < 3) return argument(Kind::text, chance(2) ? "s" : "t");
    if (pick == 3) return part(Op::lower, Kind::text, text(depth - 1));
    if (pick == 4) return choice(Kind::text, depth - 1);
    if (pick == 5) {
      PartRef made = part(Op::or_value, Kind::text, text(depth - 1));
      made->name = "r.q";
      return made;
    }
    if (pick == 6) return part(Op::index, Kind::text, many(Kind::texts, depth - 1), small());
    if (pick == 7) return part(Op::spelled, Kind::text, whole(depth - 1));
    return part(Op::add, Kind::text, text(depth - 1), text(depth - 1));
  }

  // Lists and maps.
  PartRef many(Kind kind, int depth) {
    const auto pick = below(depth <= 0 ? 2 : 6);
    if (pick == 0 || kind == Kind::table) {
      if (pick % 2 == 0) {
        return argument(kind, kind == Kind::wholes ? "xs" : kind == Kind::texts ? "ss" : "m");
      }
    }
    if (pick == 3) return choice(kind, depth - 1);
    if (pick > 3 && kind != Kind::table) {
      if (PartRef made = derived(kind, depth)) return made;
    }
    PartRef made = part(kind == Kind::table ? Op::table : Op::list, kind);
    const auto count = 1 + below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      made->parts.push_back(make(kind == Kind::texts ? Kind::text : Kind::whole, depth - 1));
    }
    return made;
  }

  PartRef derived(Kind kind, int depth) {
    if (chance(2)) return macro(Op::filter, kind, kind, Kind::truth, depth);
    const Kind from = chance(2) ? Kind::wholes : Kind::texts;
    return macro(Op::map, kind, from, kind == Kind::texts ? Kind::text : Kind::whole, depth);
  }

  // Null where there are two around this place already, which is the limit of a policy.
  PartRef macro(Op op, Kind kind, Kind range, Kind body, int depth) {
    if (folds_ >= 2) return nullptr;
    PartRef made = part(op, kind, many(range, depth - 1));
    made->name = folds_++ == 0 ? "x" : "y";
    locals_.emplace_back(made->name, range == Kind::texts ? Kind::text : Kind::whole);
    made->parts.push_back(make(body, depth - 1));
    locals_.pop_back();
    --folds_;
    return made;
  }

  PartRef truth(int depth) {
    const auto pick = below(depth <= 0 ? 3 : 14);
    if (pick == 0 && chance(3)) return literal(Kind::truth, chance(2));
    if (pick < 4) return compared(depth - 1);
    if (pick == 4) return part(Op::invert, Kind::truth, truth(depth - 1));
    if (pick == 5) return choice(Kind::truth, depth - 1);
    if (pick == 6) return optional(depth - 1);
    if (pick == 7) return searched(depth - 1);
    if (pick == 8) return within(depth - 1);
    if (pick < 11) {
      constexpr Op macros[] = {Op::all, Op::exists, Op::exists_one};
      const Kind range = chance(2) ? Kind::wholes : Kind::texts;
      PartRef made = macro(one_of(macros), Kind::truth, range, Kind::truth, depth);
      return made ? std::move(made) : compared(depth - 1);
    }
    return part(chance(2) ? Op::both : Op::either, Kind::truth, truth(depth - 1), truth(depth - 1));
  }

  PartRef compared(int depth) {
    constexpr Op orders[] = {Op::less,          Op::less_equal, Op::greater,
                             Op::greater_equal, Op::equal,      Op::not_equal};
    constexpr Op equalities[] = {Op::equal, Op::not_equal};
    constexpr Kind kinds[] = {Kind::whole, Kind::whole, Kind::real,  Kind::text,
                              Kind::text,  Kind::truth, Kind::texts, Kind::wholes};
    const Kind kind = one_of(kinds);
    const bool ordered = kind == Kind::whole || kind == Kind::real || kind == Kind::text;
    return part(ordered ? one_of(orders) : one_of(equalities), Kind::truth, make(kind, depth),
                make(kind, depth));
  }

  // Reads an argument where it is there only.
  PartRef optional(int depth) {
    if (chance(3)) {
      PartRef made = part(Op::is_member, Kind::truth);
      made->literal = std::string(one_of(members));
      return made;
    }
    const bool of_record = chance(2);
    const Kind kind = of_record ? Kind::text : Kind::whole;
    const std::string name = of_record ? "r.q" : "o";
    PartRef made = part(Op::absent_or, Kind::truth,
                        part(Op::equal, Kind::truth, argument(kind, name), make(kind, depth)));
    made->name = name;
    return made;
  }

  PartRef searched(int depth) {
    constexpr Op operators[] = {Op::starts_with, Op::ends_with, Op::contains};
    return part(one_of(operators), Kind::truth, text(depth), text(depth));
  }

  PartRef within(int depth) {
    const auto pick = below(3);
    if (pick == 0) return part(Op::within, Kind::truth, text(depth), many(Kind::table, depth));
    const Kind list = pick == 1 ? Kind::wholes : Kind::texts;
    return part(Op::within, Kind::truth, make(pick == 1 ? Kind::whole : Kind::text, depth),
                many(list, depth));
  }

  std::mt19937_64& random_;
  std::vector<std::pair<std::string, Kind>> locals_;
  int folds_ = 0;
};

}  // namespace

PartRef expression(std::mt19937_64& random, Kind kind, int depth) {
  return Maker(random).make(kind, depth);
}

Arguments arguments(std::mt19937_64& random) {
  const auto below = [&random](std::uint64_t limit) { return random() % limit; };
  const auto whole = [&] { return wholes[below(std::size(wholes))]; };
  const auto text = [&] { return std::string(texts[below(std::size(texts))]); };
  Arguments made;
  Wholes xs;
  Texts ss;
  Table m;
  for (std::uint64_t i = below(4); i > 0; --i) xs.push_back(whole());
  for (std::uint64_t i = below(4); i > 0; --i) ss.push_back(text());
  for (std::uint64_t i = below(4); i > 0; --i) m[text()] = whole();
  made.given = {{"a", whole()},  {"b", whole()}, {"d", reals[below(std::size(reals))]},
                {"s", text()},   {"t", text()},  {"xs", xs},
                {"ss", ss},      {"m", m},       {"choice", std::string(members[below(3)])},
                {"r.p", whole()}};
  if (below(2) == 0) made.given["o"] = whole();
  if (below(2) == 0) made.given["r.q"] = text();
  return made;
}

}  // namespace pawl::story
