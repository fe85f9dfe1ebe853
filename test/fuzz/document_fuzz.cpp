// Any text as a manifest or as an object of JSON inside of a text: no crash, no endless reading,
// and what is accepted holds nothing else than what the rule names, by a second and simpler look.
//
// The first byte chooses: a manifest, or JSON.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "kernel/constraint/constraint.h"
#include "lang/document/kinds.h"
#include "lang/document/manifest.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

const document::ManifestRule& manifests() {
  static const document::ManifestRule rule = [] {
    document::ManifestRule out;
    out.kinds = {"ConfigMap", "Deployment"};
    out.namespaces = {"a"};
    out.denies = document::deny_words();
    demand(document::compile(out).has_value());
    return out;
  }();
  return rule;
}

// Nothing in a Deployment may be called so, whatever it says, but for `false`.
void look(const yaml::Node& node, bool outside) {
  for (const yaml::Entry& entry : node.entries) {
    const std::string key = fold(entry.key);
    const bool note = outside && (key == "labels" || key == "annotations");
    if (!note && (key == "hostnetwork" || key == "hostpid" || key == "privileged")) {
      demand(entry.value.is_scalar() && !entry.value.quoted && entry.value.text == "false");
    }
    if (!note && key == "hostpath") demand(false);
    if (!note) look(entry.value, key == "metadata");
  }
  for (const yaml::Node& item : node.items) look(item, false);
}

void check_object(const yaml::Node& node) {
  const yaml::Node* kind = node.find("kind");
  demand(kind != nullptr && kind->is_scalar());
  if (kind->text.ends_with("List")) {
    for (const yaml::Node& item : node.find("items")->items) check_object(item);
    return;
  }
  const yaml::Node* place = node.find("metadata");
  demand(place != nullptr && place->find("namespace") != nullptr);
  demand(place->find("namespace")->text == "a");
  demand(kind->text == "ConfigMap" || kind->text == "Deployment");
  if (kind->text == "Deployment") look(node, false);
}

void check_manifest(std::string_view text) {
  const std::string wrong = document::check_manifest(manifests(), text);
  demand(wrong == document::check_manifest(manifests(), text));
  if (!wrong.empty()) return;
  const auto documents = document::read_documents(text);
  demand(documents.has_value() && !documents->empty());
  for (const yaml::Node& one : *documents) check_object(one);
}

const ArgumentRule& members() {
  static const ArgumentRule rule = [] {
    Check in{};
    in.kind = CheckKind::in;
    in.values = {Literal{"\"a\"", {}, {}, {}}, Literal{"1", {}, {}, {}}};
    demand(compile(in).has_value());
    ArgumentRule member;
    member.path = *parse_argument_path("to");
    member.checks.push_back(in);
    Check check{};
    check.kind = CheckKind::json;
    check.members = std::make_shared<const std::vector<ArgumentRule>>(std::vector{member});
    demand(compile(check).has_value());
    ArgumentRule out;
    out.path = *parse_argument_path("doc");
    out.checks.push_back(check);
    return out;
  }();
  return rule;
}

void check_json(std::string_view text) {
  if (!valid_utf8(text)) return;
  json::Writer call;
  const auto document = json::parse(call.object().key("doc").string(text).end().text());
  if (!document) return;
  std::vector<Rewrite> rewrites;
  if (evaluate(members(), document->root(), nullptr, {}, rewrites)) return;
  demand(rewrites.empty());
  const auto inner = json::parse(text);
  demand(inner.has_value() && inner->root().size() == 1);
  const json::View to = inner->root()["to"];
  demand(to.exists());
  const auto one = [](json::View value) {
    demand((value.is_string() && value.string() == "a") ||
           (value.is_number() && value.number() == 1));
  };
  if (!to.is_array()) return one(to);
  demand(to.size() > 0);
  for (const json::View element : to.elements()) one(element);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  if (bytes[0] % 2 == 0) {
    check_manifest(text);
  } else {
    check_json(text);
  }
  demand(document::kind_of_word(text).size() <= text.size() + 32);
  return 0;
}
