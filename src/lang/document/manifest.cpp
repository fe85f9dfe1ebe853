#include "lang/document/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lang/document/kinds.h"

namespace pawl::document {
namespace {

enum class Harm : std::uint8_t {
  not_false,  // anything but a plain `false`
  present,    // the key itself
  adds,       // a map with `add`
  image,      // an image that no digest names
};

struct Denied {
  std::string_view word;
  std::string_view keys;  // after folding, divided by blanks
  Harm harm;
};

constexpr auto kDenied = std::to_array<Denied>({
    {"privileged", "privileged hostprocess", Harm::not_false},
    {"privilege_escalation", "allowprivilegeescalation", Harm::not_false},
    {"host_path", "hostpath", Harm::present},
    {"host_network", "hostnetwork", Harm::not_false},
    {"host_pid", "hostpid", Harm::not_false},
    {"host_ipc", "hostipc", Harm::not_false},
    {"host_port", "hostport", Harm::present},
    {"capabilities", "capabilities", Harm::adds},
    {"image_without_digest", "image", Harm::image},
    {"service_account", "serviceaccount serviceaccountname", Harm::present},
    {"secrets", "secret secretkeyref secretref secretname", Harm::present},
});

constexpr std::string_view kMetadata = "metadata";
// In it: notes of the author, whose names are free.
constexpr std::array<std::string_view, 2> kNotes = {"labels", "annotations"};
// What a list may have beside its items.
constexpr std::array<std::string_view, 4> kListMembers = {"items", "apiVersion", "kind", kMetadata};

bool names(const Denied& denied, std::string_view folded) {
  const auto keys = split(denied.keys, ' ');
  return std::ranges::find(keys, folded) != keys.end();
}

bool is_digest_image(const yaml::Node& node) {
  if (!node.is_scalar()) return false;
  const std::size_t at = node.text.rfind("@sha256:");
  if (at == std::string::npos || at == 0) return false;
  const std::string_view hex = std::string_view(node.text).substr(at + 8);
  return hex.size() == 64 && std::ranges::all_of(hex, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool harms(Harm harm, const yaml::Node& value) {
  switch (harm) {
    case Harm::not_false:
      return value.as_boolean() != false;
    case Harm::present:
      return true;
    case Harm::adds:
      return !value.is_map() || std::ranges::any_of(value.entries, [](const yaml::Entry& entry) {
        return fold(entry.key) != "drop";
      });
    case Harm::image:
      return !is_digest_image(value);
  }
  return true;
}

bool is_payload(std::string_view key) {
  return key == "data" || key == "stringData" || key == "binaryData";
}

std::string group_of(std::string_view version) {
  const std::size_t slash = version.find('/');
  return slash == std::string_view::npos ? "" : std::string(version.substr(0, slash));
}

const std::string* text_of(const yaml::Node& map, std::string_view key) {
  const yaml::Node* found = map.find(key);
  return found != nullptr && found->is_scalar() && !found->text.empty() ? &found->text : nullptr;
}

class Manifests {
 public:
  explicit Manifests(const ManifestRule& rule) : rule_(rule) {}

  // Empty, or what is wrong.
  std::string object(const yaml::Node& node, std::size_t depth) {
    if (!node.is_map()) return "holds a document that is not a mapping";
    const std::string* version = text_of(node, "apiVersion");
    const std::string* kind = text_of(node, "kind");
    if (version == nullptr || kind == nullptr) return "holds a document without kind or apiVersion";
    if (kind->ends_with("List")) return list(node, depth);
    const std::string spelled = group_of(*version) + "/" + *kind;
    if (std::ranges::find(rule_.kinds, spelled) == rule_.kinds.end()) {
      return "holds a kind that the policy does not list";
    }
    if (std::string wrong = place(node); !wrong.empty()) return wrong;
    const bool payload = spelled == "/ConfigMap" || spelled == "/Secret";
    for (const yaml::Entry& entry : node.entries) {
      if (payload && is_payload(entry.key)) continue;
      if (std::string wrong = look(entry, entry.key == kMetadata); !wrong.empty()) return wrong;
    }
    return {};
  }

 private:
  std::string list(const yaml::Node& node, std::size_t depth) {
    constexpr std::size_t deep_max = 4;
    if (depth >= deep_max) return "holds lists inside of lists";
    const yaml::Node* items = node.find("items");
    if (items == nullptr || !items->is_sequence()) return "holds a list without items";
    for (const yaml::Entry& entry : node.entries) {
      if (std::ranges::find(kListMembers, entry.key) == kListMembers.end()) {
        return "holds a list with something beside its items";
      }
    }
    for (const yaml::Node& item : items->items) {
      if (std::string wrong = object(item, depth + 1); !wrong.empty()) return wrong;
    }
    return {};
  }

  std::string place(const yaml::Node& node) const {
    if (rule_.namespaces.empty()) return {};
    const yaml::Node* metadata = node.find(kMetadata);
    const std::string* name =
        metadata == nullptr || !metadata->is_map() ? nullptr : text_of(*metadata, "namespace");
    if (name == nullptr) return "holds a document that names no namespace";
    const bool known = std::ranges::find(rule_.namespaces, *name) != rule_.namespaces.end();
    return known ? "" : "holds a namespace that the policy does not list";
  }

  std::string look(const yaml::Entry& entry, bool metadata) {
    const std::string key = fold(entry.key);
    for (const Denied& denied : kDenied) {
      if (!names(denied, key) || !asked(denied.word) || !harms(denied.harm, entry.value)) continue;
      return fmt::format("holds what the policy denies: `{}`", denied.word);
    }
    const bool containers =
        key == "containers" || key == "initcontainers" || key == "ephemeralcontainers";
    if (containers && asked("image_without_digest") && !images(entry.value)) {
      return "holds what the policy denies: `image_without_digest`";
    }
    return inside(entry.value, metadata);
  }

  std::string inside(const yaml::Node& node, bool metadata) {
    for (const yaml::Entry& entry : node.entries) {
      if (metadata && std::ranges::find(kNotes, entry.key) != kNotes.end()) continue;
      if (std::string wrong = look(entry, entry.key == kMetadata); !wrong.empty()) return wrong;
    }
    for (const yaml::Node& item : node.items) {
      if (std::string wrong = inside(item, false); !wrong.empty()) return wrong;
    }
    return {};
  }

  // A container without an image gets one from elsewhere.
  static bool images(const yaml::Node& node) {
    return node.is_sequence() && std::ranges::all_of(node.items, [](const yaml::Node& one) {
             return one.is_map() && one.find("image") != nullptr;
           });
  }

  bool asked(std::string_view word) const {
    return std::ranges::find(rule_.denies, word) != rule_.denies.end();
  }

  const ManifestRule& rule_;
};

}  // namespace

std::vector<std::string> deny_words() {
  std::vector<std::string> words;
  for (const Denied& denied : kDenied) words.emplace_back(denied.word);
  return words;
}

Status compile(ManifestRule& rule) {
  if (rule.kinds.empty()) return fail(ErrorKind::invalid, "the list of kinds is empty");
  for (std::string& kind : rule.kinds) {
    const std::size_t slash = kind.find('/');
    if (slash != std::string::npos && slash + 1 < kind.size() &&
        kind.find('/', slash + 1) == std::string::npos) {
      continue;
    }
    const ClusterKind* known = find_kind(kind);
    if (known == nullptr) {
      const std::string near = near_kind(kind);
      return fail(
          ErrorKind::invalid,
          fmt::format("`{}` is not a kind that every cluster has: {}", escape_untrusted(kind),
                      near.empty() ? "write its group before it, `group/Kind`"
                                   : fmt::format("did you mean `{}`?", near)));
    }
    kind = fmt::format("{}/{}", known->group, known->kind);
  }
  const std::vector<std::string> words = deny_words();
  for (const std::string& word : rule.denies) {
    if (std::ranges::find(words, word) != words.end()) continue;
    const std::string near = closest_match(word, words);
    return fail(ErrorKind::invalid,
                fmt::format("`deny` has no word `{}`{}", escape_untrusted(word),
                            near.empty()
                                ? ": expected `" + fmt::format("{}", fmt::join(words, "`, `")) + "`"
                                : fmt::format(": did you mean `{}`?", near)));
  }
  return {};
}

std::string check_manifest(const ManifestRule& rule, std::string_view text) {
  const auto documents = read_documents(text);
  if (!documents) return documents.error().message;
  Manifests manifests(rule);
  std::size_t number = 0;
  for (const yaml::Node& document : *documents) {
    ++number;
    std::string wrong = manifests.object(document, 0);
    if (wrong.empty()) continue;
    return documents->size() == 1 ? wrong : fmt::format("{} (document {})", wrong, number);
  }
  return {};
}

}  // namespace pawl::document
