// Credentials of the deployment file: where a secret is, what issues one, and where it may go.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "kernel/config/name.h"
#include "kernel/deployment/credential_sources.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/web_address.h"

namespace pawl {
namespace {

constexpr std::size_t stored_name_bytes_max = 64;

// As io/secrets names what it stores.
bool is_stored(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() <= stored_name_bytes_max && !name.empty() && fine(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return fine(c) || c == '.' || c == '-' || c == '_'; });
}

// The variable, or the name in the store, that a credential is.
std::string name_in(DeploymentBuild& build, const yaml::Entry& key, bool (*fine)(std::string_view),
                    std::string_view what) {
  std::string name = build.reading.text(key.value, key.key).value_or("");
  if (!name.empty() && !fine(name)) {
    build.reading.mistake(
        key.value.at, fmt::format("`{}` is not a valid name of {}", escape_untrusted(name), what));
  }
  return name;
}

}  // namespace

void read_stored_name(DeploymentBuild& build, SecretSource& into, const yaml::Entry& key) {
  into.store = name_in(build, key, is_stored, "a stored credential");
}

void read_env_name(DeploymentBuild& build, SecretSource& into, const yaml::Entry& key) {
  into.env = name_in(build, key, is_variable, "a variable");
}

namespace {

constexpr auto kSourceKeys = section_keys<DeploymentBuild, SecretSource>(
    Section::secret_source,
    {
        {"env", "text", "one of four", 0, "The variable that holds it.", read_env_name},
        {"file", "text", "one of four", 0, "The file that holds it; no other user may read it.",
         text<&SecretSource::file>},
        {"command", "list of words", "one of four", 0,
         "The program that prints it, and its arguments.", words<&SecretSource::command>},
        {"store", "text", "one of four", 0, "Its name in the encrypted store.", read_stored_name},
    });

}  // namespace

void list_source_keys(std::vector<Key>& into) {
  kSourceKeys.list(into);
}

void read_source(DeploymentBuild& build, const yaml::Entry& entry, SecretSource& into) {
  // An author who writes the secret itself here reads what belongs here, and not the secret again.
  if (!entry.value.is_map()) {
    build.reading.mistake(entry.value.at,
                          fmt::format("`{}` is where the secret is and not the secret: expected "
                                      "`{{file: FILE}}`, `{{env: NAME}}`, `{{command: [...]}}` or "
                                      "`{{store: NAME}}`",
                                      entry.key));
    return;
  }
  read_section(build, entry.value, kSourceKeys, into);
  if (entry.value.entries.size() != 1) {
    build.reading.mistake(entry.value.at, fmt::format("`{}` has one source: `env`, `file`, "
                                                      "`command` or `store`",
                                                      entry.key));
  }
}

namespace {

bool read_address_of(std::string_view url, ReachedHost& into) {
  const auto address = parse_web_address(url);
  if (!address) return false;
  into.host = address->host;
  into.port = address->port;
  return true;
}

}  // namespace

void read_url(DeploymentBuild& build, const yaml::Entry& key, ReachedHost& into) {
  const auto url = build.reading.text(key.value, key.key);
  if (!url) return;
  if (read_address_of(*url, into)) {
    into.url = *url;
  } else {
    build.reading.mistake(key.value.at,
                          "this is not an address of a server: expected "
                          "`https://HOST/PATH`, without a user and without `#`");
  }
}

void check_way(DeploymentBuild& build, const yaml::Node& node, std::string_view what,
               ReachedHost& into) {
  const auto address = parse_web_address(into.url);
  if (!address) return;
  if (!address->encrypted && !into.own_network && !address->here()) {
    build.reading.mistake(node.entry(what)->value.at,
                          "`http` is read by everybody on the way: expected `https`, or "
                          "`private: true` where the way is your own");
  }
  // A number is not resolved to another address: an author who writes one means it.
  if (address->numeric() || address->here()) into.own_network = true;
}

bool take_url(std::string_view url, ReachedHost& into) {
  if (!read_address_of(url, into)) return false;
  into.url = url;
  return true;
}

