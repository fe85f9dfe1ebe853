#include "kernel/policy/deployment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/policy/layer.h"
#include "kernel/policy/limits.h"
#include "kernel/policy/name.h"
#include "kernel/policy/reading.h"
#include "kernel/policy/team.h"

namespace pawl {
namespace {

constexpr std::size_t stored_name_bytes_max = 64;

bool is_word(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '@';
  });
}

bool is_variable(std::string_view name) {
  return is_word(name) && !(name.front() >= '0' && name.front() <= '9') &&
         name.find_first_of("-.@") == std::string_view::npos;
}

// As io/secrets names what it stores.
bool is_stored(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() <= stored_name_bytes_max && !name.empty() && fine(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return fine(c) || c == '.' || c == '-' || c == '_'; });
}

class DeploymentReader {
 public:
  DeploymentReader(yaml::Read& read, std::string_view file) : reading_(read) { into_.file = file; }

  LoadedDeployment take(const yaml::Node& root) {
    if (root.kind != yaml::Kind::null || reading_.sound()) {
      reading_.keys(root, Section::deployment,
                    [this](const yaml::Entry& key) { return read_section(key); });
      gather_groups();
      check_reviewers();
      check_users();
    }
    LoadedDeployment loaded;
    if (reading_.sound()) {
      loaded.deployment = std::move(into_);
    } else {
      loaded.errors = reading_.take_errors(into_.file);
    }
    return loaded;
  }

 private:
  bool read_section(const yaml::Entry& key) {
    if (key.key == "version") {
      reading_.count(key.value, "version", {1, 1});
    } else if (key.key == "layers") {
      for (Placed& file : reading_.texts(key.value, "layers")) read_layer(std::move(file));
    } else if (key.key == "roles") {
      reading_.names(key.value, "roles", [this](const yaml::Entry& one) { read_role(one); });
    } else if (key.key == "servers") {
      reading_.names(key.value, "servers", [this](const yaml::Entry& one) { read_server(one); });
    } else if (key.key == "people") {
      read_people(key.value);
    } else if (key.key == "notify") {
      read_notify(key.value);
    } else if (key.key == "credentials") {
      reading_.names(key.value, "credentials",
                     [this](const yaml::Entry& one) { read_credential(one); });
    } else {
      return false;
    }
    return true;
  }

  bool named(const yaml::Entry& entry, std::string_view what) {
    if (is_word(entry.key)) return true;
    reading_.mistake(entry.key_at,
                     fmt::format("`{}` is no name of a {}: expected letters, digits, `-`, `_`, "
                                 "`.` and `@`",
                                 visible(entry.key), what));
    return false;
  }

  // The words of a command, in which nothing is refused for being there twice.
  std::vector<std::string> words(const yaml::Node& node, std::string_view what) {
    std::vector<std::string> out;
    reading_.items(node, what, [&](const yaml::Node& item) {
      if (item.is_scalar() && !item.quoted && item.as_number()) {
        out.push_back(item.text);  // `--port 8080` is text for everybody
      } else if (auto word = reading_.text(item, what)) {
        out.push_back(std::move(*word));
      }
    });
    return out;
  }

  std::vector<std::string> list(const yaml::Node& node, std::string_view what) {
    std::vector<std::string> out;
    if (!node.is_sequence()) {
      reading_.mistake(node.at,
                       fmt::format("`{}` must be a list, found {}", what, node.described()));
      return out;
    }
    for (Placed& one : reading_.texts(node, what)) out.push_back(std::move(one.text));
    return out;
  }

  void read_layer(Placed file) {
    std::string rest = file.text;
    const std::size_t team = rest.find(team_mark);
    if (team != std::string::npos) rest.erase(team, team_mark.size());
    if (rest.contains("${")) {
      reading_.mistake(file.at, fmt::format("in the name of a layer only `{}` stands for "
                                            "something else, and once: found `{}`",
                                            team_mark, visible(file.text)));
    }
    if (into_.layers.size() == layers_max) {
      reading_.mistake(file.at, fmt::format("more than {} layers", layers_max));
    }
    into_.layers.push_back({std::move(file.text), file.at});
  }

  // A part of a file's name, so it must not lead anywhere else.
  void read_team(const yaml::Node& node, Deployment::Role& role) {
    role.team = reading_.text(node, "team").value_or("");
    if (role.team.empty() || (is_word(role.team) && !role.team.starts_with('.'))) return;
    reading_.mistake(node.at, fmt::format("`{}` is no name of a team: expected letters, digits, "
                                          "`-`, `_`, `.` and `@`",
                                          visible(role.team)));
  }

