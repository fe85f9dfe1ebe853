// A layer file: what it says by itself, and how it is put together with a role.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/bundle.h"
#include "kernel/policy/load_layer.h"

namespace pawl {
namespace {

void read_name(LayerBuild& build, Layer& layer, const yaml::Entry& key) {
  text<&Layer::name>(build, layer, key);
  const bool plain = std::ranges::all_of(layer.name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (!plain) {
    build.reading.mistake(key.value.at,
                          fmt::format("`layer` is `{}`, expected letters, digits, `-`, `_` and `.`",
                                      escape_untrusted(layer.name)));
  }
  layer.rule = {"layers/" + layer.name, key.key_at};
}

void read_layer_lists(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  build.lists.read(build.reading, build.sources, key.value);
}

void read_layer_fragments(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  build.fragments.read(build.reading, key);
  for (const auto& [name, one] : build.fragments.all()) {
    build.lists.other(name,
                      "`fragments` has one of that name, which stands for all that is said of an "
                      "argument: `ARGUMENT: $NAME`");
  }
}

void read_layer_sources(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  build.sources_named.read(build.reading, key);
  for (const auto& [name, one] : build.sources_named.all()) {
    build.lists.other(name, "`sources` has one of that name, which stands in `from` and `or_from`");
  }
}

void read_blocked_of_layer(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  read_blocked(build, key, key.key);
}

// What a role says in the same words.
template <void (*Read)(Build& build, const yaml::Node& node)>
void as_role(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  Read(build, key.value);
}

void read_layer_freezes(LayerBuild& build, Layer& /*into*/, const yaml::Entry& key) {
  each_item<read_freeze>(static_cast<Build&>(build), build.policy, key);
}

// The name first, then the lists.
constexpr auto kLayerKeys = section_keys<LayerBuild, Layer>(
    Section::layer,
    {
        {"version", "`1`", "1", 0, "Version of the file's grammar.", version},
        {"layer", "text", "required", 0,
         "The layer's name. A file with this key grants nothing: it tightens what roles say.",
         read_name},
        {"owner", "text", "required", 0, "The person who answers for it and its exceptions.",
         text<&Layer::owner>},
        {"lists", "mapping of names to lists", "none", 6,
         "Lists of values, used as `$name` in this file, and in roles that have none of that name.",
         read_layer_lists, 1},
        {"fragments", "mapping of arguments", "none", 6,
         "What an argument must be, by name, for roles that pass this layer: `$name` in `args`.",
         read_layer_fragments, 1},
        {"sources", "mapping of names to sources", "none", 6,
         "Sets of sources of values, for roles that pass this layer: `$name` in `from`.",
         read_layer_sources, 1},
        {"blocked", "list of names", "none", 2,
         "Names that no role ever calls, on every server, in every spelling; a glob is permitted.",
         read_blocked_of_layer, 2},
        {"require", list_of(Section::requirement), "none", 11,
         "What is asked of every call of every role, after the role's own cases.",
         read_requirements, 2},
        {"except", list_of(Section::exception), "none", 11,
         "Exceptions from `require` of this layer, each for one role and one tool, and with an "
         "end.",
         read_exceptions, 2},
        {"execution", mapping(Section::execution), "no ceilings", 9,
         "Upper bounds: a role may only be smaller.", as_role<read_execution>, 2},
        {"secrets", mapping(Section::secrets), "the role's", 11,
         "The least that every role asks where a secret would leave, and texts that are secret "
         "too.",
         as_role<read_secrets>, 2},
        {"escalation", mapping(Section::escalation), "the role's", 0, "Who is told too.",
         as_role<read_escalation>, 2},
        {"freeze", list_of(Section::freeze), "none", 0,
         "Times in which classes of action stand still.", read_layer_freezes, 2},
        {"modes", "mapping", "", 0, "Named changes of posture."},
        {"egress", "mapping", "", 0, "Hosts that the agent's surroundings may reach."},
        {"budget", "mapping", "", 9, "Ceilings of more than one run."},
    });

void read_root(LayerBuild& build, const yaml::Node& root) {
  if (!read_section(build, root, kLayerKeys, build.layer)) return;
  finish_fragments(build, false);
  if (!build.alone) return;
  for (const Placed& list : build.lists.unused()) {
    build.note(
        Finding::Weight::note, list.at,
        fmt::format("nothing uses the list `{}` in this file; roles that pass it may", list.text));
  }
}

// What the layer says in a file of its own stands below its name.
void below_its_name(const Layer& layer, Rule& rule) {
  rule.path = layer.rule.path + "/" + rule.path;
}

void name_rules(const Layer& layer, Policy& says) {
  for (BlockedName& name : says.blocked) below_its_name(layer, name.rule);
  for (Freeze& freeze : says.freezes) below_its_name(layer, freeze.rule);
  Ceilings& most = says.ceilings;
  for (Rule* rule : {&most.steps_rule, &most.denials_rule, &most.repeats_rule, &most.tokens_rule,
                     &most.cost_rule, &most.wall_clock_rule, &says.secrets.rule}) {
    if (rule->at.line > 0) below_its_name(layer, *rule);
  }
}

// One layer file with all that it says; the rest of `says` stays as it is without a file.
struct LayerRead {
  Layer layer;
  Policy says;
};

enum class With : std::uint8_t { role, nothing };

LayerRead read_layer(const LayerSource& source, const LoadSources& outside,
                     const std::vector<Window>* windows, With with, std::vector<Error>& errors) {
  LayerRead out;
  out.layer.file = source.file;
  LoadSources sources = outside;
  sources.read = source.read;
  yaml::Read read = yaml::read(source.text, source.file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  LayerBuild build(Reading(read, policy_keys()), out.says, sources, out.layer);
  build.windows = windows;
  build.alone = with == With::nothing;
  if (root.kind != yaml::Kind::null || build.reading.sound()) read_root(build, root);
  if (has_hidden_characters(source.file) || source.file.empty()) {
    build.reading.mistake(root.at, "the name of a layer's file has no hidden characters");
  }
  if (build.reading.sound()) {
    out.layer.bundled = write_layer(source, build.lists.files(), out.says, build.zones);
  }
  for (Error& error : build.reading.take_errors(source.file)) errors.push_back(std::move(error));
  name_rules(out.layer, out.says);
  return out;
}

template <class T>
void smallest(std::optional<T>& role, const std::optional<T>& layer, Rule& rule, const Rule& own) {
  if (!layer || (role && *role <= *layer)) return;
  role = layer;
  rule = own;
}

void add_ceilings(Ceilings& role, const Ceilings& layer) {
  smallest(role.steps, layer.steps, role.steps_rule, layer.steps_rule);
  smallest(role.denials, layer.denials, role.denials_rule, layer.denials_rule);
  smallest(role.repeats, layer.repeats, role.repeats_rule, layer.repeats_rule);
  smallest(role.tokens, layer.tokens, role.tokens_rule, layer.tokens_rule);
  smallest(role.cost_nano_usd, layer.cost_nano_usd, role.cost_rule, layer.cost_rule);
  smallest(role.wall_clock, layer.wall_clock, role.wall_clock_rule, layer.wall_clock_rule);
  if (layer.notify.empty() || role.notify == layer.notify) return;
  role.notify += role.notify.empty() ? layer.notify : ", " + layer.notify;
}

void add_secrets(Policy& role, const Secrets& layer) {
  if (layer.rule.at.line == 0) return;
  role.secrets_least = stricter(role.secrets_least, layer.then);
  std::vector<std::string>& texts = role.secrets.texts;
  texts.insert(texts.end(), layer.texts.begin(), layer.texts.end());
  std::ranges::sort(texts);
  const auto repeated = std::ranges::unique(texts);
  texts.erase(repeated.begin(), repeated.end());
  if (role.secrets.rule.at.line == 0) role.secrets.rule = layer.rule;
}

// `run.records[tool]` needs the records of whatever tool is called.
void count_records(Policy& role, const Layer& layer) {
  const auto asks = [](const std::shared_ptr<const Condition>& condition) {
    return condition != nullptr && std::ranges::any_of(condition->counts(), &CountAsked::records);
  };
  const bool wanted =
      std::ranges::any_of(layer.requirements,
                          [&](const auto& one) { return asks(one.condition); }) ||
      std::ranges::any_of(layer.exceptions, [&](const auto& one) { return asks(one.condition); });
  if (!wanted) return;
  for (ToolRule& tool : role.tools) tool.asked_for_records = true;
}

void add_layer(Policy& role, LayerRead read) {
  for (BlockedName& name : read.says.blocked) {
    const bool known = std::ranges::any_of(
        role.blocked, [&](const BlockedName& other) { return other.folded == name.folded; });
    if (!known) role.blocked.push_back(std::move(name));
  }
  add_ceilings(role.ceilings, read.says.ceilings);
  for (Freeze& freeze : read.says.freezes) role.freezes.push_back(std::move(freeze));
  for (Contact& contact : read.says.contacts) {
    const bool known = std::ranges::any_of(role.contacts, [&](const Contact& other) {
      return other.name == contact.name && other.via == contact.via && other.after == contact.after;
    });
    if (!known) role.contacts.push_back(std::move(contact));
  }
  add_secrets(role, read.says.secrets);
  for (Finding& finding : read.says.findings) role.findings.push_back(std::move(finding));
  count_records(role, read.layer);
  role.layers.push_back(std::move(read.layer));
}

// What only all layers together can tell.
void check_together(Build& build, const std::vector<LayerRead>& layers) {
  std::size_t asked = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i].layer;
    asked += layer.requirements.size();
    for (std::size_t before = 0; before < i; ++before) {
      if (layer.name.empty() || layers[before].layer.name != layer.name) continue;
      build.reading.mistake(
          layer.rule.at,
          fmt::format("the layer `{}` is in force already, from `{}`", escape_untrusted(layer.name),
                      escape_untrusted(layers[before].layer.file)));
    }
  }
  const Position first = layers.front().layer.rule.at;
  if (layers.size() > layers_max) {
    build.reading.mistake(first, fmt::format("more than {} layers", layers_max));
  }
  if (asked > requirements_max) {
    build.reading.mistake(
        first,
        fmt::format("more than {} rows of `require` in all layers together", requirements_max));
  }
}

}  // namespace

void list_layer_keys(std::vector<Key>& into) {
  kLayerKeys.list(into);
}

void add_layers(Build& build, const Recorded* recorded) {
  const std::vector<LayerSource>& sources = build.sources.layers;
  if (sources.empty()) return;
  std::vector<LayerRead> layers;
  std::vector<Error> errors;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::vector<Window>* windows = recorded == nullptr ? nullptr : &recorded->layers.at(i);
    layers.push_back(read_layer(sources[i], build.sources, windows, With::role, errors));
  }
  check_together(build, layers);
  for (Error& error : errors) {
    build.reading.mistake(error.at, std::move(error.message), error.fault);
  }
  if (!build.reading.sound()) return;
  for (LayerRead& layer : layers) add_layer(build.policy, std::move(layer));
  Secrets& secrets = build.policy.secrets;
  if (secrets.texts.empty()) return;
  auto listed = ListedTexts::make(secrets.texts);
  if (listed) {
    secrets.listed = std::make_shared<const ListedTexts>(std::move(*listed));
  } else {
    build.reading.mistake(secrets.rule.at,
                          "the listed texts of role and layers cannot be looked for together: " +
                              listed.error().message);
  }
}

Loaded load_layer(std::string_view text, std::string_view file, const LoadSources& sources) {
  Loaded loaded;
  const LayerSource source{std::string(file), std::string(text), sources.read};
  LayerRead read = read_layer(source, sources, nullptr, With::nothing, loaded.errors);
  if (!loaded.errors.empty()) return loaded;
  auto policy = std::make_shared<Policy>(std::move(read.says));
  policy->file = file;
  policy->bundle = read.layer.bundled;
  policy->digest = sha256(policy->bundle);
  policy->agent_rule = read.layer.rule;
  policy->default_rule = read.layer.rule;
  policy->layers.push_back(std::move(read.layer));
  policy->index();
  loaded.policy = std::move(policy);
  return loaded;
}

bool Policy::has_requirements() const {
  return std::ranges::any_of(layers,
                             [](const Layer& layer) { return !layer.requirements.empty(); });
}

}  // namespace pawl