namespace {

constexpr std::size_t session_policy_bytes_max = 2048;  // as STS counts
constexpr std::size_t session_name_bytes_max = 64;
constexpr Duration lasts_min = Duration::seconds(900);
constexpr Duration lasts_max = Duration::seconds(12L * 3600);
constexpr std::string_view kTokenTypes = "urn:ietf:params:oauth:token-type:";
constexpr std::string_view kPathCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
constexpr std::string_view kWordCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@-_:/";

constexpr std::string_view kRegionCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view kKeyIdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool made_of(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

// A text that becomes part of an address or of a request: of these characters, or a mistake.
std::string read_plain(DeploymentBuild& build, const yaml::Entry& key, std::string_view permitted) {
  std::string text = build.reading.text(key.value, key.key).value_or("");
  if (!text.empty() && !made_of(text, permitted)) {
    build.reading.mistake(key.value.at,
                          fmt::format("`{}` cannot be `{}`", escape_untrusted(text), key.key));
  }
  return text;
}

template <const std::string_view& Permitted, auto... Members, class Into>
void plain(DeploymentBuild& build, Into& into, const yaml::Entry& key) {
  member<Members...>(into) = read_plain(build, key, Permitted);
}

// `kv/agents/mail-relay`: nothing that a server could take for another place.
void read_vault_path(DeploymentBuild& build, VaultSecret& into, const yaml::Entry& key) {
  const std::string path = read_plain(build, key, kPathCharacters);
  const std::size_t slash = path.find('/');
  const auto parts = split(path, '/');
  const bool fine = slash != std::string::npos && std::ranges::all_of(parts, [](const auto& part) {
                      return !part.empty() && part != "." && part != "..";
                    });
  if (path.empty()) return;
  if (!fine) {
    build.reading.mistake(key.value.at, "`path` is a mount and a path: `kv/agents/mail-relay`");
    return;
  }
  into.mount = path.substr(0, slash);
  into.path = path.substr(slash + 1);
}

constexpr std::string_view kToken = "token";
constexpr std::string_view kRoleId = "role_id";
constexpr std::string_view kSecretId = "secret_id";

constexpr auto kVaultKeys = section_keys<DeploymentBuild, VaultSecret>(
    Section::vault,
    {
        {kUrl, "text", "required", 0, "The vault's address: `https://HOST:PORT`.",
         url<&VaultSecret::at>},
        {"path", "text", "required", 0,
         "The secret of a key/value engine of version 2: its mount, then its path, as in "
         "`kv/agents/mail-relay`.",
         read_vault_path},
        {"field", "text", "required", 0, "The field of the secret that is the value.",
         text<&VaultSecret::field>},
        {kToken, mapping(Section::secret_source), "required, or `role_id`", 0,
         "The token that asks: its source.", source<&VaultSecret::token>},
        {kRoleId, "text", "required, or `token`", 0, "The AppRole that asks.",
         text<&VaultSecret::role_id>},
        {kSecretId, mapping(Section::secret_source), "required with `role_id`", 0,
         "The AppRole's secret: its source.", source<&VaultSecret::secret_id>},
        {"namespace", "text", "the root", 0, "The namespace of all of it.",
         plain<kPathCharacters, &VaultSecret::space>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&VaultSecret::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&VaultSecret::at, &ReachedHost::ca>},
    });

void read_subject_type(DeploymentBuild& build, OAuthToken& into, const yaml::Entry& key) {
  static const std::vector<std::string> types = {"access_token", "id_token", "jwt"};
  const auto which = build.reading.word(key.value, key.key, types);
  into.subject_type = std::string(kTokenTypes) + types[which.value_or(0)];
}

void read_auth(DeploymentBuild& build, OAuthToken& into, const yaml::Entry& key) {
  into.in_body = build.reading.word(key.value, key.key, {"basic", "body"}) == 1U;
}

constexpr std::string_view kTokenUrl = "token_url";
constexpr std::string_view kSubject = "subject";
constexpr std::string_view kSubjectType = "subject_type";

constexpr auto kOAuthKeys = section_keys<DeploymentBuild, OAuthToken>(
    Section::oauth,
    {
        {kTokenUrl, "text", "required", 0, "The token endpoint: `https://HOST/PATH`.",
         url<&OAuthToken::at>},
        {"client_id", "text", "required", 0, "Who pawl is at the authorization server.",
         text<&OAuthToken::client>},
        {"client_secret", mapping(Section::secret_source), "required", 0,
         "The client's secret: its source.", source<&OAuthToken::client_secret>},
        {"auth", "`basic` or `body`", "basic", 0,
         "Where the client's secret stands in the request.", read_auth},
        {"scope", "text", "the server's choice", 0, "What is asked for, separated by blanks.",
         text<&OAuthToken::scope>},
        {"audience", "text", "none", 0, "For whom the token is.", text<&OAuthToken::audience>},
        {"resource", "text", "none", 0, "The address that the token is for (RFC 8707).",
         text<&OAuthToken::resource>},
        {kSubject, mapping(Section::secret_source), "none", 0,
         "The token that is exchanged (RFC 8693): its source. Without it the client asks for "
         "itself.",
         source<&OAuthToken::subject>},
        {kSubjectType, "`access_token`, `id_token` or `jwt`", "access_token", 0,
         "What the exchanged token is.", read_subject_type},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&OAuthToken::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&OAuthToken::at, &ReachedHost::ca>},
    });

constexpr std::string_view kPermissions = "permissions";

void read_permission(DeploymentBuild& build, GithubAppToken& into, const yaml::Entry& one) {
  if (!is_variable(one.key)) {
    build.reading.mistake(one.key_at,
                          fmt::format("`{}` is not a permission", escape_untrusted(one.key)));
  }
  static const std::vector<std::string> levels = {"read", "write", "admin"};
  if (const auto level = build.reading.word(one.value, kPermissions, levels)) {
    into.permissions[one.key] = levels[*level];
  }
}

// A list of names, or `${args.repo}`: the one that an argument of the call names.
void read_repositories(DeploymentBuild& build, GithubAppToken& into, const yaml::Entry& key) {
  constexpr std::string_view begin = "${args.";
  std::vector<Placed> all = build.reading.texts(key.value, key.key);
  for (Placed& one : all) {
    const std::string_view text = one.text;
    if (!text.starts_with('$')) {
      if (!is_word(text)) {
        build.reading.mistake(one.at, fmt::format("`{}` is not a repository: expected its name "
                                                  "without the owner",
                                                  escape_untrusted(text)));
      }
      into.repositories.push_back(std::move(one.text));
      continue;
    }
    const bool formed = text.starts_with(begin) && text.ends_with('}');
    const std::string_view name =
        formed ? text.substr(begin.size(), text.size() - begin.size() - 1) : std::string_view();
    if (!is_variable(name)) {
      build.reading.mistake(one.at, fmt::format("`{}` names no argument: expected "
                                                "`${{args.repo}}`, with the argument's own name",
                                                escape_untrusted(text)));
    } else if (all.size() > 1) {
      build.reading.mistake(one.at, fmt::format("`{}` stands alone: a call is given what it "
                                                "names, and nothing beside that",
                                                escape_untrusted(text)));
    }
    into.repository_by = std::string(name);
  }
}

void read_app(DeploymentBuild& build, GithubAppToken& into, const yaml::Entry& key) {
  const bool number = key.value.is_scalar() && key.value.as_number();
  into.app = number ? key.value.text : read_plain(build, key, kWordCharacters);
}

constexpr auto kGithubKeys = section_keys<DeploymentBuild, GithubAppToken>(
    Section::github_app,
    {
        {"id", "text or number", "required", 0, "The app's id, or its client id.", read_app},
        {"installation", "whole number", "required", 0, "The id of the installation.",
         count<Between{1, 1ULL << 53}, &GithubAppToken::installation>},
        {"key", mapping(Section::secret_source), "required", 0,
         "The app's private key (PEM): its source.", source<&GithubAppToken::key>},
        {"repositories", "list of texts", "all of the installation", 0,
         "The repositories that the token opens, without their owner; or `${args.NAME}`: the one "
         "that "
         "this argument of the call names.",
         read_repositories},
        {kPermissions, "mapping of permissions", "required", 0,
         "What the token permits: `{contents: read}`.", each_name<read_permission>},
        {kUrl, "text", "`https://api.github.com`", 0, "The address of the API.",
         url<&GithubAppToken::at>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&GithubAppToken::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&GithubAppToken::at, &ReachedHost::ca>},
    });

void read_session_policy(DeploymentBuild& build, AwsKeys& into, const yaml::Entry& key) {
  lines<&AwsKeys::policy>(build, into, key);
  const auto parsed = json::parse(into.policy);
  if (into.policy.empty()) return;
  if (!parsed || !parsed->root().is_object()) {
    build.reading.mistake(key.value.at,
                          "`policy` must be a policy of AWS as JSON: an object with "
                          "`Version` and `Statement`");
  } else if (into.policy = json::write(parsed->root());
             into.policy.size() > session_policy_bytes_max) {
    build.reading.mistake(key.value.at, fmt::format("`policy` is longer than {} bytes, which STS "
                                                    "refuses",
                                                    session_policy_bytes_max));
  }
}

void read_session(DeploymentBuild& build, AwsKeys& into, const yaml::Entry& key) {
  into.session = read_plain(build, key, kWordCharacters);
  if (into.session.size() > session_name_bytes_max ||
      into.session.find_first_of(":/") != std::string::npos) {
    build.reading.mistake(key.value.at,
                          "`session` has at most 64 of letters, digits and `+=,.@-_`");
  }
}

constexpr auto kAwsKeys = section_keys<DeploymentBuild, AwsKeys>(
    Section::aws_sts,
    {
        {"role", "text", "required", 0, "The role: `arn:aws:iam::ACCOUNT:role/NAME`.",
         plain<kWordCharacters, &AwsKeys::role>},
        {"region", "text", "required", 0, "The region whose STS is asked.",
         plain<kRegionCharacters, &AwsKeys::region>},
        {"access_key", "text", "required", 0, "The id of the access key that asks.",
         plain<kKeyIdCharacters, &AwsKeys::access_key>},
        {"secret_key", mapping(Section::secret_source), "required", 0,
         "The secret access key: its source.", source<&AwsKeys::secret_key>},
        {"session_token", mapping(Section::secret_source), "none", 0,
         "The session token, where the keys that ask have one: its source.",
         source<&AwsKeys::session_token>},
        {"policy", "text", "required", 0,
         "The session policy, as JSON: what of the role's rights the keys have.",
         read_session_policy},
        {"session", "text", "pawl", 0, "The name of the session, which AWS writes down.",
         read_session},
        {"external_id", "text", "none", 0, "The external id that the role asks for.",
         plain<kWordCharacters, &AwsKeys::external_id>},
        {"lasts", "duration", "15m", 0, "How long keys are valid: 15 minutes to 12 hours.",
         duration<LengthBetween{lasts_min, lasts_max}, &AwsKeys::lasts>},
        {kUrl, "text", "STS of the region", 0, "The address of STS.", url<&AwsKeys::at>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&AwsKeys::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.", text<&AwsKeys::at, &ReachedHost::ca>},
    });

struct LoginDraft : LoginToken {
  SecretSource stored;
};

constexpr std::string_view kLoginIssuer = "issuer";

constexpr auto kLoginKeys = section_keys<DeploymentBuild, LoginDraft>(
    Section::login,
    {
        {kLoginIssuer, "text", "required", 0,
         "The authorization server: its issuer, as in `https://login.example`.",
         url<&LoginToken::at>},
        {"store", "text", "required", 0,
         "The name in the encrypted store under which the refresh token lies.",
         stored_name<&LoginDraft::stored>},
        {"client_id", "text", "pawl registers itself", 0,
         "Who pawl is there: a public client, whose redirect address is on the loopback.",
         text<&LoginToken::client>},
        {"scope", "text", "the server's choice", 0, "What is asked for, separated by blanks.",
         text<&LoginToken::scope>},
        {kPrivate, "true or false", "false", 0, "As at a server.",
         boolean<&LoginToken::at, &ReachedHost::own_network>},
        {kCa, "text", "the system's", 0, "As at a server.",
         text<&LoginToken::at, &ReachedHost::ca>},
    });

}  // namespace

void list_issued_keys(std::vector<Key>& into) {
  kVaultKeys.list(into);
  kOAuthKeys.list(into);
  kGithubKeys.list(into);
  kAwsKeys.list(into);
  kLoginKeys.list(into);
}

void read_vault(DeploymentBuild& build, Deployment::Credential& credential,
                const yaml::Entry& entry) {
  VaultSecret& into = credential.vault.emplace();
  const yaml::Node& node = entry.value;
  if (!read_section(build, node, kVaultKeys, into)) return;
  if (node.entry(kRoleId) == nullptr) {
    build.reading.missing(node, Section::vault, kToken);
    if (const yaml::Entry* secret = node.entry(kSecretId)) {
      build.reading.mistake(secret->key_at, "`secret_id` belongs to a `role_id`");
    }
  } else {
    build.reading.both(node, kToken, kRoleId);
    build.reading.missing(node, Section::vault, kSecretId);
  }
  check_way(build, node, kUrl, into.at);
}

void read_oauth(DeploymentBuild& build, Deployment::Credential& credential,
                const yaml::Entry& entry) {
  OAuthToken& into = credential.oauth.emplace();
  if (!read_section(build, entry.value, kOAuthKeys, into)) return;
  const yaml::Entry* type = entry.value.entry(kSubjectType);
  if (type != nullptr && entry.value.entry(kSubject) == nullptr) {
    build.reading.mistake(type->key_at, "`subject_type` belongs to a `subject`");
  }
  if (into.subject_type.empty()) into.subject_type = std::string(kTokenTypes) + "access_token";
  check_way(build, entry.value, kTokenUrl, into.at);
}

void read_github(DeploymentBuild& build, Deployment::Credential& credential,
                 const yaml::Entry& entry) {
  GithubAppToken& into = credential.github_app.emplace();
  (void)take_url("https://api.github.com", into.at);
  if (!read_section(build, entry.value, kGithubKeys, into)) return;
  check_way(build, entry.value, kUrl, into.at);
}

void read_aws(DeploymentBuild& build, Deployment::Credential& credential,
              const yaml::Entry& entry) {
  AwsKeys& into = credential.aws_sts.emplace();
  into.session = "pawl";
  if (!read_section(build, entry.value, kAwsKeys, into)) return;
  if (entry.value.entry(kUrl) == nullptr && !into.region.empty()) {
    (void)take_url(fmt::format("https://sts.{}.amazonaws.com/", into.region), into.at);
  }
  check_way(build, entry.value, kUrl, into.at);
}

void read_login(DeploymentBuild& build, Deployment::Credential& credential,
                const yaml::Entry& entry) {
  LoginDraft made;
  if (read_section(build, entry.value, kLoginKeys, made)) {
    made.store = std::move(made.stored.store);
    check_way(build, entry.value, kLoginIssuer, made.at);
  }
  credential.login = std::move(made);
}

namespace {

constexpr std::size_t host_bytes_max = 260;

// `api.example` or `api.example:8443`, in small letters; an IPv6 address stands in brackets.
bool is_bound_host(std::string_view host) {
  return !host.empty() && host.size() <= host_bytes_max && !host.starts_with(':') &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") == host.npos;
}

using Credential = Deployment::Credential;

// Where a credential may go.
void read_bound_hosts(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (is_bound_host(one.text)) {
      into.hosts.push_back(std::move(one.text));
    } else {
      build.reading.mistake(one.at, fmt::format("`{}` is not a host: expected `api.example` or "
                                                "`api.example:8443`, in small letters",
                                                escape_untrusted(one.text)));
    }
  }
}

void read_bound_servers(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    into.servers.push_back(one.text);
    build.bound_to.push_back(std::move(one));
  }
}

