// Generated expressions, compiled and run, against a plain evaluator that knows nothing of the
// code under test: whole numbers, doubles, texts, lists, maps, arguments that may be missing,
// macros inside macros, and everything that can go wrong in them.
//
// PAWL_EXPR_STORIES says how many; without it a million, each with three calls.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/json.h"
#include "lang/cel/collection.h"
#include "lang/cel/expr.h"
#include "story.h"

namespace pawl::cel {
namespace {

using story::Kind;
using story::Thing;

Thing items(const Value& value, Kind kind) {
  story::Wholes wholes;
  story::Texts texts;
  story::Table table;
  for (Walk walk(value); walk.more(); walk.next()) {
    const Value each = walk.value();
    if (kind == Kind::texts) {
      texts.emplace_back(each.as.text, each.size);
    } else if (kind == Kind::wholes) {
      wholes.push_back(each.as.integer);
    } else {
      const Value key = walk.key();
      table[std::string(key.as.text, key.size)] = each.as.integer;
    }
  }
  if (kind == Kind::texts) return texts;
  if (kind == Kind::wholes) return wholes;
  return table;
}

// What the compiled form says, as a value of the other side. A value of another type is a failure
// that names it.
Thing found(const Value& value, Kind kind) {
  if (value.failed()) return story::Failed{};
  switch (kind) {
    case Kind::truth:
      if (value.is(ValueKind::boolean)) return value.as.boolean;
      break;
    case Kind::whole:
      if (value.is(ValueKind::integer)) return value.as.integer;
      break;
    case Kind::real:
      if (value.is(ValueKind::number)) return value.as.number;
      break;
    case Kind::text:
      if (value.is(ValueKind::string)) return std::string(value.as.text, value.size);
      break;
    default:
      return items(value, kind);
  }
  return "a value of kind " + std::to_string(static_cast<int>(value.kind));
}

struct Tally {
  int failed = 0, compared = 0, too_large = 0;
};

// One expression with several sets of arguments.
void judge(const story::Part& part, Kind kind, const Environment& names,
           std::span<const story::Arguments> calls, std::span<const json::Document> documents,
           Tally& tally) {
  const std::string text = story::as_text(part);
  const CompileOptions options{.limits = policy_limits, .result = nullptr, .checked = Checked::on};
  const auto program = compile(Source{text, {}}, names, options);
  if (!program) {
    const std::string said = to_string(program.error().front());
    ASSERT_TRUE(said.find("large") != std::string::npos || said.find("deep") != std::string::npos ||
                said.find("long") != std::string::npos)
        << text << "\n"
        << said;
    ++tally.too_large;
    return;
  }
  Scratch scratch;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Value values[] = {Value::of(documents[i].root())};
    Fuel fuel;
    const Thing ours = found(program->evaluate(values, scratch, fuel), kind);
    const Thing theirs = story::meaning(part, calls[i]);
    ++tally.compared;
    tally.failed += std::holds_alternative<story::Failed>(theirs) ? 1 : 0;
    ASSERT_EQ(story::shown(ours), story::shown(theirs))
        << text << "\nwith " << story::as_json(calls[i]);
  }
}

class Differential : public ::testing::TestWithParam<int> {};

TEST_P(Differential, TheCompiledFormAgreesWithAPlainEvaluator) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* stated = std::getenv("PAWL_EXPR_STORIES");
  const int rounds = (stated == nullptr ? 1'000'000 : std::max(std::atoi(stated), 400)) / 4;
  std::mt19937_64 random(20261122U + static_cast<unsigned>(GetParam()));
  Environment names;
  names.declare("args", type_of_schema(json::parse(story::schema)->root()));
  constexpr std::array kinds = {Kind::truth, Kind::truth, Kind::whole, Kind::real,
                                Kind::text,  Kind::texts, Kind::table, Kind::wholes};
  std::vector<story::Arguments> calls;
  std::vector<json::Document> documents;
  Tally tally;
  for (int round = 0; round < rounds; ++round) {
    if (round % 64 == 0) {
      calls.clear();
      documents.clear();
      for (int i = 0; i < 3; ++i) {
        calls.push_back(story::arguments(random));
        auto document = json::parse(story::as_json(calls.back()));
        ASSERT_TRUE(document.has_value()) << story::as_json(calls.back());
        documents.push_back(std::move(*document));
      }
    }
    const Kind kind = kinds[random() % kinds.size()];
    const auto part = story::expression(random, kind, 4);
    ASSERT_NO_FATAL_FAILURE(judge(*part, kind, names, calls, documents, tally)) << round;
  }
  // All ways are taken often enough to mean something.
  EXPECT_GT(tally.failed, tally.compared / 50);
  EXPECT_LT(tally.failed, tally.compared * 9 / 10);
  EXPECT_LT(tally.too_large, rounds / 5);
}
// Four runs, so that they share the cores.
INSTANTIATE_TEST_SUITE_P(Seeds, Differential, ::testing::Range(1, 5));

}  // namespace
}  // namespace pawl::cel
