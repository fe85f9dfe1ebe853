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
constexpr std::string_view kPathCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
constexpr std::string_view kWordCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@-_:/";

bool made_of(std::string_view text, std::string_view permitted) {
  return !text.empty() && text.find_first_not_of(permitted) == std::string_view::npos;
}

// A text that becomes part of an address or of a request: of these characters, or a mistake.
std::string plain(DeploymentBuild& build, const yaml::Entry& key, std::string_view permitted) {
  std::string text = build.reading.text(key.value, key.key).value_or("");
  if (!text.empty() && !made_of(text, permitted)) {
    build.reading.mistake(key.value.at,
                          fmt::format("`{}` cannot be `{}`", escape_untrusted(text), key.key));
  }
  return text;
}

std::string any_text(DeploymentBuild& build, const yaml::Entry& key) {
  return build.reading.text(key.value, key.key).value_or("");
}

// `kv/agents/mail-relay`: nothing that a server could take for another place.
void read_vault_path(DeploymentBuild& build, const yaml::Entry& key, VaultSecret& into) {
  const std::string path = plain(build, key, kPathCharacters);
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

void read_vault(DeploymentBuild& build, const yaml::Entry& entry, VaultSecret& into) {
  const bool read = build.reading.keys(entry.value, Section::vault, [&](const yaml::Entry& key) {
    if (key.key == "url") {
      read_url(build, key.value, "url", into.at);
    } else if (key.key == "path") {
      read_vault_path(build, key, into);
    } else if (key.key == "field") {
      into.field = any_text(build, key);
    } else if (key.key == "token") {
      read_source(build, key, into.token);
    } else if (key.key == "role_id") {
      into.role_id = any_text(build, key);
    } else if (key.key == "secret_id") {
      read_source(build, key, into.secret_id);
    } else if (key.key == "namespace") {
      into.space = plain(build, key, kPathCharacters);
    } else {
      return read_way(build, key, into.at);
    }
    return true;
  });
  if (!read) return;
  for (const std::string_view key : {"url", "path", "field"}) {
    build.reading.missing(entry.value, Section::vault, key);
  }
  if (entry.value.entry("role_id") == nullptr) {
    build.reading.missing(entry.value, Section::vault, "token");
    if (const yaml::Entry* secret = entry.value.entry("secret_id")) {
      build.reading.mistake(secret->key_at, "`secret_id` belongs to a `role_id`");
    }
  } else {
    build.reading.both(entry.value, "token", "role_id");
    build.reading.missing(entry.value, Section::vault, "secret_id");
  }
  check_way(build, entry.value, "url", into.at);
}

std::string subject_type(DeploymentBuild& build, const yaml::Entry& key) {
  static const std::vector<std::string> words = {"access_token", "id_token", "jwt"};
  const auto which = build.reading.word(key.value, "subject_type", words);
  return "urn:ietf:params:oauth:token-type:" + words[which.value_or(0)];
}

bool read_oauth_key(DeploymentBuild& build, const yaml::Entry& key, OAuthToken& into) {
  if (key.key == "token_url") {
    read_url(build, key.value, "token_url", into.at);
  } else if (key.key == "client_id") {
    into.client = any_text(build, key);
  } else if (key.key == "client_secret") {
    read_source(build, key, into.client_secret);
  } else if (key.key == "auth") {
    into.in_body = build.reading.word(key.value, "auth", {"basic", "body"}) == 1;
  } else if (key.key == "scope") {
    into.scope = any_text(build, key);
  } else if (key.key == "audience") {
    into.audience = any_text(build, key);
  } else if (key.key == "resource") {
    into.resource = any_text(build, key);
  } else if (key.key == "subject") {
    read_source(build, key, into.subject);
  } else if (key.key == "subject_type") {
    into.subject_type = subject_type(build, key);
  } else {
    return read_way(build, key, into.at);
  }
  return true;
}

void read_oauth(DeploymentBuild& build, const yaml::Entry& entry, OAuthToken& into) {
  const auto take = [&](const yaml::Entry& key) { return read_oauth_key(build, key, into); };
  if (!build.reading.keys(entry.value, Section::oauth, take)) return;
  for (const std::string_view key : {"token_url", "client_id", "client_secret"}) {
    build.reading.missing(entry.value, Section::oauth, key);
  }
  const yaml::Entry* type = entry.value.entry("subject_type");
  if (type != nullptr && entry.value.entry("subject") == nullptr) {
    build.reading.mistake(type->key_at, "`subject_type` belongs to a `subject`");
  }
  if (into.subject_type.empty()) {
    into.subject_type = "urn:ietf:params:oauth:token-type:access_token";
  }
  check_way(build, entry.value, "token_url", into.at);
}

void read_permissions(DeploymentBuild& build, const yaml::Entry& entry, GithubAppToken& into) {
  build.reading.names(entry.value, "permissions", [&](const yaml::Entry& one) {
    if (!is_variable(one.key)) {
      build.reading.mistake(one.key_at,
                            fmt::format("`{}` is no permission", escape_untrusted(one.key)));
    }
    static const std::vector<std::string> levels = {"read", "write", "admin"};
    if (const auto level = build.reading.word(one.value, "permissions", levels)) {
      into.permissions[one.key] = levels[*level];
    }
  });
}

// A list of names, or `${args.repo}`: the one that an argument of the call names.
void read_repositories(DeploymentBuild& build, const yaml::Entry& key, GithubAppToken& into) {
  constexpr std::string_view begin = "${args.";
  std::vector<Placed> all = build.reading.texts(key.value, "repositories");
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

void read_github(DeploymentBuild& build, const yaml::Entry& entry, GithubAppToken& into) {
  (void)take_url("https://api.github.com", into.at);
  const auto take = [&](const yaml::Entry& key) {
    if (key.key == "id") {
      into.app = key.value.is_scalar() && key.value.as_number()
                     ? key.value.text
                     : plain(build, key, kWordCharacters);
    } else if (key.key == "installation") {
      into.installation =
          build.reading.count(key.value, "installation", {1, 1ULL << 53}).value_or(0);
    } else if (key.key == "key") {
      read_source(build, key, into.key);
    } else if (key.key == "repositories") {
      read_repositories(build, key, into);
    } else if (key.key == "permissions") {
      read_permissions(build, key, into);
    } else if (key.key == "url") {
      read_url(build, key.value, "url", into.at);
    } else {
      return read_way(build, key, into.at);
    }
    return true;
  };
  if (!build.reading.keys(entry.value, Section::github_app, take)) return;
  for (const std::string_view key : {"id", "installation", "key", "permissions"}) {
    build.reading.missing(entry.value, Section::github_app, key);
  }
  check_way(build, entry.value, "url", into.at);
}

void read_session_policy(DeploymentBuild& build, const yaml::Entry& key, AwsKeys& into) {
  into.policy = build.reading.text(key.value, "policy", Lines::several).value_or("");
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

bool read_aws_key(DeploymentBuild& build, const yaml::Entry& key, AwsKeys& into) {
  if (key.key == "role") {
    into.role = plain(build, key, kWordCharacters);
  } else if (key.key == "region") {
    into.region = plain(build, key, "abcdefghijklmnopqrstuvwxyz0123456789-");
  } else if (key.key == "access_key") {
    into.access_key = plain(build, key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  } else if (key.key == "secret_key") {
    read_source(build, key, into.secret_key);
  } else if (key.key == "session_token") {
    read_source(build, key, into.session_token);
  } else if (key.key == "policy") {
    read_session_policy(build, key, into);
  } else if (key.key == "session") {
    into.session = plain(build, key, kWordCharacters);
    if (into.session.size() > session_name_bytes_max ||
        into.session.find_first_of(":/") != std::string::npos) {
      build.reading.mistake(key.value.at,
                            "`session` has at most 64 of letters, digits and `+=,.@-_`");
    }
  } else if (key.key == "external_id") {
    into.external_id = plain(build, key, kWordCharacters);
  } else if (key.key == "lasts") {
    into.lasts =
        build.reading.duration(key.value, "lasts", {lasts_min, lasts_max}).value_or(into.lasts);
  } else if (key.key == "url") {
    read_url(build, key.value, "url", into.at);
  } else {
    return read_way(build, key, into.at);
  }
  return true;
}

void read_aws(DeploymentBuild& build, const yaml::Entry& entry, AwsKeys& into) {
  into.session = "pawl";
  const auto take = [&](const yaml::Entry& key) { return read_aws_key(build, key, into); };
  if (!build.reading.keys(entry.value, Section::aws_sts, take)) return;
  for (const std::string_view key : {"role", "region", "access_key", "secret_key", "policy"}) {
    build.reading.missing(entry.value, Section::aws_sts, key);
  }
  if (entry.value.entry("url") == nullptr && !into.region.empty()) {
    (void)take_url(fmt::format("https://sts.{}.amazonaws.com/", into.region), into.at);
  }
  check_way(build, entry.value, "url", into.at);
}

void read_login(DeploymentBuild& build, const yaml::Entry& entry, LoginToken& into) {
  SecretSource stored;
  const bool read = build.reading.keys(entry.value, Section::login, [&](const yaml::Entry& key) {
    if (key.key == "issuer") {
      read_url(build, key.value, "issuer", into.at);
    } else if (key.key == "store") {
      (void)read_source_key(build, key, stored);
    } else if (key.key == "client_id") {
      into.client = any_text(build, key);
    } else if (key.key == "scope") {
      into.scope = any_text(build, key);
    } else {
      return read_way(build, key, into.at);
    }
    return true;
  });
  if (!read) return;
  into.store = std::move(stored.store);
  for (const std::string_view key : {"issuer", "store"}) {
    build.reading.missing(entry.value, Section::login, key);
  }
  check_way(build, entry.value, "issuer", into.at);
}

}  // namespace

bool read_issued(DeploymentBuild& build, const yaml::Entry& key, Deployment::Credential& into) {
  if (key.key == "vault") {
    read_vault(build, key, into.vault.emplace());
  } else if (key.key == "oauth") {
    read_oauth(build, key, into.oauth.emplace());
  } else if (key.key == "github_app") {
    read_github(build, key, into.github_app.emplace());
  } else if (key.key == "aws_sts") {
    read_aws(build, key, into.aws_sts.emplace());
  } else if (key.key == "login") {
    read_login(build, key, into.login.emplace());
  } else {
    return false;
  }
  return true;
}

}  // namespace pawl