  void read_role(const yaml::Entry& entry) {
    Deployment::Role role;
    role.at = entry.key_at;
    const bool named_well = named(entry, "role");
    const bool read = reading_.keys(entry.value, Section::role, [&](const yaml::Entry& key) {
      if (key.key == "file") {
        role.file = reading_.text(key.value, "file").value_or("");
      } else if (key.key == "team") {
        read_team(key.value, role);
      } else if (key.key == "directories") {
        for (Placed& one : reading_.texts(key.value, "directories")) {
          if (one.text.starts_with('/') || one.text == "~" || one.text.starts_with("~/")) {
            role.directories.push_back(std::move(one.text));
          } else {
            reading_.mistake(one.at, fmt::format("the directory `{}` must begin with `/` or `~/`",
                                                 visible(one.text)));
          }
        }
      } else {
        return false;
      }
      return true;
    });
    if (read) reading_.missing(entry.value, Section::role, "file");
    if (named_well) into_.roles[entry.key] = std::move(role);
  }

  void read_server(const yaml::Entry& entry) {
    Deployment::Server server;
    server.at = entry.key_at;
    if (entry.key.starts_with("mcp:") || lower_ascii(entry.key) == "pawl") {
      reading_.mistake(entry.key_at, fmt::format("`{}` is a reserved name", visible(entry.key)));
    }
    const auto pattern = parse_name(entry.key + "/x");
    if (!pattern || pattern->glob() || pattern->any_server) {
      reading_.mistake(entry.key_at,
                       fmt::format("`{}` is no name of a server", visible(entry.key)));
    }
    const bool read = reading_.keys(entry.value, Section::server, [&](const yaml::Entry& key) {
      if (key.key == "command") {
        server.command = words(key.value, "command");
      } else if (key.key == "env") {
        server.env = list(key.value, "env");
        check_variables(key.value);
      } else {
        return false;
      }
      return true;
    });
    // Where a URL stands in its place, the URL is the mistake.
    if (read && entry.value.entry("url") == nullptr) {
      reading_.missing(entry.value, Section::server, "command");
    }
    into_.servers[entry.key] = std::move(server);
  }

  void check_variables(const yaml::Node& node) {
    for (const yaml::Node& item : node.items) {
      if (!item.is_scalar() || item.text.empty() || is_variable(item.text)) continue;
      const bool assigned = item.text.find('=') != std::string::npos;
      reading_.mistake(item.at, fmt::format("`{}` is no name of a variable{}", visible(item.text),
                                            assigned ? ": the value is not written here" : ""));
    }
  }

  void read_people(const yaml::Node& node) {
    reading_.names(node, "people", [this](const yaml::Entry& entry) {
      const Key* key = find_key(Section::people, entry.key);
      if (key != nullptr && key->later) {
        reading_.mistake(entry.key_at, refusal(Section::people, entry.key));
      } else if (entry.key == "default_reviewers") {
        reviewers_ = reading_.texts(entry.value, entry.key);
      } else if (entry.key == "groups") {
        reading_.names(entry.value, "groups", [this](const yaml::Entry& one) { read_group(one); });
      } else if (named(entry, "person")) {
        read_person(entry);
      }
    });
  }

  void read_group(const yaml::Entry& entry) {
    if (!named(entry, "group")) return;
    if (entry.value.is_map()) {
      reading_.mistake(entry.value.at,
                       "groups from elsewhere are not enforced by this version, so they are "
                       "refused: expected a list of persons");
      return;
    }
    into_.groups[entry.key];
    for (Placed& person : reading_.texts(entry.value, entry.key)) {
      members_.push_back({entry.key, std::move(person)});
    }
  }

  void read_person(const yaml::Entry& entry) {
    Deployment::Person person;
    person.at = entry.key_at;
    reading_.keys(entry.value, Section::person, [&](const yaml::Entry& key) {
      if (key.key == "groups") {
        person.groups = list(key.value, "groups");
      } else if (key.key == "proof") {
        reading_.word(key.value, "proof", {"passphrase"}, {"passkey", "idp", "oidc"});
      } else if (key.key == "verifier") {
        person.verifier = reading_.text(key.value, "verifier").value_or("");
      } else {
        return false;
      }
      return true;
    });
    into_.people[entry.key] = std::move(person);
  }

  void read_notify(const yaml::Node& node) {
    reading_.keys(node, Section::notify, [this](const yaml::Entry& key) {
      if (key.key == "desktop") {
        const auto word = reading_.word(key.value, "desktop", {"auto", "off"});
        into_.desktop = word == 1U ? Deployment::Desktop::off : Deployment::Desktop::automatic;
      } else if (key.key == "command") {
        into_.notify_command = words(key.value, "command");
      } else {
        return false;
      }
      return true;
    });
  }

  // The variable, or the name in the store, that a credential is.
  std::string name_in(const yaml::Node& node, std::string_view key, bool (*fine)(std::string_view),
                      std::string_view what) {
    std::string name = reading_.text(node, key).value_or("");
    if (!name.empty() && !fine(name)) {
      reading_.mistake(node.at, fmt::format("`{}` is no name of {}", visible(name), what));
    }
    return name;
  }

