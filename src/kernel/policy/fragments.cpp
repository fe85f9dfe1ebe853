#include "kernel/policy/fragments.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

constexpr std::string_view kFragments = "fragments";
constexpr std::string_view kSources = "sources";

std::string_view word(Shared kind) {
  return kind == Shared::fragment ? "fragment" : "set of sources";
}

Fragments& of_kind(Names& names, Shared kind) {
  return kind == Shared::fragment ? names.fragments : names.sources_named;
}

// While it lives, names are those of one layer and nothing else.
class InLayer {
 public:
  InLayer(Build& build, std::shared_ptr<Names> layer) : build_(build), layer_(std::move(layer)) {
    exchange();
  }
  ~InLayer() { exchange(); }
  InLayer(const InLayer&) = delete;
  InLayer& operator=(const InLayer&) = delete;

 private:
  void exchange() {
    std::swap(static_cast<Names&>(build_), *layer_);
    std::swap(build_.layer_names, others_);
  }

  Build& build_;
  std::shared_ptr<Names> layer_;
  std::vector<std::shared_ptr<Names>> others_;
};

class Following {
 public:
  Following(Build& build, const yaml::Node& node, Shared kind,
            const std::function<void(const yaml::Node&)>& take)
      : build_(build), node_(node), kind_(kind), take_(take), name_(node.text.substr(1)) {}

  void run() {
    if (Fragments::One* own = of_kind(build_, kind_).find(name_)) return enter(*own);
    const bool listed = kind_ == Shared::fragment && build_.lists.find(name_);
    if (listed) return take_(node_);
    std::vector<std::shared_ptr<Names>> found;
    for (const std::shared_ptr<Names>& layer : build_.layer_names) {
      if (of_kind(*layer, kind_).find(name_) != nullptr) found.push_back(layer);
    }
    if (found.size() > 1) {
      return build_.reading.mistake(
          node_.at, fmt::format("several layers have a {} `${}`: name one of this file",
                                word(kind_), escape_untrusted(name_)));
    }
    if (found.empty()) return missing();
    const InLayer scope(build_, found.front());
    follow_name(build_, node_, kind_, take_);
  }

 private:
  void enter(Fragments::One& own) {
    own.used = true;
    if (own.open) {
      return build_.reading.mistake(node_.at, fmt::format("the {} `${}` leads back to itself",
                                                          word(kind_), escape_untrusted(name_)));
    }
    own.open = true;
    follow_name(build_, own.node, kind_, take_);
    own.open = false;
  }

  void missing() {
    std::vector<std::string> names;
    const auto add = [&](Names& of) {
      for (const auto& [name, one] : of_kind(of, kind_).all()) names.push_back(name);
    };
    add(build_);
    for (const std::shared_ptr<Names>& layer : build_.layer_names) add(*layer);
    // Where there are no fragments, only a list was meant.
    if (kind_ == Shared::fragment && names.empty()) return take_(node_);
    for (const std::string& name : build_.lists.names()) {
      if (kind_ == Shared::fragment) names.push_back(name);
    }
    const std::string near = closest_match(name_, names);
    build_.reading.mistake(
        node_.at,
        fmt::format("there is no {}{} `{}`{}", kind_ == Shared::fragment ? "list or " : "",
                    word(kind_), escape_untrusted(node_.text),
                    near.empty() ? "" : fmt::format(": did you mean `${}`?", near)));
  }

  Build& build_;
  const yaml::Node& node_;
  Shared kind_;
  const std::function<void(const yaml::Node&)>& take_;
  std::string name_;
};

// Where nothing uses it, its mistakes are mistakes all the same.
void look_at(Build& build, const std::string& name, Fragments::One& one, Shared kind) {
  one.open = true;
  yaml::Entry entry{.key = name, .key_at = one.at, .value = one.node};
  if (kind == Shared::sources) {
    ArgumentRule argument;
    argument.rule = {std::string(kSources), one.at};
    entry.key = "from";
    read_from(build, argument, entry);
    one.open = false;
    return;
  }
  yaml::Entry all{.key = std::string(kFragments), .key_at = one.at, .value = {}};
  all.value.kind = yaml::Kind::map;
  all.value.at = one.at;
  all.value.entries.push_back(std::move(entry));
  ToolRule scratch;
  read_arguments(build, all, std::string(kFragments), scratch);
  one.open = false;
}

void refuse_twins(Build& build) {
  const auto refuse = [&](const std::string& name, const Position& at, std::string_view other) {
    build.reading.mistake(
        at, fmt::format("`${}` is {} already: a name stands for one thing", name, other));
  };
  for (const auto& [name, one] : build.fragments.all()) {
    if (build.lists.has(name)) refuse(name, one.at, "a list");
  }
  for (const auto& [name, one] : build.sources_named.all()) {
    if (build.lists.has(name)) refuse(name, one.at, "a list");
    if (build.fragments.find(name) != nullptr) refuse(name, one.at, "a fragment");
  }
}

}  // namespace

void Fragments::read(Reading& reading, const yaml::Entry& key) {
  reading.names(key.value, key.key, [&](const yaml::Entry& entry) {
    if (!plain_name(entry.key)) {
      reading.mistake(entry.key_at,
                      fmt::format("the name `{}` may have letters, digits, `_` and `-` only",
                                  escape_untrusted(entry.key)));
    } else if (all_.size() >= limits::lists_max) {
      reading.mistake(entry.key_at,
                      fmt::format("more than {} names in `{}`", limits::lists_max, key.key));
    } else {
      all_[entry.key] = {.at = entry.key_at, .node = entry.value};
    }
  });
}

Fragments::One* Fragments::find(std::string_view name) {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second;
}

void follow_name(Build& build, const yaml::Node& node, Shared kind,
                 const std::function<void(const yaml::Node&)>& take) {
  if (!is_reference(node) || !plain_name(node.text.substr(1))) return take(node);
  Following(build, node, kind, take).run();
}

void finish_fragments(Build& build, bool unused) {
  refuse_twins(build);
  for (const Shared kind : {Shared::sources, Shared::fragment}) {
    for (auto& [name, one] : of_kind(build, kind).all()) {
      if (one.used) continue;
      look_at(build, name, one, kind);
      if (!unused) continue;
      build.note(Finding::Weight::note, one.at,
                 fmt::format("nothing uses the {} `{}`", word(kind), name));
    }
  }
}

void name_layers(Build& build) {
  const LoadSources& from = build.sources;
  for (const LayerSource& layer : from.layers.empty() ? from.named_by : from.layers) {
    yaml::Read read = yaml::read(layer.text, layer.file, limits::file_bytes_max);
    const yaml::Node root = std::move(read.root);
    Reading silent(read, policy_keys());
    LoadSources sources;
    sources.read = layer.read;
    auto names = std::make_shared<Names>();
    if (const yaml::Node* lists = root.find("lists")) names->lists.read(silent, sources, *lists);
    if (const yaml::Entry* key = root.entry(kFragments)) names->fragments.read(silent, *key);
    if (const yaml::Entry* key = root.entry(kSources)) names->sources_named.read(silent, *key);
    build.lists.beside({names, &names->lists});
    build.layer_names.push_back(std::move(names));
  }
}

}  // namespace pawl
