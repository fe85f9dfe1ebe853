// Every key of the policy file and of the deployment file, in one table.
//
// The loader takes from here which keys a mapping may have, which ones the design knows but this
// version does not enforce (those are refused by name, never ignored), and which right name is
// nearest to a wrong one. The reference pages in docs/reference are written from the same rows, so
// a key cannot exist without a sentence.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

// A kind of mapping in one of the two files.
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
  // a task file
  task,
  task_tool,
  // a layer file
  layer,
  requirement,
  exception,
  // the deployment file
  deployment,
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
bool of_deployment(Section section);

struct Key {
  Section section;
  std::string_view name;  // `max_X` stands for every name with that prefix
  std::string_view type;
  std::string_view preset;  // what holds without it
  int rule;                 // number of the rule of meaning; 0: none
  std::string_view sentence;
  bool later = false;  // known, and not enforced by this version
};

std::span<const Key> all_keys();
std::vector<Section> all_sections();
const Key* find_key(Section section, std::string_view name);
// Names that a mapping of this section may have in this version.
std::vector<std::string> permitted(Section section);

// Why a key that is not permitted is refused: what it is, or which right one is nearest.
std::string refusal(Section section, std::string_view name);

// The generated part of docs/reference/policy.md or docs/reference/deployment.md.
std::string reference(bool deployment);

}  // namespace pawl
