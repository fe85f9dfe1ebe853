// Manifests of a cluster inside of a text: what a tool that applies them would create or change.
//
// Read strictly, because the text is forwarded as it is and the reader behind it is another one:
// YAML in the part of it that base/yaml reads, each document between lines of `---`, or one
// document of JSON. Anchors, aliases, tags, directives, duplicate and near-duplicate keys, carriage
// returns, a `...` line and whatever else two readers could take differently are refused.
//
// Of every document, and of every member of a list of them, kind and group must be ones that the
// rule names, and its namespace too where the rule names some. What the rule denies is looked for
// everywhere in a document, since pod templates stand in many places and in kinds that no one
// knows; only the payload of a ConfigMap or Secret and labels and annotations are left out. What is
// not evidently harmless counts as denied: `privileged: yes` and `privileged:` as well as
// `privileged: true`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"

namespace pawl::document {

inline constexpr std::size_t manifest_bytes_max = 256UL << 10;
inline constexpr std::size_t manifest_documents_max = 64;

struct ManifestRule {
  std::vector<std::string> kinds;       // `Deployment`, or `group/Kind` for unknown ones
  std::vector<std::string> namespaces;  // empty: any, and none
  std::vector<std::string> denies;      // words of deny_words()
};

// `privileged`, `host_path`, …: what a rule can deny.
std::vector<std::string> deny_words();

// Fills in the groups of known kinds and checks the words. The error names the word at fault.
Status compile(ManifestRule& rule);

// The documents of a text, each a map. The error says what is wrong, without bytes of the text.
Result<std::vector<yaml::Node>> read_documents(std::string_view text);

// Empty, or what is wrong with the text: `creates a kind that the policy does not list (document
// 2)`.
std::string check_manifest(const ManifestRule& rule, std::string_view text);

}  // namespace pawl::document
