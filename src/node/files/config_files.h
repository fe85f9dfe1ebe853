// Where things are: the node's directory, the deployment file, the policy that governs here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/zone.h"
#include "kernel/deployment/deployment.h"

namespace pawl {
struct Loaded;
}  // namespace pawl

namespace pawl::node {

// Where the node takes clients and people, in its directory.
inline constexpr const char* join_socket = "join.sock";
inline constexpr const char* control_socket = "control.sock";

// The deployment file; a missing default one is an empty deployment, a missing named one an error.
struct DeploymentRead {
  std::optional<Deployment> deployment;
  std::vector<Error> errors;
  std::string path;
  std::string digest;  // of the file's bytes, spelled; empty: there is none
  std::string text;    // those bytes
};
DeploymentRead read_deployment(const std::string& path, bool must_exist);
// The same of bytes that stood at `path` once; of none: of a file that is not there.
DeploymentRead deployment_of(const std::string& path, std::string text);

// The roles that the deployment file gives the policy of this file to.
std::vector<std::string> roles_of(const Deployment& deployment, const std::string& path);

// Where the candidate of a role is, of the deployment file at `path`; links followed.
std::string candidate_file(const std::string& path, const Deployment::Role& role);

// Reads and loads a policy file with its lists and zones, and with the layers that the deployment
// names for its role: without one of them there is no policy. `files` gets the names of all files
// that it was read from. The file's own examples are about the file alone.
Loaded read_policy(const std::string& path, const Deployment* deployment,
                   std::vector<std::string>* files = nullptr);

// The same for tests and checks: layers that are named besides, and whether those of the
// deployment are in force too.
struct MoreLayers {
  std::vector<std::string> files;
  bool of_deployment = true;
};
Loaded read_policy_with(const MoreLayers& more, const std::string& path,
                        const Deployment* deployment, std::vector<std::string>* files = nullptr);

// Whether a text is that of a layer file; and such a file alone.
bool is_layer(std::string_view text);
Loaded read_layer(const std::string& path);

// A time zone of this machine by its name, such as `Europe/Berlin`.
Result<Zone> read_zone(std::string_view name);

// A whole file, at most `bytes_max`.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max = 64UL << 20);
std::string absolute(const std::string& path);

// What the machine says the time is.
Instant wall_clock();

// Below the folder that an XDG variable names, else below the home directory; empty where no home
// directory is known.
std::string below_home(const char* variable, std::string_view otherwise);

// Where a path really leads, and what a deployment file means by one.

// Without links and `..`, also where its end does not exist; the path itself where it cannot be
// told.
std::string real_path(const std::string& path);

// `~/` at the beginning is $HOME; without one the path stays as it is written.
std::string home_expanded(const std::string& written);

}  // namespace pawl::node
