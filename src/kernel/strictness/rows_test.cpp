// Which changes of `commands` and of the checks about texts in a language are stricter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/strictness/strictness.h"

namespace pawl {
namespace {

struct Swap {
  std::string_view from, to;
};

std::shared_ptr<const Policy> load_rows(std::string_view text) {
  Loaded loaded = load_policy(text, "p.yaml", {});
  for (const Error& error : loaded.errors) ADD_FAILURE() << to_string(error) << "\n" << text;
  return loaded.policy;
}

constexpr std::string_view kCommands = R"(version: 1
agent: {id: a, identity: a@x, owner: o}
tools:
  allowed:
    - name: shell
      class: irreversible large
      shell: bash
      programs: [/usr/bin]
      commands:
        - {run: [ls, cat], class: read_only}
        - {run: [cp], class: reversible small, writes: {under: /srv}}
        - {run: [sudo], then: deny}
      else: hold
    - name: update_it
      class: reversible small
      args:
        line: {shell: {allow: [ls, cat]}}
        text: {manifest: {kinds: [ConfigMap, Pod], namespaces: [a, b], deny: [privileged]}}
        body: {json: {name: [x, y]}}
        kind: {k8s_kind: {not_in: [Secret]}}
)";

std::string laxer_commands(const Swap& edit) {
  std::string text(kCommands);
  const std::size_t at = text.find(edit.from);
  EXPECT_NE(at, std::string::npos) << edit.from;
  text.replace(at, edit.from.size(), edit.to);
  const auto before = load_rows(kCommands);
  const auto after = load_rows(text);
  EXPECT_TRUE(before && after) << edit.from;
  return before && after ? laxer_text(laxer_parts(*before, *after), 99) : "does not load";
}

TEST(StricterRows, RowsThatDenyMoreAreStricter) {
  for (const Swap& edit : std::to_array<Swap>({
           {"run: [sudo]", "run: [sudo]"},
           {"        - {run: [sudo], then: deny}",
            "        - {run: [sudo], then: deny}\n        - {run: [ssh], then: deny}"},
           {"else: hold", "else: deny"},
           {"kinds: [ConfigMap, Pod]", "kinds: [Pod]"},
           {"namespaces: [a, b]", "namespaces: [b]"},
           {"deny: [privileged]", "deny: [host_path, privileged]"},
           {"not_in: [Secret]", "not_in: [secrets, sa]"},
       })) {
    EXPECT_EQ(laxer_commands(edit), "") << edit.from << " -> " << edit.to;
  }
}

TEST(StricterRows, OtherRowsAreLaxer) {
  for (const Swap& edit : std::to_array<Swap>({
           {"[ls, cat], class", "[ls, cat, rg], class"},
           {"[ls, cat], class", "[ls], class"},
           {"class: reversible small, writes", "class: irreversible small, writes"},
           {"under: /srv}", "under: /}"},
           {"        - {run: [sudo], then: deny}\n", ""},
           {"{run: [sudo], then: deny}", "{run: [sudo], then: hold}"},
           {"shell: bash", "shell: sh"},
           {"programs: [/usr/bin]", "programs: [/usr/bin, /tmp]"},
           {"      programs: [/usr/bin]\n", ""},
           {"allow: [ls, cat]", "allow: [ls, cat, rg]"},
           {"kinds: [ConfigMap, Pod]", "kinds: [ConfigMap, Pod, Secret]"},
           {"namespaces: [a, b], ", ""},
           {"namespaces: [a, b]", "namespaces: [a, b, c]"},
           {", deny: [privileged]", ""},
           {"name: [x, y]", "name: [x, y, z]"},
           {"not_in: [Secret]", "in: [Pod]"},
       })) {
    EXPECT_NE(laxer_commands(edit), "") << edit.from << " -> " << edit.to;
  }
}

}  // namespace
}  // namespace pawl
