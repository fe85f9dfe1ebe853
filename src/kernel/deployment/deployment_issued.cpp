// Credentials that somebody else issues.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
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
                          fmt::format("`{}` is no permission", escape_untrusted(one.key)));
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
        build.reading.mistake(one.at, fmt::format("`{}` is no repository: expected its name "
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

}  // namespace pawl
