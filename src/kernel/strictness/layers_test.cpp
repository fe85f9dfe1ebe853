// Which edit of a layer is laxer.
#include <gmock/gmock.h>

#include "kernel/strictness/strictness.h"

namespace pawl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kRole = R"(agent: {id: a, identity: a@x, owner: o}
environment: staging
autonomy: {default: established}
tools: {allowed: [{name: update, class: reversible small}]}
)";
constexpr std::string_view kLayer = R"(layer: org
owner: o
blocked: [drop]
require:
  - {if: 'class.reversibility == "irreversible"', then: hold, approval: {by: [heads], within: 2m}}
  - {if: 'env == "staging"', then: hold, quorum: 2, say: words, typed: true}
except:
  - {role: a, tool: update, if: 'args.n < 5', then: hold, until: 2027-03-31, reason: r}
  - {role: b, tool: update, then: notify, until: 2027-03-31, reason: r}
execution: {max_steps: 10}
freeze: [{name: f, from: 2027-01-01T00:00:00Z, until: 2027-02-01T00:00:00Z, stop: [reversible]}]
secrets: {listed: [Project Heron], then: deny}
)";

std::shared_ptr<const Policy> load_layered(const std::vector<std::string>& layers,
                                           std::string_view role = kRole) {
  LoadSources sources;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    sources.layers.push_back({"l" + std::to_string(i) + ".yaml", layers[i], {}});
  }
  const Loaded loaded = load_policy(role, "p.yaml", sources);
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error);
  return loaded.policy;
}

std::string edited(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const std::size_t at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return out.replace(at, from.size(), to);
}

std::vector<Laxer> laxer(std::string_view from, std::string_view to) {
  return laxer_parts(*load_layered({std::string(kLayer)}),
                     *load_layered({edited(kLayer, from, to)}));
}

// What a layer names for its roles is part of what each of them says.
TEST(LaxerLayers, ANameThatStandsForMoreIsLaxer) {
  const std::string role = edited(kRole, "small}", "small, args: {note: $note, to: {from: $who}}}");
  const std::string layer =
      "layer: org\nowner: o\nfragments: {note: {max_length: 80}}\n"
      "sources: {who: user}\n";
  const auto to = [&](std::string_view from, std::string_view becomes) {
    return laxer_parts(*load_layered({layer}, role),
                       *load_layered({edited(layer, from, becomes)}, role));
  };
  EXPECT_THAT(to("max_length: 80", "max_length: 79"), IsEmpty());
  EXPECT_THAT(to("max_length: 80", "max_length: 81"), Not(IsEmpty()));
  EXPECT_THAT(to("who: user", "who: [user, {result: update.to}]"), Not(IsEmpty()));
  EXPECT_THAT(to("owner: o", "owner: p"), IsEmpty());
}

struct Edit {
  std::string_view from, to;
};

constexpr Edit kStricter[] = {
    {"layer: org\n", "layer: organisation\n# a remark\n"},
    {"blocked: [drop]", "blocked: [drop, truncate]"},
    {"quorum: 2", "quorum: 3"},
    {"within: 2m", "within: 1m"},
    {"require:\n", "require:\n  - {if: 'tool == \"x\"', then: deny}\n"},
    {"if: 'args.n < 5', then: hold, until: 2027-03-31",
     "if: 'args.n < 5', then: hold, until: "
     "2027-03-30"},
    {"role: b, tool: update, then: notify", "role: b, tool: update, then: allow"},
    {"  - {role: a, tool: update, if: 'args.n < 5', then: hold, until: 2027-03-31, reason: r}\n",
     ""},
    {"max_steps: 10", "max_steps: 9"},
    {"until: 2027-02-01", "until: 2027-02-02"},
    {"listed: [Project Heron]", "listed: [Project Heron, Project Crane]"},
};

constexpr Edit kLaxer[] = {
    {"blocked: [drop]", "blocked: [drop_it]"},
    {"quorum: 2", "quorum: 1"},
    {", typed: true", ""},
    {"then: hold, quorum: 2, say: words, typed: true", "then: deny, say: words"},
    {"then: hold, quorum: 2, say: words, typed: true", "then: notify"},
    {"within: 2m", "within: 3m"},
    {", within: 2m", ""},
    {"by: [heads]", "by: [heads, others]"},
    {"env == \"staging\"", "env == \"production\""},
    {"say: words", "say: others"},
    {"args.n < 5", "args.n < 6"},
    {", if: 'args.n < 5'", ""},
    {"then: hold, until: 2027-03-31", "then: notify, until: 2027-03-31"},
    {"then: hold, until: 2027-03-31", "then: hold, until: 2027-04-01"},
    {"role: b, tool: update", "role: a, tool: update"},
    {"require:\n", "require:\n  - {if: 'tool == \"x\"', approval: {by: [new]}}\n"},
    {"max_steps: 10", "max_steps: 11"},
    {"until: 2027-02-01", "until: 2027-01-31"},
    {"listed: [Project Heron]", "listed: [Project Crane]"},
    {", then: deny}\n", "}\n"},
};