void read_bound_tools(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& one : build.reading.texts(key.value, key.key)) {
    if (const auto pattern = parse_name(one.text); !pattern) {
      build.reading.mistake(one.at, pattern.error().message);
    } else {
      into.tools.push_back(std::move(one.text));
    }
  }
}

void read_users(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  for (Placed& role : build.reading.texts(key.value, key.key)) {
    into.roles.push_back(role.text);
    build.users.push_back(std::move(role));
  }
}

constexpr auto kRiskKeys = section_keys<DeploymentBuild, Deployment::SharedRisk>(
    Section::credential_risk,
    {
        {"reason", "text", "required", 13, "Why it is worth it.",
         lines<&Deployment::SharedRisk::reason>},
        {"owner", "text", "required", 13, "The person who answers for it.",
         text<&Deployment::SharedRisk::owner>},
        {"until", "date or instant", "required", 13,
         "When it ends: from then on the file is refused. A date is part of it.",
         end<&Deployment::SharedRisk::until>},
    });

void read_shared_risk(DeploymentBuild& build, Credential& into, const yaml::Entry& key) {
  Deployment::SharedRisk risk;
  risk.at = key.value.at;
  if (!read_section(build, key.value, kRiskKeys, risk)) return;
  if (risk.until != Instant{}) into.risk = std::move(risk);  // else it is reported
}