  bool read_credential_key(const yaml::Entry& key, Deployment::Credential& into) {
    if (key.key == "env") {
      into.env = name_in(key.value, "env", is_variable, "a variable");
    } else if (key.key == "file") {
      into.file = reading_.text(key.value, "file").value_or("");
    } else if (key.key == "command") {
      into.command = words(key.value, "command");
    } else if (key.key == "store") {
      into.store = name_in(key.value, "store", is_stored, "a stored credential");
    } else if (key.key == "roles") {
      for (Placed& role : reading_.texts(key.value, "roles")) {
        into.roles.push_back(role.text);
        users_.push_back(std::move(role));
      }
    } else {
      return false;
    }
    return true;
  }

  void read_credential(const yaml::Entry& entry) {
    Deployment::Credential credential;
    credential.at = entry.key_at;
    const bool named_well = named(entry, "credential");
    std::vector<const yaml::Entry*> sources;
    const bool read = reading_.keys(entry.value, Section::credential, [&](const yaml::Entry& key) {
      if (!read_credential_key(key, credential)) return false;
      if (key.key != "roles") sources.push_back(&key);
      return true;
    });
    const auto no_source = [](const yaml::Entry& key) { return key.key == "roles"; };
    if (read && std::ranges::all_of(entry.value.entries, no_source)) {
      reading_.mistake(entry.value.at,
                       "a credential has none of `env`, `file`, `command` and `store`");
    }
    for (std::size_t i = 1; i < sources.size(); ++i) {
      reading_.mistake(sources[i]->key_at,
                       fmt::format("`{}` beside `{}`: a credential has one source", sources[i]->key,
                                   sources[0]->key));
    }
    if (named_well) into_.credentials[entry.key] = std::move(credential);
  }

  // One credential for two roles would be one identity at the server: only where it is written.
  void check_users() {
    for (const Placed& user : users_) {
      if (into_.roles.contains(user.text)) continue;
      std::vector<std::string> names;
      for (const auto& [name, role] : into_.roles) names.push_back(name);
      const std::string near = nearest(user.text, names);
      reading_.mistake(user.at,
                       fmt::format("there is no role `{}`{}", visible(user.text),
                                   near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
    }
    if (into_.roles.size() < 2) return;
    for (const auto& [name, credential] : into_.credentials) {
      if (!credential.roles.empty()) continue;
      reading_.mistake(credential.at,
                       fmt::format("`{}` does not say which of the {} roles may use it: expected "
                                   "`roles: [NAME]`",
                                   visible(name), into_.roles.size()));
    }
  }

  // Groups are written at the person, at the group, or at both.
  void gather_groups() {
    for (const auto& [name, person] : into_.people) {
      for (const std::string& group : person.groups) into_.groups[group].push_back(name);
    }
    for (const auto& [group, person] : members_) {
      if (!into_.people.contains(person.text)) {
        reading_.mistake(person.at, fmt::format("there is no person `{}`{}", visible(person.text),
                                                near_person(person.text)));
        continue;
      }
      std::vector<std::string>& persons = into_.groups[group];
      if (std::ranges::find(persons, person.text) == persons.end()) persons.push_back(person.text);
    }
    for (const auto& [group, persons] : into_.groups) {
      if (const auto person = into_.people.find(group); person != into_.people.end()) {
        reading_.mistake(person->second.at,
                         fmt::format("`{}` is a person and a group", visible(group)));
      }
    }
  }

  std::string near_person(std::string_view name) const {
    std::vector<std::string> names;
    for (const auto& [person, value] : into_.people) names.push_back(person);
    for (const auto& [group, persons] : into_.groups) {
      if (!persons.empty()) names.push_back(group);
    }
    const std::string near = nearest(name, names);
    return near.empty() ? "" : fmt::format(": did you mean `{}`?", near);
  }

  void check_reviewers() {
    for (const Placed& reviewer : reviewers_) {
      into_.default_reviewers.push_back(reviewer.text);
      if (into_.knows(reviewer.text)) continue;
      reading_.mistake(reviewer.at,
                       fmt::format("there is no person and no group `{}`{}", visible(reviewer.text),
                                   near_person(reviewer.text)));
    }
  }

  Reading reading_;
  Deployment into_;
  std::vector<Placed> reviewers_;
  std::vector<Placed> users_;  // of credentials
  std::vector<std::pair<std::string, Placed>> members_;
};

}  // namespace

LoadedDeployment load_deployment(std::string_view text, std::string_view file) {
  yaml::Read read = yaml::read(text, file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  return DeploymentReader(read, file).take(root);
}

}  // namespace pawl