TEST(StrictnessOfLayers, KnowsWhatIsStricter) {
  for (const Edit& edit : kStricter) {
    EXPECT_THAT(laxer_text(laxer(edit.from, edit.to)), IsEmpty()) << edit.from << " " << edit.to;
  }
}

TEST(StrictnessOfLayers, KnowsWhatIsLaxer) {
  for (const Edit& edit : kLaxer) {
    EXPECT_THAT(laxer(edit.from, edit.to), Not(IsEmpty())) << edit.from << " " << edit.to;
  }
}

TEST(StrictnessOfLayers, ALayerMayComeAndNotGo) {
  const std::string layer(kLayer);
  const auto none = load_layered({}), one = load_layered({layer});
  const std::string other = "layer: team\nowner: o\nrequire: [{if: 'run.steps > 3', then: deny}]\n";
  const auto both = load_layered({layer, other}), turned = load_layered({other, layer});
  EXPECT_THAT(laxer_text(laxer_parts(*one, *both)), IsEmpty());
  EXPECT_THAT(laxer_text(laxer_parts(*both, *turned)), IsEmpty());
  EXPECT_THAT(laxer_text(laxer_parts(*turned, *both)), IsEmpty());
  EXPECT_THAT(laxer_text(laxer_parts(*both, *one)), HasSubstr("what the layer `team` requires"));
  EXPECT_THAT(laxer_text(laxer_parts(*one, *none), 9),
              ::testing::AllOf(HasSubstr("layer `org`"), HasSubstr("`drop` is not blocked"),
                               HasSubstr("`max_steps` was 10 and is gone"), HasSubstr("freeze")));
}

TEST(StrictnessOfLayers, ADenialIsStricterThanAnyQuestion) {
  const std::string asks = "layer: x\nowner: o\nrequire: [{if: 'run.steps > 3', quorum: 2}]\n";
  const std::string denies = edited(asks, "quorum: 2", "then: deny");
  EXPECT_THAT(laxer_parts(*load_layered({asks}), *load_layered({denies})), IsEmpty());
  EXPECT_THAT(laxer_parts(*load_layered({denies}), *load_layered({asks})), Not(IsEmpty()));
  // With an exception it would ask fewer people.
  const std::string hole =
      "except: [{role: a, tool: update, then: hold, until: 2027-03-31, reason: r}]\n";
  EXPECT_THAT(laxer_parts(*load_layered({asks + hole}), *load_layered({denies + hole})),
              Not(IsEmpty()));
}

// A row moved to a layer whose exceptions reach it is weaker, although both texts are still there.
TEST(StrictnessOfLayers, ExceptionsOfAnotherLayerDoNotReachARow) {
  const std::string row = "require: [{if: 'run.steps > 3', then: deny}]\n";
  const std::string hole =
      "except: [{role: a, tool: update, then: allow, until: 2027-03-31, reason: r}]\n";
  const auto before = load_layered({"layer: x\nowner: o\n" + row, "layer: y\nowner: o\n" + hole});
  const auto after = load_layered({"layer: x\nowner: o\n" + row + hole});
  EXPECT_THAT(laxer_parts(*before, *after), Not(IsEmpty()));
  EXPECT_THAT(laxer_parts(*after, *before), IsEmpty());
}

// What is stricter by itself may be what a row does not speak of.
TEST(StrictnessOfLayers, AnotherClassOrStageOrEnvironmentMayEscapeARow) {
  const auto before = load_layered({std::string(kLayer)});
  for (const Edit& edit :
       {Edit{"environment: staging", "environment: production"},
        Edit{"default: established", "default: new"},
        Edit{"class: reversible small", "class: irreversible large, requires_approval: true"}}) {
    const auto after = load_layered({std::string(kLayer)}, edited(kRole, edit.from, edit.to));
    EXPECT_THAT(laxer_text(laxer_parts(*before, *after)), HasSubstr("a layer may ask less of it"))
        << edit.to;
    EXPECT_THAT(laxer_text(laxer_parts(*load_layered({}),
                                       *load_layered({}, edited(kRole, edit.from, edit.to)))),
                IsEmpty())
        << edit.to;
  }
}

}  // namespace
}  // namespace pawl