// A credential has exactly one key of these.
constexpr std::string_view kOneSource = "one of nine";

constexpr auto kCredentialKeys = section_keys<DeploymentBuild, Credential>(
    Section::credential,
    {
        {"env", "text", kOneSource, 0, "The variable that holds the secret.", env_name<>},
        {"file", "text", kOneSource, 0,
         "The file that holds the secret; no other user may read it.", text<&SecretSource::file>},
        {"command", "list of words", kOneSource, 0,
         "The program that prints the secret, and its arguments.", words<&SecretSource::command>},
        {"store", "text", kOneSource, 0,
         "The name of the secret in the encrypted store (`pawl credentials`).", stored_name<>},
        {"vault", mapping(Section::vault), kOneSource, 0, "A secret in HashiCorp Vault.",
         read_vault},
        {"oauth", mapping(Section::oauth), kOneSource, 0, "A token of an authorization server.",
         read_oauth},
        {"github_app", mapping(Section::github_app), kOneSource, 0,
         "A token of an installation of a GitHub App.", read_github},
        {"aws_sts", mapping(Section::aws_sts), kOneSource, 0,
         "Short-lived keys of an AWS role, for a program.", read_aws},
        {"roles", "list of texts", "the only role", 13,
         "The roles that may use it. Needed where there are several; for more than one, "
         "`accept_risk` says why.",
         read_users, CompareAs::fewer},
        {"accept_risk", mapping(Section::credential_risk), "one role uses it", 13,
         "Why several roles are one at the server; never where one of them is in production.",
         read_shared_risk, CompareAs::may_go},
        {"login", mapping(Section::login), kOneSource, 0,
         "What a person got for a server with `pawl login`.", read_login},
        {"hosts", "list of texts", "those of its servers", 13,
         "The hosts that it may be sent to: `api.example`, or `api.example:8443` for one port.",
         read_bound_hosts, CompareAs::fewer},
        {"servers", "list of texts", "every server", 13, "The servers that it may be sent to.",
         read_bound_servers, CompareAs::fewer},
        {"tools", "list of texts", "every tool", 13,
         "The tools whose calls may carry it: `crm/update_*`.", read_bound_tools, CompareAs::fewer},
        {"principal", "text", "not known", 0,
         "Whom the server sees when it is used; written in the journal.",
         text<&Credential::principal>},
    });

