// docs/reference/expressions.md, from the tables that the code uses; every example is evaluated.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "kernel/condition/names.h"
#include "lang/cel/case.h"
#include "lang/cel/functions.h"
#include "lang/cel/limits.h"

namespace pawl {
namespace {

struct Example {
  std::string_view name;  // of a function, or of a macro
  std::string_view says;
  std::string_view expression;
  std::string_view result;  // an expression too: both have the same value
};

// The meaning of each function in a sentence, and one example. A function without a row fails the
// test, and so does a row whose example has another value.
constexpr auto kFunctions = std::to_array<Example>({
    {"!_", "Not.", "!false", "true"},
    {"-_", "The number below zero; too large is an error.", "-(3)", "-3"},
    {"_!=_", "Not equal.", "1 != 2", "true"},
    {"_%_", "The rest of a division of whole numbers.", "7 % 3", "1"},
    {"_*_", "The product; too large is an error.", "3 * 4", "12"},
    {"_+_", "The sum; texts and lists are joined.", "\"a\" + \"b\"", "\"ab\""},
    {"_-_", "The difference.", "5 - 7", "-2"},
    {"_/_", "The quotient; whole numbers stay whole.", "7 / 2", "3"},
    {"_<=_", "Not more than.", "2 <= 2", "true"},
    {"_<_", "Less than; numbers of different types compare by value.", "1 < 1.5", "true"},
    {"_==_", "Equal; lists and maps element by element.", "[1, 2] == [1, 2]", "true"},
    {"_>=_", "Not less than.", "2 >= 3", "false"},
    {"_>_", "More than.", "2 > 1", "true"},
    {"_[?_]", "An optional: the element, or nothing.", "{\"a\": 1}[?\"b\"].hasValue()", "false"},
    {"_[_]", "An element; one that is not there is an error.", "[4, 5][1]", "5"},
    {"_in_", "Whether a list or the keys of a map have the value.", "2 in [1, 2]", "true"},
    {"base64.decode", "Bytes out of base64.", "base64.decode(\"aGk=\")", "b\"hi\""},
    {"base64.encode", "Bytes as base64.", "base64.encode(b\"hi\")", "\"aGk=\""},
    {"bool", "True or false out of a text.", "bool(\"true\")", "true"},
    {"bytes", "The bytes of a text.", "bytes(\"hi\")", "b\"hi\""},
    {"charAt", "The character at a place, from 0.", "\"abc\".charAt(1)", "\"b\""},
    {"cidr", "A network.", "cidr(\"10.0.0.0/8\").prefixLength()", "8"},
    {"contains", "Whether a text holds another one.", "\"abc\".contains(\"b\")", "true"},
    {"containsCIDR", "Whether a network holds another one.",
     "cidr(\"10.0.0.0/8\").containsCIDR(\"10.1.0.0/16\")", "true"},
    {"containsIP", "Whether a network holds an address.",
     "cidr(\"10.0.0.0/8\").containsIP(\"11.0.0.1\")", "false"},
    {"double", "A number with a fraction.", "double(\"1.5\")", "1.5"},
    {"duration", "A length of time.", "duration(\"90s\") > duration(\"1m\")", "true"},
    {"dyn", "The value without its type.", "dyn(1) == 1.0", "true"},
    {"endsWith", "Whether a text ends so.", "\"a.txt\".endsWith(\".txt\")", "true"},
    {"family", "4 or 6.", "ip(\"::1\").family()", "6"},
    {"format", "A text with values in it.", "\"%s has %d\".format([\"a\", 2])", "\"a has 2\""},
    {"getDate", "The day of the month, from 1.", "timestamp(\"2026-11-21T08:00:00Z\").getDate()",
     "21"},
    {"getDayOfMonth", "The day of the month, from 0.",
     "timestamp(\"2026-11-21T08:00:00Z\").getDayOfMonth()", "20"},
    {"getDayOfWeek", "The day of the week, Sunday is 0.",
     "timestamp(\"2026-11-21T08:00:00Z\").getDayOfWeek()", "6"},
    {"getDayOfYear", "The day of the year, from 0.",
     "timestamp(\"2026-01-02T08:00:00Z\").getDayOfYear()", "1"},
    {"getFullYear", "The year.", "timestamp(\"2026-11-21T08:00:00Z\").getFullYear()", "2026"},
    {"getHours", "The hour of the day, or the hours of a length; a zone may be named.",
     "timestamp(\"2026-11-21T08:00:00Z\").getHours(\"+01:00\")", "9"},
    {"getMilliseconds", "The milliseconds of the second.",
     "timestamp(\"2026-11-21T08:00:00.25Z\").getMilliseconds()", "250"},
    {"getMinutes", "The minute of the hour, or the minutes of a length.",
     "duration(\"2h\").getMinutes()", "120"},
    {"getMonth", "The month, January is 0.", "timestamp(\"2026-11-21T08:00:00Z\").getMonth()",
     "10"},
    {"getSeconds", "The second of the minute, or the seconds of a length.",
     "duration(\"2m\").getSeconds()", "120"},
    {"hasValue", "Whether an optional holds something.", "optional.of(1).hasValue()", "true"},
    {"indexOf", "Where a text begins in another one; -1 where it does not.",
     "\"abcb\".indexOf(\"b\")", "1"},
    {"int", "A whole number; what has none is an error.", "int(\"42\")", "42"},
    {"ip", "An address; any other text is an error.", "ip(\"127.0.0.1\").isLoopback()", "true"},
    {"ip.isCanonical", "Whether an address is written in its one canonical form.",
     "ip.isCanonical(\"2001:DB8::1\")", "false"},
    {"isCIDR", "Whether a text is a network.", "isCIDR(\"10.0.0.0/8\")", "true"},
    {"isGlobalUnicast", "Whether the address is one host somewhere.",
     "ip(\"192.0.2.1\").isGlobalUnicast()", "true"},
    {"isIP", "Whether a text is an address.", "isIP(\"10.0.0.256\")", "false"},
    {"isLinkLocalMulticast", "Whether it is a local group.",
     "ip(\"224.0.0.1\").isLinkLocalMulticast()", "true"},
    {"isLinkLocalUnicast", "Whether it is a local host; cloud metadata is.",
     "ip(\"169.254.169.254\").isLinkLocalUnicast()", "true"},
    {"isLoopback", "Whether it is this host.", "ip(\"::1\").isLoopback()", "true"},
    {"isUnspecified", "Whether it is the unspecified address.", "ip(\"0.0.0.0\").isUnspecified()",
     "true"},
    {"join", "The texts of a list with something between them.", "[\"a\", \"b\"].join(\",\")",
     "\"a,b\""},
    {"lastIndexOf", "Where a text begins for the last time.", "\"abcb\".lastIndexOf(\"b\")", "3"},
    {"lowerAscii", "Letters A to Z in lower case.", "\"ABC\".lowerAscii()", "\"abc\""},
    {"masked", "The network without the bits of a host.",
     "cidr(\"10.1.2.3/8\").masked() == cidr(\"10.0.0.0/8\")", "true"},
    {"matches", "Whether a pattern (RE2) is found; `^` and `$` make it the whole text.",
     "\"ORD-12\".matches(\"^ORD-[0-9]+$\")", "true"},
    {"math.abs", "Without its sign.", "math.abs(-3)", "3"},
    {"math.bitAnd", "Bits that both have.", "math.bitAnd(6, 3)", "2"},
    {"math.bitNot", "All bits the other way.", "math.bitNot(1)", "-2"},
    {"math.bitOr", "Bits that one has.", "math.bitOr(6, 3)", "7"},
    {"math.bitShiftLeft", "Bits moved up.", "math.bitShiftLeft(1, 4)", "16"},
    {"math.bitShiftRight", "Bits moved down.", "math.bitShiftRight(16, 4)", "1"},
    {"math.bitXor", "Bits that only one has.", "math.bitXor(6, 3)", "5"},
    {"math.ceil", "The next whole number above.", "math.ceil(1.2)", "2.0"},
    {"math.floor", "The next whole number below.", "math.floor(1.8)", "1.0"},
    {"math.greatest", "The greatest of some numbers.", "math.greatest(1, 3, 2)", "3"},
    {"math.isFinite", "Whether it is a number like others.", "math.isFinite(1.0)", "true"},
    {"math.isInf", "Whether it is infinite.", "math.isInf(1.0)", "false"},
    {"math.isNaN", "Whether it is not a number.", "math.isNaN(1.0)", "false"},
    {"math.least", "The least of some numbers.", "math.least([4, 2])", "2"},
    {"math.round", "The nearest whole number.", "math.round(1.5)", "2.0"},
    {"math.sign", "-1, 0 or 1.", "math.sign(-7)", "-1"},
    {"math.sqrt", "The square root.", "math.sqrt(16.0)", "4.0"},
    {"math.trunc", "Without its fraction.", "math.trunc(-1.8)", "-1.0"},
    {"optional.none", "An optional that holds nothing.", "optional.none().hasValue()", "false"},
    {"optional.of", "An optional that holds the value.", "optional.of(2).value()", "2"},
    {"optional.ofNonZeroValue", "Nothing for an empty text, a zero and the like.",
     "optional.ofNonZeroValue(\"\").hasValue()", "false"},
    {"or", "The first of two optionals that holds something.",
     "optional.none().or(optional.of(1)).value()", "1"},
    {"orValue", "What an optional holds, or another value.", "optional.none().orValue(7)", "7"},
    {"prefixLength", "How many bits name the network.", "cidr(\"10.0.0.0/8\").prefixLength()", "8"},
    {"replace", "Every place replaced, or so many.", "\"aaa\".replace(\"a\", \"b\", 2)", "\"bba\""},
    {"reverse", "From back to front.", "\"abc\".reverse()", "\"cba\""},
    {"sets.contains", "Whether the first list has all of the second.",
     "sets.contains([1, 2, 3], [3, 1])", "true"},
    {"sets.equivalent", "Whether two lists have the same elements.",
     "sets.equivalent([1, 2], [2, 1, 1])", "true"},
    {"sets.intersects", "Whether two lists have one element in common.",
     "sets.intersects([1, 2], [3])", "false"},
    {"size", "Characters of a text, bytes, elements.", "size([1, 2])", "2"},
    {"split", "A text cut at another one.", "\"a,b\".split(\",\")", "[\"a\", \"b\"]"},
    {"startsWith", "Whether a text begins so.", "\"/srv/x\".startsWith(\"/srv/\")", "true"},
    {"string", "The value as text.", "string(42)", "\"42\""},
    {"strings.quote", "A text in quotes, with escapes.", "strings.quote(\"a\")", "\"\\\"a\\\"\""},
    {"substring", "A part of a text, from one place to another.", "\"abcd\".substring(1, 3)",
     "\"bc\""},
    {"timestamp", "A moment.",
     "timestamp(\"2026-01-01T00:00:00Z\") < timestamp(\"2027-01-01T00:00:00Z\")", "true"},
    {"trim", "Without blanks at both ends.", "\" a \".trim()", "\"a\""},
    {"type", "The type of a value.", "type(1) == int", "true"},
    {"uint", "A whole number that is not below zero.", "uint(3)", "3u"},
    {"upperAscii", "Letters a to z in upper case.", "\"abc\".upperAscii()", "\"ABC\""},
    {"value", "What an optional holds; nothing is an error.", "optional.of(3).value()", "3"},
});

constexpr auto kMacros = std::to_array<Example>({
    {"has", "Whether a field is there.", "has({\"a\": 1}.b)", "false"},
    {"all", "Whether it holds for every element; for an empty list it does.",
     "[1, 2].all(x, x > 0)", "true"},
    {"exists", "Whether it holds for one element.", "[1, 2].exists(x, x > 1)", "true"},
    {"exists_one", "Whether it holds for exactly one.", "[1, 2].exists_one(x, x > 0)", "false"},
    {"filter", "The elements for which it holds.", "[1, 2, 3].filter(x, x != 2)", "[1, 3]"},
    {"map", "Each element made into something.", "[1, 2].map(x, x * 2)", "[2, 4]"},
    {"transformList", "The same with the place of each element.",
     "[5, 6].transformList(i, x, i + x)", "[5, 7]"},
    {"transformMap", "The values of a map made into others.",
     "{\"a\": 1}.transformMap(k, v, v + 1)", "{\"a\": 2}"},
    {"transformMapEntry", "Keys and values made into others.",
     "{\"a\": 1}.transformMapEntry(k, v, {v: k})", "{1: \"a\"}"},
    {"optMap", "What an optional holds made into something.",
     "optional.of(2).optMap(x, x + 1).value()", "3"},
    {"optFlatMap", "The same where the result is an optional.",
     "optional.of(2).optFlatMap(x, optional.of(x)).value()", "2"},
    {"cel.bind", "A name for a value that is used more than once.", "cel.bind(x, 3, x * x)", "9"},
});

std::string answer_to(std::string_view expression) {
  json::Writer line;
  line.object().key("expr").string(expression).end();
  return cel::answer_case(line.text(), {});
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string row_of(const Example& example, std::string_view forms) {
  return fmt::format("| `{}` | {} | {} | `{}` is `{}` |\n", cell(example.name),
                     forms.empty() ? "" : fmt::format("`{}`", cell(forms)), example.says,
                     cell(example.expression), cell(example.result));
}

std::string page() {
  std::string text =
      "# Expressions\n\n"
      "Written from the tables of the program; a test compares this page with them and evaluates\n"
      "every example. The language is the Common Expression Language without messages of\n"
      "protobuf. A condition that fails is false where true would allow, and true where true "
      "would\n"
      "stop.\n\n"
      "## Names\n\n| name | type |\n|---|---|\n";
  for (const cel::Variable& variable : names_with(nullptr, {}).variables()) {
    text += fmt::format("| `{}` | `{}` |\n", variable.name, cell(cel::to_string(*variable.type)));
  }
  text +=
      "\nWhere the tool's schema is known, `args` has its types: a property that may be missing "
      "is\n"
      "asked for with `has(args.x)` or read as `args.?x` first.\n\n"
      "## Macros\n\n| macro | | meaning | example |\n|---|---|---|---|\n";
  for (const Example& example : kMacros) text += row_of(example, {});
  text += "\n## Functions and operators\n\n| name | takes and gives | meaning | example |\n";
  text += "|---|---|---|---|\n";
  for (const cel::Function& function : cel::functions()) {
    for (const Example& example : kFunctions) {
      if (example.name == function.name) text += row_of(example, function.forms);
    }
  }
  const cel::Limits& limits = cel::policy_limits;
  text += fmt::format(
      "\n## Limits\n\nAn expression has at most {} bytes, {} parts, {} levels and {} loops inside\n"
      "each other. A decision has fuel for {} steps; running out of it is a failure.\n",
      limits.expression_bytes_max, limits.nodes_max, limits.depth_max, limits.folds_max,
      cel::fuel_default);
  return text;
}

TEST(Expressions, EveryFunctionIsExplainedByAnExampleThatIsTrue) {
  std::set<std::string_view> explained;
  for (const auto examples :
       {std::span<const Example>(kFunctions), std::span<const Example>(kMacros)}) {
    for (const Example& example : examples) {
      EXPECT_TRUE(explained.insert(example.name).second) << example.name;
      const std::string answer = answer_to(example.expression);
      EXPECT_THAT(answer, ::testing::StartsWith("{\"value\":")) << example.expression;
      EXPECT_EQ(answer, answer_to(example.result)) << example.expression;
    }
  }
  for (const cel::Function& function : cel::functions()) {
    EXPECT_TRUE(explained.contains(function.name)) << function.name << " " << function.forms;
  }
}

TEST(Expressions, ThePageIsThatOfTheTables) {
  const std::string path = PAWL_SOURCE_DIR "/docs/reference/expressions.md";
  if (std::getenv("PAWL_REGENERATE") != nullptr) std::ofstream(path, std::ios::binary) << page();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream found;
  found << file.rdbuf();
  EXPECT_EQ(found.str(), page()) << path << ": regenerate it with PAWL_REGENERATE=1";
}

}  // namespace
}  // namespace pawl
