// Every key of a policy file, a layer file, a task file and a deployment file, described once.
//
// A key belongs to a section, which is a kind of mapping. The rooms that read the files keep the
// rows (key_spec.h) beside the readers, and put them into one table for each family of files:
// `policy_keys()` and `deployment_keys()`. From a table come the names that a mapping may have, the
// nearest right name for a wrong one, the reference page and the JSON Schema, so a key cannot exist
// without a sentence. A key without a reader is refused by name and never ignored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

// A kind of mapping in one of the files.
enum class Section : std::uint8_t {
  // the policy file
  file,
  agent,
  environment,
  list,
  of_server,
  tools,
  entry,
  situation,
  counter,
  constraints,
  argument,
  path,
  url,
  sql,
  commands,
  row,
  row_writes,
  examples,
  shell,
  argv,
  line_row,
  manifest,
  k8s_kind,
  secrets,
  approval,
  route,
  wider,
  execution,
  budget,
  escalation,
  contact,
  autonomy,
  type,
  freeze,
  risk,
  may_request,
  models,
  model_entry,
  // a task file
  task,
  task_tool,
  // a layer file
  layer,
  requirement,
  exception,
  // the deployment file
  deployment,
  standing_budget,
  provider,
  listen,
  tls,
  gateway_limits,
  traces,
  role,
  observe,
  server,
  people,
  person,
  automatic,
  notify,
  notify_slack,
  notify_webhook,
  notify_pagerduty,
  notify_mail,
  notify_contact,
  drill,
  person_provider,
  provider_group,
  vigilance,
  vigilance_call,
  credential,
  credential_risk,
  secret_source,
  vault,
  oauth,
  github_app,
  aws_sts,
  login,
  store,
  deployed_agent,
  agent_jwt,
  agent_certificate,
  issuer,
  issuer_scopes,
  trust_domain,
};

// How the section is called in a message (`a tool's entry`) and where it stands
// (`tools.allowed[]`).
std::string_view spoken(Section section);
std::string_view place(Section section);

// How the value of a key is written: in words of the reference page, and where it holds mappings,
// of which section they are.
struct KeyType {
  enum class Holds : std::uint8_t { value, mapping, list, names };

  // NOLINTNEXTLINE(google-explicit-constructor): rows are written as texts.
  constexpr KeyType(const char* type) : words(type) {}
  constexpr KeyType(const char* type, Holds how, Section section)
      : words(type), holds(how), to(section) {}

  std::string_view words;
  Holds holds = Holds::value;
  Section to = Section::file;  // of the mappings
};

constexpr KeyType mapping(Section to, const char* words = "mapping") {
  return {words, KeyType::Holds::mapping, to};
}
constexpr KeyType list_of(Section to, const char* words = "list of mappings") {
  return {words, KeyType::Holds::list, to};
}
// A mapping whose keys are names that the author chooses.
constexpr KeyType names_of(Section to, const char* words) {
  return {words, KeyType::Holds::names, to};
}

// What a change of the key means where an accepted deployment file is compared with a new one.
enum class CompareAs : std::uint8_t {
  less_strict,  // every difference, each at its place
  free,         // any value is as good as another
  may_go,       // it may be taken away, and not be changed
  fewer,        // a list may lose some of its texts, and not all
  fewer_or_none,
  // Compared by a function of kernel/strictness.
  roles,
  people,
  members,
  groups,
  groups_of_person,
  credentials,
  agents,
  agent_keys,
  gateway_limits,
};

struct Key {
  Section section;
  std::string_view name;  // `max_X` stands for every name with that prefix
  KeyType type;
  std::string_view preset;  // what holds without it
  int rule;                 // number of the rule of meaning; 0: none
  std::string_view sentence;
  bool later = false;  // known, and not enforced by this version
  CompareAs compare_as = CompareAs::less_strict;

  // The type may name the word too: `where` of SQL is `required` or `optional`.
  bool required() const { return preset == "required" && !type.words.contains("`required`"); }
  bool is_pattern() const { return name.ends_with("_X"); }
  // Whether it is the name, or the pattern covers it.
  bool covers(std::string_view written) const;
};

// The keys of one family of files. Threads: immutable.
class KeyTable {
 public:
  // The order of the rows is the order of the pages, and sections stand in the order of the enum.
  explicit KeyTable(std::vector<Key> rows) : rows_(std::move(rows)) {}

  std::span<const Key> all() const { return rows_; }
  std::vector<Section> sections() const;
  // An exact name before a pattern; null: no such key.
  const Key* find(Section section, std::string_view name) const;
  // Names that a mapping of this section may have in this version.
  std::vector<std::string> permitted(Section section) const;
  // Why a key that is not permitted is refused: what it is, or which right one is nearest.
  std::string refusal(Section section, std::string_view name) const;
  // The generated part of docs/reference/policy.md or docs/reference/deployment.md.
  std::string reference() const;

 private:
  const Key* elsewhere(Section section, std::string_view name) const;
  std::string near_pattern(Section section, std::string_view name) const;
  std::string of_another_file(Section section, std::string_view name) const;

  std::vector<Key> rows_;
};

}  // namespace pawl