constexpr std::string_view kKeyFile = "key_file";
constexpr std::string_view kKeyCommand = "key_command";

constexpr auto kStoreKeys = section_keys<DeploymentBuild, Deployment::StoreKey>(
    Section::store, {
                        {kKeyFile, "text", "one of two", 0,
                         "A file that holds the store's passphrase; no other user may read it.",
                         text<&Deployment::StoreKey::file>},
                        {kKeyCommand, "list of words", "one of two", 0,
                         "A program that prints the store's passphrase, and its arguments.",
                         words<&Deployment::StoreKey::command>},
                    });

void check_one_source(DeploymentBuild& build, const yaml::Node& node) {
  std::vector<const yaml::Entry*> sources;
  bool others = false;  // keys that do not exist, or not yet: they are the mistake then
  for (const yaml::Entry& entry : node.entries) {
    const auto* const row = kCredentialKeys.find(entry.key);
    others = others || row == nullptr || row->later;
    if (row != nullptr && row->preset == kOneSource) sources.push_back(&entry);
  }
  if (sources.empty() && !others) {
    build.reading.mistake(node.at,
                          "a credential has none of `env`, `file`, `command`, `store`, `vault`, "
                          "`oauth`, `github_app`, `aws_sts` and `login`");
  }
  for (std::size_t i = 1; i < sources.size(); ++i) {
    build.reading.mistake(sources[i]->key_at,
                          fmt::format("`{}` beside `{}`: a credential has one source",
                                      sources[i]->key, sources[0]->key));
  }
}

}  // namespace

