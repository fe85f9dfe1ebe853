// Generated expressions, judged three times: by the compiled form with its folded constants and
// typed paths, by the unchecked form without either, and by a slow evaluator of this test that
// walks the tree and knows nothing of the machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "lang/cel/case.h"
#include "lang/cel/expr.h"
#include "lang/cel/parser.h"

namespace pawl::cel {
namespace {

// What the slow evaluator knows: whole numbers, truth, and that something failed.
struct Slow {
  enum class Kind : std::uint8_t { number, truth, failed } kind = Kind::failed;
  std::int64_t number = 0;
  bool truth = false;

  static Slow of_number(__int128 value) {
    if (value < INT64_MIN || value > INT64_MAX) return {};
    return {Kind::number, static_cast<std::int64_t>(value), false};
  }
  static Slow of_truth(bool value) { return {Kind::truth, 0, value}; }
  bool is(bool value) const { return kind == Kind::truth && truth == value; }
};

constexpr std::int64_t kNumbers[] = {0,  1,  2,  3,         -1,        -2,           7,
                                     10, 63, 64, INT64_MAX, INT64_MIN, 5'000'000'000};

class Evaluator {
 public:
  explicit Evaluator(const Tree& tree, std::vector<std::int64_t> variables)
      : tree_(tree), variables_(std::move(variables)) {}

  Slow run(NodeId id) {
    const Node& node = tree_[id];
    if (node.form == Form::literal) {
      return node.literal == Literal::integer ? Slow::of_number(node.as.integer)
                                              : Slow::of_truth(node.as.boolean);
    }
    if (node.form == Form::name) return name(node);
    if (node.form == Form::select) return Slow::of_number(variables_[node.text[0] - 'a']);
    if (node.form == Form::all_of || node.form == Form::any_of) {
      const bool decides = node.form == Form::any_of;
      bool failed = false;
      for (const NodeId part : node.parts) {
        const Slow value = run(part);
        if (value.is(decides)) return Slow::of_truth(decides);
        failed = failed || !value.is(!decides);
      }
      return failed ? Slow() : Slow::of_truth(!decides);
    }
    if (node.form == Form::choice) {
      const Slow condition = run(node.parts[0]);
      if (condition.kind != Slow::Kind::truth) return {};
      return run(node.parts[condition.truth ? 1 : 2]);
    }
    if (node.form == Form::fold) return fold(node);
    return call(node);
  }

 private:
  Slow name(const Node& node) {
    for (std::size_t i = locals_.size(); i-- > 0;) {
      if (locals_[i].first == node.text) return locals_[i].second;
    }
    return {};
  }

  Slow fold(const Node& node) {
    const bool decides = node.fold == Fold::exists;
    bool failed = false;
    for (const NodeId part : tree_[node.parts[0]].parts) {
      const Slow element = run(part);
      if (element.kind == Slow::Kind::failed) return {};
      locals_.emplace_back(node.variables[0], element);
      const Slow value = run(node.parts[1]);
      locals_.pop_back();
      if (value.is(decides)) return all_elements(node) ? Slow::of_truth(decides) : Slow();
      failed = failed || !value.is(!decides);
    }
    return failed ? Slow() : Slow::of_truth(!decides);
  }

  // The range is a list, and a list with a failure in it fails whatever the macro would say.
  bool all_elements(const Node& node) {
    for (const NodeId part : tree_[node.parts[0]].parts) {
      if (run(part).kind == Slow::Kind::failed) return false;
    }
    return true;
  }

  Slow call(const Node& node) {
    const Slow a = run(node.parts[0]);
    const Slow b = node.parts.size() > 1 ? run(node.parts[1]) : a;
    if (a.kind == Slow::Kind::failed || a.kind != b.kind || b.kind == Slow::Kind::failed) return {};
    if (node.text == "!_") return a.kind == Slow::Kind::truth ? Slow::of_truth(!a.truth) : Slow();
    const __int128 x = a.number;
    const __int128 y = b.number;
    if (node.text == "_==_") return Slow::of_truth(a.number == b.number && a.truth == b.truth);
    if (node.text == "_!=_") return Slow::of_truth(a.number != b.number || a.truth != b.truth);
    if (a.kind != Slow::Kind::number) return {};
    if (node.text == "-_") return Slow::of_number(-x);
    if (node.text == "_+_") return Slow::of_number(x + y);
    if (node.text == "_-_") return Slow::of_number(x - y);
    if (node.text == "_*_") return Slow::of_number(x * y);
    if (node.text == "_<_") return Slow::of_truth(x < y);
    if (node.text == "_<=_") return Slow::of_truth(x <= y);
    if (node.text == "_>_") return Slow::of_truth(x > y);
    if (node.text == "_>=_") return Slow::of_truth(x >= y);
    if (y == 0 || (x == INT64_MIN && y == -1)) return {};
    return Slow::of_number(node.text == "_/_" ? x / y : x % y);
  }

  const Tree& tree_;
  std::vector<std::int64_t> variables_;
  std::vector<std::pair<std::string, Slow>> locals_;
};

class Writer {
 public:
  explicit Writer(std::mt19937_64& random) : random_(random) {}

  std::string number(int depth) {
    const auto pick = below(depth == 0 ? 3 : 10);
    if (pick == 0 && !locals_.empty()) return locals_[below(locals_.size())];
    if (pick == 1) return "v." + std::string(1, static_cast<char>('a' + below(4)));
    if (pick < 3) return literal();
    if (pick == 3) return "-(" + number(depth - 1) + ")";
    if (pick == 4) {
      return "(" + truth(depth - 1) + " ? " + number(depth - 1) + " : " + number(depth - 1) + ")";
    }
    constexpr std::string_view operators[] = {" + ", " - ", " * ", " / ", " % "};
    return "(" + number(depth - 1) + std::string(operators[below(5)]) + number(depth - 1) + ")";
  }

  std::string truth(int depth) {
    const auto pick = below(depth == 0 ? 2 : 9);
    if (pick == 0) return below(2) == 0 ? "true" : "false";
    if (pick < 4 || depth == 0) return compared(depth);
    if (pick == 4) return "!(" + truth(depth - 1) + ")";
    if (pick == 5) return folded(depth - 1);
    const std::string between = pick % 2 == 0 ? " && " : " || ";
    std::string out = "(" + truth(depth - 1);
    for (std::uint64_t i = 0; i <= below(2); ++i) out += between + truth(depth - 1);
    return out + ")";
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::string literal() { return std::to_string(kNumbers[below(std::size(kNumbers))]); }

  std::string compared(int depth) {
    constexpr std::string_view operators[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
    const int next = std::max(depth - 1, 0);
    return "(" + number(next) + std::string(operators[below(6)]) + number(next) + ")";
  }

  std::string folded(int depth) {
    if (locals_.size() >= 2) return compared(depth);
    std::string out = "[" + number(0);
    for (std::uint64_t i = 0; i < below(3); ++i) out += ", " + number(0);
    const std::string name = locals_.empty() ? "x" : "y";
    out += below(2) == 0 ? "].all(" : "].exists(";
    locals_.push_back(name);
    out += name + ", " + truth(depth) + ")";
    locals_.pop_back();
    return out;
  }

  std::mt19937_64& random_;
  std::vector<std::string> locals_;
};

std::string shown(const Slow& value) {
  if (value.kind == Slow::Kind::failed) return "failed";
  return value.kind == Slow::Kind::truth ? (value.truth ? "true" : "false")
                                         : std::to_string(value.number);
}

std::string shown(const Value& value) {
  if (value.failed()) return "failed";
  return value.is(ValueKind::boolean) ? (value.as.boolean ? "true" : "false")
                                      : std::to_string(value.as.integer);
}

constexpr std::string_view kPropertySchema =
    R"({"type":"object","required":["a","b","c","d"],"properties":{"a":{"type":"integer"},
        "b":{"type":"integer"},"c":{"type":"integer"},"d":{"type":"integer"}}})";

TEST(Property, TheMachineAgreesWithASlowEvaluator) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* stated = std::getenv("PAWL_EXPR_ROUNDS");
  const int rounds = stated == nullptr ? 4'000 : std::max(std::atoi(stated), 100);
  std::mt19937_64 random(20261122);
  Environment names;
  names.declare("v", type_of_schema(json::parse(kPropertySchema)->root()));
  const json::Document document =
      *json::parse(R"({"a": 0, "b": -3, "c": 9223372036854775807, "d": 12})");
  const std::vector<std::int64_t> variables = {0, -3, INT64_MAX, 12};
  const Value values[] = {Value::of(document.root())};
  Scratch scratch;
  int failed = 0;
  for (int round = 0; round < rounds; ++round) {
    Writer writer(random);
    const std::string text = round % 2 == 0 ? writer.truth(4) : writer.number(4);
    const Source source{text, {}};
    const auto tree = parse(source, policy_limits);
    if (!tree) continue;  // too large
    const std::string wanted = shown(Evaluator(*tree, variables).run(tree->root));
    failed += wanted == "failed" ? 1 : 0;
    for (const Checked checked : {Checked::on, Checked::off}) {
      const auto program =
          compile(source, names, {.limits = policy_limits, .result = nullptr, .checked = checked});
      ASSERT_TRUE(program.has_value()) << text << ": " << to_string(program.error().front());
      Fuel fuel;
      ASSERT_EQ(shown(program->evaluate(values, scratch, fuel)), wanted) << text;
    }
  }
  // Both ways are taken often enough to mean something.
  EXPECT_GT(failed, rounds / 20);
  EXPECT_LT(failed, rounds * 9 / 10);
}

}  // namespace
}  // namespace pawl::cel
