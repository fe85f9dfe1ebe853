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

// `parts` has the packs, the links, the freezes and the task.
std::string write_bundle(std::string_view text, const std::map<std::string, std::string>& lists,
                         const Policy& parts, const std::map<std::string, std::string>& zones);

// A task file and how messages call it.
struct TaskText {
  std::string_view bytes, file;
};
// load_task.cpp: narrows a policy that was read without a mistake. Mistakes come with `build`.
void narrow(Build& build, const TaskText& task);

// Shared by `load_policy` and `load_bundle`; `windows` only from a bundle.
Loaded load_parts(std::string_view text, std::string_view file, const LoadSources& sources,
                  const std::vector<Window>* windows, const TaskText* task);

}  // namespace pawl