void list_credential_keys(std::vector<Key>& into) {
  kCredentialKeys.list(into);
  kRiskKeys.list(into);
  list_source_keys(into);
  list_issued_keys(into);
  kStoreKeys.list(into);
}

void read_credential(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  Credential credential;
  credential.at = entry.key_at;
  const bool named_well = build.named(entry, "credential");
  if (read_section(build, entry.value, kCredentialKeys, credential)) {
    check_one_source(build, entry.value);
  }
  if (named_well) into.credentials[entry.key] = std::move(credential);
}

void read_store(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  if (!read_section(build, entry.value, kStoreKeys, into.store)) return;
  build.reading.both(entry.value, kKeyFile, kKeyCommand);
  if (entry.value.entries.empty()) {
    build.reading.mistake(entry.value.at, "`store` has neither `key_file` nor `key_command`");
  }
}

std::vector<Error> risks_ended(const Deployment& deployment, Instant now) {
  std::vector<Error> errors;
  for (const auto& [name, credential] : deployment.credentials) {
    if (!credential.risk || now < credential.risk->until) continue;
    Position at = credential.risk->at;
    at.file = deployment.file;
    errors.push_back({ErrorKind::invalid,
                      fmt::format("the risk that several roles use `{}` was accepted until {}",
                                  escape_untrusted(name), to_string(credential.risk->until)),
                      std::move(at)});
  }
  return errors;
}

