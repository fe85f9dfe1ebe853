#include "lang/cel/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace pawl::cel {
namespace {

std::string shown(const Tree& tree, NodeId id) {
  const Node& node = tree[id];
  std::string out = node.receiver ? "." : "";
  if (node.form == Form::literal) {
    if (node.literal == Literal::string) return '"' + node.text + '"';
    return node.literal == Literal::integer ? std::to_string(node.as.integer) : "literal";
  }
  if (node.form == Form::name) return (node.absolute ? "." : "") + node.text;
  if (node.form == Form::select) {
    out = node.present ? "has " : node.optional ? ".?" : ".";
    return "(" + shown(tree, node.parts[0]) + out + node.text + ")";
  }
  if (node.form == Form::all_of) out += "&&";
  if (node.form == Form::any_of) out += "||";
  if (node.form == Form::choice) out += "?:";
  if (node.form == Form::list) out += "list";
  if (node.form == Form::map) out += "map";
  if (node.form == Form::fold) out += "fold" + std::to_string(static_cast<int>(node.fold));
  for (const std::string& variable : node.variables) out += " " + variable;
  out = "(" + out + node.text;
  for (const NodeId part : node.parts) out += " " + shown(tree, part);
  return out + ")";
}

std::string parsed(std::string_view text) {
  const Source source{text, {}};
  const auto tree = parse(source, policy_limits);
  return tree ? shown(*tree, tree->root) : "error " + to_string(tree.error());
}

TEST(Parser, Precedence) {
  EXPECT_EQ(parsed("a || b && c"), "(|| a (&& b c))");
  EXPECT_EQ(parsed("a && b && c"), "(&& a b c)");
  EXPECT_EQ(parsed("1 + 2 * 3 == 7"), "(_==_ (_+_ 1 (_*_ 2 3)) 7)");
  EXPECT_EQ(parsed("a ? b : c ? d : e"), "(?: a b (?: c d e))");
  EXPECT_EQ(parsed("!a.b"), "(!_ (a.b))");
  EXPECT_EQ(parsed("-1 - -x"), "(_-_ -1 (-_ x))");
  EXPECT_EQ(parsed("x in [1, 2,]"), "(_in_ x (list 1 2))");
}

TEST(Parser, MembersAndMacros) {
  EXPECT_EQ(parsed("has(a.b)"), "(ahas b)");
  EXPECT_EQ(parsed("a.?b[?0]"), "(_[?_] (a.?b) 0)");
  EXPECT_EQ(parsed(".a.f(1)"), "(.f .a 1)");
  EXPECT_EQ(parsed("a.all(x, x)"), "(fold0 x a x)");
  EXPECT_EQ(parsed("a.map(x, x > 1, x)"), "(fold3 x a x (_>_ x 1))");
  EXPECT_EQ(parsed("a.exists(i, v, v)"), "(fold1 i v a v)");
  EXPECT_EQ(parsed("a.exists(i, v, v, v)"), "(.exists a i v v v)");
}

struct Mistake {
  std::string_view text;
  std::string_view message;
};

TEST(Parser, Mistakes) {
  const Mistake mistakes[] = {
      {"", "1:1: the expression is empty"},
      {"a &&", "1:5: found the end of the expression, expected a value"},
      {"a & b", "1:3: `&` means nothing in an expression; `&&` is meant?"},
      {"a b", "1:3: found `b`, expected an operator or the end of the expression"},
      {"(a", "1:3: found the end of the expression, expected `)`"},
      {"'abc", "1:1: this text has no end: the closing quote is missing"},
      {"a ==\n  'x\n'", "2:3: this text has no end on its line: a line break needs three quotes"},
      {"'\\q'", "1:2: unknown escape; `\\\\` is a backslash, and r\"...\" a text without escapes"},
      {"'\\ud800'", "1:2: this escape is not a character"},
      {"9223372036854775808", "1:1: `9223372036854775808` does not fit into 64 bits"},
      {"1x", "1:1: `1x` is neither a number nor a name"},
      {"for", "1:1: `for` is a reserved word and no name"},
      {"a.all(1, true)", "1:3: `all` needs a new name first, such as `all(x, ...)`"},
      {"a.all(i, i, true)", "1:3: `i` is named twice"},
      {"has(a)", "1:1: `has` asks for a field, such as `has(args.note)`"},
      {"T{a: 1}", "1:2: messages are not part of this language; a map is `{\"key\": value}`"},
      {"é", "1:1: `é` means nothing in an expression"},
  };
  for (const Mistake& each : mistakes) {
    EXPECT_EQ(parsed(each.text), "error " + std::string(each.message)) << each.text;
  }
}

TEST(Parser, PlacesAreOfTheFile) {
  const Source source{"a ==\n x &", {"p.yaml", 7, 12}};
  const auto tree = parse(source, policy_limits);
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(to_string(tree.error().at), "p.yaml:8:4");
}

TEST(Parser, NothingIsDeeperOrLargerThanItsLimits) {
  const std::string open(60, '(');
  EXPECT_NE(parsed(open + "1" + std::string(60, ')')).find("at most 50 deep"), std::string::npos);
  EXPECT_NE(parsed(std::string(60, '!') + "a").find("at most 50 deep"), std::string::npos);
  std::string chain = "1";
  for (int i = 0; i < 60; ++i) chain += "+1";
  EXPECT_NE(parsed(chain).find("at most 50 deep"), std::string::npos);
  std::string fields = "a";
  for (int i = 0; i < 60; ++i) fields += ".b";
  EXPECT_NE(parsed(fields).find("at most 50 deep"), std::string::npos);
  std::string many = "[1";
  for (int i = 0; i < 1100; ++i) many += ",1";
  EXPECT_NE(parsed(many + "]").find("more than 1000 parts"), std::string::npos);
  EXPECT_NE(parsed(std::string(5000, ' ')).find("at most 4096 bytes"), std::string::npos);
  EXPECT_NE(parsed("'\xff'").find("UTF-8"), std::string::npos);
}

TEST(Parser, LongConditionsAreNoDepth) {
  std::string text = "a";
  for (int i = 0; i < 200; ++i) text += " && a";
  EXPECT_EQ(parsed(text).substr(0, 4), "(&& ");
}

}  // namespace
}  // namespace pawl::cel
