// The bytes that a policy's digest is made of, and from which replay reads the same policy again.
//
//   pawl-bundle 1
//   policy LENGTH                       then LENGTH bytes and a line break: the file itself
//   list LENGTH NAME                    the same for each list file, sorted by name
//   pack LENGTH NAME                    the same for each pack, in the order of `use`
//   link LENGTH DIRECTORY               the same for each directory that leads over a link: where
//                                       it leads. A link that is swapped is another policy
//   task LENGTH                         the same for the task file that narrowed it, if one did
//   freeze FROM UNTIL NAME              each freeze in nanoseconds since 1970: a later edition of
//                                       the time zone must not change an old decision
//   layer LENGTH NAME                   the same for each layer that was in force, in the order of
//                                       the deployment file; `list`, `zone` and `freeze` behind it
//                                       are those of the layer
//
// NAME runs to the end of the line. The file's own name is not part of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/policy/build.h"
#include "kernel/policy/policy.h"

namespace pawl {

// `parts` has the packs, the links, the freezes and the task; the layers are not in it.
std::string write_bundle(std::string_view text, const std::map<std::string, std::string>& lists,
                         const Policy& parts, const std::map<std::string, std::string>& zones);

// A task file and how messages call it.
struct TaskText {
  std::string_view bytes, file;
};
// load_task.cpp: narrows a policy that was read without a mistake. Mistakes come with `build`.
void narrow(Build& build, const TaskText& task);

// The part of one layer: what it was read from, and its freezes.
std::string write_layer(const LayerSource& source, const std::map<std::string, std::string>& lists,
                        const Policy& parts, const std::map<std::string, std::string>& zones);

// Shared by `load_policy` and `load_bundle`; `recorded` only from a bundle.
Loaded load_parts(std::string_view text, std::string_view file, const LoadSources& sources,
                  const Recorded* recorded, const TaskText* task);

}  // namespace pawl