// One credential for two roles is one identity at the server: only where the file says why. That
// it is never so in production is checked with the policies (identities.h).
void check_credentials(DeploymentBuild& build) {
  std::vector<std::string> roles;
  for (const auto& [name, role] : build.into.roles) roles.push_back(name);
  for (const Placed& user : build.users) {
    if (!build.into.roles.contains(user.text)) build.unknown(user, "role", roles);
  }
  const UsersOfCredentials all = users_of_credentials(build.into);
  for (const auto& [name, credential] : build.into.credentials) {
    const auto& [users, same] = all.find(name)->second;
    if (users.size() > 1 && !credential.risk) {
      const std::string with =
          same.empty() ? "" : fmt::format(", as it is the same secret as `{}`", *same.begin());
      build.reading.mistake(
          credential.at, fmt::format("`{}` is for {} roles{}, which are one and the same at the "
                                     "server then: expected a credential for each, or "
                                     "`accept_risk: {{reason, owner, until}}`",
                                     escape_untrusted(name), users.size(), escape_untrusted(with)));
    } else if (users.size() < 2 && credential.risk) {
      build.reading.mistake(credential.risk->at,
                            fmt::format("`{}` is not for several roles, so there is no risk to "
                                        "accept",
                                        escape_untrusted(name)));
    }
    const bool collectors = build.into.traces && build.into.traces->credential == name;
    if (roles.size() < 2 || !credential.roles.empty() || collectors) continue;
    build.reading.mistake(credential.at,
                          fmt::format("`{}` does not say which of the {} roles may use it: "
                                      "expected `roles: [NAME]`",
                                      escape_untrusted(name), roles.size()));
  }
}

}  // namespace pawl
